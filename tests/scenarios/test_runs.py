"""Runs are looked at while they go, from another process, and judged by people afterwards."""

import re
import signal

from tests.scenarios.conftest import Shell


def test_runs_are_followed_across_processes_and_labelled(shell: Shell) -> None:
    """One process follows all runs until Ctrl-C; another waits on at a suspended run until somebody resumed it to its end."""
    everybody = shell.start("runs", "tail")
    assert everybody.stderr is not None
    assert everybody.stderr.readline() == "following all runs; Ctrl-C ends it\n"
    suspended = shell("run", "refund-assistant", "--input", "4202", "--json")
    assert suspended.code == 4
    one = shell.start("runs", "tail", "latest", "--follow")
    assert one.stderr is not None
    assert one.stderr.readline().startswith("following run ")
    (approval,) = suspended.document["suspended"]["waiting_for"]  # type: ignore[index]  # as the command prints it
    assert shell("approvals", "approve", approval, "--as", "alice", "--resume").code == 0

    told, _ = one.communicate(timeout=90)
    assert one.returncode == 0
    assert everybody.stdout is not None
    heard = ""
    while not re.search(
        r"(?m)^\s*answered: ", heard
    ):  # it looks now and then; the test's own limit ends the waiting
        heard += everybody.stdout.readline()
    everybody.send_signal(signal.SIGINT)
    _, complaint = everybody.communicate(timeout=90)
    assert (everybody.returncode, complaint) == (130, "")
    assert told.startswith(f"run {suspended.document['run']}  refund-assistant")
    assert told.splitlines()[-1].startswith("answered: ")
    for text in (
        "suspended (approval): ",
        "alice: approve",
        "stripe.create_refund (irreversible), attempt 1",
    ):
        assert text in " ".join(told.split())
        assert text in " ".join(heard.split())

    words = ("label", "latest", "overridden", "--reason", "a person refunded the rest", "--as", "olga")
    assert shell("runs", *words).code == 0
    listed = shell("runs", "list", "--label", "overridden", "--since", "1h").out
    assert listed.splitlines()[1].split()[-1] == "overridden"
    assert "overridden, by olga" in shell("runs", "show", "latest").out
