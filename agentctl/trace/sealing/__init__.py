"""Personal data and secrets: found, swapped for placeholders, sealed, and put back at the edges."""
