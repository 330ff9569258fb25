"""One run, or one call, put together as a person asks about it."""
