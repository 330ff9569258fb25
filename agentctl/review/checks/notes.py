"""What holds beside the letter of the contract: keys without force, names and missing files."""

from collections.abc import Iterator

from agentctl.contract.enforcement import unenforced_parts
from agentctl.review.checks.report import Finding, error, note
from agentctl.review.checks.subject import Subject


def files_are_readable(subject: Subject) -> Iterator[Finding]:
    """Every file that the documents name can be read."""
    for problem in subject.unreadable:
        yield Finding("error", problem)


def file_has_the_agents_name(subject: Subject) -> Iterator[Finding]:
    """A contract of the project stands in the file of its agent's name, by which it is run."""
    name, path = subject.contract.document.agent.name, subject.contract.path
    if subject.is_in_project and path.stem != name:
        found = f"the file is `{path.name}` and the agent is `{name}`"
        yield error(subject.in_contract("agent", "name"), found, f"`{path.stem}`, or the file `{name}.yaml`")


def instructions_are_given(subject: Subject) -> Iterator[Finding]:
    """An agent without instructions is worth a word."""
    if not subject.instructions.strip() and not subject.unreadable:
        agent = subject.contract.document.agent
        name = agent.instructions or f"{agent.name}.md"
        yield note(
            subject.in_contract("agent"), "the agent has no instructions", f"text in `{name}` beside it"
        )


def cases_have_their_policy(subject: Subject) -> Iterator[Finding]:
    """Cases beside no policy are worth a word: its file may have been deleted, and nothing is stricter for want of it."""
    agent, named = subject.contract.document.agent, subject.contract.document.policies
    of_contract = any(policies.of == "contract" for policies in subject.policies)
    if subject.policy_cases and named is None and not of_contract:
        found = f"the contract has no policy, though there are cases of one in `{subject.policy_cases}`"
        yield note(
            subject.in_contract("agent"), found, f"a file `policies/{agent.name}.cedar` if it was deleted"
        )


def unenforced_keys_are_told(subject: Subject) -> Iterator[Finding]:
    """Every key that is accepted and not enforced is named, with what happens instead."""
    for part in unenforced_parts(subject.contract.document):
        at = subject.in_contract(*part.path)
        yield note(at, f"accepted, but not enforced yet: {part.instead}")
