"""Rego, in a process of its own."""
