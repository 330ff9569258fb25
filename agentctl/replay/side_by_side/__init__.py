"""Two runs laid side by side."""
