"""The run: what it knows, what it wants next, and the loop between that and a world."""
