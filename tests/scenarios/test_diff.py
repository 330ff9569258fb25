"""Somebody compares what an agent did, and what it may do."""

from tests.scenarios.conftest import Shell

CONTRACT = "contracts/refund-assistant.yaml"


def latest(shell: Shell) -> str:
    """Return the newest run's id."""
    run = shell("runs", "show", "latest", "--json").document["run"]
    assert isinstance(run, dict)
    return str(run["row"]["run"])


def test_two_runs_of_one_ticket_under_two_contracts(shell: Shell) -> None:
    """The same steps; one was stopped at a ceiling, and that is where they differ; a tag names what each ran under."""
    assert shell("contract", "tag", "v1", "--as", "casey").code == 0
    assert shell("run", "refund-assistant").code == 0
    before = latest(shell)
    path = shell.folder / CONTRACT
    path.write_text(path.read_text().replace("max_steps: 12", "max_steps: 2"))
    assert shell("run", "refund-assistant").code == 6
    found = shell("diff", before, "latest", "--json")
    assert found.code == 1
    document = found.document
    assert isinstance(document["before"], dict)
    assert document["before"]["tag"] == "v1"
    differences = document["differences"]
    assert isinstance(differences, list)
    assert {
        "aspect": "governed",
        "step": 0,
        "call": None,
        "event": "run.started",
        "field": "/envelope/limits/max_steps",
        "before": "12",
        "after": "2",
    } in differences
    told = shell("diff", before, "latest")
    assert "step 1: stripe.lookup_charge, the same" in told.out
    assert "suspended: budget" in told.out
    versions = shell("diff", "v1", "refund-assistant")
    assert (versions.code, versions.out.splitlines()[0]) == (1, "1 difference in effect: 1 narrower")
    assert "budgets.max_steps: the ceiling: 12 -> 2" in versions.out


def test_a_run_and_a_replay_of_it(shell: Shell) -> None:
    """Are the same, but for times and ids."""
    assert shell("run", "refund-assistant").code == 0
    before = latest(shell)
    assert shell("replay", before).code == 0
    found = shell("diff", before, "latest")
    assert (found.code, found.out.splitlines()[0]) == (0, "the same, but for times and ids")
