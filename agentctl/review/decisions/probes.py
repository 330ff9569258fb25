"""Tries what was not seen: each probe changes one thing of a call that was, and the answer should then be stricter. Pure.

Probes are made from descriptors and requests, not from the policy that they try: what a policy forgot to bound is found.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentctl.contract.tool import ToolDescriptor
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.money import parse_decimal
from agentctl.policy.engine import PolicyRequest, ToolHistory
from agentctl.review.decisions.court import Question
from agentctl.review.decisions.flips import with_argument
from agentctl.review.decisions.needs import LABELS, Bound, Largest, Need, OneOf, Open

Fits: TypeAlias = Callable[[str, JsonObject], bool]
"""Whether some arguments fit a tool's schema."""

_STRANGER: Final = "nobody-that-was-seen"
_WORDS: Final = ("zzz", "eur", "somebody@example.com", "never_seen", "9999999", "ch_neverseen")
_MANY: Final = 10**6
_FARTHEST: Final = 10**12
_MUCH: Final = "1e60"
_NEVER: Final = ToolHistory()


class Probe(Struct, frozen=True):
    """A request that was never made, what of it is new, and whether the needs bound that."""

    what: str
    request: PolicyRequest
    bounded: bool


class ProbeMaker(Struct, frozen=True):
    """Makes probes of observed calls: `needs` are what all of them needed, `others` tools that none of them used."""

    needs: tuple[Need, ...]
    others: Mapping[str, ToolDescriptor]
    fits: Fits

    def probes(self, question: Question) -> Iterator[Probe]:
        """Yield the probes of one observed call."""
        request = question.request
        needs = [need for need in self.needs if need.tool == request.tool]
        yield from self._other_tools(request)
        yield from _other_people_and_places(request)
        yield from _other_labels(request, needs)
        yield from _other_history(request, needs)
        for name in _properties(question):
            yield from self._other_argument(question, name, needs)

    def _other_tools(self, request: PolicyRequest) -> Iterator[Probe]:
        for name, descriptor in self.others.items():
            other = replace(request, descriptor=descriptor, entry=None)
            yield Probe(f"the tool `{name}`", other, bounded=True)

    def _other_argument(self, question: Question, name: str, needs: Sequence[Need]) -> Iterator[Probe]:
        bounds = [need.arguments.get(name) for need in needs]
        bounded = not any(bound is None or isinstance(bound, Open) for bound in bounds)
        for value in (*_values(question, name, needs), *_WORDS):
            changed = with_argument(question, name, value)
            if value not in _seen(bounds) and self._is_new(question, changed):
                yield Probe(f"the argument `{name}` of `{question.request.tool}`", changed.request, bounded)

    def _is_new(self, question: Question, changed: Question) -> bool:
        different = changed.asked.arguments != question.asked.arguments
        return different and self.fits(question.request.tool, changed.asked.arguments)


def _seen(bounds: Iterable[Bound | None]) -> list[str | bool]:
    return [value for bound in bounds if isinstance(bound, OneOf) for value in bound.values]


def _values(question: Question, name: str, needs: Sequence[Need]) -> Iterator[JsonValue]:
    """Yield values of other kinds and sizes than those that were seen."""
    known, listed = question.asked.arguments.get(name), _properties(question)[name].get("enum", ())
    yield from listed if isinstance(listed, list | tuple) else ()
    if type(known) is int:
        first = _first_outside(question, name, known, needs)
        yield from (first, first + _MANY)
    elif isinstance(known, str):
        yield f"{known}9"
    else:
        yield from (1, True, False)


def _first_outside(question: Question, name: str, known: int, needs: Sequence[Need]) -> int:
    """Return the smallest larger number that lies outside of everything that was seen."""
    bounds = [need.arguments.get(name) for need in needs]
    largest = max((bound.number for bound in bounds if isinstance(bound, Largest)), default=known)
    inside, outside = largest, largest + _FARTHEST
    while outside - inside > 1:
        middle = (inside + outside) // 2
        if _is_inside(with_argument(question, name, middle).request, needs):
            inside = middle
        else:
            outside = middle
    return outside


def _is_inside(request: PolicyRequest, needs: Sequence[Need]) -> bool:
    """Return whether some need has room for all the amounts of a request."""
    return any(
        need.amounts
        and all(parse_decimal(request.facts.get(fact, _MUCH)) <= most for fact, most in need.amounts.items())
        for need in needs
    )


def _properties(question: Question) -> dict[str, JsonObject]:
    """Return the schemas of a tool's arguments, by name."""
    properties = question.asked.descriptor.arguments.get("properties", {})
    items = properties.items() if isinstance(properties, Mapping) else ()
    return {name: schema for name, schema in items if isinstance(schema, Mapping)}


def _other_people_and_places(request: PolicyRequest) -> Iterator[Probe]:
    stranger = request.principal.model_copy(update={"id": _STRANGER})
    yield Probe("the principal", replace(request, principal=stranger), bounded=True)
    yield Probe("the environment", replace(request, environment=_STRANGER), bounded=True)


def _other_labels(request: PolicyRequest, needs: Sequence[Need]) -> Iterator[Probe]:
    for label in LABELS:
        if all(label in need.unseen_labels for need in needs):
            seen = tuple(sorted({*request.labels_seen, label}))
            yield Probe(f"the label `{label}`", replace(request, labels_seen=seen), bounded=True)


def _other_history(request: PolicyRequest, needs: Sequence[Need]) -> Iterator[Probe]:
    most = max(need.most_earlier for need in needs)
    own = request.history.get(request.tool, _NEVER)
    once_more = replace(own, ok=most + 1 - own.in_doubt)
    yield Probe(
        f"one more call of `{request.tool}`", _with_history(request, request.tool, once_more), bounded=True
    )
    for tool, called in request.history.items():
        if tool != request.tool and called.ok:
            bounded = all(tool in need.after for need in needs)
            yield Probe(f"no call of `{tool}` before", _with_history(request, tool, _NEVER), bounded)
            strange = replace(called, facts=dict.fromkeys(called.facts, (_STRANGER,)))
            if all(tool in need.same.values() for need in needs):
                what = f"another thing than `{tool}` spoke of"
                yield Probe(what, _with_history(request, tool, strange), bounded=True)


def _with_history(request: PolicyRequest, tool: str, history: ToolHistory) -> PolicyRequest:
    return replace(request, history={**request.history, tool: history})
