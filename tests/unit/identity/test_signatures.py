"""Tests of signatures: one way to write each, for exactly one message, one key and one purpose."""

import base64
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from agentctl.identity.public_keys import KEY_TYPE, public_half
from agentctl.identity.signatures import (
    NAMESPACE,
    NotASignature,
    Signature,
    holds,
    parse_signature,
    to_be_signed,
)
from agentctl.identity.ssh_wire import number, string

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = public_half(PRIVATE)
SSH_KEYGEN = shutil.which("ssh-keygen")
MESSAGE = b'{"answer":"approve"}'


def signed(message: bytes = MESSAGE) -> Signature:
    """Return a signature as a reviewer makes it."""
    return Signature(KEY.fingerprint, PRIVATE.sign(to_be_signed(message)))


TEXT = signed().text


@given(st.binary(min_size=64, max_size=64), st.binary(min_size=32, max_size=32))
def test_a_signature_comes_back_from_its_text(raw: bytes, digest: bytes) -> None:
    """Whatever its bytes are."""
    fingerprint = f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"
    signature = Signature(fingerprint, raw)
    assert parse_signature(signature.text) == signature


@given(st.text(max_size=200))
def test_what_is_read_is_written_the_same(text: str) -> None:
    """Any text is no signature, or the only text of the one it is."""
    with suppress(NotASignature):
        assert parse_signature(text).text == text


@given(st.integers(0, len(signed().text) - 1), st.characters(max_codepoint=0x2FF))
def test_one_character_changed_is_another_signature_or_none(place: int, char: str) -> None:
    """No two texts stand for the same signature, and no changed one holds."""
    text = signed().text
    changed = text[:place] + char + text[place + 1 :]
    with suppress(NotASignature):
        assert holds(KEY, parse_signature(changed), MESSAGE) == (changed == text)


@given(st.binary(max_size=64))
def test_it_holds_for_its_message_alone(other: bytes) -> None:
    """Any other bytes: no."""
    assert holds(KEY, signed(), MESSAGE)
    assert holds(KEY, signed(), other) == (other == MESSAGE)


def test_it_holds_for_its_key_alone() -> None:
    """Neither under another key, nor when it names another key than the one that made it."""
    other = public_half(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert not holds(other, signed(), MESSAGE)
    assert not holds(other, Signature(other.fingerprint, signed().raw), MESSAGE)
    assert not holds(KEY, Signature(other.fingerprint, signed().raw), MESSAGE)


def test_a_signature_of_the_bare_message_is_none() -> None:
    """What was signed for another purpose does not pass for an answer."""
    for data in (MESSAGE, to_be_signed(MESSAGE).replace(NAMESPACE.encode(), b"git-message-----")):
        assert not holds(KEY, Signature(KEY.fingerprint, PRIVATE.sign(data)), MESSAGE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (TEXT.replace("ed25519:", "none:", 1), "`none`"),
        (TEXT.replace("ed25519:", "ED25519:", 1), "`ED25519`"),
        (TEXT.replace("ed25519:", "", 1), "`SHA256`"),
        (TEXT.replace("SHA256:", "MD5:", 1), "canonical base64"),
        (TEXT + "\n", "canonical base64"),
        (" " + TEXT, "algorithm"),
        (TEXT[:-1], "canonical base64"),
        (TEXT + "=", "canonical base64"),
        (TEXT[:-4] + "\n" + TEXT[-4:], "canonical base64"),
        (TEXT.replace("=", "", 1), "canonical base64"),
        ("", "algorithm"),
    ],
    ids=range(11),
)
def test_what_is_no_signature(text: str, why: str) -> None:
    """Another algorithm, white space, a letter more or less: refused with the reason."""
    with pytest.raises(NotASignature, match=why):
        parse_signature(text)


def test_unused_bits_are_no_second_way_to_write_it() -> None:
    """The last character before the padding carries four bits that must be zero."""
    text = Signature(KEY.fingerprint, bytes(64)).text
    assert text.endswith("A==")
    with pytest.raises(NotASignature, match="canonical"):
        parse_signature(text[:-3] + "B==")


@pytest.mark.skipif(SSH_KEYGEN is None, reason="needs OpenSSH")
@pytest.mark.parametrize("told", [MESSAGE, MESSAGE + b" "])
def test_openssh_verifies_ours(tmp_path: Path, told: bytes) -> None:
    """`ssh-keygen -Y verify` says what we say, once the signature is in the envelope it expects."""
    blob = (
        b"SSHSIG"
        + number(1)
        + b"".join(
            map(
                string,
                (
                    KEY.blob,
                    NAMESPACE.encode(),
                    b"",
                    b"sha512",
                    string(KEY_TYPE.encode()) + string(signed().raw),
                ),
            )
        )
    )
    armour = base64.encodebytes(blob).decode()
    (tmp_path / "sig").write_text(f"-----BEGIN SSH SIGNATURE-----\n{armour}-----END SSH SIGNATURE-----\n")
    (tmp_path / "allowed").write_text(f"alice {KEY.text}\n")
    verified = subprocess.run(
        [str(SSH_KEYGEN), "-Y", "verify", "-f", "allowed", "-I", "alice", "-n", NAMESPACE, "-s", "sig"],
        cwd=tmp_path,
        input=told,
        capture_output=True,
        check=False,
    )
    assert (verified.returncode == 0) == holds(KEY, signed(), told) == (told == MESSAGE)
