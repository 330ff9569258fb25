"""A real `ssh-agent` for tests, and a server that answers whatever a test wants in its place."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SSH_AGENT = shutil.which("ssh-agent")
"""Where the agent is; None where there is none."""


@contextmanager
def real_agent(folder: Path, *, asks: str | None = None) -> Iterator[Path]:
    """Run an `ssh-agent` and give its socket; `asks` is the program that it asks for confirmation."""
    socket_path = folder / "agent.sock"
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    if asks is not None:
        environment |= {"SSH_ASKPASS": asks, "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
    process = subprocess.Popen(
        [str(SSH_AGENT), "-D", "-a", str(socket_path)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _listens(socket_path) and process.poll() is None:
            time.sleep(0.01)
        yield socket_path
    finally:
        process.terminate()
        process.wait(timeout=60)


def _listens(path: Path) -> bool:
    """Return whether somebody takes connections there: the file of a socket is there a moment before."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        return link.connect_ex(str(path)) == 0


@contextmanager
def answering(folder: Path, answer: bytes, *, hang: bool = False) -> Iterator[Path]:
    """Serve one connection with these bytes, whatever is asked; with `hang` the connection stays open."""
    path = folder / "fake.sock"
    done = threading.Event()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen(1)

        def serve() -> None:
            link, _ = server.accept()
            with link:
                link.recv(1 << 20)
                link.sendall(answer)
                if hang:
                    done.wait(10)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield path
        finally:
            done.set()
            thread.join(timeout=60)
