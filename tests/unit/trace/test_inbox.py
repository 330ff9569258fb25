"""Tests of the inbox: whole messages only, each created once, and everything else named as unreadable."""

import os
import threading
from pathlib import Path

import pytest

from agentctl.foundation.canonical import canonical_bytes
from agentctl.foundation.errors import JournalUnavailable
from agentctl.trace.disk import SystemDisk
from agentctl.trace.inbox import FileInbox
from agentctl.trace.message import HaltMessage
from agentctl.trace.ports import Received, Unreadable

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OTHER = "01BX5ZZKBKACTAV9WEVGEMMVRZ"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the inboxes lie."""
    return tmp_path / "inbox"


@pytest.fixture
def inbox(folder: Path) -> FileInbox:
    """Return inboxes in a folder that does not exist yet."""
    return FileInbox(folder)


def halt(number: int = 0, *, run: str = RUN, second: int = 0, reason: str = "") -> HaltMessage:
    """Return an order to stop."""
    at = f"2026-03-14T09:00:{second:02}.000000Z"
    return HaltMessage(id=f"{number:032x}", run=run, at=at, by="alice", reason=reason)


def received(*messages: HaltMessage) -> tuple[Received, ...]:
    """Return messages as they are read: with the user whose files they are."""
    return tuple(Received(message, os.getuid()) for message in messages)


def _leave(folder: Path, number: int, data: bytes) -> None:
    (folder / RUN).mkdir(parents=True, exist_ok=True)
    (folder / RUN / f"{number:032x}.json").write_bytes(data)


def test_an_empty_inbox(inbox: FileInbox, folder: Path) -> None:
    """A run to which nobody said anything has no messages, and reading makes no folder."""
    assert inbox.read(RUN) == ()
    assert not folder.exists()


def test_messages_are_read_in_the_order_of_writing(inbox: FileInbox) -> None:
    """By their time, and by id where that is equal."""
    late, early, twin = halt(1, second=2), halt(3, second=1), halt(2, second=1)
    for message in (late, early, twin):
        inbox.post(message)
    assert inbox.read(RUN) == received(twin, early, late)


def test_each_run_has_its_own_inbox(inbox: FileInbox) -> None:
    """A message for one run is not read by another."""
    inbox.post(halt(run=OTHER))
    assert inbox.read(RUN) == ()
    assert inbox.read(OTHER) == received(halt(run=OTHER))


@pytest.mark.parametrize("run", ["", "..", "*", f"../{RUN}", f"{RUN}/"])
def test_what_is_no_run_has_no_inbox(inbox: FileInbox, run: str) -> None:
    """Only a run id becomes a path."""
    inbox.post(halt())
    assert inbox.read(run) == ()


def test_a_message_is_created_once_by_sixteen_posters(inbox: FileInbox) -> None:
    """Whoever is first is heard, whole; the others change nothing."""
    start = threading.Barrier(16)
    said = [halt(reason=f"{number} " * 600) for number in range(16)]

    def post(message: HaltMessage) -> None:
        start.wait()
        inbox.post(message)

    threads = [threading.Thread(target=post, args=(message,)) for message in said]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (message,) = inbox.read(RUN)
    assert message in received(*said)
    inbox.post(halt(reason="too late"))
    assert inbox.read(RUN) == (message,)


def test_a_half_written_message_is_never_read(
    inbox: FileInbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a message is being written, and after its writer died in the middle, there is none."""
    seen: list[object] = []
    really_write = SystemDisk.write

    def write_by_halves(disk: SystemDisk, descriptor: int, data: bytes) -> None:
        really_write(disk, descriptor, data[:10])
        seen.append((inbox.read(RUN), len(list((folder / RUN).iterdir()))))
        really_write(disk, descriptor, data[10:])

    monkeypatch.setattr(SystemDisk, "write", write_by_halves)
    inbox.post(halt())
    assert seen == [((), 1)]
    assert inbox.read(RUN) == received(halt())


def test_what_a_dead_writer_left_is_not_read(inbox: FileInbox, folder: Path) -> None:
    """Temporary files and hidden ones are not messages, not even unreadable ones."""
    inbox.post(halt())
    whole = (folder / RUN / f"{0:032x}.json").read_bytes()
    (folder / RUN / f".{1:032x}.json.abc.tmp").write_bytes(whole[:10])
    (folder / RUN / f".{2:032x}.json").write_bytes(whole)
    (folder / RUN / "notes.txt").write_bytes(b"hello")
    assert inbox.read(RUN) == received(halt())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\xff\xfe",
        b"{}",
        b"[]",
        b"null",
        b"[" * 50_000,
        b'{"kind":"halt","kind":"halt"}',
        b'{"kind":"order"}',
        canonical_bytes({**halt(9).model_dump(mode="json"), "by": 7}),
        canonical_bytes({**halt(9).model_dump(mode="json"), "sudo": True}),
        b"x" * ((2 << 20) + 1),
    ],
    ids=range(12),
)
def test_garbage_is_named_and_harms_nobody(inbox: FileInbox, folder: Path, data: bytes) -> None:
    """A file that is no message is unreadable under its name; the messages beside it are read."""
    inbox.post(halt())
    _leave(folder, 9, data)
    unreadable, message = inbox.read(RUN)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.id == f"{9:032x}"
    assert unreadable.reason.startswith("not a message: ")
    assert "\n" not in unreadable.reason
    assert (message,) == received(halt())


def test_a_number_without_canonical_form_is_unreadable(inbox: FileInbox, folder: Path) -> None:
    """A message whose signed bytes do not exist can be neither verified nor judged."""
    binding = {
        **dict.fromkeys(("run", "call", "descriptor_digest", "arguments_digest", "version"), "x"),
        **dict.fromkeys(("policy_digest", "view_digest"), "x"),
        **dict.fromkeys(("step", "attempt"), 1),
    }
    answer = {
        **halt(9).model_dump(mode="json"),
        "kind": "answer",
        "approval": "a",
        "answer": "approve",
        "binding": binding,
        "changes": {"amount": 7},
    }
    _leave(folder, 9, canonical_bytes(answer))
    assert not isinstance(inbox.read(RUN)[0], Unreadable)
    _leave(folder, 9, canonical_bytes(answer).replace(b'"amount":7', b'"amount":9007199254740993'))
    assert isinstance(inbox.read(RUN)[0], Unreadable)


@pytest.mark.parametrize("message", [halt(9, run=OTHER), halt(8)], ids=["run", "id"])
def test_a_message_in_another_place_is_unreadable(
    inbox: FileInbox, folder: Path, message: HaltMessage
) -> None:
    """A message of another run, or under another's name, was moved here by somebody."""
    _leave(folder, 9, canonical_bytes(message.model_dump(mode="json")))
    assert inbox.read(RUN) == (Unreadable(f"{9:032x}", "the message says it belongs elsewhere"),)


def test_a_pipe_a_link_and_a_folder_are_unreadable(inbox: FileInbox, folder: Path) -> None:
    """Nothing in an inbox makes its reader wait or look elsewhere."""
    inbox.post(halt())
    box = folder / RUN
    os.mkfifo(box / f"{1:032x}.json")
    (box / f"{2:032x}.json").symlink_to(box / f"{0:032x}.json")
    (box / f"{3:032x}.json").mkdir()
    *unreadable, message = inbox.read(RUN)
    assert [item.id for item in unreadable] == [f"{number:032x}" for number in (1, 2, 3)]
    assert all(isinstance(item, Unreadable) for item in unreadable)
    assert (message,) == received(halt())


def test_a_disk_that_refuses_is_said(folder: Path) -> None:
    """A message that could not be left was not left, and its sender is told."""
    folder.write_bytes(b"a file in the folder's place")
    with pytest.raises(JournalUnavailable, match="the message cannot be left"):
        FileInbox(folder).post(halt())
