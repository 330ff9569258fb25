"""What a run may use, what it has used, and what it has promised to use."""
