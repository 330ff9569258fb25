"""What made a replay part from its run: read off the event in which it shows, and off what governs either side. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from agentctl.events.model import ModelAsked
from agentctl.events.record import AnyEvent, Record
from agentctl.events.replay import Cause
from agentctl.events.tool import Stage, ToolRefused
from agentctl.foundation.canonical import JsonValue
from agentctl.models.client import Message
from agentctl.replay.governs import Governs
from agentctl.replay.recorded.comparison import Parting, parting_of
from agentctl.replay.recorded.findings import Finding, Findings
from agentctl.replay.recorded.tape import Tape
from agentctl.runtime.conversation import messages
from agentctl.runtime.state import fold

SENTENCES: Final[Mapping[Cause, str]] = {
    "prompt": "what the model is told differs",
    "model": "the model, or how it is asked, differs",
    "tool_schema": "what the tools are said to be differs",
    "policy": "what is permitted, or who is asked, differs",
    "budget": "the ceilings differ",
    "routing": "the route to a model differs",
    "code": "everything that is recorded is equal, and what follows from it is not",
}
"""Each cause as a sentence."""

_ORDER: Final[tuple[Cause, ...]] = ("prompt", "model", "tool_schema", "policy", "budget", "routing", "code")
_BY_STAGE: Final[Mapping[Stage, Cause]] = {
    "registered": "policy",
    "well_formed": "tool_schema",
    "permitted": "policy",
    "affordable": "budget",
    "progressing": "budget",
    "approved": "policy",
}
_BY_EVENT: Final[Mapping[str, Cause]] = {
    "model.refused": "model",
    "decision.made": "policy",
    "tool.result": "tool_schema",
    "budget.stopped": "budget",
    "budget.overrun": "budget",
    "budget.raised": "budget",
    "loop.detected": "budget",
    "approval.requested": "policy",
    "approval.answered": "policy",
}


class Sides(Struct, frozen=True):
    """Both sides of a replay: what governed the run and what governs the replay, and the records of each.

    `possible` are causes that can be though no version differs: a model that is asked anew.
    """

    then: Governs
    now: Governs
    tape: Tape
    findings: Findings
    possible: frozenset[Cause] = frozenset()


def cause_of(finding: Finding, sides: Sides) -> Cause:
    """Return what made them part there; `code` where nothing that is recorded could have."""
    differing = sides.then.differing(sides.now) | sides.possible
    if not differing:
        return "code"
    named = _named(finding, sides)
    if named in differing:
        return named
    return next((cause for cause in _ORDER if cause in differing), "code")


def _named(finding: Finding, sides: Sides) -> Cause | None:
    """Return the cause that the event itself points to."""
    event, field = finding.event, finding.parting.field
    match event.type:
        case "run.started" | "run.resumed":
            return "budget" if "/limits/" in field else "policy" if "/policies/" in field else None
        case "route.chosen":
            return "model" if field.endswith("/model") else "routing"
        case "model.asked":
            return _of_request(finding, sides)
        case "model.answered" | "model.failed":
            return _of_answer(finding, sides)
        case "tool.intent":
            return _of_intent(field)
        case _:
            return _BY_STAGE.get(event.stage) if isinstance(event, ToolRefused) else _BY_EVENT.get(event.type)


def _of_intent(field: str) -> Cause | None:
    if field.startswith(("/reservation", "/basis/budget")):
        return "budget"
    return "tool_schema" if field in {"/descriptor_digest", "/effect", "/retry"} else "policy"


def _of_answer(finding: Finding, sides: Sides) -> Cause:
    """Return why a model answers otherwise: what of its request differs, and where nothing does, the model itself."""
    request = next((one for one in sides.findings.found if _asks_for(one, finding.event)), None)
    return "model" if request is None else _of_request(request, sides) or "model"


def _asks_for(request: Finding, answer: AnyEvent) -> bool:
    """Return whether a finding is that another request led to this answer."""
    asked = request.event
    if not isinstance(asked, ModelAsked) or request.parting.field != "/request_digest":
        return False
    names = ("step", "attempt", "review")
    return all(getattr(asked, name) == getattr(answer, name, None) for name in names)


def _of_request(finding: Finding, sides: Sides) -> Cause | None:
    """Return what of a request differs first: the deployment, what the model is told, the tools, how much it may say."""
    if finding.parting.field in {"/deployment", "/provider", "/model"}:
        return "model"
    differing = {parting.field for parting in request_partings(finding, sides)}
    by_part: tuple[tuple[str, Cause], ...] = (
        ("/model", "model"),
        ("/instructions", "prompt"),
        ("/tools", "tool_schema"),
        ("/conversation", "prompt"),
        ("/max_output_tokens", "model" if "model" in sides.then.differing(sides.now) else "budget"),
    )
    return next((cause for part, cause in by_part if part in differing), None)


def request_partings(finding: Finding, sides: Sides) -> tuple[Parting, ...]:
    """Return in which parts two requests differ: a digest says that they do, and not where."""
    then = _request_parts(finding.before, sides.tape.records[: finding.index], sides.then)
    now = _request_parts(finding.after, sides.findings.records[: finding.count], sides.now)
    return tuple(
        parting_of(f"/{name}", then[name], now[name], asked=True)
        for name in then
        if name in now and then[name] != now[name]
    )


def _request_parts(
    event: AnyEvent | None, records: Sequence[Record], governs: Governs
) -> dict[str, JsonValue]:
    """Return the parts of a request of the agent's model, made again from the run before it."""
    if not isinstance(event, ModelAsked) or event.review is not None:
        return {}
    told, *conversation = messages(fold(records), governs.instructions)
    return {
        "model": event.model,
        "instructions": told.text,
        "conversation": [_said(message) for message in conversation],
        "tools": [[tool.name, tool.description, tool.arguments] for tool in governs.tools],
        "max_output_tokens": event.max_output_tokens,
    }


def _said(message: Message) -> JsonValue:
    calls: list[JsonValue] = [[call.provider_id, call.name, call.arguments] for call in message.calls]
    return [message.role, message.text, calls, message.answers]
