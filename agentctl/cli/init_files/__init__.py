"""The starter files of a new project, as they are shipped; `{agent}` in them becomes the agent's name."""

from importlib import resources
from typing import Final

from agentctl.composition.contracts.new_project import NewFile

QUESTION: Final = "How long do I have to send in receipts?"
"""What the new agent can be asked at once: the input of its golden case."""

_FILES: Final[tuple[tuple[str, str, str], ...]] = (
    ("contracts/{agent}.yaml", "agent.yaml", "the contract: tools, budgets, identity"),
    ("contracts/{agent}.md", "instructions.md", "what the agent is told"),
    ("contracts/platform.yaml", "platform.yaml", "rules over every contract of the project"),
    ("contracts/policies/{agent}.cedar", "policy.cedar", "policy: what of that is permitted, and when"),
    ("contracts/policies/{agent}.cases.yaml", "cases.yaml", "what the policy must say of which call"),
    ("contracts/tools/notes.find.yaml", "notes.find.yaml", "a tool: what it takes, gives and does"),
    ("contracts/tools/notes_find.py", "notes_find.py", "the code of that tool"),
    ("contracts/environments/sandbox.yaml", "sandbox.yaml", "what the names in contracts stand for"),
    ("contracts/environments/sandbox/scripts/{agent}.yaml", "script.yaml", "the scripted model, as rules"),
    ("goldensets/{agent}.yaml", "golden.yaml", "what must come of which question"),
    ("traces/README.md", "traces.md", "says what runs leave in this folder"),
    ("traces/.gitignore", "gitignore", "keeps that out of git"),
    ("agentctl.toml", "agentctl.toml", "marks the root of the project"),
)


def starter() -> tuple[NewFile, ...]:
    """Return the starter files, each with what it is for."""
    folder = resources.files(__name__)
    return tuple(NewFile(path, (folder / name).read_text("utf-8"), about) for path, name, about in _FILES)
