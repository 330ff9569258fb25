"""Tests of the key folder: one key for all, readable by its owner alone, of the right kind or refused."""

import multiprocessing
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from agentctl.foundation.errors import IntegrityError
from agentctl.identity import private_files
from agentctl.identity.keys import KeyFolder


def pem(
    key: Ed25519PrivateKey | X25519PrivateKey, encryption: KeySerializationEncryption | None = None
) -> bytes:
    """Return a private key as PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def private_file(path: Path, data: bytes) -> Path:
    """Write a file that only its owner can read."""
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def test_keys_are_made_once_and_stay(tmp_path: Path) -> None:
    """The second look finds what the first one made."""
    first, second = KeyFolder(tmp_path / "state"), KeyFolder(tmp_path / "state")
    assert first.issuer().private_bytes_raw() == second.issuer().private_bytes_raw()
    assert first.sealing() == second.sealing()
    assert len(first.sealing()) == 32


def test_two_projects_have_keys_of_their_own(tmp_path: Path) -> None:
    """Nothing is shared between folders."""
    one, other = KeyFolder(tmp_path / "one"), KeyFolder(tmp_path / "other")
    assert one.sealing() != other.sealing()
    assert one.issuer().private_bytes_raw() != other.issuer().private_bytes_raw()


def test_only_the_owner_can_read_keys_and_folder(tmp_path: Path) -> None:
    """0600 and 0700, whatever the umask says; and nothing lies about beside the keys."""
    before = os.umask(0)
    try:
        folder = KeyFolder(tmp_path / "a" / "state")
        folder.issuer()
        folder.sealing()
    finally:
        os.umask(before)
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a" / "state").iterdir()}
    assert found == {"issuer.pem": 0o600, "sealing.key": 0o600}
    assert stat.S_IMODE((tmp_path / "a" / "state").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o777])
@pytest.mark.parametrize(
    ("name", "read"), [("issuer.pem", KeyFolder.issuer), ("sealing.key", KeyFolder.sealing)]
)
def test_a_key_that_others_can_reach_is_refused(
    tmp_path: Path, name: str, read: Callable[[KeyFolder], object], mode: int
) -> None:
    """Any bit for group or others may mean that it leaked; the message says what to do, and shows no key."""
    folder = KeyFolder(tmp_path)
    read(folder)
    (tmp_path / name).chmod(mode)
    with pytest.raises(IntegrityError, match="can be read by others; `chmod 600` it") as error:
        read(folder)
    assert (tmp_path / name).read_bytes().hex() not in str(error.value)


def test_a_link_is_judged_by_what_it_leads_to(tmp_path: Path) -> None:
    """A private link to a file that others can read is no private file."""
    leaked = tmp_path / "leaked"
    leaked.write_bytes(bytes(32))
    leaked.chmod(0o644)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "sealing.key").symlink_to(leaked)
    with pytest.raises(IntegrityError, match="can be read by others"):
        KeyFolder(tmp_path / "state").sealing()


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_sealing_key_of_another_size_is_refused(tmp_path: Path, size: int) -> None:
    """A truncated key is not padded, a longer one not cut."""
    private_file(tmp_path / "sealing.key", bytes(size))
    with pytest.raises(IntegrityError, match="does not hold 32 bytes"):
        KeyFolder(tmp_path).sealing()


NO_KEYS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not a plain private key"),
    "text": (b"hello", "is not a plain private key"),
    "cut": (pem(Ed25519PrivateKey.generate())[:60], "is not a plain private key"),
    "with a password": (
        pem(Ed25519PrivateKey.generate(), BestAvailableEncryption(b"secret")),
        "is not a plain private key",
    ),
    "public": (
        Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "is not a plain private key",
    ),
    "of a curve nobody knows": (
        pem(Ed25519PrivateKey.generate()).replace(b"MC4CAQAwBQYDK2Vw", b"MC4CAQAwBQYDK2V6"),
        "is not a plain private key",
    ),
    "for key exchange": (pem(X25519PrivateKey.generate()), "is not an Ed25519 key"),
    "of another curve": (
        generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "is not an Ed25519 key",
    ),
}


@pytest.mark.parametrize(("data", "found"), NO_KEYS.values(), ids=list(NO_KEYS))
def test_an_issuer_key_of_another_kind_is_refused(tmp_path: Path, data: bytes, found: str) -> None:
    """What is no Ed25519 key signs nothing, and is not replaced by a new one behind anybody's back."""
    path = private_file(tmp_path / "issuer.pem", data)
    with pytest.raises(IntegrityError, match=found):
        KeyFolder(tmp_path).issuer()
    assert path.read_bytes() == data


def test_a_folder_in_the_place_of_a_key_is_refused(tmp_path: Path) -> None:
    """What cannot be read as a file is an error with a sentence, and no key."""
    (tmp_path / "sealing.key").mkdir(mode=0o700)
    with pytest.raises(IntegrityError, match=r"sealing\.key cannot be used: Is a directory"):
        KeyFolder(tmp_path).sealing()


def test_a_link_into_nowhere_is_refused(tmp_path: Path) -> None:
    """Nothing is written through it, and nothing is left behind."""
    (tmp_path / "sealing.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IntegrityError, match="cannot be used: No such file or directory"):
        KeyFolder(tmp_path).sealing()
    assert [path.name for path in tmp_path.iterdir()] == ["sealing.key"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "state").write_text("a file")
    with pytest.raises(IntegrityError, match="cannot be used"):
        KeyFolder(tmp_path / "state").issuer()


def test_whoever_comes_second_takes_the_first_key(tmp_path: Path) -> None:
    """The key that is there wins over the one just made, and no temporary file stays."""
    path = private_file(tmp_path / "sealing.key", b"1" * 32)
    private_files.create_private(path, b"2" * 32)
    assert KeyFolder(tmp_path).sealing() == b"1" * 32
    assert [item.name for item in tmp_path.iterdir()] == ["sealing.key"]


def test_a_full_disk_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails is an error; the next start makes a whole key."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(private_files.os, "fsync", full)
        with pytest.raises(IntegrityError, match="No space left"):
            KeyFolder(tmp_path).sealing()
    assert list(tmp_path.iterdir()) == []
    assert len(KeyFolder(tmp_path).sealing()) == 32


def test_a_new_key_is_durable_before_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file and then its entry in the folder are synced: what is sealed can be opened after a power cut."""
    synced: list[bool] = []
    monkeypatch.setattr(
        private_files.os, "fsync", lambda fd: synced.append(stat.S_ISDIR(os.fstat(fd).st_mode))
    )
    KeyFolder(tmp_path).sealing()
    assert synced == [False, True]


def test_sixteen_processes_at_once_agree_on_one_key(tmp_path: Path) -> None:
    """Whoever wins, all sign and seal with the same keys."""
    forked = multiprocessing.get_context("fork")
    gate, told = forked.Barrier(16), forked.SimpleQueue()

    def look() -> None:
        gate.wait(30)
        folder = KeyFolder(tmp_path / "state")
        told.put((folder.sealing(), folder.issuer().private_bytes_raw()))

    processes = [forked.Process(target=look) for _ in range(16)]
    for process in processes:
        process.start()
    found = {told.get() for _ in processes}
    for process in processes:
        process.join()
    assert len(found) == 1
    assert {process.exitcode for process in processes} == {0}
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["issuer.pem", "sealing.key"]


def test_sixteen_threads_at_once_agree_on_one_key(tmp_path: Path) -> None:
    """Threads share a process id, and still never write into each other's file."""
    found: list[bytes] = []
    gate = threading.Barrier(16)

    def look() -> None:
        gate.wait()
        found.append(KeyFolder(tmp_path).sealing())

    threads = [threading.Thread(target=look) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert set(found) == {KeyFolder(tmp_path).sealing()}
