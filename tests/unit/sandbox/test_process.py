"""The real child process: how it starts, what it says when it cannot, and that it never outlives its parent."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace

from agentctl.foundation.errors import InternalError, InvalidInput
from agentctl.sandbox import process
from agentctl.sandbox.ledger import read_refunds
from agentctl.sandbox.process import BackOfficeProcess, BackOfficeSetup, SpareProcess
from tests.fakes.back_office import ISSUER, REFUND, TokenMaker

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "contracts" / "environments" / "sandbox"
SEEDS = (SHIPPED / "tickets.yaml", SHIPPED / "charges.yaml")


@pytest.fixture
def tokens() -> TokenMaker:
    """Return a token maker on the real clock."""
    return TokenMaker()


@pytest.fixture
def setup(tmp_path: Path, tokens: TokenMaker) -> BackOfficeSetup:
    """Return the setup of an office with the shipped seeds."""
    return BackOfficeSetup(tmp_path / "ledger", SEEDS, tokens.jwks(), ISSUER)


def eventually(condition: Callable[[], bool], seconds: float = 60) -> bool:
    """Return whether something came true in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(0.02)
    return False


def is_gone(pid: int) -> bool:
    """Return whether a process has ended (or waits to be reaped by somebody)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def refund(url: str, token: str, charge: str) -> int:
    """Ask for a refund and return the status."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key-{charge}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/stripe/v1/refunds", headers=headers, data={"charge": charge}) as response,
    ):
        return response.status


async def test_it_serves_stops_and_goes_on_where_it_stopped(
    setup: BackOfficeSetup, tokens: TokenMaker
) -> None:
    """Start gives the same URL until stop; the ledger and its spent tokens outlast the process."""
    token = tokens.token(REFUND)
    with BackOfficeProcess(setup) as office:
        url = office.start()
        assert office.start() == url
        assert url.startswith("http://127.0.0.1:")
        assert await refund(url, token, "ch_3PsmallA1") == 200
        pid = office.pid
        assert pid is not None
    assert office.pid is None
    assert is_gone(pid)
    with BackOfficeProcess(setup) as office:
        assert await refund(office.start(), token, "ch_3PsmallA1") == 401
        assert await refund(office.start(), tokens.token(REFUND), "ch_3PsmallA1") == 200
    assert [row["charge"] for row in read_refunds(setup.ledger)] == ["ch_3PsmallA1"]


async def test_what_it_answered_survives_its_own_death(setup: BackOfficeSetup, tokens: TokenMaker) -> None:
    """Killed right after the answer: the next one repeats it, and there is one refund."""
    with BackOfficeProcess(setup) as office:
        assert await refund(office.start(), tokens.token(REFUND), "ch_3PsmallA1") == 200
        assert office.pid is not None
        os.kill(office.pid, signal.SIGKILL)
    assert len(read_refunds(setup.ledger)) == 1
    with BackOfficeProcess(setup) as office:
        assert await refund(office.start(), tokens.token(REFUND), "ch_3PsmallA1") == 200
    assert len(read_refunds(setup.ledger)) == 1


def test_stop_is_harmless_when_nothing_runs(setup: BackOfficeSetup) -> None:
    """Before a start and after a stop."""
    office = BackOfficeProcess(setup)
    office.stop()
    assert not setup.ledger.exists()


def test_a_spare_child_becomes_the_first_office_that_wants_one(setup: BackOfficeSetup) -> None:
    """It was started before anybody knew what for; the second office starts a child of its own."""
    with SpareProcess() as spare, BackOfficeProcess(setup, spare=spare) as first:
        with BackOfficeProcess(replace(setup, ledger=setup.ledger / "second"), spare=spare) as second:
            assert first.start() != second.start()
        assert (setup.ledger / "ledger.sqlite").exists()


def test_a_spare_child_that_nobody_wants_ends_and_leaves_nothing(setup: BackOfficeSetup) -> None:
    """A run that is refused before it begins has no folder."""
    with SpareProcess() as spare:
        taken = spare.take()
        assert taken is not None
        assert spare.take() is None
        taken.end()
    with SpareProcess() as spare:
        assert spare.pid is not None
        pid = spare.pid
    assert is_gone(pid)
    assert not setup.ledger.exists()


def test_a_spare_child_that_died_is_told_as_one_that_did_not_serve(setup: BackOfficeSetup) -> None:
    """Nobody waits for it."""
    with SpareProcess() as spare:
        assert spare.pid is not None
        os.kill(spare.pid, signal.SIGKILL)
        with pytest.raises(InternalError, match="ended before it served: it said nothing"):
            BackOfficeProcess(setup, spare=spare).start()


def test_a_wrong_seed_is_the_users_to_mend(setup: BackOfficeSetup, tmp_path: Path) -> None:
    """The child's sentence reaches the parent as invalid input, and no child stays."""
    seed = tmp_path / "seed.yaml"
    seed.write_text("charges: 5\n")
    office = BackOfficeProcess(replace(setup, seeds=(seed,)))
    with pytest.raises(InvalidInput, match=r"seed\.yaml: charges: found `5`; accepted: a list"):
        office.start()
    assert office.pid is None


def test_keys_that_cannot_be_used_are_named(setup: BackOfficeSetup) -> None:
    """So are keys."""
    with pytest.raises(InvalidInput, match="stdin: there is no key in it"):
        BackOfficeProcess(replace(setup, jwks={"keys": []})).start()


def test_a_folder_that_cannot_be_is_named(setup: BackOfficeSetup, tmp_path: Path) -> None:
    """A file where the folder should be; a folder where the file should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="no ledger can be kept here"):
        BackOfficeProcess(replace(setup, ledger=tmp_path / "file" / "ledger")).start()
    (tmp_path / "ledger" / "ledger.sqlite").mkdir(parents=True)
    with pytest.raises(InvalidInput, match="no ledger can be kept here: unable to open database file"):
        BackOfficeProcess(setup).start()


def test_a_child_that_fails_says_why(setup: BackOfficeSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it printed last stands in the error, without what an earlier child printed."""
    setup.ledger.mkdir()
    (setup.ledger / process.LOG_NAME).write_text("an older story\n")
    monkeypatch.setattr(process, "_ENVIRONMENT", {"PYTHONHOME": "/nowhere"})
    with pytest.raises(InternalError, match=r"(?s)ended before it served: .*No module named") as caught:
        BackOfficeProcess(setup).start()
    assert "an older story" not in str(caught.value)


def test_a_child_that_is_late_is_not_waited_for(
    setup: BackOfficeSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait for a start is bounded, and so is the wait for an end: a child that ignores SIGTERM is killed."""
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', end='', flush=True)"
    )
    monkeypatch.setattr(sys, "executable", str(_python(setup.ledger.parent, f"{deaf}; time.sleep(60)")))
    monkeypatch.setattr(process, "SECONDS_TO_STOP", 0.2)
    office = BackOfficeProcess(setup)
    office.launch()
    pid = office.pid
    with pytest.raises(InternalError, match=r"did not serve within 0\.5 seconds: it said nothing"):
        office.start(0.5)
    assert pid is not None
    assert is_gone(pid)


def _python(folder: Path, code: str) -> Path:
    """Return an executable that runs some Python, whatever arguments it is given."""
    path = folder / "other-python"
    path.write_text(f"#!{sys.executable}\n{code}\n")
    path.chmod(0o700)
    return path


PARENT = """
import json, sys, time
from pathlib import Path
from agentctl.sandbox.process import BackOfficeProcess, BackOfficeSetup
folder, jwks = Path(sys.argv[1]), json.loads(sys.argv[2])
office = BackOfficeProcess(BackOfficeSetup(folder, (), jwks, "tests"))
print(json.dumps({"url": office.start(), "pid": office.pid}), flush=True)
time.sleep(60)
"""


def test_it_dies_with_a_parent_that_was_killed(tmp_path: Path, tokens: TokenMaker) -> None:
    """Kill -9 leaves no orphan: the end of its stdin is enough."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "ledger"), json.dumps(tokens.jwks())],
        stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    with parent:
        assert parent.stdout is not None
        pid = json.loads(parent.stdout.readline())["pid"]
        assert not is_gone(pid)
        parent.kill()
    assert eventually(lambda: is_gone(pid))


def test_ctrl_c_at_the_terminal_does_not_reach_it(setup: BackOfficeSetup) -> None:
    """It has a session of its own, so the run can finish its call before it stops the office."""
    with BackOfficeProcess(setup) as office:
        office.start()
        assert office.pid is not None
        assert os.getsid(office.pid) == office.pid


def test_it_gets_a_small_environment(setup: BackOfficeSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the parent's variables, so none of its secrets."""
    monkeypatch.setenv("STRIPE_KEY", "sk_live_1")
    with BackOfficeProcess(setup) as office:
        office.start()
        environment = Path(f"/proc/{office.pid}/environ").read_bytes().split(b"\0")
    names = {entry.partition(b"=")[0] for entry in environment if entry}
    assert names <= {b"PATH", b"PYTHONPATH", b"SSL_CERT_FILE", b"SSL_CERT_DIR", b"LC_CTYPE"}


def test_it_inherits_no_open_file(setup: BackOfficeSetup, tmp_path: Path) -> None:
    """Even one that the parent left inheritable."""
    inheritable = True
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), inheritable)
        with BackOfficeProcess(setup) as office:
            office.start()
            links = [link.readlink() for link in Path(f"/proc/{office.pid}/fd").iterdir()]
    assert setup.ledger / "ledger.sqlite" in links
    assert tmp_path / "secret" not in links


@pytest.mark.parametrize("how", ["sigterm", "sigint", "end of stdin"])
def test_the_command_serves_until_told_to_stop(tmp_path: Path, tokens: TokenMaker, how: str) -> None:
    """One line of JSON with the URL, then silence; each way to stop ends it with 0."""
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps(tokens.jwks()))
    command = [
        sys.executable, "-m", "agentctl.sandbox", "--ledger", str(tmp_path / "ledger"),
        *(part for seed in SEEDS for part in ("--seed", str(seed))), "--jwks", str(keys), "--issuer", ISSUER,
    ]  # fmt: skip
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert list(json.loads(child.stdout.readline())) == ["url"]
        match how:
            case "sigterm":
                child.send_signal(signal.SIGTERM)
            case "sigint":
                child.send_signal(signal.SIGINT)
            case _:
                child.stdin.close()
        assert child.wait(60) == 0
        assert child.stdout.read() == b""


def test_importing_it_loads_no_server() -> None:
    """Whoever composes a run imports this module, so it must stay light."""
    code = "import sys, agentctl.sandbox.process; print({'aiohttp', 'yaml', 'joserfc', 'sqlite3'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_it_loads_only_what_it_serves_with() -> None:
    """A run waits for its start, so nothing heavy of the house comes with it."""
    heavy = "{'pydantic', 'duckdb', 'litellm', 'jsonschema', 'jsonschema_rs', 'cedarpy', 'typer', 'rich'}"
    code = f"import sys, agentctl.sandbox.__main__; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
