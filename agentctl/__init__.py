"""agentctl: the operating layer for AI agents. A run is a journal; everything else is a fold over it."""

__version__ = "0.1.0"
