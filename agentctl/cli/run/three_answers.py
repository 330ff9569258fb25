"""The three questions about a call that changed the world, with their answers, as lines; pure."""

from collections.abc import Iterable, Iterator

from agentctl.cli.screen.terminal import Line, capped
from agentctl.cli.screen.words import answered, chain, compact, credential, granted, journal_file, used, who
from agentctl.trace.reports.three_questions import Authorization, Evidence, Permission, ThreeAnswers

_CAP = 400
_SHORT = 2
"""So that a digest fits below its beginning in 80 columns."""


def three_answers_lines(answers: Iterable[ThreeAnswers], *, full: bool = False) -> Iterator[Line]:
    """Return the answers for calls that wrote, or may have. Long texts are cut, and say so, unless `full`."""
    for each in answers:
        unsure = "" if each.outcome in {"ok", "executed"} else "; nobody knows yet whether it happened"
        arguments = capped(compact(each.arguments), _CAP, full=full)
        yield Line(f"the three questions for {each.tool} {arguments}{unsure}", tone="title")
        yield Line("which principal authorized it?", 1)
        yield from _who(each.who, full=full)
        yield Line("which policy permitted it?", 1)
        yield from _why(each.why, full=full)
        yield Line("what evidence proves what happened?", 1)
        yield from _proof(each.proof, each.call)


def _who(found: Authorization, *, full: bool) -> Iterator[Line]:
    yield Line(f"{who(found.principal)}{chain(found.on_behalf_of)}, through {found.actor}", 2, "good")
    for each in found.reviewers:
        reason = capped(each.reason, _CAP, full=full)
        yield Line(answered(each.answer, each.reviewer, each.at, reason), 2, "good")
    if found.grant is not None:
        yield Line(granted(found.grant.event, found.grant.time), 2, "good")
    elif not found.reviewers:
        yield Line("no approval was needed", 2)


def _why(found: Permission, *, full: bool) -> Iterator[Line]:
    if found.decision is None:
        yield Line("the journal holds no decision for it", 2, "bad")
        return
    for answer in found.answers:
        reasons = f": {'; '.join(answer.reasons)}" if answer.reasons else ""
        authority = "" if answer.authority == "policy" else f"{answer.authority} "
        said = f"{answer.decision} by {authority}policy {answer.policy}{reasons}"
        yield Line(capped(said, _CAP, full=full), 2, "good")
        yield Line(f"its text {answer.digest}", 3, hang=_SHORT)
    if len(found.answers) > 1:
        yield Line(f"the strictest of them held: {found.decision}", 2)
    if found.facts:
        facts = ", ".join(f"{name} = {value}" for name, value in sorted(found.facts.items()))
        yield Line(capped(f"judged on {facts}", _CAP, full=full), 2)
    if found.inputs_digest:
        yield Line(f"all that they were shown {found.inputs_digest}", 3, hang=_SHORT)


def _proof(found: Evidence, call: str) -> Iterator[Line]:
    yield Line(journal_file(found.journal), 2, "good")
    for record in found.records:
        yield Line(f"record {record.seq} {record.type} {record.hash}", 2, "good", hang=_SHORT)
    for each in found.credentials:
        yield Line(f"credential {credential(each)}", 2)
    for approval in found.approvals:
        yield Line(f"approval {approval}", 2)
    yield Line(f"call {call}, idempotency key {found.idempotency_key}", 2)
    if found.budget_before is not None and found.budget_after is not None:
        yield Line(f"budget before it: {used(found.budget_before)}; with it: {used(found.budget_after)}", 2)
    yield Line(f"version {found.version}", 2)
