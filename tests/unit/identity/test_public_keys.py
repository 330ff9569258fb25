"""Tests of reviewers' public keys: one way to write each, named as OpenSSH names them, and no key that anybody can use."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from agentctl.identity.public_keys import NotAKey, PublicKey, parse_public_key, public_half
from agentctl.identity.ssh_wire import string

KEY = public_half(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
SSH_KEYGEN = shutil.which("ssh-keygen")
FIELD = 2**255 - 19
CURVE = -121665 * pow(121666, FIELD - 2, FIELD) % FIELD


def written(blob: bytes, kind: str = "ssh-ed25519") -> str:
    """Return a key's line for any bytes."""
    return f"{kind} {base64.b64encode(blob).decode()}"


@given(st.binary(min_size=32, max_size=32))
def test_a_key_comes_back_from_its_text(seed: bytes) -> None:
    """With a comment, without one, with white space round it."""
    key = public_half(Ed25519PrivateKey.from_private_bytes(seed))
    for text in (key.text, f"{key.text} alice@desk", f"  {key.text}\n"):
        assert parse_public_key(text) == key


@pytest.mark.skipif(SSH_KEYGEN is None, reason="needs OpenSSH")
def test_openssh_reads_our_keys_and_names_them_the_same(tmp_path: Path) -> None:
    """`ssh-keygen -l` shows the fingerprint that we show."""
    (tmp_path / "key.pub").write_text(f"{KEY.text} alice\n")
    shown = subprocess.run(
        [str(SSH_KEYGEN), "-l", "-f", str(tmp_path / "key.pub")], capture_output=True, text=True, check=True
    )
    assert KEY.fingerprint in shown.stdout.split()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no line"),
        ("ssh-ed25519", "no line"),
        (f"{KEY.text} a b", "no line"),
        (f"{KEY.text}\n{KEY.text}", "no line"),
        ("x" * 513, "no line"),
        ("ssh-rsa AAAA", "`ssh-rsa`"),
        ("ssh-ed25519 AA*A", "no base64"),
        (KEY.text.rstrip("=") + "=", "base64"),
        (written(b""), "no line"),
        (written(KEY.blob[:-1]), "not those of a key"),
        (written(KEY.blob + b"\0"), "more than belong"),
        (written(string(b"ssh-rsa") + string(KEY.raw)), "`ssh-ed25519`"),
        (written(string(b"ssh-ed25519") + string(KEY.raw + b"\0")), "`ssh-ed25519`"),
        (written(b"\xff\xff\xff\xff"), "were announced"),
    ],
)
def test_what_is_no_key(text: str, why: str) -> None:
    """Other types, other lengths, a second way to write it: refused with the reason."""
    with pytest.raises(NotAKey, match=why):
        parse_public_key(text)


def test_unused_bits_of_base64_are_no_second_way_to_write_a_key() -> None:
    """Two texts never are the same key."""
    blob = string(b"ssh-ed25519") + string(KEY.raw)
    text = base64.b64encode(blob).decode()
    assert "=" not in text
    assert len(blob) % 3 == 0, "a key's 51 bytes fill base64 without padding, so there are no unused bits"


def small_order_points() -> set[bytes]:
    """Return all encodings of points whose eighth multiple is the identity, found by arithmetic on the curve."""
    ys = {0, 1, FIELD - 1}  # of order 4, 1 and 2
    for y in ys_of_order_eight():
        assert [times_eight(x, y) for x in xs(y)] == [(0, 1), (0, 1)]
        ys.add(y)
    written_as = [y + more for y in ys for more in (0, FIELD) if y + more < 2**255]
    return {(y | sign << 255).to_bytes(32, "little") for y in written_as for sign in (0, 1)}


def ys_of_order_eight() -> list[int]:
    """Return the y whose points double to points with y = 0: there x^2 = -y^2, so d y^4 + 2 y^2 - 1 = 0."""
    under, inverse = _root(1 + CURVE) or 0, pow(CURVE, FIELD - 2, FIELD)
    squares = [(sign * under - 1) * inverse % FIELD for sign in (1, -1)]
    roots = [root for root in map(_root, squares) if root is not None]
    return [y for root in roots for y in (root, FIELD - root)]


def _root(square: int) -> int | None:
    root = pow(square, (FIELD + 3) // 8, FIELD)
    for factor in (1, pow(2, (FIELD - 1) // 4, FIELD)):
        if pow(root * factor, 2, FIELD) == square % FIELD:
            return root * factor % FIELD
    return None


def xs(y: int) -> list[int]:
    """Return the x of the points with a y."""
    over = (y * y - 1) * pow(CURVE * y * y + 1, FIELD - 2, FIELD) % FIELD
    root = _root(over)
    return [] if root is None else [root, FIELD - root]


def times_eight(x: int, y: int) -> tuple[int, int]:
    """Return a point doubled three times."""
    for _ in range(3):
        product = CURVE * x * x * y * y % FIELD
        x, y = (
            2 * x * y * pow(1 + product, FIELD - 2, FIELD) % FIELD,
            (y * y + x * x) * pow(1 - product, FIELD - 2, FIELD) % FIELD,
        )
    return x, y


def test_a_key_of_small_order_is_refused() -> None:
    """Each of the fourteen ways to write one; under such a key signatures hold that nobody made."""
    points = small_order_points()
    assert len(points) == 14
    for raw in points:
        with pytest.raises(NotAKey, match="small order"):
            parse_public_key(PublicKey(raw).text)


def test_the_danger_of_small_order_is_real() -> None:
    """Under the identity one and the same signature holds for all messages."""
    identity = (1).to_bytes(32, "little")
    forged = identity + bytes(32)
    for message in (b"approve", b"deny"):
        Ed25519PublicKey.from_public_bytes(identity).verify(forged, message)


def test_a_point_that_is_none_verifies_nothing() -> None:
    """Bytes that are no point of the curve are taken as a key under which nothing holds."""
    assert not PublicKey(b"\x02" + bytes(31)).made(bytes(64), b"data")
    assert not PublicKey(b"short").made(bytes(64), b"data")
