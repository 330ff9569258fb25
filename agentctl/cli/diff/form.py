"""Two runs, or two versions, compared, as JSON; nothing of it is cut.

Runs: `{kind: "runs", same, before, after, aspects, differences, steps}`; versions: `{kind: "versions", same, same_bytes, before,
after, changes, without_effect, instructions, policies}`.
"""

from msgspec.structs import asdict

from agentctl.composition.contracts.diffs import VersionComparison
from agentctl.composition.contracts.versions import FoundVersion
from agentctl.replay.side_by_side.alignment import AlignedStep
from agentctl.replay.side_by_side.runs import RunComparison, aspect_of


def runs_form(found: RunComparison) -> dict[str, object]:
    """Return two runs compared, as JSON."""
    return {
        "kind": "runs",
        "same": found.same,
        "before": found.before,
        "after": found.after,
        "aspects": dict(found.aspects),
        "differences": [{"aspect": aspect_of(one), **one.model_dump()} for one in found.differences],
        "steps": [
            {**_step(step), "same": not found.alignment.of_step(step)} for step in found.alignment.steps
        ],
    }


def versions_form(found: VersionComparison) -> dict[str, object]:
    """Return two versions compared, as JSON."""
    return {
        "kind": "versions",
        "same": found.diff.same,
        "same_bytes": found.diff.same_bytes,
        "before": _version(found.before),
        "after": _version(found.after),
        "changes": [asdict(change) for change in found.diff.changes],
        "without_effect": [asdict(change) for change in found.diff.without_effect],
        "instructions": [asdict(line) for line in found.diff.instructions],
        "policies": {
            "asked": found.trial.asked,
            "left_out": [
                {"amount": amount, "questions": count} for amount, count in found.trial.left_out.items()
            ],
            "why_not": found.trial.why_not,
            "flips": [{**asdict(flip), "direction": flip.direction} for flip in found.trial.flips],
        },
    }


def _step(step: AlignedStep) -> dict[str, object]:
    one, other = step.steps.before, step.steps.after
    calls = [
        {"before": pair.before and pair.before.name, "after": pair.after and pair.after.name}
        for pair in step.calls
    ]
    return {"before": one and one.step, "after": other and other.step, "calls": calls}


def _version(found: FoundVersion) -> dict[str, object]:
    return {
        "named": found.named,
        "text": found.text,
        "agent": found.agent,
        "digest": found.version.digest,
        "tag": found.tag,
    }
