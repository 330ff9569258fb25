"""Risks that need an approval or a written acceptance: static keys, irreversible tools, and the Rule of Two.

The Rule of Two: a run that reads what strangers wrote and reads private data must not act outside without an approval.
"""

from collections.abc import Iterator
from typing import assert_never

from agentctl.contract.agent import Risk
from agentctl.contract.environment import StaticKey
from agentctl.contract.tool import HttpExecutor, ToolDescriptor
from agentctl.review.checks.report import Finding, error, note, warning
from agentctl.review.checks.subject import Listed, Subject, in_tool


def static_keys_are_accepted(subject: Subject) -> Iterator[Finding]:
    """No tool that writes uses a static key, unless somebody accepts it today in writing."""
    for listed in _unaccepted(subject, "static_key"):
        backend = _backend(listed.descriptor)
        place = subject.in_environment("backends", backend, "static_key")
        found = f"`{listed.entry.name}` writes, and `{backend}` takes a static key {place.where}"
        yield _risk(subject, listed, "static_key", found, "brokered tokens")


def irreversible_tools_are_gated(subject: Subject) -> Iterator[Finding]:
    """No irreversible tool goes without approval, unless somebody accepts it today in writing.

    Below the thresholds of a contract the platform asks all the same; that is worth knowing, and no fault.
    """
    for listed in _unaccepted(subject, "irreversible_without_approval"):
        if listed.entry.approval is not None:
            found = f"`{listed.entry.name}` is irreversible {_stated(listed, 'effect')}: the platform asks below the thresholds too"
            yield note(subject.at_entry(listed, "requires_approval", "when"), found)
            continue
        found = f"`{listed.entry.name}` is irreversible {_stated(listed, 'effect')} and needs no approval"
        yield _risk(subject, listed, "irreversible_without_approval", found, "`requires_approval: true`")


def rule_of_two_holds(subject: Subject) -> Iterator[Finding]:
    """Nothing acts outside unapproved where strangers' text and private data come together."""
    untrusted, private = _reader(subject, "reads_untrusted"), _reader(subject, "reads_private")
    for listed in _unaccepted(subject, "rule_of_two"):
        outside = f"`{listed.entry.name}` acts outside {_stated(listed, 'trust', 'external_effect')} and needs no approval"
        if untrusted and private:
            found = f"{outside}; {untrusted} reads what strangers wrote, {private} reads private data"
            yield _risk(subject, listed, "rule_of_two", found, "`requires_approval: true`")
        else:
            found = f"{outside}; {untrusted} reads what strangers wrote, which may steer it"
            yield warning(subject.at_entry(listed), found, "`requires_approval: true`")


def live_writes_have_a_proved_principal(subject: Subject) -> Iterator[Finding]:
    """Nothing real is changed for somebody of whom only the name is known, unless somebody accepts it in writing.

    Who a run acts for does not stand in its contract, so no contract is refused for it. The calls are: this version
    cannot prove a principal, and whoever goes live should know before the first run.
    """
    rule = f"`platform.principal_of_live_writes` {subject.by_platform('principal_of_live_writes')}"
    for listed in _unaccepted(subject, "asserted_principal"):
        found = f"`{listed.entry.name}` changes something real, and whom a run acts for is only asserted: each call is denied, by {rule}"
        yield warning(subject.at_entry(listed), found, _acceptance("asserted_principal"))


def has_risk(subject: Subject, listed: Listed, risk: Risk) -> bool:
    """Return whether a tool has a risk in this contract and environment, accepted or not."""
    match risk:
        case "static_key":
            return writes(listed.descriptor) and _static_key(subject, listed) is not None
        case "irreversible_without_approval":
            return listed.descriptor.effect == "irreversible" and not listed.entry.always_needs_approval
        case "rule_of_two":
            acts_freely = listed.descriptor.trust.external_effect and not is_gated(subject, listed)
            return acts_freely and bool(_reader(subject, "reads_untrusted"))
        case "asserted_principal":
            is_live = subject.environment.document.kind == "live"
            proof_is_asked = subject.rules.principal_of_live_writes == "authenticated"
            return is_live and proof_is_asked and writes(listed.descriptor)
        case never:
            assert_never(never)


def is_gated(subject: Subject, listed: Listed) -> bool:
    """Return whether each call needs an approval: the contract asks for it, or the platform does."""
    if listed.entry.always_needs_approval:
        return True
    accepted = subject.accepted(listed, "irreversible_without_approval")
    return listed.descriptor.effect == "irreversible" and accepted is None


def may_be_gated(subject: Subject, listed: Listed) -> bool:
    """Return whether a call may need an approval: each does, or those above a threshold."""
    return listed.entry.approval is not None or is_gated(subject, listed)


def writes(descriptor: ToolDescriptor) -> bool:
    """Return whether a tool changes something."""
    return descriptor.effect != "read"


def _unaccepted(subject: Subject, risk: Risk) -> Iterator[Listed]:
    """Yield the tools that have a risk which nobody accepts today."""
    for listed in subject.listed():
        if has_risk(subject, listed, risk) and subject.accepted(listed, risk) is None:
            yield listed


def _risk(subject: Subject, listed: Listed, risk: Risk, found: str, instead: str) -> Finding:
    past = next((item for item in listed.entry.accepts if item.risk == risk), None)
    over = f"; {past.by} accepted it until {past.until}, which is over" if past else ""
    return error(subject.at_entry(listed), found + over, f"{instead}, or {_acceptance(risk)}")


def _acceptance(risk: Risk) -> str:
    return f"`accepts` with `risk: {risk}`, `by`, `reason` and `date`"


def _static_key(subject: Subject, listed: Listed) -> StaticKey | None:
    backend = subject.environment.document.backends.get(_backend(listed.descriptor))
    return backend.static_key if backend else None


def _backend(descriptor: ToolDescriptor) -> str:
    return descriptor.executor.backend if isinstance(descriptor.executor, HttpExecutor) else ""


def _reader(subject: Subject, label: str) -> str:
    """Return the first tool with a trust label, with the place that says so; empty if there is none."""
    readers = (item for item in subject.listed() if getattr(item.descriptor.trust, label))
    return next((f"`{item.entry.name}` {_stated(item, 'trust', label)}" for item in readers), "")


def _stated(listed: Listed, *path: str) -> str:
    """Return where a descriptor says something, or that it says nothing, which means the worst."""
    if path in listed.tool.source.value_places:
        return in_tool(listed.tool, *path).where
    return f"(not stated in {listed.tool.source.file}, so the worst is assumed)"
