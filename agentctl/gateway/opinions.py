"""What second models were asked about approval requests, and what they said: a pure fold."""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed, ModelRefused

SaidOfModel: TypeAlias = ModelAsked | ModelAnswered | ModelFailed | ModelRefused


class ModelReview(Struct, frozen=True):
    """What a second model was asked about one approval request: how often, its latest answer, or why there is none."""

    attempts: int = 0
    answer: str | None = None
    why_not: str = "it was not asked"


def evolve_reviews(
    reviews: Mapping[str, ModelReview], said: SaidOfModel, about: str
) -> Mapping[str, ModelReview]:
    """Take what a second model was asked or said. Each attempt begins without an answer: nobody speaks for another."""
    return {**reviews, about: _after(reviews.get(about, ModelReview()), said)}


def _after(known: ModelReview, said: SaidOfModel) -> ModelReview:
    match said:
        case ModelAsked(attempt=attempt):
            return ModelReview(attempt, None, "it never answered")
        case ModelAnswered(text=text):
            return replace(known, answer=text)
        case ModelFailed(failure=failure, message=message):
            return replace(known, answer=None, why_not=f"{failure}: {message}")
        case ModelRefused(reasons=reasons):
            return replace(known, answer=None, why_not="; ".join(reasons))
