"""The measured evals are whole evals: every case is asked, and those that must fail are found, or nothing is measured."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.eval_cases import WORKS, Asked, cases
from benchmarks.eval_ways import PEERS, WAYS, Command, bare_loop, ours
from benchmarks.evals import Took, beside, once, whole
from benchmarks.loopback import served
from benchmarks.peers import promptfoo

COUNT = 20


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Give the address of the loopback model."""
    with served() as address:
        yield f"{address}/v1"


@pytest.mark.parametrize("work", WORKS)
def test_ours_and_the_floor_find_the_case_that_fails(work: str, url: str, tmp_path: Path) -> None:
    """Each asks the model as often as the work wants, and finds the one case of twenty."""
    for name, way in WAYS.items():
        folder = tmp_path / name
        folder.mkdir()
        took = once(way, Asked(work, url, COUNT, 4, folder))
        assert took.wall > 0
        assert took.cpu > 0
        assert took.memory > 1 << 20


def test_who_judges_wrongly_is_not_measured(url: str, tmp_path: Path) -> None:
    """A way that finds nothing, or asks too seldom, is an error and no figure."""
    asked = Asked("answer", url, COUNT, 4, tmp_path)

    def blind(asked: Asked) -> Command:
        return replace(bare_loop(asked), failed=lambda _: ())

    with pytest.raises(RuntimeError, match=r"found \[\], not \['ticket-20'\]"):
        once(blind, asked)

    def lazy(asked: Asked) -> Command:
        words = ("echo", '{"failed": ["ticket-20"]}')
        return replace(bare_loop(asked), words=words)

    with pytest.raises(RuntimeError, match="asked the model 0 times"):
        once(lazy, asked)


def test_a_round_in_vain_is_made_again_and_told(url: str) -> None:
    """As often as it may be; then it is an error. What is measured is the try in which every case was judged."""
    wrong = iter([True, False, True, True])

    def moody(asked: Asked) -> Command:
        return replace(bare_loop(asked), failed=lambda _: ()) if next(wrong) else bare_loop(asked)

    def asked(folder: Path) -> Asked:
        return Asked("answer", url, COUNT, 4, folder)

    took = whole(moody, asked, 1)
    assert isinstance(took, Took)
    assert [why.partition(" found ")[2] for why in took.before] == ["[], not ['ticket-20']"]
    with pytest.raises(RuntimeError, match="found"):
        whole(moody, asked, 1)


def test_two_of_a_kind_do_not_take_each_others_port(tmp_path: Path) -> None:
    """The receiver of spans has a port of its own each time, and the agent is told which."""
    asked = Asked("agent", "http://127.0.0.1:1/v1", 1, 1, tmp_path)
    first, second = promptfoo.config(asked), promptfoo.config(asked)
    for config in (first, second):
        port = config["tracing"]["otlp"]["http"]["port"]
        assert config["providers"][0]["config"]["receiver"] == f"http://127.0.0.1:{port}/v1/traces"


def test_peers_are_asked_for_the_same(tmp_path: Path) -> None:
    """The cases of every runner have the same inputs and the same texts, and with tools they all ask for the tool."""
    asked = Asked("agent", "http://127.0.0.1:1/v1", COUNT, 4, tmp_path)
    wanted = [(case.input, case.contains) for case in cases(COUNT)]
    tests = promptfoo.config(asked)["tests"]
    assert [(test["vars"]["input"], test["assert"][0]["value"]) for test in tests] == wanted
    assert {test["assert"][1]["value"] for test in tests} == {"create_refund"}
    command = ours(asked)
    lines = (command.folder / "goldensets" / "refunds.jsonl").read_text().splitlines()
    assert all(
        text in line and contains in line for line, (text, contains) in zip(lines, wanted, strict=True)
    )
    assert all("desk.create_refund" in line for line in lines)
    assert [case.id for case in cases(COUNT) if case.fails] == ["ticket-20"]
    assert set(PEERS) == {"promptfoo", "inspect_ai", "pydantic-evals"}


def test_ours_stands_beside_the_best_of_each_round() -> None:
    """The fastest peer of a round is what a round is compared with."""
    seconds = {"agentctl eval": [1.0, 2.0], "a": [3.0, 9.0], "b": [4.0, 8.0]}
    assert beside(seconds, ["a", "b"]) == "3.5 times (3.0 to 4.0)"
