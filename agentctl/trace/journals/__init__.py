"""Journals as files: how they are chained, written, found, locked and followed."""
