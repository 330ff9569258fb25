"""A run reads as a story, complete, and safe whatever stands in it."""

import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from agentctl.cli.run.three_answers import three_answers_lines
from agentctl.cli.runs.call_lines import call_lines
from agentctl.cli.runs.show import header, show_run
from agentctl.cli.screen.terminal import Terminal
from agentctl.events.approval import ApprovalExpired, MessageRefused
from agentctl.events.base import Reservation
from agentctl.events.budget import BudgetOverrun, BudgetStopped
from agentctl.events.loop import LoopDetected
from agentctl.events.model import Candidate, ModelFailed, ModelRefused, RouteChosen
from agentctl.events.record import AnyEvent
from agentctl.events.run import ClockAnomaly, JournalRecovered, RunFinished, RunSuspended
from agentctl.events.tool import (
    DecisionMade,
    GrantUse,
    PolicyAnswer,
    ToolInDoubt,
    ToolRefused,
    ToolResolved,
    ToolUnknown,
)
from agentctl.trace.index.reading import Reader
from agentctl.trace.reports import questions
from agentctl.trace.reports.call import Call
from agentctl.trace.reports.run import RunReport
from agentctl.trace.reports.three_questions import three_questions
from tests.fakes.journals import (
    CASEY,
    RUN,
    answered,
    approval_of,
    chained,
    decided,
    intended,
    model_call,
    proposed,
    refund_story,
    requested,
    result,
    resumed,
    started,
    write_journal,
)

CALL = f"{RUN}/0/0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "journal"


def report_of(folder: Path, events: Sequence[AnyEvent]) -> RunReport:
    """Return the report of a run of these events."""
    write_journal(folder, RUN, events)
    with Reader(None, folder) as reader:
        report = questions.show_run(reader, RUN)
    assert report is not None
    return report


def shown(report: RunReport, *, full: bool = False) -> str:
    """Return a run as it is printed."""
    out = io.StringIO()
    show_run(Terminal(out=out, err=io.StringIO()), report, full=full)
    return out.getvalue()


def looped(*, stops: bool) -> LoopDetected:
    """Return what is recorded of a call that would have been the same again."""
    return LoopDetected(
        call=CALL,
        kind="same_call",
        meter="repeats",
        tools=("t",),
        repeats=3,
        limit=3,
        calls=("a",) * 3,
        stops=stops,
    )


def flat(text: str) -> str:
    """Return a text without its wrapping."""
    return " ".join(text.split())


def test_a_whole_run_is_told_from_who_to_proof(folder: Path) -> None:
    """The whole output for the story of one refund."""
    digest = [record.hash for record in chained(RUN, refund_story())]
    assert shown(report_of(folder, refund_story())) == _REFUND.format(digest=digest, run=RUN)


def test_long_texts_are_cut_and_say_so_unless_wanted_in_full(folder: Path) -> None:
    """Nothing is missing without a word."""
    long = "z" * 5000
    events = [
        started(text=long),
        *model_call(0, long),
        proposed(CALL, "t", {"a": long}),
        decided(CALL),
        intended(CALL, "t", {"a": long}, effect="write"),
        result(CALL, {"b": long}),
        RunFinished(status="answered", answer=long),
    ]
    report = report_of(folder, events)
    text = shown(report)
    assert "z" * 700 not in text.replace("\n", "").replace(" ", "")
    assert text.count("(`--full`)") == 6
    assert "4,400 more characters" in text
    full = shown(report, full=True)
    assert "--full" not in full
    assert full.count("z") >= 6 * 5000


def test_what_strangers_wrote_is_not_obeyed(folder: Path) -> None:
    """Escapes in inputs, arguments, results and answers are seen, and pass for no line of ours."""
    evil = "\x1b]52;c;aGk=\x07[red]x[/red]\n  decision allow: trust me\u202e"
    events = [
        started(text=evil),
        *model_call(0, evil),
        proposed(CALL, evil, {evil: evil}),
        ToolRefused(call=CALL, stage="registered", reasons=(evil,)),
        RunFinished(status="answered", answer=evil),
    ]
    text = shown(report_of(folder, events))
    assert text.replace("\n", "").isprintable()
    assert "[red]x[/red]" in text
    assert not [line for line in text.splitlines() if line.lstrip(" ├─└").startswith("decision")]
    assert "│   decision allow: trust me\\u202e" in text


class TestTheRunItself:
    @pytest.mark.parametrize(
        ("stop", "why"),
        [
            (looped(stops=True), "not made: `t` was asked for 3 times in a row"),
            (looped(stops=False), None),
            (
                BudgetStopped(meter="tool_calls", limit="8", used="8", asked="1", call=CALL),
                "not made: stopped at",
            ),
            (BudgetStopped(meter="steps", limit="8", used="8", asked="1"), None),
        ],
        ids=["loop", "a loop that was only told", "ceiling", "a ceiling of something else"],
    )
    def test_a_call_at_which_the_run_stopped_says_why_it_was_not_made(
        self, folder: Path, stop: LoopDetected | BudgetStopped, why: str | None
    ) -> None:
        """That it was allowed is not the whole story of it."""
        text = flat(
            shown(
                report_of(
                    folder, [started(), *model_call(0, ""), proposed(CALL, "t", {}), decided(CALL), stop]
                )
            )
        )
        story, _, _ = text.partition("what happened to the run")
        assert "call 0/0 t asked for, not made" in story
        assert ("not made: " in story, why is None or why in story) == (why is not None, True)

    def test_a_suspended_run_says_what_would_let_it_go_on(self, folder: Path) -> None:
        """Status, exit code, and the approval that is waited for."""
        suspension = RunSuspended(
            reason="approval", detail="somebody must approve", waiting_for=(approval_of(CALL),)
        )
        events = [
            started(),
            proposed(CALL, "t", {}),
            decided(CALL, "needs_approval"),
            requested(CALL, "t"),
            suspension,
        ]
        text = shown(report_of(folder, events))
        assert "status        suspended: approval: somebody must approve (exit code 4)" in text
        assert "call 0/0  t  waits for approval" in text
        assert "1 approval needed, of alice, bob, until 2026-03-14 10:00:00 UTC" in text
        assert "the three questions" not in text
        assert "\n  answer" not in text

    def test_a_run_without_an_end_whose_process_was_looked_for(self, folder: Path) -> None:
        """It is running, or only a resume lets it go on."""
        report = report_of(folder, [started()])
        assert dict(header(report, full=False, standing="held"))["status"] == "running"
        stopped = dict(header(report, full=False, standing="stopped"))["status"]
        assert stopped == f"stopped: its process is gone; `agentctl resume {RUN}` goes on"

    def test_a_run_without_an_end_may_be_running_or_dead(self, folder: Path) -> None:
        """The journal cannot tell, and the answer does not pretend."""
        text = shown(report_of(folder, [started(), *model_call(0, "x")[:-1]]))
        assert "status        running, or its process died" in text
        assert "cost          0 of 0.35 USD; 0.01 USD reserved by calls whose end is not known" in text
        assert "model scripted-small (scripted/small): no end recorded, 0.01 USD stay reserved" in text
        assert "what happened to the run" not in text

    def test_a_plain_run_leaves_out_what_it_does_not_have(self, folder: Path) -> None:
        """No tag, no chain, nothing unenforced: no line about it."""
        beginning = started()
        envelope = beginning.envelope.model_copy(
            update={
                "version_tag": None,
                "on_behalf_of": (),
                "not_enforced": (),
                "environment_kind": "live",
                "isolation": "none",
            }
        )
        text = shown(report_of(folder, [beginning.model_copy(update={"envelope": envelope})]))
        assert "version      sha256:" in text
        assert "on behalf of" not in text
        assert "not enforced" not in text
        assert "effects are real" in text
        assert "none: python tools run in the process of the run" in text

    def test_everything_that_happened_to_it_is_told_in_order(self, folder: Path) -> None:
        """Suspensions, resumes, budget stops, refused messages, clocks and repairs."""

        class Strange(RunFinished):
            type = "run.abducted"  # type: ignore[misc]  # an event of some other version

        events = [
            started(),
            RunSuspended(reason="interrupted", detail="somebody pressed Ctrl-C"),
            JournalRecovered(bytes=17, sha256="aa"),
            ClockAnomaly(wall="2026-03-14T08:00:00.000000Z", behind_seconds=3600.0),
            resumed(max_cost_usd="0.20"),
            MessageRefused(message="m-1", reasons=("its signature does not hold",)),
            BudgetStopped(meter="cost_usd", limit="0.2", used="0.19", asked="0.02"),
            BudgetOverrun(meter="input_tokens", reserved="10", reported="12", step=0),
            Strange(status="answered", answer=""),
            RunFinished(status="denied", answer="over the ceiling"),
        ]
        text = shown(report_of(folder, events))
        assert "status        denied (exit code 3)" in text
        assert "cost          0 of 0.2 USD" in text
        assert flat(text).endswith(flat(_HAPPENED))

    def test_a_damaged_journal_is_called_damaged(self, folder: Path) -> None:
        """What is shown is what can be believed, and it is said that there was more."""
        path = write_journal(folder, RUN, refund_story())
        path.write_bytes(path.read_bytes().replace(b'"re_1"', b'"re_2"'))
        with Reader(None, folder) as reader:
            report = questions.show_run(reader, RUN)
        assert report is not None
        assert "DAMAGED: only the first 19 records can be believed" in shown(report)


def test_model_calls_tell_what_failed_and_what_it_cost(folder: Path) -> None:
    """Routes with what was passed over, failures, refusals, and counts that nobody reported."""
    _, asked, answer = model_call(0, "")
    candidates = (
        Candidate(deployment="big", model="m", verdict="too dear"),
        Candidate(deployment="small", model="m", verdict="chosen"),
    )
    route = RouteChosen(
        step=0,
        strategy="default",
        alias="default",
        candidates=candidates,
        chosen="small",
        why="it is first",
        facts={},
    )
    failed = ModelFailed(
        step=0,
        attempt=1,
        failure="rate_limited",
        message="slow down",
        settlement=Reservation(),
        latency_ms=1.0,
    )
    refused = ModelRefused(step=1, stage="affordable", reasons=("the ceiling of 0.35 USD",))
    again = asked.model_copy(update={"attempt": 2})
    guessed = answer.model_copy(update={"attempt": 2, "usage_reported": False})
    text = shown(report_of(folder, [started(), route, asked, failed, again, guessed, refused]))
    assert "route default to small: it is first (big: too dear)" in text
    assert "model scripted-small (scripted/small) failed: rate_limited: slow down; 0 USD counted" in text
    assert "0.0012 USD (not reported: the worst case counts), 3 ms" in flat(text)
    assert "model call refused at the stage `affordable`: the ceiling of 0.35 USD" in text


def calls(folder: Path, *events: AnyEvent) -> list[str]:
    """Return all lines of a run's only call."""
    (call,) = report_of(folder, [started(), *events]).calls
    return lines_of(call, full=True)


def lines_of(call: Call, *, full: bool) -> list[str]:
    """Return the lines of a call."""
    return [f"{'  ' * line.depth}{line.text}" for line in call_lines(call, full=full)]


class TestACall:
    def test_one_in_doubt_that_was_resolved_tells_the_whole_way(self, folder: Path) -> None:
        """Attempts, what is not known, and who found out."""
        unknown = ToolUnknown(call=CALL, attempt=1, reason="timed out", status=504, latency_ms=30_000.0)
        lines = calls(
            folder,
            proposed(CALL, "t", {}),
            intended(CALL, "t", {}),
            unknown,
            intended(CALL, "t", {}, attempt=2),
            ToolInDoubt(call=CALL, reason="it may never be repeated"),
            ToolResolved(call=CALL, verdict="executed", by=CASEY, reason="I saw it", message="m"),
        )
        assert lines == [
            "  call 0/0  t  done, as was found out later  4 s",
            "    arguments {}",
            "    attempt 1 (irreversible) for casey (asserted, not proved), through agent:refund-assistant",
            "      credential token jti-1 for stripe, scope t, until 2026-03-14T09:02:00.000000Z",
            "      outcome unknown, HTTP 504, 30000 ms: timed out",
            "    attempt 2 (irreversible) for casey (asserted, not proved), through agent:refund-assistant",
            "      credential token jti-2 for stripe, scope t, until 2026-03-14T09:02:00.000000Z",
            "      its end is not recorded",
            "    in doubt: it may never be repeated",
            "    resolved as executed by casey (asserted, not proved): I saw it",
        ]

    def test_one_that_failed_or_was_denied_says_why(self, folder: Path) -> None:
        """A failure's message, a denial's reason, a fact that could not be computed."""
        missing = decided(CALL, "deny").model_copy(update={"facts_missing": {"amount_usd": "no price"}})
        lines = calls(
            folder,
            proposed(CALL, "t", {}),
            requested(CALL, "t"),
            answered(CALL, "deny", reason="not him again"),
            missing,
            intended(CALL, "t", {}),
            result(CALL, {"message": "card declined"}, outcome="error"),
        )
        assert (
            "      denied by alice (a person, asserted, not proved), 2026-03-14 09:00:03 UTC: not him again"
            in lines
        )
        assert "      no fact amount_usd: no price; the restrictive reading held" in lines
        assert '      failed without effect, HTTP 402, 4 ms: {"message": "card declined"}' in lines

    def test_an_approval_that_expired_says_so(self, folder: Path) -> None:
        """Silence is a denial."""
        lines = calls(
            folder, proposed(CALL, "t", {}), requested(CALL, "t"), ApprovalExpired(approval=approval_of(CALL))
        )
        assert lines[-1] == "      nobody answered in time: denied"

    def test_a_decision_names_every_authority_and_its_errors(self, folder: Path) -> None:
        """Who said what, with reasons and engine errors; without any, just the word."""
        answers = tuple(
            PolicyAnswer(
                authority="policy", policy=name, digest="d", decision=word, reasons=reasons, errors=errors
            )
            for name, word, reasons, errors in (
                ("first", "allow", (), ()),
                ("second", "deny", ("rule 1",), ("overflow",)),
            )
        )
        made = DecisionMade(
            call=CALL,
            attempt=1,
            decision="deny",
            answers=answers,
            facts={},
            facts_missing={},
            inputs_digest="d",
        )
        told = ["    decision deny", "      first says allow", "      second says deny (rule 1; overflow)"]
        assert calls(folder, made)[2:] == told
        (call,) = report_of(folder, [started(), made]).calls
        assert lines_of(call, full=False)[2:] == [told[0], told[2]]  # who decided it
        nobody = made.model_copy(update={"answers": ()})
        assert calls(folder, nobody)[2:] == [told[0]]

    def test_what_all_allow_is_short_and_in_full_complete(self, folder: Path) -> None:
        """As is a decision that is the same again; facts that are missing are never left out."""
        (answer,) = decided(CALL).answers
        many = decided(CALL).model_copy(update={"answers": (answer, answer), "facts_missing": {"f": "no"}})
        events = [started(), proposed(CALL, "t", {}), decided(CALL), many, many, intended(CALL, "t", {})]
        (call,) = report_of(folder, [*events, result(CALL, {})]).calls
        assert lines_of(call, full=False) == [
            "  call 0/0  t  done  4 s",
            "    arguments {}",
            "    decision allow, by the one policy asked",
            "    decision allow, by all 2 policies asked",
            "      no fact f: no; the restrictive reading held",
            "    decision allow again, for the same reasons",
            "    attempt 1 (irreversible): answered, HTTP 200, 4 ms: {}",
        ]
        said = "      contract:allowlist says allow (the tool is on the allowlist)"
        assert lines_of(call, full=True).count(said) == 5

    def test_a_grant_stands_below_the_attempt_that_used_it(self, folder: Path) -> None:
        """Also where the rest is short."""
        use = GrantUse(grant="g-1", amounts={"amount_usd": Decimal(49)})
        granted = intended(CALL, "t", {}).model_copy(update={"grant": use})
        (call,) = report_of(folder, [started(), granted, result(CALL, {})]).calls
        assert lines_of(call, full=False)[2:] == [
            "    attempt 1 (irreversible)",
            "      under the grant g-1, of which it takes 49 amount_usd",
            "      answered, HTTP 200, 4 ms: {}",
        ]

    def test_a_result_without_http_has_no_status(self, folder: Path) -> None:
        """A python tool knows no status."""
        plain = result(CALL, {}).model_copy(update={"status": 0})
        assert calls(folder, intended(CALL, "t", {}), plain)[-1] == "      answered, 4 ms: {}"


class TestTheThreeQuestions:
    def test_what_nobody_knows_yet_is_not_passed_off_as_done(self, folder: Path) -> None:
        """A call in doubt has its three answers, and says that it is in doubt; without a decision that is said too."""
        events = [
            started(),
            intended(CALL, "t", {}, effect="write"),
            ToolInDoubt(call=CALL, reason="its process died"),
        ]
        lines = [line.text for line in three_answers_lines(three_questions(report_of(folder, events)))]
        assert lines[0] == "the three questions for t {}; nobody knows yet whether it happened"
        assert "no approval was needed" in lines
        assert "the journal holds no decision for it" in lines

    def test_several_authorities_are_all_named_and_the_strictest_held(self, folder: Path) -> None:
        """Every answer, then which one counted; facts only where there are any."""
        made = decided(CALL)
        answer = made.answers[0].model_copy(
            update={"reasons": (), "policy": "refunds", "authority": "policy"}
        )
        both = made.model_copy(update={"answers": (*made.answers, answer), "facts": {}})
        events = [
            started(),
            proposed(CALL, "t", {}),
            both,
            intended(CALL, "t", {}, effect="write"),
            result(CALL, {}),
        ]
        lines = [line.text for line in three_answers_lines(three_questions(report_of(folder, events)))]
        assert "allow by policy refunds" in lines
        assert "the strictest of them held: allow" in lines
        assert not [line for line in lines if line.startswith("judged on")]


def test_amounts_are_printed_exactly(folder: Path) -> None:
    """No float comes between the journal and the reader."""
    report = report_of(folder, [started(), *model_call(0, "", cost="0.000000123456789")])
    assert report.spent_usd == Decimal("0.000000123456789")
    assert "0.000000123456789 of 0.35 USD" in shown(report)


_HAPPENED = """
what happened to the run
  2026-03-14 09:00:01 UTC  suspended: interrupted: somebody pressed Ctrl-C
  2026-03-14 09:00:02 UTC  a torn tail of 17 bytes was cut off the journal and kept
  2026-03-14 09:00:03 UTC  the wall clock went back 3600.0 s; the run's time did not
  2026-03-14 09:00:04 UTC  resumed by casey (asserted, not proved)
  2026-03-14 09:00:05 UTC  message m-1 was not accepted: its signature does not hold
  2026-03-14 09:00:06 UTC  stopped at the ceiling of 0.2 cost_usd: 0.19 used or reserved, 0.02 more
      asked
  2026-03-14 09:00:07 UTC  more input_tokens used than reserved: 12 reported, 10 reserved
  record 8 `run.abducted` is not known to this version
"""

_REFUND = """\
run {run}
  for           casey (asserted, not proved), on behalf of helpdesk
  agent         refund-assistant, owned by support-platform
  version       v1, sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0
  environment   sandbox: effects stay in the sandbox
  isolation     python tools run in a process of their own
  input         ticket 1001
  status        answered (exit code 0)
  answer        Refunded 49.00 USD.
  cost          0.0032 of 0.35 USD
  used          3 of 12 steps, 3 model calls, 3 tool calls (1 refused), 1,236 of 60,000 tokens in,
                114 of 8,000 out
  time          2026-03-14 09:00:00 UTC, 25 s
  journal       traces/journal/2026-03-14/{run}.jsonl
  chain         26 records, unbroken
  head          {digest[25]}
  not enforced  logging.retention_days (accepted in the contract, without effect yet)

step 0  5 s  0.0012 USD
├─ model scripted-small (scripted/small): 412 tokens in, 38 out, 0.0012 USD, 3 ms
└─ call 0/0  zendesk.read_ticket  done  2 s
   ├─ arguments {{"ticket_id": 1001}}
   ├─ decision allow, by the one policy asked
   └─ attempt 1 (read): answered, HTTP 200, 4 ms: {{"subject": "Please refund me"}}

step 1  12 s  0.0008 USD
├─ model scripted-small (scripted/small): 412 tokens in, 38 out, 0.0008 USD, 3 ms
├─ call 1/0  stripe.refund  done  7 s
│  ├─ arguments {{"amount": 4900, "charge": "ch_1001", "currency": "usd"}}
│  ├─ decision needs_approval
│  │  └─ contract:allowlist says needs_approval (the tool is on the allowlist)
│  ├─ decision allow, by the one policy asked
│  ├─ approval {run}-1-0-1 asked: the contract requires approval
│  │  └─ approved by system:sandbox-reviewer (a rule, the platform's own), 2026-03-14 09:00:16
│  │        UTC: 49 is at most 200
│  └─ attempt 1 (irreversible): answered, HTTP 200, 4 ms: {{"id": "re_1", "status": "succeeded"}}
├─ a reviewer's look-up review/0  stripe.read_charge  done  1 s
│  ├─ arguments {{"charge": "ch_1001"}}
│  └─ attempt 1 (read) for casey (asserted, not proved), through agent:refund-assistant:
│        answered, HTTP 200, 4 ms: {{"amount": 4900}}
└─ call 1/1  stripe.payout  refused, without effect
   ├─ arguments {{"amount": 1}}
   └─ refused at the stage `registered`: there is no tool `stripe.payout`

step 2  1 s  0.0012 USD
└─ model scripted-small (scripted/small): 412 tokens in, 38 out, 0.0012 USD, 3 ms
   └─ says Refunded 49.00 USD.
`--full` adds routes, credentials and whole texts

the three questions for stripe.refund {{"amount": 4900, "charge": "ch_1001", "currency": "usd"}}
  which principal authorized it?
    casey (asserted, not proved), on behalf of helpdesk, through agent:refund-assistant
    approved by system:sandbox-reviewer (a rule, the platform's own), 2026-03-14 09:00:16 UTC:
        49 is at most 200
  which policy permitted it?
    allow by contract policy contract:allowlist: the tool is on the allowlist
      its text sha256:a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0
    judged on amount_usd = 49
      all that they were shown
        sha256:9090909090909090909090909090909090909090909090909090909090909090
  what evidence proves what happened?
    traces/journal/2026-03-14/{run}.jsonl
    record 12 decision.made {digest[12]}
    record 13 approval.requested {digest[13]}
    record 16 approval.answered {digest[16]}
    record 17 decision.made {digest[17]}
    record 18 tool.intent {digest[18]}
    record 19 tool.result {digest[19]}
    credential token jti-1 for stripe, scope stripe.refund, until 2026-03-14T09:02:00.000000Z
    approval {run}-1-0-1
    call {run}/1/0, idempotency key agentctl-kkkkkkkkkkkkkkkkkkkk
    version sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0
"""
