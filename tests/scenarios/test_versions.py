"""Somebody gives versions names, runs them, and asks later what ran under which."""

import json

from tests.scenarios.conftest import Shell

AGENT = "refund-assistant"
CONTRACT = "contracts/refund-assistant.yaml"


def test_what_ran_under_which_name(shell: Shell) -> None:
    """A run carries the tag that its version had; later the name still leads to what it was, though the files changed."""
    tagged = shell("contract", "tag", "v1", "--note", "the first", "--as", "casey")
    assert (tagged.code, tagged.err) == (0, "")
    assert shell("run", AGENT).code == 0
    path = shell.folder / CONTRACT
    path.write_text(path.read_text().replace("max_steps: 12", "max_steps: 11"))
    listed = shell("contract", "versions")
    assert listed.code == 0
    now, then = listed.out.split("\n\n")
    assert now.splitlines()[0] == f"{AGENT}  no tag, what the files say now"
    assert "no run" in now
    assert then.splitlines()[0] == f"{AGENT}  v1"
    assert "tagged v1 on " in then
    assert "by casey: the first" in then
    assert "1 live run: 1 answered" in then
    shown = shell("runs", "show", "latest")
    assert "v1, sha256:" in " ".join(shown.out.split())
    assert shell("contract", "diff", "v1").code == 1


def test_a_version_that_was_only_replayed_under_did_not_run(shell: Shell) -> None:
    """A replay has the times of the run that it replays, and its figures are those that were paid then."""
    assert shell("run", AGENT).code == 0
    path = shell.folder / CONTRACT
    path.write_text(path.read_text().replace("max_steps: 12", "max_steps: 11"))
    assert shell("replay", "latest", "--contract", AGENT).code == 0
    now, then = shell("contract", "versions").out.split("\n\n")
    assert "no run of its own\n  1 replay run: 1 drift" in now
    assert "ran from" in then
    now, then = json.loads(shell("contract", "versions", "--json").out)
    assert (now["first_at"], now["cost_usd"], now["runs"]) == (None, "0", 1)
    assert (then["first_at"] is None, then["cost_usd"] != "0") == (False, True)


def test_two_processes_that_tag_at_once_lose_nothing(shell: Shell) -> None:
    """Each waits for its turn; comments that people wrote stay."""
    (shell.folder / "contracts" / "versions.toml").write_text("# ours\n")
    started = [shell.start("contract", "tag", name, "--as", "casey") for name in ("v1", "v2")]
    assert [process.wait(60) for process in started] == [0, 0]
    text = (shell.folder / "contracts" / "versions.toml").read_text()
    assert text.startswith("# ours\n")
    assert (text.count("[tags.v1]"), text.count("[tags.v2]")) == (1, 1)
    for process in started:
        process.communicate()
