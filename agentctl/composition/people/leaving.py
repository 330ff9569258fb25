"""Leaving a message for a run, or taking it away: signed where its author has a key, a mere attempt where it may not count."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from agentctl.composition.governing import recorded
from agentctl.composition.people.key_book import HasKey, HasNoKey, KeyBook, MayNotAnswer, key_book
from agentctl.composition.project import Project
from agentctl.events.run import Envelope
from agentctl.foundation.canonical import canonical_bytes
from agentctl.foundation.errors import InternalError, UsageError
from agentctl.identity.public_keys import PublicKey
from agentctl.identity.reviewer_keys import LockedKey, WrongPassphrase
from agentctl.identity.signatures import Signature, to_be_signed
from agentctl.identity.ssh_agent import AgentFailed, SshAgent
from agentctl.trace.disk import write_once
from agentctl.trace.message import Message, ResolveMessage

Hand: TypeAlias = "Callable[[Project, Envelope, Message, AskPassphrase], Left]"
"""What becomes of a message: it is left for its run, or taken away."""

AskPassphrase: TypeAlias = Callable[[str], str | None]
"""Asks whoever sits at the terminal, under this prompt; None where there is no terminal."""

_TRIES = 3


class Left(Struct, frozen=True):
    """What was left for a run: how sure its writer will be of the name, and the fingerprint of the key that signed."""

    run: str
    message: str
    assurance: Literal["asserted", "signed"]
    key: str | None


class NotSigned(Struct, frozen=True):
    """Why a message could not be signed, and what would do it."""

    reason: str
    accepted: str


def book_of(project: Project, header: Envelope) -> KeyBook:
    """Return the keys of the reviewers of a run, as the environment it began with pins them."""
    return key_book(project, recorded(project, header).environment.environment)


def leave(project: Project, header: Envelope, message: Message, ask: AskPassphrase) -> Left:
    """Sign a message where its author has a key, and leave it in the run's inbox; the run's writer checks it again.

    Raises:
        UsageError: it would not count; the attempt was left for the record all the same.
    """
    if header.kind == "replay":
        raise UsageError(f"run `{header.run}` is a replay: it takes no letters", "the run that it replays")
    required = header.signatures_required and not isinstance(message, ResolveMessage)
    signature = _signed(project, header, message, ask, required=required)
    if signature is None:
        project.inbox.post(message)
        return Left(header.run, message.id, "asserted", None)
    project.inbox.post(message.model_copy(update={"signature": signature.text}))
    return Left(header.run, message.id, "signed", signature.fingerprint)


def taken_to(path: Path) -> Hand:
    """Return what writes a signed message into a new file, for `approvals deliver`, and leaves nothing for the run.

    On its way anybody could change what is not signed. So whoever has no key takes nothing away.
    """

    def take(project: Project, header: Envelope, message: Message, ask: AskPassphrase) -> Left:
        signature = _signed(project, header, message, ask, required=True)
        if signature is None:
            raise InternalError("a signature was required")
        signed = message.model_copy(update={"signature": signature.text})
        _write_new(path, canonical_bytes(signed.model_dump(mode="json")) + b"\n")
        return Left(header.run, message.id, "signed", signature.fingerprint)

    return take


def _write_new(path: Path, data: bytes) -> None:
    try:
        if write_once(path, data):
            return
    except OSError as error:
        raise UsageError(
            f"`{path}` cannot be written: {error.strerror or error}", "a file in a folder of yours"
        ) from error
    raise UsageError(f"`{path}` is there already", "a new file")


def _signed(
    project: Project, header: Envelope, message: Message, ask: AskPassphrase, *, required: bool
) -> Signature | None:
    """Return the signature that a message needs, None where a name is enough.

    Raises:
        UsageError: it would not count; the attempt was left for the record.
    """
    if project.settings.below_a_tool:
        leave_attempt(project, message, "below_a_tool")
        raise below_a_tool("the attempt is on record")
    standing = book_of(project, header).standing(message.by)
    signature = _signature(project, standing, message, ask, required=required)
    if isinstance(signature, NotSigned):
        leave_attempt(project, message, "refused")
        raise UsageError(f"{signature.reason}; the attempt is on record", signature.accepted)
    return signature


def leave_attempt(project: Project, message: Message, void: Literal["below_a_tool", "refused"]) -> None:
    """Leave a message that does not count, so that the run's writer puts it on record."""
    project.inbox.post(message.model_copy(update={"void": void, "signature": None}))


def below_a_tool(told: str = "") -> UsageError:
    """Return the refusal of whoever types our commands from inside a tool of an agent."""
    also = f"; {told}" if told else ""
    return UsageError(
        f"this was typed from inside a tool of an agent, and no agent acts for a person{also}",
        "a person, at a terminal of their own",
    )


def _signature(
    project: Project,
    standing: HasKey | HasNoKey | MayNotAnswer,
    message: Message,
    ask: AskPassphrase,
    *,
    required: bool,
) -> Signature | NotSigned | None:
    """Return the signature that a message needs; None where a name is enough."""
    add = f"`agentctl reviewers add {message.by}` gives them a key"
    match standing:
        case MayNotAnswer(reason=reason):
            return NotSigned(reason, add)
        case HasNoKey():
            return (
                NotSigned(f"answers must be signed here, and `{message.by}` has no key", add)
                if required
                else None
            )
        case HasKey(key=key):
            return signature_with(project, message.by, key, message.signed_bytes(), ask)


def signature_with(
    project: Project, name: str, key: PublicKey, data: bytes, ask: AskPassphrase
) -> Signature | NotSigned:
    """Return a reviewer's signature: by the agent that they run, else by the key on this machine and its passphrase."""
    agent = _by_agent(project.settings.ssh_agent, key, data)
    if agent is not None:
        return agent
    locked = project.reviewer_keys.find(name)
    if locked is None or locked.public != key:
        return NotSigned(
            f"`{name}` has the key {key.fingerprint}, and neither an agent here holds it nor this machine",
            "`ssh-add` with that key, or the machine where it lies",
        )
    private = unlocked(locked, ask)
    if isinstance(private, NotSigned):
        return private
    return Signature(key.fingerprint, private.sign(to_be_signed(data)))


def _by_agent(socket: Path | None, key: PublicKey, data: bytes) -> Signature | NotSigned | None:
    """Return what the agent signs, or that it refuses; None where there is no agent that has the key."""
    if socket is None:
        return None
    agent = SshAgent(socket)
    try:
        if not agent.holds(key):
            return None
    except AgentFailed:
        return None
    try:
        return Signature(key.fingerprint, agent.sign(key, to_be_signed(data)))
    except AgentFailed as error:
        return NotSigned(f"the agent has the key and does not sign: {error}", "its owner's confirmation")


def unlocked(locked: LockedKey, ask: AskPassphrase) -> Ed25519PrivateKey | NotSigned:
    """Return the private key of somebody who knows its passphrase."""
    for _ in range(_TRIES):
        passphrase = ask(f"passphrase of {locked.name}'s key: ")
        if passphrase is None:
            return NotSigned(
                f"`{locked.name}` answers with a key, and there is no terminal to ask for its passphrase",
                f"`agentctl reviewers unlock {locked.name}` beforehand, or a terminal",
            )
        try:
            return locked.unlocked(passphrase)
        except WrongPassphrase:
            continue
    return NotSigned(f"{_TRIES} times the wrong passphrase of `{locked.name}`", "the passphrase that was set")
