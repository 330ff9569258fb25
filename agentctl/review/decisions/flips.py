"""Which single change of a call, or of the run before it, would have led to another decision; the smallest first.

A change touches one thing: one argument, one earlier call, one label, one attribute of the principal. What follows from it
(facts, totals) is computed as the gateway computes it. For numbers the nearest value with another answer is looked for by
halving, which finds it where the answer changes only once on the way.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from agentctl.contract.words import shown
from agentctl.events.tool import Decision
from agentctl.foundation.canonical import JsonObject, JsonValue, digest_of
from agentctl.policy.decision import STRICTNESS
from agentctl.policy.engine import PolicyRequest, ToolHistory
from agentctl.review.decisions.court import Question

Decide = Callable[[PolicyRequest], Awaitable[Decision]]
"""Asks all authorities about a request."""
Fits = Callable[[JsonObject], bool]
"""Whether some arguments fit the tool's schema."""

_MOST_TEXTS = 32
_FEWEST = 32
_FARTHEST = 10**12


class Flip(Struct, frozen=True):
    """A single change that leads to another decision: what is changed, from what to what."""

    what: str
    before: str
    after: str
    decision: Decision


class _Change(Struct, frozen=True):
    """A change and the request that it makes."""

    what: str
    before: str
    after: str
    request: PolicyRequest


class FlipSearch(Struct, frozen=True):
    """What a search works with. `words` are texts that policies speak of, `teams` those that there are."""

    question: Question
    decision: Decision
    decide: Decide
    fits: Fits
    words: Collection[str] = ()
    teams: Collection[str] = ()


async def flips_of(search: FlipSearch) -> tuple[Flip, ...]:
    """Return the single changes with another decision, those first that lead to a laxer one, then the smallest."""
    found = [*_by_approval(search)]
    found += [flip for flip in [await _nearest_number(search, name) for name in _numbers(search)] if flip]
    for change in _changes(search):
        decision = await search.decide(change.request)
        if decision != search.decision and not any(flip.what == change.what for flip in found):
            found.append(Flip(change.what, change.before, change.after, decision))
    laxer = STRICTNESS.index(search.decision)
    return tuple(sorted(found, key=lambda flip: STRICTNESS.index(flip.decision) > laxer))


def _by_approval(search: FlipSearch) -> Iterator[Flip]:
    if search.decision == "needs_approval":
        yield Flip("the approval that it needs", "not given", "given", "allow")


def _changes(search: FlipSearch) -> Iterator[_Change]:
    """Yield all changes but those of numbers, the smallest first."""
    yield from _other_texts(search)
    yield from _other_history(search)
    yield from _other_labels(search.question.request)
    yield from _other_principal(search)
    yield from _other_run(search.question.request)


def with_argument(question: Question, name: str, value: JsonValue) -> Question:
    """Return the question with one argument changed, and with what follows from it."""
    arguments = {**question.asked.arguments, name: value}
    changed = {"arguments": arguments, "arguments_digest": digest_of(arguments)}
    proposal = question.asked.proposal.model_copy(update=changed)
    return replace(question, asked=replace(question.asked, arguments=arguments, proposal=proposal))


def _numbers(search: FlipSearch) -> list[str]:
    arguments = search.question.asked.arguments
    return [name for name, value in arguments.items() if type(value) is int]


async def _nearest_number(search: FlipSearch, name: str) -> Flip | None:
    """Return the nearest value of a whole number with another decision, below or above."""
    value = search.question.asked.arguments[name]
    if not isinstance(value, int):
        return None
    low, high = _bounds(search.question, name, value)
    ends = [await _boundary(search, name, value, end) for end in (low, high) if end != value]
    nearest = min((end for end in ends if end is not None), key=lambda end: abs(end - value), default=None)
    if nearest is None:
        return None
    decision = await _decided(search, name, nearest)
    return Flip(f"the argument `{name}`", str(value), str(nearest), decision)


async def _boundary(search: FlipSearch, name: str, value: int, end: int) -> int | None:
    """Return the value nearest to the present one, on the way to an end, with another decision than now."""
    if await _decided(search, name, end) == search.decision:
        return None
    same, other = value, end
    while abs(other - same) > 1:
        middle = (same + other) // 2
        if await _decided(search, name, middle) == search.decision:
            same = middle
        else:
            other = middle
    return other


async def _decided(search: FlipSearch, name: str, value: JsonValue) -> Decision:
    return await search.decide(with_argument(search.question, name, value).request)


def _bounds(question: Question, name: str, value: int) -> tuple[int, int]:
    schema = _property(question, name)
    low, high = schema.get("minimum"), schema.get("maximum")
    return (
        low if isinstance(low, int) else min(0, value),
        high if isinstance(high, int) else max(_FARTHEST, value),
    )


def _property(question: Question, name: str) -> JsonObject:
    properties = question.asked.descriptor.arguments.get("properties", {})
    found = properties.get(name, {}) if isinstance(properties, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def _other_texts(search: FlipSearch) -> Iterator[_Change]:
    """Yield each text of the arguments changed to others that somebody speaks of: schema, earlier calls, policies."""
    question = search.question
    for name, value in question.asked.arguments.items():
        if isinstance(value, str):
            for text in [text for text in _texts_for(search, name) if text != value][:_MOST_TEXTS]:
                changed = with_argument(question, name, text)
                if search.fits(changed.asked.arguments):
                    yield _Change(f"the argument `{name}`", shown(value), shown(text), changed.request)


def _texts_for(search: FlipSearch, name: str) -> list[str]:
    listed = _property(search.question, name).get("enum", ())
    known = [text for text in listed if isinstance(text, str)] if isinstance(listed, list | tuple) else []
    history = search.question.request.history.values()
    known += [
        text for tool in history for fact, texts in tool.facts.items() if fact == name for text in texts
    ]
    return list(dict.fromkeys((*known, *search.words)))


def _other_history(search: FlipSearch) -> Iterator[_Change]:
    """Yield one more earlier call of each tool, about the same things as this one; then fewer and fewer."""
    request = search.question.request
    for tool, called in request.history.items():
        facts = {
            name: tuple(sorted({*called.facts.get(name, ()), text})) for name, text in request.facts.items()
        }
        more = replace(called, ok=called.ok + 1, facts={**called.facts, **facts})
        yield _history(request, tool, called, more, f"{called.ok + 1}, this one about the same")
    for tool, called in request.history.items():
        for count in range(called.ok - 1, max(-1, called.ok - _FEWEST), -1):
            fewer = replace(called, ok=count, facts=called.facts if count else {})
            yield _history(request, tool, called, fewer, str(count))


def _history(
    request: PolicyRequest, tool: str, before: ToolHistory, after: ToolHistory, said: str
) -> _Change:
    changed = replace(request, history={**request.history, tool: after})
    return _Change(f"earlier calls of `{tool}` that went well", str(before.ok), said, changed)


def _other_labels(request: PolicyRequest) -> Iterator[_Change]:
    for label in request.labels_seen:
        labels = {
            source: tuple(one for one in said if one != label) for source, said in request.labels.items()
        }
        seen = tuple(one for one in request.labels_seen if one != label)
        changed = replace(request, labels=labels, labels_seen=seen)
        yield _Change(f"the label `{label}`", "seen in this run", "not seen", changed)


def _other_principal(search: FlipSearch) -> Iterator[_Change]:
    request = search.question.request
    principal = request.principal
    if principal.assurance == "asserted":
        proved = principal.model_copy(update={"assurance": "authenticated"})
        yield _Change(f"`{principal.id}`", "asserted", "authenticated", replace(request, principal=proved))
    for team in sorted(set(search.teams) - set(request.teams)):
        teams = tuple(sorted((*request.teams, team)))
        what = f"the team `{team}`"
        yield _Change(
            what, f"without `{principal.id}`", f"with `{principal.id}`", replace(request, teams=teams)
        )


def _other_run(request: PolicyRequest) -> Iterator[_Change]:
    fresh = replace(
        request.run, cost_usd=request.run.cost_usd * 0, tool_calls=0, input_tokens=0, output_tokens=0
    )
    if fresh != request.run:
        yield _Change("what the run used before", "as recorded", "nothing", replace(request, run=fresh))
    kind: Literal["sandbox", "live"] = "live" if request.environment_kind == "sandbox" else "sandbox"
    other = replace(request, environment_kind=kind)
    yield _Change("the kind of environment", request.environment_kind, kind, other)
