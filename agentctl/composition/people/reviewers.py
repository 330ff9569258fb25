"""Acts upon reviewers: give somebody a key, list who has one, revoke one, unlock one for a while. All are journaled."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from agentctl.approval.roll import Roll, roll_of
from agentctl.composition.people.leaving import AskPassphrase, NotSigned, below_a_tool, unlocked
from agentctl.composition.project import Project
from agentctl.contract.environment import Reviewer
from agentctl.events.base import Principal
from agentctl.events.control import ReviewerAdded, ReviewerRevoked
from agentctl.foundation.errors import InvalidInput, UsageError
from agentctl.foundation.ids import is_plain_name, is_principal
from agentctl.identity.public_keys import NotAKey, PublicKey, parse_public_key
from agentctl.identity.ssh_agent import AgentFailed, SshAgent
from agentctl.trace.sealing.redaction import find_secrets

_LONGEST_REASON = 2_000


class Act(Struct, frozen=True):
    """Who does something to a reviewer's key, and why."""

    reviewer: str
    by: str
    reason: str


class KnownReviewer(Struct, frozen=True):
    """Somebody who may answer, in which environments, and the key they do it with.

    `source` is the file that pins the key, or the control journal; None where there is no key. `revoked` says that no
    answer of theirs counts.
    """

    name: str
    kind: Literal["person", "rule", "model"]
    fingerprint: str | None
    source: str | None
    revoked: bool
    environments: tuple[str, ...]


class Revoked(Struct, frozen=True):
    """The keys that were revoked, and the files of git that still pin one."""

    events: tuple[ReviewerRevoked, ...]
    pinned_in: tuple[str, ...]


def add_reviewer(
    project: Project,
    act: Act,
    public_key: str | None,
    new_passphrase: Callable[[], str],
    *,
    in_place: bool = False,
) -> ReviewerAdded:
    """Record a reviewer's public key; without one, make a key pair for them on this machine.

    Raises:
        UsageError: the name, the key or the reason cannot be taken, or there is a key already.
    """
    _refuse_unfit(project, act)
    given = None if public_key is None else _parsed(public_key)
    _refuse_taken(roll_of(project.control.read()), act.reviewer, given, in_place=in_place)
    passphrase = new_passphrase() if given is None else ""
    with project.control.writing() as journal:
        _refuse_taken(roll_of(journal.records), act.reviewer, given, in_place=in_place)
        key = given or project.reviewer_keys.make(act.reviewer, passphrase)
        event = ReviewerAdded(
            reviewer=act.reviewer,
            public_key=key.text,
            fingerprint=key.fingerprint,
            by=_principal(act.by),
            reason=act.reason,
        )
        journal.append(event)
    return event


def revoke_reviewer(project: Project, act: Act) -> Revoked:
    """Record that no answer of a reviewer with their key counts from now on, in open runs too.

    Raises:
        UsageError: they have no key that counts.
    """
    _refuse_unfit(project, act)
    pinned = _pinned(project, act.reviewer)
    with project.control.writing() as journal:
        roll = roll_of(journal.records)
        active = roll.active(act.reviewer)
        fresh = [item for item in pinned.values() if item not in roll.revoked]
        fingerprints = dict.fromkeys([*([] if active is None else [active.fingerprint]), *fresh])
        if not fingerprints:
            raise UsageError(
                f"`{act.reviewer[:80]}` has no key that could be revoked",
                "a name that `agentctl reviewers list` shows with a key",
            )
        events = tuple(
            ReviewerRevoked(reviewer=act.reviewer, fingerprint=item, by=_principal(act.by), reason=act.reason)
            for item in fingerprints
        )
        for event in events:
            journal.append(event)
    return Revoked(events, tuple(pinned))


def list_reviewers(project: Project) -> tuple[KnownReviewer, ...]:
    """Return everybody whom an environment names or the control journal has a key of, by name.

    Raises:
        InvalidInput: an environment is not what it must be.
        IntegrityError: the control journal is not what was written.
    """
    roll = roll_of(project.control.read())
    found: dict[KnownReviewer, list[str]] = {}
    for environment in project.files.environments():
        for reviewer in project.files.environment(environment).document.reviewers:
            found.setdefault(_of_file(reviewer, environment, roll), []).append(environment)
    named = {row.name for row in found}
    strangers = (_recorded(name, "person", roll) for name in roll.entries if name not in named)
    rows = (*(replace(row, environments=tuple(names)) for row, names in found.items()), *strangers)
    return tuple(sorted(rows, key=lambda row: (row.name, row.source or "")))


def unlock_reviewer(
    project: Project, name: str, ask: AskPassphrase, *, seconds: int, confirm: bool
) -> PublicKey:
    """Give a reviewer's key on this machine to the agent they run, for a while.

    Raises:
        UsageError: there is no such key, no agent, or no right passphrase.
    """
    if project.settings.below_a_tool:
        raise below_a_tool()
    locked, socket = project.reviewer_keys.find(name), project.settings.ssh_agent
    if locked is None:
        raise UsageError(f"there is no key of `{name[:80]}` on this machine", "`agentctl reviewers add NAME`")
    if socket is None:
        raise UsageError("no agent runs here: `SSH_AUTH_SOCK` is not set", '`eval "$(ssh-agent)"` beforehand')
    private = unlocked(locked, ask)
    if isinstance(private, NotSigned):
        raise UsageError(private.reason, private.accepted)
    try:
        SshAgent(socket).add(private, f"agentctl {name}", seconds=seconds, confirm=confirm)
    except AgentFailed as error:
        raise UsageError(f"the agent does not take the key: {error}", "an agent that takes keys") from error
    return locked.public


def pinned_elsewhere(project: Project, event: ReviewerAdded) -> tuple[str, ...]:
    """Return the files of git that pin another key for a reviewer than the one that was recorded; there git wins."""
    pinned = _pinned(project, event.reviewer)
    return tuple(file for file, fingerprint in pinned.items() if fingerprint != event.fingerprint)


def _refuse_unfit(project: Project, act: Act) -> None:
    if project.settings.below_a_tool:
        raise below_a_tool()
    if not is_plain_name(act.reviewer):
        raise UsageError(
            f"`{act.reviewer[:80]}` cannot name a reviewer", "lower-case letters, digits, `_`, `-`"
        )
    if not is_principal(act.by):
        raise UsageError(f"`{act.by[:80]}` is not a person's name", "letters, digits, `.`, `_`, `-`, `@`")
    if len(act.reason) > _LONGEST_REASON:
        raise UsageError(f"the reason has {len(act.reason)} characters", f"{_LONGEST_REASON} at most")
    if find_secrets(act.reason):
        raise UsageError(
            "the reason holds what must not lie in a file: personal data, or a key", "other words"
        )


def _parsed(text: str) -> PublicKey:
    try:
        return parse_public_key(text)
    except NotAKey as error:
        raise UsageError(
            f"the public key cannot be taken: {error}", "a line `ssh-ed25519 AAAA...`"
        ) from error


def _refuse_taken(roll: Roll, name: str, key: PublicKey | None, *, in_place: bool) -> None:
    active = roll.active(name)
    if active is not None and not in_place:
        raise UsageError(
            f"`{name}` has the key {active.fingerprint} already", "`--replace`, to put another in its place"
        )
    if key is not None and key.fingerprint in roll.revoked:
        raise UsageError(f"the key {key.fingerprint} was revoked", "a key that nobody had to revoke")
    others = (entry.added for other, entry in roll.entries.items() if other != name)
    holder = next((item for item in others if item and key and item.fingerprint == key.fingerprint), None)
    if holder is not None:
        raise UsageError(f"this is the key of `{holder.reviewer}`", "a key of their own for everybody")


def _principal(name: str) -> Principal:
    return Principal(id=name, kind="user", assurance="asserted")


def _pinned(project: Project, name: str) -> dict[str, str]:
    """Return the fingerprint of the key that each environment pins for somebody; a file that cannot be read pins nothing."""
    found: dict[str, str] = {}
    for environment in project.files.environments():
        try:
            reviewers = project.files.environment(environment).document.reviewers
        except InvalidInput:  # a revocation must not wait until somebody has repaired a file
            continue
        texts = [item.public_key for item in reviewers if item.name == name and item.public_key is not None]
        found |= {
            _file(environment): fingerprint
            for text in texts
            if (fingerprint := _fingerprint(text)) is not None
        }
    return found


def _fingerprint(text: str) -> str | None:
    try:
        return parse_public_key(text).fingerprint
    except NotAKey:
        return None


def _of_file(reviewer: Reviewer, environment: str, roll: Roll) -> KnownReviewer:
    kind = _kind(reviewer)
    if reviewer.public_key is None:
        return _recorded(reviewer.name, kind, roll)
    fingerprint = _fingerprint(reviewer.public_key)
    unusable = fingerprint is None or fingerprint in roll.revoked
    return KnownReviewer(reviewer.name, kind, fingerprint, _file(environment), unusable, ())


def _recorded(name: str, kind: Literal["person", "rule", "model"], roll: Roll) -> KnownReviewer:
    entry = roll.entries.get(name)
    if entry is None or kind != "person":
        return KnownReviewer(name, kind, None, None, revoked=False, environments=())
    fingerprint = entry.added.fingerprint if entry.added is not None else None
    return KnownReviewer(name, kind, fingerprint, "control journal", roll.is_revoked(name), ())


def _kind(reviewer: Reviewer) -> Literal["person", "rule", "model"]:
    if reviewer.is_person:
        return "person"
    return "rule" if reviewer.rule is not None else "model"


def _file(environment: str) -> str:
    return f"contracts/environments/{environment}.yaml"
