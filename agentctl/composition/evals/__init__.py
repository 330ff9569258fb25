"""The use cases of evals: cases tried in worlds made for them, made of runs, and blessed."""
