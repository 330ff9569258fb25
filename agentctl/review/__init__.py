"""Static checks over loaded documents: they read, judge and name places, and never change what they judge."""
