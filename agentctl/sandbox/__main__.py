"""`python -m agentctl.sandbox`: opens the ledger, listens on loopback, says where, and ends with its parent.

With `--told` it loads its code, and then waits for one line on stdin that says all the rest.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from aiohttp import web
from joserfc.jwk import OKPKey
from msgspec import Struct

from agentctl.foundation.clock import Clock, SystemClock
from agentctl.foundation.errors import ExitCode, InvalidInput, Place, Problem
from agentctl.sandbox.ledger import Ledger, open_ledger
from agentctl.sandbox.process import LOG_NAME, TOLD
from agentctl.sandbox.seed_file import load_seed
from agentctl.sandbox.server import BackOffice
from agentctl.sandbox.shelf import Shelf
from agentctl.sandbox.tokens import TokenVerifier, read_keys

STDIN, STDERR = 0, 2
WATCH = "end of stdin"
"""The name of the thread that waits for it."""
SECONDS_TO_FINISH = 5.0
"""How long requests under way may take once the end has come."""
_CHUNK = 64 << 10


class Asked(Struct, frozen=True):
    """What an office is to be. `jwks` is a file with the issuer's public keys, or their text itself; `many`: of many ledgers."""

    ledger: Path
    seeds: tuple[Path, ...]
    jwks: Path | str
    issuer: str
    port: int = 0
    many: bool = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; returns the exit code."""
    said = sys.argv[1:] if arguments is None else list(arguments)
    asked = _told(_first_line(STDIN)) if said == [TOLD] else _asked(_parse(said))
    return ExitCode.OK if asked is None else office(asked)


def office(asked: Asked) -> int:
    """Be the office that is asked for, until told to stop; returns the exit code."""
    clock = SystemClock()
    try:
        verifier = TokenVerifier(_keys(asked.jwks), asked.issuer, clock)
        ledger = Shelf(asked.ledger, clock) if asked.many else _ledger(asked.ledger, asked.seeds, clock)
    except InvalidInput as error:
        sys.stderr.write(f"{error}\n")
        return ExitCode.INVALID
    try:
        asyncio.run(serve(ledger, verifier, asked.port, _announce))
    except OSError as error:
        sys.stderr.write(f"127.0.0.1:{asked.port}: cannot be listened on: {error.strerror}\n")
        return ExitCode.INVALID
    finally:
        ledger.close()
    return ExitCode.OK


async def serve(
    ledger: Ledger | Shelf, verifier: TokenVerifier, port: int, announce: Callable[[str], None]
) -> None:  # fmt: skip
    """Serve on 127.0.0.1 until SIGTERM, SIGINT or the end of stdin; requests under way are finished."""
    runner = web.AppRunner(
        BackOffice(ledger, verifier).application(), access_log=None, shutdown_timeout=SECONDS_TO_FINISH
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        stop = _when_told_to_stop()
        announce(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await stop.wait()
    finally:
        await runner.cleanup()


def _when_told_to_stop() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def watch() -> None:
        # A parent that is killed closes our stdin by dying; nothing it could do would be as reliable.
        while os.read(STDIN, _CHUNK):
            pass
        with contextlib.suppress(RuntimeError):  # the loop is over already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name=WATCH, daemon=True).start()
    return stop


def _announce(url: str) -> None:
    sys.stdout.write(json.dumps({"url": url}) + "\n")
    sys.stdout.flush()


def _keys(source: Path | str) -> dict[str, OKPKey]:
    """Return the issuer's keys, from a file or as they were told."""
    if isinstance(source, str):
        return read_keys(source, "stdin")
    try:
        return read_keys(source.read_text(encoding="utf-8"), str(source))
    except (OSError, ValueError) as error:
        raise InvalidInput([Problem(Place(str(source)), f"cannot be read: {error}")]) from error


def _first_line(descriptor: int) -> str:
    # Unbuffered: the thread that waits for the end of stdin reads the same descriptor.
    line = b""
    while b"\n" not in line and (chunk := os.read(descriptor, _CHUNK)):
        line += chunk
    return line.decode("utf-8", "replace")


def _ledger(folder: Path, seeds: Sequence[Path], clock: Clock) -> Ledger:
    try:
        ledger = open_ledger(folder, clock)
    except (OSError, sqlite3.Error) as error:
        raise InvalidInput([Problem(Place(str(folder)), f"no ledger can be kept here: {error}")]) from error
    try:
        if not ledger.is_seeded:
            ledger.fill(load_seed(seeds))
    except BaseException:
        ledger.close()
        raise
    return ledger


def _told(line: str) -> Asked | None:
    """Return what a parent wants of us, who then works in the ledger's folder and complains in its log; None if it went away."""
    if not line:
        return None
    told = json.loads(line)
    folder = Path(told["ledger"])
    os.chdir(folder)
    with (folder / LOG_NAME).open("ab") as log:
        os.dup2(log.fileno(), STDERR)
    seeds, keys = tuple(map(Path, told["seeds"])), json.dumps(told["jwks"])
    return Asked(folder, seeds, keys, told["issuer"], many=told.get("many", False))


def _asked(wanted: argparse.Namespace) -> Asked:
    keys = _first_line(STDIN) if wanted.jwks == "-" else Path(wanted.jwks)
    return Asked(wanted.ledger, tuple(wanted.seed), keys, wanted.issuer, wanted.port)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m agentctl.sandbox", description=__doc__)
    parser.add_argument("--ledger", type=Path, required=True, metavar="DIR", help="where the ledger is kept")
    parser.add_argument(
        "--seed", type=Path, action="append", default=[], metavar="FILE",
        help="YAML for a new ledger; may be given several times",
    )  # fmt: skip
    parser.add_argument("--jwks", required=True, metavar="FILE", help="the issuer's public keys; - for stdin")
    parser.add_argument("--issuer", required=True, metavar="NAME", help="whose tokens are believed")
    parser.add_argument("--port", type=int, default=0, help="default: any free port")
    return parser.parse_args(arguments)


def _run() -> NoReturn:
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # All is closed; taking the interpreter apart would only cost the parent a tenth of a second.
    os._exit(code)


if __name__ == "__main__":
    _run()
