"""What a rule demands of an approval, read from its annotations.

    @quorum("2") @reviewers("alice,bob") @expires_in("2h") @valid_for("10m")

An annotation with one of these names that cannot be read fails the check: it never means less than its author thought.
Others (`@id`, `@reason`) are the author's own, but for names so near that a slip is likely. Pure.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from pydantic import TypeAdapter, ValidationError

from agentctl.contract.approval_rule import MAX_QUORUM, ReviewerName
from agentctl.contract.durations import Duration, seconds_of
from agentctl.events.approval import ApprovalTerms

DEMANDS: Final = ("quorum", "reviewers", "expires_in", "valid_for")
"""The annotations that demand something of an approval."""

_QUORUM: Final = re.compile(r"[1-9][0-9]?")
_DURATION: Final[TypeAdapter[str]] = TypeAdapter(Duration)
_REVIEWER: Final[TypeAdapter[str]] = TypeAdapter(ReviewerName)
_NEAR: Final = 0.75


def terms_of_annotations(annotations: Mapping[str, str]) -> tuple[ApprovalTerms | None, tuple[str, ...]]:
    """Return what the annotations demand, None where they demand nothing; and sentences on what cannot be read."""
    problems = [*_misspelt(annotations)]
    quorum = _quorum(annotations, problems)
    reviewers = _reviewers(annotations, problems)
    expires, valid = (_seconds(annotations, name, problems) for name in ("expires_in", "valid_for"))
    if quorum is not None and reviewers and quorum > len(reviewers):
        problems.append(f"{quorum} must approve, and only {len(reviewers)} may")
    if problems or not any(name in annotations for name in DEMANDS):
        return None, tuple(problems)
    terms = ApprovalTerms(
        quorum=quorum or 1, reviewers=reviewers, expires_in_seconds=expires, valid_for_seconds=valid
    )
    return terms, ()


def _misspelt(annotations: Mapping[str, str]) -> list[str]:
    nearest = {
        name: get_close_matches(name, DEMANDS, n=1, cutoff=_NEAR)
        for name in annotations
        if name not in DEMANDS
    }
    return [f"`@{name}` is not known; did you mean `@{near[0]}`?" for name, near in nearest.items() if near]


def _quorum(annotations: Mapping[str, str], problems: list[str]) -> int | None:
    text = annotations.get("quorum")
    if text is None:
        return None
    if not _QUORUM.fullmatch(text) or int(text) > MAX_QUORUM:
        problems.append(f'`@quorum("{text[:40]}")` is no quorum; accepted: `1` to `{MAX_QUORUM}`')
        return None
    return int(text)


def _reviewers(annotations: Mapping[str, str], problems: list[str]) -> tuple[str, ...]:
    text = annotations.get("reviewers")
    if text is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    problems.extend(
        f"`@reviewers`: `{name[:80]}` is no reviewer; accepted: names with commas between them"
        for name in names
        if not _fits(_REVIEWER, name)
    )
    return names


def _seconds(annotations: Mapping[str, str], name: str, problems: list[str]) -> int | None:
    text = annotations.get(name)
    if text is None:
        return None
    if not _fits(_DURATION, text):
        problems.append(f'`@{name}("{text[:40]}")` is no length of time; accepted: `15m`, `24h`')
        return None
    return seconds_of(text)


def _fits(kind: TypeAdapter[str], text: str) -> bool:
    try:
        kind.validate_python(text, strict=True)
    except ValidationError:
        return False
    return True
