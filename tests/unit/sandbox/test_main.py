"""The command's own decisions, asked in this process: arguments, keys, ledger, the end."""

import asyncio
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentctl.foundation.clock import SystemClock
from agentctl.foundation.errors import ExitCode
from agentctl.sandbox import __main__ as command
from agentctl.sandbox.ledger import open_ledger
from tests.fakes.back_office import ISSUER, SEED, TokenMaker


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Put a pipe in stdin's place and return the end to write to, which the test closes; whoever reads it is waited for."""
    reads, writes = os.pipe()
    monkeypatch.setattr(command, "STDIN", reads)
    yield writes
    for thread in threading.enumerate():
        if thread.name == command.WATCH:
            thread.join(60)
    os.close(reads)


@pytest.fixture
def jwks() -> bytes:
    """Return a line with public keys."""
    return json.dumps(TokenMaker().jwks()).encode() + b"\n"


def arguments(folder: Path, jwks: str = "-") -> list[str]:
    """Return a command line."""
    return ["--ledger", str(folder / "ledger"), "--jwks", jwks, "--issuer", ISSUER]


def test_it_serves_until_stdin_ends(
    tmp_path: Path, stdin: int, jwks: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Keys come in pieces on stdin's first line; its end is the end."""
    os.write(stdin, jwks[:20])
    os.write(stdin, jwks[20:])
    os.close(stdin)
    assert command.main(arguments(tmp_path)) == ExitCode.OK
    assert list(json.loads(capsys.readouterr().out)) == ["url"]


def test_it_serves_until_a_signal(tmp_path: Path, stdin: int, jwks: bytes) -> None:
    """SIGTERM ends it while stdin is open; what is written there meanwhile is ignored."""
    keys = tmp_path / "jwks.json"
    keys.write_bytes(jwks)
    os.write(stdin, b"noise")

    async def serve_briefly() -> None:
        asked = command._asked(command._parse(arguments(tmp_path, str(keys))))
        verifier = command.TokenVerifier(command._keys(asked.jwks), asked.issuer, command.SystemClock())
        ledger = command._ledger(asked.ledger, asked.seeds, command.SystemClock())
        await command.serve(ledger, verifier, asked.port, lambda _: os.kill(os.getpid(), signal.SIGTERM))
        ledger.close()

    asyncio.run(serve_briefly())
    os.close(stdin)


def test_what_it_was_told_is_what_it_becomes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works in the ledger's folder and complains in the log there; what it is to be stands in one line."""
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "stderr").open("wb") as stderr:
        monkeypatch.setattr(command, "STDERR", stderr.fileno())
        told = {"ledger": str(tmp_path), "seeds": ["/seed.yaml"], "jwks": {"keys": []}, "issuer": ISSUER}
        asked = command._told(json.dumps(told))
        os.write(stderr.fileno(), b"a complaint")
    assert asked == command.Asked(tmp_path, (Path("/seed.yaml"),), '{"keys": []}', ISSUER)
    assert (tmp_path / "server.log").read_bytes() == b"a complaint"


def test_a_parent_that_went_away_wanted_nothing(stdin: int) -> None:
    """Its end comes before its word; that is no fault."""
    os.close(stdin)
    assert command.main(["--told"]) == ExitCode.OK


@pytest.mark.parametrize("content", [None, b"\xff", b"{}"])
def test_keys_that_cannot_be_read_are_invalid_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    """Exit code 2, the file's name, no traceback."""
    keys = tmp_path / "jwks.json"
    if content is not None:
        keys.write_bytes(content)
    assert command.main(arguments(tmp_path, str(keys))) == ExitCode.INVALID
    assert str(keys) in capsys.readouterr().err


def test_a_seed_that_is_refused_closes_the_ledger(
    tmp_path: Path, stdin: int, jwks: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and nothing of the ledger is left open."""
    os.write(stdin, jwks)
    os.close(stdin)
    asked = [*arguments(tmp_path), "--seed", str(tmp_path / "absent.yaml")]
    assert command.main(asked) == ExitCode.INVALID
    assert "absent.yaml: cannot be read" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "ledger").iterdir()] == ["ledger.sqlite"]


def test_keys_may_stand_on_a_line_without_end(tmp_path: Path, stdin: int, jwks: bytes) -> None:
    """A pipe that closes after them has said all."""
    os.write(stdin, jwks.strip())
    os.close(stdin)
    assert command.main(arguments(tmp_path)) == ExitCode.OK


def test_a_ledger_that_was_filled_asks_for_no_seed(tmp_path: Path, stdin: int, jwks: bytes) -> None:
    """A resumed run may find its seed files gone."""
    os.write(stdin, jwks)
    os.close(stdin)
    ledger = open_ledger(tmp_path / "ledger", SystemClock())
    ledger.fill(SEED)
    ledger.close()
    assert command.main([*arguments(tmp_path), "--seed", str(tmp_path / "absent.yaml")]) == ExitCode.OK


def test_a_folder_that_cannot_be_is_invalid_input(
    tmp_path: Path, stdin: int, jwks: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file stands where the folder should be."""
    os.write(stdin, jwks)
    os.close(stdin)
    (tmp_path / "ledger").write_text("")
    assert command.main(arguments(tmp_path)) == ExitCode.INVALID
    assert "no ledger can be kept here" in capsys.readouterr().err


def test_a_port_that_is_taken_is_invalid_input(
    tmp_path: Path, stdin: int, jwks: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody else listens there; no traceback, and the ledger is closed."""
    os.write(stdin, jwks)
    os.close(stdin)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert command.main([*arguments(tmp_path), "--port", str(port)]) == ExitCode.INVALID
    assert f"127.0.0.1:{port}: cannot be listened on" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "ledger").iterdir()] == ["ledger.sqlite"]
