"""The use cases of runs: begun, resumed, watched, stopped."""
