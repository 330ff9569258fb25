"""Tests of Rego on this machine: forms of answers, exact texts and numbers, and a process that is killed when it is late."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentctl.events.approval import ApprovalTerms
from agentctl.foundation.errors import InvalidInput
from agentctl.policy.rego import process as rego_process
from agentctl.policy.rego.forms import input_of, judgement_of
from agentctl.policy.rego.judge import RegoJudge
from agentctl.policy.rego.process import RegoFailed, RegoModules, RegoProcess, check_modules
from tests.fakes.decision_points import evaluated
from tests.fakes.policy import policy_request

REQUEST = policy_request()
RULE = "data.agentctl.decision"
SLOW = "decision if { input.slow; some x in numbers.range(1, 9000); some y in numbers.range(1, 9000); x + y < 0 }"


@asynccontextmanager
async def process(text: str, *, seconds: float = 10) -> AsyncIterator[RegoProcess]:
    """Give the process of one module."""
    running = RegoProcess(RegoModules({"m.rego": f"package agentctl\n{text}"}, RULE), seconds)
    try:
        yield running
    finally:
        await running.close()


# -- forms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "allowed", "if_approved"),
    [
        (True, True, True),
        (False, False, False),
        ("allow", True, True),
        ("deny", False, False),
        ("needs_approval", False, True),
        ({"allow": True}, True, True),
        ({"allow": False, "reasons": ["no"]}, False, False),
        ({"decision": "needs_approval"}, False, True),
        ({"decision": "deny"}, False, False),
    ],
)
def test_a_rule_answers_in_these_forms(value: Any, allowed: object, if_approved: object) -> None:
    """As things are, and under the assumption that an approval was granted."""
    said, approved = judgement_of(value, REQUEST), judgement_of(value, REQUEST.if_approved())
    assert (said.allowed, approved.allowed) == (allowed, if_approved)
    assert said.errors == approved.errors == ()


def test_the_demands_of_an_approval_have_the_words_of_a_contract() -> None:
    """Lengths of time become seconds; what is not said is not demanded."""
    said = {"decision": "needs_approval", "quorum": 2, "reviewers": ["alice", "bob"], "expires_in": "2h"}
    assert judgement_of(said, REQUEST).terms == ApprovalTerms(
        quorum=2, reviewers=("alice", "bob"), expires_in_seconds=7_200
    )
    assert judgement_of({"allow": False, "reasons": ["x"]}, REQUEST).terms is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("permit", "the text `permit`"),
        (None, "nothing"),
        ({"allow": True, "qorum": 2}, "`qorum`"),
        ({"allow": True, "reviewers": ["Alice Smith"]}, "`reviewers.0`"),
        ({"allow": True, "quorum": True}, "`quorum`"),
        ({"reasons": ["x"]}, "either `allow` or `decision`"),
    ],
)
def test_another_form_is_an_error_that_says_what_was_found(value: Any, said: str) -> None:
    """And never an allow."""
    judgement = judgement_of(value, REQUEST)
    assert not judgement.allowed
    assert said in judgement.errors[0]


def test_a_rule_sees_the_request_and_whether_an_approval_is_assumed() -> None:
    """Facts are texts; nothing of the request is left out."""
    shown = input_of(REQUEST.if_approved())
    assert shown == {**REQUEST.inputs(), "approval": {"granted": True}}
    assert shown["facts"] == {"amount_usd": "49"}


# -- exactness ------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=12), min_size=2, max_size=2))
def test_texts_are_equal_only_if_they_are(texts: list[str]) -> None:
    """Whatever is in them: quotes, controls, NUL, accents; and they come back as they were."""
    found = evaluated({"m.rego": "package m\nr := [input[0] == input[1], input[0]]"}, "data.m.r", texts)
    assert json.loads(found) == [texts[0] == texts[1], texts[0]]


@pytest.mark.parametrize(
    "condition",
    [
        'input.text == "\\u00e9"',
        'input.text == "é"',
        'input.lines == "a\\nb"',
        'not contains(input.lines, "n")',
        'regex.match("^a\\\\sb$", input.lines)',
        "input.big == 9007199254740991",
        "input.big - 1 == 9007199254740990",
        "to_number(input.amount) == 49.1",
        'input.amount == "49.10"',
        "is_string(input.amount)",
        'input.entity.__entity.type == "User"',
    ],
)
async def test_a_rule_compares_what_was_meant(condition: str) -> None:
    """Not its escapes; whole numbers stay whole, and what looks like an entity is a mere object."""
    document = (
        '{"text":"é","lines":"a\\nb","big":9007199254740991,"amount":"49.10",'
        '"entity":{"__entity":{"type":"User"}}}'
    )
    async with process(f"decision if {{ {condition} }}") as running:
        assert await running.value(document.encode()) is True


# -- the process ----------------------------------------------------------------------------------


async def test_a_rule_that_does_not_end_costs_its_process_and_nothing_else() -> None:
    """It is killed at the time-out, the event loop goes on meanwhile, and the next question is answered by another one."""
    async with process(f"{SLOW}\ndecision := false if not input.slow", seconds=1.5) as running:
        assert await running.value(b"{}") is False
        stuck = running.pid
        ticks = asyncio.create_task(_ticks())
        with pytest.raises(RegoFailed, match=r"did not end within 1\.5 s"):
            await running.value(b'{"slow":true}')
        assert await ticks >= 10
        assert stuck is not None
        assert not _lives(stuck)
        assert await running.value(b"{}") is False


async def _ticks() -> int:
    """Count how often the event loop came round within a fifth of a second."""
    count = 0
    async with asyncio.timeout(60):
        for _ in range(20):
            await asyncio.sleep(0.01)
            count += 1
    return count


async def test_who_gives_up_waiting_leaves_no_process_behind() -> None:
    """A guard's time-out cancels the question; the process that works on it is ended with it."""
    async with process(SLOW, seconds=30) as running:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await running.value(b'{"slow":true}')
        assert running.pid is None


async def test_a_process_that_somebody_kills_is_a_failure_once() -> None:
    """The question it was asked has no answer; the next one has."""
    async with process("decision := true") as running:
        assert await running.value(b"{}") is True
        assert running.pid is not None
        os.kill(running.pid, signal.SIGKILL)
        with pytest.raises(RegoFailed, match=r"ended before it answered|cannot be asked"):
            await running.value(b"{}")
        assert await running.value(b"{}") is True


async def test_a_question_that_is_too_large_for_a_line_is_still_one_question() -> None:
    """A megabyte of arguments is judged like any other."""
    async with process("decision := count(input.text)") as running:
        assert await running.value(b'{"text":"%s"}' % (b"x" * 1_000_000)) == 1_000_000


async def test_an_answer_that_is_too_large_is_a_failure() -> None:
    """And the next one is answered."""
    async with process(
        "decision := concat(input.by, [input.text | some i in numbers.range(1, 5)])"
    ) as running:
        with pytest.raises(RegoFailed, match=r"cannot be read|no answer"):
            await running.value(b'{"by":"","text":"%s"}' % (b"x" * 900_000))
        assert await running.value(b'{"by":"","text":""}') == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of a process as a file")
async def test_the_process_has_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets of the run are none of a rule's business, whatever a rule may read."""
    monkeypatch.setenv("A_SECRET", "hunter2")
    async with process("decision := true") as running:
        await running.value(b"{}")
        assert _environment_of(running.pid) <= {"PATH", "LANG"}


def _environment_of(pid: int | None) -> set[str]:
    """Return the names of the variables a process was given."""
    entries = Path(f"/proc/{pid}/environ").read_text(encoding="utf-8").split("\0")
    return {entry.partition("=")[0] for entry in entries if entry}


def test_the_process_ends_by_itself_when_nobody_is_left() -> None:
    """Its input closes, and a rule that never ends is stopped by its own alarm."""
    setup = RegoModules({"m.rego": f"package agentctl\n{SLOW}"}, RULE).setup(0.3)
    done = subprocess.run(
        rego_process._COMMAND, input=setup + b'{"slow":true}\n', capture_output=True, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGALRM
    assert done.stdout == b'{"ready": true}\n'


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# -- what cannot be used --------------------------------------------------------------------------


def test_an_absent_package_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is optional."""
    monkeypatch.setattr(rego_process, "find_spec", lambda _: None)
    with pytest.raises(InvalidInput, match=r"agentctl\[rego\]"):
        RegoJudge({"m.rego": "package agentctl\ndecision := true"}, RULE)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"a.rego": "package agentctl\n\ndecision := "}, r"a\.rego:3:\d+: .*Rego, version 1"),
        ({"a.rego": "package agentctl\nallow { true }"}, r"a\.rego:2:7: `if` keyword is required"),
        ({"a.rego": ""}, r"a\.rego:1:1: .*package"),
        ({"a.rego": "package agentctl\nx := 1"}, "no module has the rule `data.agentctl.decision`"),
        ({"a.rego": "package agentctl\ndecision := " + "(" * 9_000 + "1" + ")" * 9_000}, r"a\.rego"),
    ],
    ids=["half a rule", "version 0", "empty", "no rule", "too deep"],
)
def test_modules_that_cannot_be_used_are_refused_with_their_place(
    texts: Mapping[str, str], said: str
) -> None:
    """Before a run begins."""
    with pytest.raises(InvalidInput, match=said):
        check_modules(RegoModules(texts, RULE))


def test_a_rule_that_does_not_end_for_an_empty_input_is_no_reason_to_refuse_it() -> None:
    """What it makes of an empty input is its own business."""
    always = SLOW.replace("input.slow; ", "")
    check_modules(RegoModules({"a.rego": f"package agentctl\n{always}"}, RULE))


async def test_modules_judge_together() -> None:
    """A rule may stand in one file and use another's."""
    texts = {
        "a.rego": "package agentctl\nimport data.limits\ndecision if to_number(input.facts.amount_usd) <= limits.most",
        "b.rego": "package limits\nmost := 50",
    }
    judge = RegoJudge(texts, RULE)
    assert (await judge.judge(REQUEST)).allowed
    await judge.close()


def test_the_package_is_not_loaded_into_this_process() -> None:
    """It lives in the process that can be killed."""
    code = (
        "import sys; from agentctl.policy.rego.judge import RegoJudge; "
        "RegoJudge({'m.rego': 'package agentctl\\ndecision := true'}, 'data.agentctl.decision'); "
        "print('regorus' in sys.modules, 'aiohttp' in sys.modules)"
    )
    root = str(Path(rego_process.__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": root}
    )
    assert done.stdout.split() == ["False", "False"]
