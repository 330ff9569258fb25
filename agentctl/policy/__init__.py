"""What policy says of one call: every authority is asked separately, the strictest answer wins."""
