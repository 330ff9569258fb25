"""Questions about what happened, over all journals; a reader never changes what it judges."""
