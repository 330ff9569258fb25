"""The use case of judging all calls of a run again under another contract: no model is asked, and nothing happens."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from agentctl.composition.governing import Governing
from agentctl.composition.replays.parts import Ready, is_at_hand
from agentctl.events.record import AnyEvent
from agentctl.events.replay import Cause, Difference, ReplayJudged
from agentctl.events.run import RunStarted
from agentctl.events.tool import DecisionMade, PolicyAnswer, Stage, ToolAmended, ToolProposed, ToolRefused
from agentctl.gateway.bench import Bench
from agentctl.policy.engine import PolicyRequest
from agentctl.replay.causes import SENTENCES
from agentctl.replay.judging import MOST_DIFFERENCES
from agentctl.replay.recorded.clock import SetClock
from agentctl.replay.recorded.court import silent
from agentctl.replay.recorded.journal import OwnJournal
from agentctl.replay.recorded.places import short_call_of
from agentctl.replay.recorded.tape import Tape
from agentctl.replay.recorded.vault import TapedVault
from agentctl.replay.rejudging import Answer, Judgement, Moment, Rejudged, moments_of, rejudged

_CAUSES: Final[Mapping[Stage, Cause]] = {"well_formed": "tool_schema", "affordable": "budget"}
_THEN: Final[Mapping[Answer, str]] = {"allowed": "allowed", "asks": "needs an approval", "denied": "denied"}
_NOW: Final[Mapping[Answer, str]] = {
    "allowed": "is allowed now",
    "asks": "needs an approval now",
    "denied": "is denied now",
}


class _Current:
    """The moment that is judged again, and its time."""

    def __init__(self, tape: Tape) -> None:
        self.clock = SetClock(tape.records[0])
        self.made: DecisionMade | None = None

    def come(self, moment: Moment) -> None:
        """Go on to a moment."""
        self.clock.set(moment.record)
        self.made = moment.record.event if isinstance(moment.record.event, DecisionMade) else None


class _Said(Struct, frozen=True):
    """An authority that is not asked again: it says what it said when the call was judged."""

    policy: str
    digest: str
    current: _Current

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return what it said; where it was not asked, that nobody could ask it."""
        del request
        answers = self.current.made.answers if self.current.made is not None else ()
        mine = (item for item in answers if (item.policy, item.digest) == (self.policy, self.digest))
        return next(mine, None) or silent(self.policy, self.digest)


class Rejudging(Struct, frozen=True):
    """Judges the calls of a tape under what governs now; `then` is what governed the run, `begun` how the replay begins."""

    tape: Tape
    then: Governing
    ready: Ready
    begun: RunStarted

    @property
    def now(self) -> Governing:
        """What governs the replay."""
        return self.ready.governing

    async def work(self, own: OwnJournal) -> ReplayJudged:
        """Judge every call again, at each moment at which it was judged; write what it is now, and return what changed."""
        vault, current = TapedVault(self.tape.records), _Current(self.tape)
        engines = self.ready.authorities(
            current.clock, lambda policy: _Said(policy.name, policy.digest, current)
        )
        found: list[Rejudged] = []
        for moment in moments_of(self.tape.records, self.then.contract, self.then.version.tools):
            current.come(moment)
            bench = replace(self._bench(moment, vault), engines=engines)
            found.append(await rejudged(moment, bench))
        self._write(found, own, vault)
        return self._judged(found, vault)

    def _write(self, found: Sequence[Rejudged], own: OwnJournal, vault: TapedVault) -> None:
        """Write the run's beginning, its calls, and what is decided of each now."""
        first = self.tape.records[0]
        own.append(replace(first, event=self.begun), first.sealed)
        proposed: dict[str, ToolProposed] = {}
        for item in found:
            for event in (*self._proposed(item, proposed), *_decided(item, vault)):
                own.append(replace(item.moment.record, event=event), {})
            proposed[item.moment.proposal.call] = item.moment.proposal

    def _proposed(self, item: Rejudged, proposed: Mapping[str, ToolProposed]) -> Iterator[AnyEvent]:
        """Yield what is written of a call before it is judged: that it is asked for, or with other arguments than before."""
        proposal = item.moment.proposal
        known = proposed.get(proposal.call)
        if known is None:
            yield proposal
        elif known.arguments_digest != proposal.arguments_digest:
            yield from _amended(self.tape, proposal)

    def _judged(self, found: Sequence[Rejudged], vault: TapedVault) -> ReplayJudged:
        changed = [item for item in found if item.changed]
        first = next(iter(changed), None)
        return ReplayJudged(
            fidelity="exact" if first is None else "bounded",
            step=None if first is None else first.moment.proposal.step,
            cause=None if first is None else self._cause(first),
            detail=self._sentence(first),
            exact=len(found) - len(changed),
            drift=0,
            missed=0,
            differences=tuple(_difference(item, vault) for item in changed[:MOST_DIFFERENCES]),
            from_tape=tuple(policy.name for policy in self.now.policies if not is_at_hand(policy)),
        )

    def _cause(self, first: Rejudged) -> Cause:
        """Return what makes the first call be answered otherwise: under the run's own version only this code could."""
        if self.begun.envelope.version == self.tape.started.envelope.version:
            return "code"
        stage = first.now.stage or first.moment.then.stage
        return "policy" if stage is None else _CAUSES.get(stage, "policy")

    def _sentence(self, first: Rejudged | None) -> str:
        if first is None:
            return "every call is answered as it was"
        call = first.moment.proposal.call.partition("/")[2]
        return (
            f"call {call} {_NOW[first.now.answer]}: {SENTENCES[self._cause(first)]}; what follows is a guess"
        )

    def _bench(self, moment: Moment, vault: TapedVault) -> Bench:
        header, record = moment.state.header, moment.record
        ours = self.begun.envelope
        was_changed = header.limits != self.tape.started.envelope.limits
        limits = header.limits if was_changed and ours.version == header.version else ours.limits
        update = {"version": ours.version, "policies": ours.policies, "limits": limits, "owner": ours.owner}
        return Bench(
            state=replace(moment.state, envelope=header.model_copy(update=update)),
            registry=self.ready.allowed,
            contract=self.now.contract,
            engines=(),
            reviewer_names=tuple(item.name for item in self.now.environment.environment.reviewers),
            principal=header.principal,
            actor=f"agent:{header.agent}",
            now=moment.now,
            worked=moment.state.worked.seconds(record.epoch, record.mono_us),
            digest=vault.bound_digest,
            restore=vault.restore,
            lost=vault.missing,
        )


def _decided(item: Rejudged, vault: TapedVault) -> Iterator[AnyEvent]:
    """Yield what is decided of a call now."""
    if item.made is not None:
        yield item.made
    if item.now.answer == "denied" and item.now.stage is not None:
        reasons = tuple(str(vault.redact(reason)) for reason in item.now.reasons)
        yield ToolRefused(call=item.moment.proposal.call, stage=item.now.stage, reasons=reasons)


def _amended(tape: Tape, proposal: ToolProposed) -> Iterator[ToolAmended]:
    """Yield how other arguments came to stand in a call's place."""
    for record in tape.records:
        match record.event:
            case ToolAmended(call=proposal.call, arguments_digest=proposal.arguments_digest) as amended:
                yield amended
                return
            case _:
                pass


def _difference(item: Rejudged, vault: TapedVault) -> Difference:
    event = item.moment.record.event
    return Difference(
        step=item.moment.proposal.step,
        call=short_call_of(event),
        event=event.type,
        field="",
        before=_told(item.moment.then, vault),
        after=_told(item.now, vault),
    )


def _told(judgement: Judgement, vault: TapedVault) -> str:
    stage = f" at `{judgement.stage}`" if judgement.stage else ""
    why = f": {vault.redact('; '.join(judgement.reasons))}" if judgement.reasons else ""
    return f"{_THEN[judgement.answer]}{stage}{why}"
