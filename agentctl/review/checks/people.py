"""People: whose answers must be signed, with which keys, and who is in which team."""

from collections.abc import Iterator

from agentctl.contract.words import listed
from agentctl.identity.public_keys import NotAKey, parse_public_key
from agentctl.review.checks.report import Finding, note, warning
from agentctl.review.checks.report import error as error_at
from agentctl.review.checks.subject import Subject


def live_answers_are_signed(subject: Subject) -> Iterator[Finding]:
    """Where effects are real, nobody answers under a name that anybody can type."""
    environment = subject.environment.document
    if environment.kind == "live" and not environment.signatures_required:
        at = subject.in_environment("approvals", "signatures")
        yield warning(at, "`optional` lets anybody answer under a reviewer's name", "`required`, or nothing")


def people_have_keys(subject: Subject) -> Iterator[Finding]:
    """Whose answer counts only with a signature has a key; it may also stand in the project's own journal."""
    environment = subject.environment.document
    keyless = [item.name for item in environment.reviewers if item.is_person and item.public_key is None]
    if environment.signatures_required and keyless:
        found = f"answers must be signed, and no `public_key` stands here for {listed(keyless)}: those count that `agentctl reviewers add` recorded"
        yield note(subject.in_environment("reviewers"), found)


def pinned_keys_are_keys(subject: Subject) -> Iterator[Finding]:
    """A pin that is no usable key would leave its owner without any: no answer of theirs could count."""
    for index, reviewer in enumerate(subject.environment.document.reviewers):
        if reviewer.public_key is not None:
            try:
                parse_public_key(reviewer.public_key)
            except NotAKey as error:
                at = subject.in_environment("reviewers", index, "public_key")
                yield error_at(
                    at, f"`{reviewer.name}` is pinned to what is no key: {error}", "`ssh-ed25519 AAAA...`"
                )


def teams_have_members(subject: Subject) -> Iterator[Finding]:
    """A policy that speaks of a team which nobody is in never matches."""
    for name, members in subject.environment.document.teams.items():
        if not members:
            yield warning(subject.in_environment("teams", name), f"nobody is in the team `{name}`", "members")
