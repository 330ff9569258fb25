"""Tests of who answers with which key: only their own, only signed, and nobody where that cannot be known."""

import os
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from agentctl.approval.roll import Roll, roll_of
from agentctl.approval.verification import Letter, NotVerified, Verified
from agentctl.composition.people.key_book import HasKey, HasNoKey, KeyBook, MayNotAnswer
from agentctl.events.approval import Binding
from agentctl.events.control import ReviewerAdded, ReviewerRevoked
from agentctl.events.record import AnyEvent
from agentctl.foundation.canonical import canonical_bytes
from agentctl.foundation.errors import IntegrityError, JournalUnavailable
from agentctl.identity.public_keys import public_half
from agentctl.identity.signatures import Signature, to_be_signed
from agentctl.trace.message import AnswerMessage
from tests.fakes.journals import CASEY, RUN, chained

ALICE, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
KEY, OTHER_KEY = public_half(ALICE), public_half(OTHER)
OURS = os.getuid()
MESSAGE = AnswerMessage(
    id="0" * 32,
    run=RUN,
    at="2026-03-14T09:00:00.000000Z",
    by="alice",
    approval=f"{RUN}-2-0-1",
    answer="approve",
    binding=Binding(
        run=RUN,
        step=2,
        call=f"{RUN}/2/0",
        attempt=1,
        descriptor_digest="d",
        arguments_digest="a",
        version="v",
        policy_digest="p",
        view_digest="w",
    ),
)


def added(key: Ed25519PrivateKey, name: str = "alice") -> ReviewerAdded:
    """Return that somebody got a key."""
    public = public_half(key)
    return ReviewerAdded(
        reviewer=name, public_key=public.text, fingerprint=public.fingerprint, by=CASEY, reason=""
    )


def revoked(key: Ed25519PrivateKey, name: str = "alice") -> ReviewerRevoked:
    """Return that a key of somebody was revoked."""
    return ReviewerRevoked(reviewer=name, fingerprint=public_half(key).fingerprint, by=CASEY, reason="")


def book(*events: AnyEvent, **pinned: str) -> KeyBook:
    """Return the keys after some acts, with what git pins."""
    return KeyBook(pinned, lambda: roll_of(chained("control", events)))


def signature(key: Ed25519PrivateKey, data: bytes) -> str:
    """Return a signature as it stands in a message."""
    return Signature(public_half(key).fingerprint, key.sign(to_be_signed(data))).text


def letter(signed_with: Ed25519PrivateKey | None = ALICE, uid: int | None = OURS) -> Letter:
    """Return alice's answer."""
    data = MESSAGE.signed_bytes()
    return Letter("alice", data, None if signed_with is None else signature(signed_with, data), uid)


def reason(found: Verified | NotVerified) -> str:
    """Return why a message is not taken."""
    assert isinstance(found, NotVerified)
    return found.reason


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("keys", [book(added(ALICE)), book(alice=KEY.text), book(alice=f"{KEY.text} a@desk")])
def test_whoever_has_a_key_answers_with_it(keys: KeyBook, required: bool) -> None:  # noqa: FBT001
    """From git or from the control journal; the record names the key."""
    assert keys.verify(letter(), signatures_required=required) == Verified("signed", KEY.fingerprint, "none")


@pytest.mark.parametrize("required", [True, False])
def test_whoever_has_a_key_answers_with_nothing_else(required: bool) -> None:  # noqa: FBT001
    """Unsigned, or signed by another key: refused even where signatures are optional."""
    keys = book(added(ALICE), added(OTHER, "bob"))
    unsigned = keys.verify(letter(None), signatures_required=required)
    assert "has a key, and this is not signed" in reason(unsigned)
    wrong = keys.verify(letter(OTHER), signatures_required=required)
    assert "another key" in reason(wrong)


def test_a_key_that_claims_to_be_another_is_found() -> None:
    """The fingerprint in a signature is not believed."""
    data = MESSAGE.signed_bytes()
    forged = Signature(KEY.fingerprint, OTHER.sign(to_be_signed(data))).text
    found = book(added(ALICE)).verify(Letter("alice", data, forged, OURS), signatures_required=True)
    assert "over something else" in reason(found)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"run": "01KKNC2R00REFVND0000000002"}, "over something else"),
        ({"approval": f"{RUN}-2-0-2"}, "over something else"),
        ({"answer": "deny"}, "over something else"),
        ({"by": "alice "}, "over something else"),
        ({"id": "1" * 32}, "over something else"),
    ],
    ids=str,
)
def test_a_signature_is_for_one_message(change: dict[str, object], why: str) -> None:
    """Copied to another run, request, answer or file: refused."""
    copied = MESSAGE.model_copy(update=change).signed_bytes()
    text = signature(ALICE, MESSAGE.signed_bytes())
    found = book(added(ALICE)).verify(Letter("alice", copied, text, OURS), signatures_required=True)
    assert why in reason(found)


@given(st.data())
def test_one_changed_byte_of_a_signed_letter_is_refused(data: st.DataObject) -> None:
    """Anywhere in the bytes or in the signature."""
    whole = letter()
    text = (whole.signature or "").encode()
    at = data.draw(st.integers(0, len(whole.signed) + len(text) - 1))
    flip = data.draw(st.integers(1, 255))
    both = bytearray(whole.signed + text)
    both[at] ^= flip
    changed = Letter(
        "alice", bytes(both[: len(whole.signed)]), both[len(whole.signed) :].decode("latin-1"), OURS
    )
    assert isinstance(book(added(ALICE)).verify(changed, signatures_required=False), NotVerified)


def test_every_changed_bit_of_a_signed_letter_is_refused() -> None:
    """All bytes, all eight bits."""
    keys, whole = book(added(ALICE)), letter()
    for bit in range(8 * len(whole.signed)):
        changed = bytearray(whole.signed)
        changed[bit // 8] ^= 1 << bit % 8
        found = keys.verify(Letter("alice", bytes(changed), whole.signature, OURS), signatures_required=False)
        assert isinstance(found, NotVerified)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (signature(ALICE, MESSAGE.signed_bytes()) + "\n", "canonical base64"),
        (signature(ALICE, MESSAGE.signed_bytes())[:-1], "canonical base64"),
        ("none:" + signature(ALICE, MESSAGE.signed_bytes()), "`none`"),
        ("", "algorithm"),
    ],
    ids=range(4),
)
def test_what_is_no_signature_is_refused(text: str, why: str) -> None:
    """Whatever stands in its place."""
    data = MESSAGE.signed_bytes()
    assert why in reason(
        book(added(ALICE)).verify(Letter("alice", data, text, OURS), signatures_required=False)
    )


def test_a_name_without_a_key_is_taken_where_names_may_be() -> None:
    """And nowhere else; a signature of somebody without a key proves nothing."""
    keys = book(added(OTHER, "bob"))
    assert keys.standing("alice") == HasNoKey()
    assert keys.verify(letter(None), signatures_required=False) == Verified("asserted", None, "none")
    assert "has no key" in reason(keys.verify(letter(None), signatures_required=True))
    for required in (True, False):
        assert "no key" in reason(keys.verify(letter(ALICE), signatures_required=required))


@pytest.mark.parametrize("signed_with", [None, ALICE, OTHER], ids=["unsigned", "signed", "signed by another"])
def test_whoever_was_revoked_does_not_answer(signed_with: Ed25519PrivateKey | None) -> None:
    """Neither with the key, nor without one."""
    for keys in (
        book(added(ALICE), revoked(ALICE)),
        book(revoked(ALICE), alice=KEY.text),
        book(revoked(ALICE), added(ALICE)),
    ):
        assert isinstance(keys.standing("alice"), MayNotAnswer)
        assert "was revoked" in reason(keys.verify(letter(signed_with), signatures_required=False))


def test_what_git_pins_comes_before_what_was_recorded() -> None:
    """A key that was added beside does not count; nor does it save one that was revoked."""
    keys = book(added(OTHER), alice=KEY.text)
    assert keys.standing("alice") == HasKey(KEY, "environment")
    assert "another key" in reason(keys.verify(letter(OTHER), signatures_required=False))
    assert isinstance(book(revoked(ALICE), added(OTHER), alice=KEY.text).standing("alice"), MayNotAnswer)


def test_a_new_pin_counts_after_an_old_key_was_revoked() -> None:
    """What was revoked is a key, not the person who gets a new one in git."""
    keys = book(added(OTHER), revoked(OTHER), alice=KEY.text)
    assert isinstance(keys.verify(letter(), signatures_required=True), Verified)


@pytest.mark.parametrize("text", ["ssh-ed25519 AAAA", "ssh-ed25519 " + "A" * 68])
def test_a_pinned_key_that_is_none_lets_nobody_answer(text: str) -> None:
    """It does not fall back to a name, nor to another key."""
    keys = book(added(ALICE), alice=text)
    assert "cannot be used" in reason(keys.verify(letter(), signatures_required=False))


def damaged() -> Roll:
    """Fail as a damaged control journal does."""
    raise IntegrityError("record 1 is damaged")


def unreadable() -> Roll:
    """Fail as a disk does."""
    raise JournalUnavailable("the control journal: Input/output error")


@pytest.mark.parametrize("broken", [damaged, unreadable])
@pytest.mark.parametrize("pinned", [{}, {"alice": KEY.text}], ids=["recorded", "pinned"])
@pytest.mark.parametrize("signed_with", [None, ALICE], ids=["unsigned", "signed"])
def test_where_keys_cannot_be_known_nobody_answers(
    broken: Callable[[], Roll], pinned: dict[str, str], signed_with: Ed25519PrivateKey | None
) -> None:
    """Who was revoked, and who has a key, stands in the journal that cannot be read."""
    found = KeyBook(pinned, broken).verify(letter(signed_with), signatures_required=False)
    assert "nobody's key can be known" in reason(found)


@pytest.mark.parametrize(("uid", "boundary"), [(OURS, "none"), (None, "none"), (OURS + 1, "uid"), (0, None)])
def test_only_another_users_file_is_a_boundary(uid: int | None, boundary: str | None) -> None:
    """Our own file, or no file at all, could be the agent's own."""
    expected = boundary or ("none" if OURS == 0 else "uid")
    for keys, given_letter in ((book(), letter(None, uid)), (book(added(ALICE)), letter(ALICE, uid))):
        found = keys.verify(given_letter, signatures_required=False)
        assert isinstance(found, Verified)
        assert found.boundary == expected


def test_a_key_that_is_replaced_while_a_run_goes_on_counts_at_once() -> None:
    """What is recorded is read anew for every message."""
    events: list[AnyEvent] = [added(ALICE)]
    keys = KeyBook({}, lambda: roll_of(chained("control", events)))
    assert isinstance(keys.verify(letter(), signatures_required=True), Verified)
    events.append(added(OTHER))
    assert "another key" in reason(keys.verify(letter(), signatures_required=True))
    assert isinstance(keys.verify(letter(OTHER), signatures_required=True), Verified)


def test_the_signature_covers_the_canonical_bytes() -> None:
    """However a file is written, what is verified is the message it holds."""
    assert MESSAGE.signed_bytes() == canonical_bytes(MESSAGE.model_dump(mode="json", exclude={"signature"}))
