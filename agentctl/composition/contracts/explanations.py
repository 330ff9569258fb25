"""The use case of explaining a decision: the same question, put to the same authorities, with what they made of it."""

import asyncio
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from agentctl.composition.authorities import engines_of, in_session, is_elsewhere
from agentctl.composition.governing import Governing, recorded
from agentctl.composition.project import Project
from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.events.record import Record
from agentctl.events.run import RunStarted
from agentctl.events.tool import Decision, DecisionMade, PolicyAnswer, ToolProposed
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.errors import IntegrityError, UsageError
from agentctl.gateway.one_effect import ONE_EFFECT_ONCE, one_effect_once
from agentctl.policy.cedar.explain import RuleView, rule_views
from agentctl.policy.decision import strictest
from agentctl.policy.engine import PolicyEngine, PolicyRequest
from agentctl.review.decisions.court import answers_to
from agentctl.review.decisions.flips import Flip, FlipSearch, flips_of
from agentctl.review.decisions.past import PastDecision, past_decisions
from agentctl.tools.registry import RegisteredTool
from agentctl.trace.reports.run_names import run_named

_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"')


class AskedAgain(Struct, frozen=True):
    """What one authority said, what it says to the same question now, and what each of its rules makes of it.

    `again` is None where it was not asked; `why_not` says why. `once_approved` are the rules that match with an approval.
    """

    recorded: PolicyAnswer
    again: PolicyAnswer | None
    why_not: str = ""
    rules: tuple[RuleView, ...] = ()
    once_approved: tuple[str, ...] = ()


class Explanation(Struct, frozen=True):
    """A decision, with its question and everything that was found out about it.

    `agrees` says whether the question could be made again exactly; None where the journal does not say enough.
    """

    run: str
    call: str
    tool: str
    made: DecisionMade
    seq: int
    agrees: bool | None
    request: JsonObject
    authorities: tuple[AskedAgain, ...]
    flips: tuple[Flip, ...]


def explain_decision(project: Project, run: str, call: str) -> Explanation:
    """Explain the last decision about a call.

    Args:
        project: the project.
        run: the run's id, the beginning of one, or `latest`.
        call: the call's id, or its step and index: `2/0`.

    Raises:
        UsageError: there is no such run or call, or nobody judged it.
        IntegrityError: something that the journal names is missing or damaged.
    """
    records = project.journals.read(run_named(project.journals.runs(), run))
    governing = recorded(project, begun(records).envelope)
    past = _past_of(_as_judged(project, records), governing, call)
    # Of the platform's rules there may be those of then and those of today: the digest tells them apart.
    engines = {(one.policy, one.digest): one for one in engines_of(governing, project.settings.secret)}
    return asyncio.run(_explained(_Explainer(governing, engines, past)))


async def _explained(explainer: "_Explainer") -> Explanation:
    async with in_session(explainer.engines.values()):
        return await explainer.explained()


def begun(records: tuple[Record, ...]) -> RunStarted:
    """Return how a run began.

    Raises:
        IntegrityError: its journal does not hold that.
    """
    if not records or not isinstance(records[0].event, RunStarted):
        raise IntegrityError("the journal does not hold the run's beginning")
    return records[0].event


def _as_judged(project: Project, records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Return the records as the authorities saw them: in a replay they were shown the run that it replays."""
    start = begun(records)
    if start.envelope.replay is None:
        return records
    run = start.envelope.replay.run
    replayed = begun(project.journals.read(run_named(project.journals.runs(), run))).envelope
    shown = start.envelope.model_copy(update={"run": run, "kind": replayed.kind})
    return (replace(records[0], event=start.model_copy(update={"envelope": shown})), *records[1:])


def _past_of(records: tuple[Record, ...], governing: Governing, call: str) -> PastDecision:
    decisions = past_decisions(records, governing.contract, governing.version.tools)
    found = [past for past in decisions if _is_meant(past.made.call, call)]
    if found:
        return replace(found[-1], agrees=None) if _is_bare(records) else found[-1]
    calls = [record.event for record in records if isinstance(record.event, ToolProposed)]
    if any(_is_meant(proposed.call, call) for proposed in calls):
        raise UsageError(f"nobody judged call `{call[:80]}`: it was refused before", "a call that was judged")
    known = ", ".join(f"`{proposed.step}/{proposed.call.rsplit('/', 1)[-1]}`" for proposed in calls)
    raise UsageError(
        f"there is no call `{call[:80]}` in this run", known or "another run: this one made none"
    )


def _is_bare(records: tuple[Record, ...]) -> bool:
    """Return whether a journal holds decisions without what they rested on: a replay that only judges anew writes such a one."""
    of = begun(records).envelope.replay
    return of is not None and of.mode == "policy"


def _is_meant(made: str, named: str) -> bool:
    """Return whether a call is named, whole or by its step and index; in a replay it has the id that it had in the run."""
    return named in {made, made.partition("/")[2]}


class _Explainer(Struct, frozen=True):
    """Explains one decision under what governed its run; `engines` are the authorities by name and digest."""

    governing: Governing
    engines: Mapping[tuple[str, str], PolicyEngine]
    past: PastDecision

    async def explained(self) -> Explanation:
        """Return the explanation; a question that is not known exactly is not asked again."""
        past, request = self.past, self.past.question.request
        authorities = [await self._asked_again(answer) for answer in past.made.answers]
        flips = () if past.agrees is None else await flips_of(self._search())
        return Explanation(
            run=past.question.state.header.run,
            call=past.made.call,
            tool=past.question.asked.descriptor.name,
            made=past.made,
            seq=past.seq,
            agrees=past.agrees,
            request=request.inputs(),
            authorities=tuple(authorities),
            flips=flips,
        )

    async def _asked_again(self, answer: PolicyAnswer) -> AskedAgain:
        if self.past.agrees is None:
            return AskedAgain(answer, None, "the journal does not say everything that was asked")
        if answer.policy == ONE_EFFECT_ONCE:
            return AskedAgain(answer, next(iter(self._one_effect_once()), None))
        if is_elsewhere(answer.policy):
            return AskedAgain(answer, None, "a running service may judge by other policies now")
        engine = self.engines.get((answer.policy, answer.digest))
        if engine is None:
            return AskedAgain(answer, None, "what it judged by is not among what is recorded")
        request = self.past.question.request
        approved = self._views(answer, request.if_approved())
        return AskedAgain(
            answer,
            await engine.decide(request),
            rules=tuple(self._views(answer, request)),
            once_approved=tuple(view.rule.id for view in approved if view.matches),
        )

    def _one_effect_once(self) -> tuple[PolicyAnswer, ...]:
        question = self.past.question
        asked = question.asked
        return one_effect_once(question.state, asked.proposal.call, asked.descriptor, question.effect_key)

    def _views(self, answer: PolicyAnswer, request: PolicyRequest) -> Iterator[RuleView]:
        for version in self.governing.policies:
            if (version.name, version.digest) == (answer.policy, answer.digest) and _is_cedar(version):
                yield from rule_views(version.texts, self.governing.version.descriptors, request)

    def _search(self) -> FlipSearch:
        """Return a search among the authorities that answered then; those elsewhere keep the answer they gave."""
        question, answers = self.past.question, self.past.made.answers
        here = [item for item in answers if not is_elsewhere(item.policy)]
        asked = [self.engines[key] for item in here if (key := (item.policy, item.digest)) in self.engines]
        fixed = [item for item in answers if is_elsewhere(item.policy)]

        async def decide(request: PolicyRequest) -> Decision:
            return strictest((*await answers_to(question, asked, request), *fixed))

        tool = RegisteredTool.of(self.governing.version.tools[question.asked.descriptor.name])
        return FlipSearch(
            question=question,
            decision=self.past.made.decision,
            decide=decide,
            fits=lambda arguments: not tool.arguments_validator.problems(arguments),
            words=tuple(self._words()),
            teams=(*self.governing.environment.environment.teams, *self._words()),
        )

    def _words(self) -> tuple[str, ...]:
        """Return the texts that policies speak of."""
        texts = (text for version in self.governing.policies for text in version.texts.values())
        return tuple(dict.fromkeys(match for text in texts for match in _QUOTED.findall(text)))


def _is_cedar(version: PolicyVersion) -> bool:
    return isinstance(version.source, CedarPolicies)
