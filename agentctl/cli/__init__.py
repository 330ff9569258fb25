"""Words in, words out: commands parse, call and render; the only room that prints or asks."""
