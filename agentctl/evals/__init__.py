"""Judging trials of golden cases: assertions, scores, the baseline, the one verdict. They change nothing that they judge."""
