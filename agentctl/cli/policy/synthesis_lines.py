"""The least privilege that runs needed, as lines: what was seen, what changes, and the proof."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from agentctl.cli.screen.terminal import Line, Tone
from agentctl.cli.screen.words import counted
from agentctl.composition.contracts.synthesis import Proof, Synthesis
from agentctl.foundation.money import plain
from agentctl.review.decisions.needs import Need


def synthesis_lines(found: Synthesis) -> Iterator[Line]:
    """Return what was derived, and what proves it."""
    yield Line(f"{found.agent}: the least that {counted(len(found.runs), 'run')} needed", tone="title")
    for run in found.skipped:
        yield Line(
            f"run {run} was left out: it is not live, or its questions cannot be made again", 1, "warn"
        )
    for need in found.needs:
        yield from _need(need)
    yield from _contract(found)
    yield from _proof(found.proof)


def _need(need: Need) -> Iterator[Line]:
    approved = ", with an approval" if need.approved else ""
    yield Line(f"{need.tool}: {counted(need.count, 'call')} executed{approved}", 1)
    for fact, most in need.amounts.items():
        yield Line(f"{fact} at most {plain(most)}", 2)
    for fact, tool in need.same.items():
        yield Line(f"only the {fact} that {tool} spoke of", 2)
    for name, reason in need.open.items():
        yield Line(f"{name} stays open: {reason}", 2, "quiet")


def _contract(found: Synthesis) -> Iterator[Line]:
    before, after = found.before, found.contract
    names = {entry.name for entry in after.tools.allowlist}
    gone = [entry.name for entry in before.tools.allowlist if entry.name not in names]
    if gone:
        yield Line(f"not used, and not allowed any more: {', '.join(gone)}", 1)
    if found.kept_tools:
        kept = ", ".join(found.kept_tools)
        yield Line(f"not used, and still listed, since other policies speak of it: {kept}", 1, "warn")
    for name, value in after.budgets:
        was = getattr(before.budgets, name)
        if value != was:
            yield Line(f"{name}: {was} -> {value}", 1)


def _proof(proof: Proof) -> Iterator[Line]:
    kept = proof.executed - len(proof.broken)
    yield Line(
        f"{kept} of {counted(proof.executed, 'executed call')} get the answer they got", 0, _tone(proof)
    )
    for broken in proof.broken:
        yield Line(broken, 1, "bad")
    left = proof.probes - proof.refused - len(proof.leaks)
    never = f"{proof.refused} of {counted(proof.probes, 'call')} that were never made are refused"
    yield Line(f"{never}; {left} lie in what stays open" if left else never, 0, _tone(proof))
    for leak in proof.leaks:
        yield Line(f"should be refused and is not: {leak}", 1, "bad")
    for what in proof.open:
        yield Line(f"left open: {what}", 1, "quiet")


def _tone(proof: Proof) -> Tone:
    return "good" if proof.holds else "bad"


def synthesis_form(found: Synthesis, written: Sequence[Path]) -> dict[str, object]:
    """Return what was derived as JSON."""
    return {
        "agent": found.agent,
        "runs": found.runs,
        "skipped": found.skipped,
        "contract": found.contract_text,
        "policy_file": found.policy_file,
        "policy": found.policy_text,
        "kept_tools": found.kept_tools,
        "open": [
            {"tool": need.tool, "argument": name, "reason": reason}
            for need in found.needs
            for name, reason in need.open.items()
        ],
        "proof": {"holds": found.proof.holds, **_proof_form(found.proof)},
        "written": [str(path) for path in written],
    }


def _proof_form(proof: Proof) -> dict[str, object]:
    return {
        "executed": proof.executed,
        "broken": proof.broken,
        "not_executed_and_not_allowed": proof.refused_still,
        "probes": proof.probes,
        "refused": proof.refused,
        "leaks": proof.leaks,
        "open": proof.open,
    }
