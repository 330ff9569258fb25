"""Decisions put to the authorities again: cases, explanations, flips, the least that is needed."""
