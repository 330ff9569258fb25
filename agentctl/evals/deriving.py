"""Deriving a golden case from a run that happened: what was asked, what tools answered, what people said, what came of it.

Pure. Whatever redaction took out stands as a placeholder or a stand-in; what it did not take out is taken out here.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from msgspec import Struct

from agentctl.approval.pending import Approval
from agentctl.evals.evidence import Evidence
from agentctl.evals.standins import Cleaner
from agentctl.events.approval import Answer, ApprovalAnswered, GrantGiven
from agentctl.events.budget import BudgetRaised
from agentctl.events.model import ModelAsked
from agentctl.events.record import Record
from agentctl.events.run import Envelope, RunStarted
from agentctl.events.tool import ToolIntent, ToolResolved, ToolResult, ToolUnknown
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.clock import from_rfc3339
from agentctl.trace.reports.call import Call

_AT_ONCE = 60
"""Answers that came within so many seconds are scripted as given at once."""
_UNFIT: Final[dict[type, str]] = {
    GrantGiven: "a reviewer gave a grant in it",
    BudgetRaised: "somebody raised its ceilings",
    ToolResolved: "somebody found out what became of a call in doubt",
}
_SAID: Final[dict[Answer, str]] = {
    "approve": "approve",
    "deny": "deny",
    "approve_with_changes": "edit",
    "escalate": "escalate",
}


class Derived(Struct, frozen=True):
    """A case and its tape, as they stand in files."""

    case: JsonObject
    tape: JsonObject


def why_not_derived(records: Sequence[Record], evidence: Evidence) -> str | None:
    """Return why no case can be made of a run; None where one can."""
    header = evidence.state.session.header
    unfit = (_UNFIT[type(one.event)] for one in records if type(one.event) in _UNFIT)
    if header.kind != "live":
        return f"it is of the kind `{header.kind}`"
    if header.trace_level != "full":
        return "its contract lets no payload be kept (`trace_level: metadata`)"
    if evidence.end in {"interrupted", "provider_failed"}:
        return f"{evidence.why}, which is nothing to expect"
    told = next(unfit, None)
    return None if told is None else f"{told}, and a case has no word for that"


def derive(records: Sequence[Record], evidence: Evidence, name: str, tape: str) -> Derived:
    """Return the case of a run under a name; `tape` is the file its tape will be in, as the case names it."""
    cleaner = Cleaner(_written(records), redacts=evidence.state.session.header.pii_redaction != "off")
    return _Deriving(records, evidence, cleaner).derived(name, tape)


def _written(records: Sequence[Record]) -> Iterator[JsonValue]:
    for record in records:
        data: JsonValue = record.event.model_dump(mode="json")
        yield data


class _Deriving(Struct, frozen=True):
    records: Sequence[Record]
    evidence: Evidence
    clean: Cleaner

    @property
    def header(self) -> Envelope:
        return self.evidence.state.session.header

    def derived(self, name: str, tape: str) -> Derived:
        """Return both; what would be empty is left out."""
        said: dict[str, JsonValue] = {
            "id": name,
            "input": self._input(),
            "tags": ["from-run"],
            "metadata": {"run": self.evidence.run, "version": self.header.version},
            "environment": self.header.environment,
            "principal": self.clean.text(self.header.principal.id),
            "tape": tape,
            "faults": list(self._faults()),
            "approvals": list(self._approvals()),
            "assert": list(self._assertions()),
        }
        answers: JsonValue = list(self._answers())
        return Derived(
            {key: value for key, value in said.items() if value not in ("", [])},
            {"run": self.evidence.run, "answers": answers},
        )

    def _input(self) -> str:
        started = next(one.event for one in self.records if isinstance(one.event, RunStarted))
        return self.clean.text(started.input)

    # -- the world --------------------------------------------------------------------------------

    def _answers(self) -> Iterator[JsonObject]:
        """Yield what every attempt with a known, last end was answered, reviewers' own look-ups too."""
        intents: dict[tuple[str, int], ToolIntent] = {}
        for record in self.records:
            match record.event:
                case ToolIntent() as intent:
                    intents[intent.call, intent.attempt] = intent
                case ToolResult(final=True) as result:
                    yield self._answer(intents[result.call, result.attempt], result)
                case _:
                    pass

    def _answer(self, intent: ToolIntent, result: ToolResult) -> JsonObject:
        given = self.clean.as_given(result.value)
        end: JsonObject = {"result": given} if result.outcome == "ok" else {"error": str(given)}
        arguments = self.clean.as_given(intent.arguments)
        return {"tool": intent.tool, "arguments": arguments, "match": "exact", **end}

    def _faults(self) -> Iterator[JsonObject]:
        """Yield a fault for every call that stayed in doubt: its attempts had no end that anybody knows."""
        ends: dict[str, int] = {}
        lost: dict[str, list[int]] = {}
        tools = {one.event.call: one.event.tool for one in self.records if isinstance(one.event, ToolIntent)}
        doubted = {call.call for call in self.evidence.calls if call.outcome == "in_doubt"}
        for record in self.records:
            match record.event:
                case ToolUnknown(call=call) if call in doubted:
                    tool = tools[call]
                    ends[tool] = ends.get(tool, 0) + 1
                    lost.setdefault(tool, []).append(ends[tool])
                case ToolResult(final=True, call=call):
                    ends[tools[call]] = ends.get(tools[call], 0) + 1
                case _:
                    pass
        for tool, numbers in lost.items():
            yield {"tool": tool, "do": "timeout", "nth": numbers[0], "times": len(numbers)}

    def _approvals(self) -> Iterator[JsonObject]:
        for approval in self.evidence.state.session.approvals.values():
            yield from (
                self._said(answer, approval)
                for answer in approval.answers
                if answer.reviewer.kind == "person"
            )
            if self.evidence.end_of(approval) == "expired":
                lasted = from_rfc3339(approval.request.expires_at) - from_rfc3339(approval.requested_at)
                yield {
                    "tool": approval.request.tool,
                    "answer": "none",
                    "after": f"{int(lasted / timedelta(seconds=1)) + 1}s",
                }

    def _said(self, answer: ApprovalAnswered, approval: Approval) -> JsonObject:
        waited = from_rfc3339(self._time_of(answer)) - from_rfc3339(approval.requested_at)
        seconds = int(waited / timedelta(seconds=1))
        said: dict[str, JsonValue] = {
            "reviewer": answer.reviewer.id,
            "tool": approval.request.tool,
            "answer": _SAID[answer.answer],
            "reason": self.clean.text(answer.reason),
            "changes": None if answer.changes is None else self.clean.as_given(answer.changes),
            "ends_run": answer.ends_run,
            "after": f"{seconds}s" if seconds > _AT_ONCE else None,
        }
        return {key: value for key, value in said.items() if value not in ("", None, False)}

    def _time_of(self, answer: ApprovalAnswered) -> str:
        return next(record.time for record in self.records if record.event is answer)

    # -- what is expected -------------------------------------------------------------------------

    def _assertions(self) -> Iterator[JsonObject]:
        yield {"type": "run:outcome", "value": self.evidence.end}
        calls: JsonValue = [self._expected(call) for call in self.evidence.calls]
        yield {"type": "trajectory", "mode": "strict", "value": calls}
        yield from self._unless_repeated(self._decision(call) for call in self.evidence.calls)
        yield from self._unless_repeated(self._request(one) for one in self.evidence.approvals(None))
        if self.evidence.answer is not None:
            yield self._answered(self.evidence.answer)

    def _expected(self, call: Call) -> JsonObject:
        if not isinstance(call.arguments, dict):
            return {"tool": call.tool}
        return {"tool": call.tool, "arguments": self.clean.as_recorded(call.arguments)}

    def _decision(self, call: Call) -> JsonObject:
        decisions = [one.event.decision for one in call.decisions]
        if not call.refusals:
            asked = "needs_approval" if call.approvals else next(reversed(decisions), "allow")
            return {"type": "policy:decision", "tool": call.tool, "decision": asked}
        stage = call.refusals[-1].event.stage
        return {"type": "policy:decision", "tool": call.tool, "decision": "deny", "stage": stage}

    def _request(self, approval: Approval) -> JsonObject:
        said: dict[str, JsonValue] = {
            "type": "approval:requested",
            "tool": approval.request.tool,
            "by": list(dict.fromkeys(answer.reviewer.id for answer in approval.answers)),
            "answer": self.evidence.end_of(approval),
        }
        return {key: value for key, value in said.items() if value != []}

    def _answered(self, answer: str) -> JsonObject:
        """Expect the same words of a model that follows rules; of any other they are only reported."""
        value = self.clean.as_recorded(answer)
        providers = {one.event.provider for one in self.records if isinstance(one.event, ModelAsked)}
        soft: JsonObject = {} if providers <= {"scripted"} else {"severity": "soft"}
        return {"type": "equals", "value": value, **soft}

    @staticmethod
    def _unless_repeated(found: Iterator[JsonObject]) -> Iterator[JsonObject]:
        seen: list[JsonObject] = []
        for one in found:
            if one not in seen:
                seen.append(one)
                yield one
