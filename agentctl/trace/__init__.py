"""The journal and everything kept beside it: objects, inbox, sealed values, the index."""
