"""`agentctl run` and `agentctl resume`: what is told of a run that goes, and the reviewer at this terminal."""
