"""The recorded world: every port of a session, answered from the tape."""
