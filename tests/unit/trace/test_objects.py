"""Tests of content by digest: what comes out is what went in, or an error."""

import threading
from pathlib import Path

import pytest

from agentctl.foundation.canonical import digest_bytes
from agentctl.foundation.errors import IntegrityError, JournalUnavailable
from agentctl.trace.objects import FileObjects


@pytest.fixture
def objects(tmp_path: Path) -> FileObjects:
    """Return objects in a folder that does not exist yet."""
    return FileObjects(tmp_path / "objects")


def _file(objects: FileObjects, digest: str) -> Path:
    return objects._folder / digest.removeprefix("sha256:")


@pytest.mark.parametrize("data", [b"", b"agent: support\n", bytes(range(256)) * 1_000])
def test_what_was_put_is_got(objects: FileObjects, data: bytes) -> None:
    """Any bytes come back by their digest."""
    digest = objects.put(data)
    assert digest == digest_bytes(data)
    assert objects.get(digest) == data


def test_putting_twice_is_putting_once(objects: FileObjects) -> None:
    """The same bytes have the same digest and lie in one file."""
    assert objects.put(b"data") == objects.put(b"data")
    assert len(list(objects._folder.iterdir())) == 1


def test_many_may_put_the_same_at_once(objects: FileObjects) -> None:
    """Sixteen writers of the same bytes all get the digest, and a reader never sees half of them."""
    data, start = b"x" * 200_000, threading.Barrier(16)
    got: list[bytes] = []

    def put_and_get() -> None:
        start.wait()
        got.append(objects.get(objects.put(data)))

    threads = [threading.Thread(target=put_and_get) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [data] * 16


def test_a_missing_object_is_an_integrity_error(objects: FileObjects) -> None:
    """What a journal names must be there."""
    with pytest.raises(IntegrityError, match="is missing"):
        objects.get(digest_bytes(b"never put"))


def test_a_changed_object_is_an_integrity_error(objects: FileObjects) -> None:
    """A flipped bit, a cut and an addition are all noticed."""
    digest = objects.put(b"data")
    for changed in (b"dat`", b"dat", b"data\n", b""):
        _file(objects, digest).write_bytes(changed)
        with pytest.raises(IntegrityError, match="is not what its digest says"):
            objects.get(digest)


def test_an_object_that_cannot_be_read_is_an_integrity_error(objects: FileObjects) -> None:
    """A folder in an object's place is no object."""
    digest = digest_bytes(b"data")
    _file(objects, digest).mkdir(parents=True)
    with pytest.raises(IntegrityError, match="cannot be read"):
        objects.get(digest)


@pytest.mark.parametrize(
    "digest",
    ["", "sha256:", "../../etc/passwd", "sha256:../x", "0" * 64, f"sha256:{'0' * 64}\n", f"md5:{'0' * 64}"],
)
def test_what_is_no_digest_never_becomes_a_path(objects: FileObjects, digest: str) -> None:
    """Only 64 hex digits after `sha256:` name a file."""
    with pytest.raises(IntegrityError, match="is not a digest"):
        objects.get(digest)


def test_a_disk_that_refuses_stops_the_run(tmp_path: Path) -> None:
    """An object that cannot be stored is an unavailable journal, not a missing detail."""
    (tmp_path / "objects").write_bytes(b"a file in the folder's place")
    with pytest.raises(JournalUnavailable, match="cannot be stored: Not a directory"):
        FileObjects(tmp_path / "objects").put(b"data")


def test_digests_are_found_by_their_beginning(objects: FileObjects) -> None:
    """Sorted; of a folder that is not there none, and what only lies beside objects is none."""
    assert objects.beginning_with("") == ()
    digests = sorted(objects.put(data) for data in (b"a", b"b"))
    (objects._folder / "README").write_text("no object")
    (objects._folder / f".{'0' * 64}.tmp").write_text("half an object")
    assert objects.beginning_with("") == tuple(digests)
    assert objects.beginning_with(digests[0][:20]) == (digests[0],)
    assert objects.beginning_with("sha256:../") == ()
