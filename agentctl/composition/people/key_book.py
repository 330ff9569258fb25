"""Who answers with which key: what git pins, what the control journal records, and the strictest of both.

A key that the environment pins comes before the one that the control journal records. A revocation holds over both.
"""

import os
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from agentctl.approval.roll import Roll, roll_of
from agentctl.approval.verification import Letter, NotVerified, Verified
from agentctl.composition.project import Project
from agentctl.contract.environment import Environment
from agentctl.foundation.errors import IntegrityError, JournalUnavailable
from agentctl.identity.public_keys import NotAKey, PublicKey, parse_public_key
from agentctl.identity.signatures import NotASignature, holds, parse_signature


class HasKey(Struct, frozen=True):
    """Somebody answers with this key, and with nothing else."""

    key: PublicKey
    source: Literal["environment", "control journal"]


class HasNoKey(Struct, frozen=True):
    """Nobody knows a key of theirs: they are taken at their word, where that is enough."""


class MayNotAnswer(Struct, frozen=True):
    """No answer of theirs counts."""

    reason: str


Standing: TypeAlias = HasKey | HasNoKey | MayNotAnswer
"""What is known of somebody's key."""


class KeyBook(Struct, frozen=True):
    """The keys of one environment's reviewers; what is recorded is read anew for each question.

    Args:
        pinned: public keys as the environment writes them, by name.
        roll: reads what the control journal says now.
    """

    pinned: Mapping[str, str]
    roll: Callable[[], Roll]

    def standing(self, name: str) -> Standing:
        """Return what is known of somebody's key; where that cannot be known, they may not answer."""
        try:
            roll = self.roll()
            pinned = self.pinned.get(name)
            return _recorded(name, roll) if pinned is None else _checked(name, pinned, "environment", roll)
        except (IntegrityError, JournalUnavailable) as error:
            return MayNotAnswer(f"nobody's key can be known: {error}")

    def verify(self, letter: Letter, *, signatures_required: bool) -> Verified | NotVerified:
        """Return whether a message is from whom it names; without a signature it is at best asserted."""
        standing = self.standing(letter.by)
        match standing:
            case MayNotAnswer(reason=reason):
                return NotVerified(reason)
            case HasNoKey():
                return _asserted(letter, signatures_required=signatures_required)
            case HasKey(key=key):
                return _signed(letter, key)


def key_book(project: Project, environment: Environment) -> KeyBook:
    """Return the keys of an environment's reviewers."""
    pinned = {item.name: item.public_key for item in environment.reviewers if item.public_key is not None}
    return KeyBook(pinned, lambda: roll_of(project.control.read()))


def _recorded(name: str, roll: Roll) -> Standing:
    active = roll.active(name)
    if active is not None:
        return _checked(name, active.public_key, "control journal", roll)
    return MayNotAnswer(f"the key of `{name}` was revoked") if roll.is_revoked(name) else HasNoKey()


def _checked(
    name: str, text: str, source: Literal["environment", "control journal"], roll: Roll
) -> HasKey | MayNotAnswer:
    try:
        key = parse_public_key(text)
    except NotAKey as error:
        return MayNotAnswer(f"the key of `{name}` that the {source} holds cannot be used: {error}")
    if key.fingerprint in roll.revoked:
        return MayNotAnswer(f"the key of `{name}` was revoked")
    return HasKey(key, source)


def _asserted(letter: Letter, *, signatures_required: bool) -> Verified | NotVerified:
    if signatures_required:
        return NotVerified(f"answers must be signed here, and `{letter.by}` has no key")
    if letter.signature is not None:
        return NotVerified(f"the answer is signed, and no key of `{letter.by}` is known")
    return Verified("asserted", None, _boundary(letter))


def _signed(letter: Letter, key: PublicKey) -> Verified | NotVerified:
    if letter.signature is None:
        return NotVerified(f"`{letter.by}` has a key, and this is not signed with it")
    try:
        signature = parse_signature(letter.signature)
    except NotASignature as error:
        return NotVerified(str(error))
    if signature.fingerprint != key.fingerprint:
        return NotVerified(f"it is signed with another key than that of `{letter.by}`, {key.fingerprint}")
    if not holds(key, signature, letter.signed):
        return NotVerified(f"the signature of `{letter.by}` is over something else than this")
    return Verified("signed", key.fingerprint, _boundary(letter))


def _boundary(letter: Letter) -> Literal["uid", "none"]:
    """Return whether anything but a signature separates who wrote a message from the run: another user's file does."""
    return "none" if letter.uid is None or letter.uid == os.getuid() else "uid"
