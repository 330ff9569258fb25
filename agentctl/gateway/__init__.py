"""The one door to the world. Every tool call and every model call, whoever makes it, passes here."""
