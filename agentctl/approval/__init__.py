"""Approvals: what a reviewer sees, who may answer, and what an answer is worth."""
