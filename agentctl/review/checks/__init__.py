"""The static check of a contract in an environment, one question a file."""
