"""The ground every room stands on: errors, time, ids, money, canonical JSON, visible text."""
