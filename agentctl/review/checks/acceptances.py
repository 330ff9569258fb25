"""Accepted risks: who accepted what until when, whether that is over, and whether there is such a risk at all."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from agentctl.contract.agent import Risk, RiskAcceptance
from agentctl.contract.tool import HttpExecutor
from agentctl.review.checks.report import Finding, Spot, error, note, warning
from agentctl.review.checks.risks import has_risk, writes
from agentctl.review.checks.subject import Listed, Subject


class _Accepted(Struct, frozen=True):
    """An acceptance, the entry it belongs to, and where it stands."""

    listed: Listed
    item: RiskAcceptance
    index: int

    def at(self, subject: Subject, key: str) -> Spot:
        return subject.at_entry(self.listed, "accepts", self.index, key)


def dates_are_days(subject: Subject) -> Iterator[Finding]:
    """The dates of an acceptance are days of the calendar, in order, and begun."""
    for accepted in _all(subject):
        for key, text in (("date", accepted.item.date), ("until", accepted.item.until)):
            if text is not None and not _is_day(text):
                yield error(accepted.at(subject, key), f"`{text}` is not a day", "a day like `2026-11-22`")
        if accepted.item.until is not None and accepted.item.until < accepted.item.date:
            found = f"`{accepted.item.until}` is before `{accepted.item.date}`, when it was accepted"
            yield error(accepted.at(subject, "until"), found, "a later day")
        if accepted.item.date > subject.today:
            found = f"`{accepted.item.date}` is still to come; today is `{subject.today}`"
            yield warning(accepted.at(subject, "date"), found, "the day on which it was accepted")


def accepted_risks_exist(subject: Subject) -> Iterator[Finding]:
    """Nobody accepts a risk that a tool does not have: the paper would outlive its reason."""
    for accepted in _all(subject):
        if not has_risk(subject, accepted.listed, accepted.item.risk):
            yield _unneeded(subject, accepted)


def accepted_risks_are_named(subject: Subject) -> Iterator[Finding]:
    """Every risk that is accepted today is named, with who, when and why."""
    for accepted in _all(subject):
        item = accepted.item
        is_in_force = subject.accepted(accepted.listed, item.risk) == item
        if is_in_force and has_risk(subject, accepted.listed, item.risk):
            until = f"until {item.until}" if item.until else "until withdrawn"
            found = f"`{item.risk}` is accepted by {item.by} on {item.date}, {until}: {item.reason}"
            yield note(accepted.at(subject, "risk"), found)


def _all(subject: Subject) -> Iterator[_Accepted]:
    for listed in subject.listed():
        for index, item in enumerate(listed.entry.accepts):
            yield _Accepted(listed, item, index)


def _unneeded(subject: Subject, accepted: _Accepted) -> Finding:
    """A risk may arise in another environment only, so its absence here is no fault."""
    at, risk, name = accepted.at(subject, "risk"), accepted.item.risk, accepted.listed.entry.name
    if _may_apply_elsewhere(accepted.listed, risk):
        return note(at, f"`{risk}` does not arise in the environment `{subject.environment.document.name}`")
    return warning(at, f"`{name}` does not have the risk `{risk}`", "no acceptance, where there is no risk")


def _may_apply_elsewhere(listed: Listed, risk: Risk) -> bool:
    has_backend = isinstance(listed.descriptor.executor, HttpExecutor)
    is_of_a_place = risk == "asserted_principal" or (risk == "static_key" and has_backend)
    return is_of_a_place and writes(listed.descriptor)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
