"""What Rego rules are shown and in which forms they may answer, in process or in a running OPA. Pure."""

from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError, model_validator

from agentctl.contract.approval_rule import MAX_QUORUM, ReviewerName
from agentctl.contract.base import AsTuple, Document
from agentctl.contract.durations import Duration, seconds_of
from agentctl.contract.words import found
from agentctl.events.approval import ApprovalTerms
from agentctl.events.tool import Decision
from agentctl.foundation.canonical import JsonValue
from agentctl.policy.engine import PolicyRequest
from agentctl.policy.judge import Judgement

_WORDS: Final[dict[JsonValue, Decision]] = {
    "allow": "allow",
    "deny": "deny",
    "needs_approval": "needs_approval",
}
ACCEPTED: Final = (
    "`true`, `false`, `allow`, `deny`, `needs_approval`, or an object with `allow` or `decision`"
)
"""The forms of an answer, for messages."""

Reason = Annotated[str, Field(min_length=1, max_length=1_000)]
Reasons = Annotated[tuple[Reason, ...], AsTuple, Field(max_length=64)]


class DemandedTerms(Document):
    """What an answer may demand of an approval, with the words of a contract's `requires_approval`."""

    quorum: Annotated[int, Field(ge=1, le=MAX_QUORUM)] | None = None
    """How many must approve."""
    reviewers: Annotated[tuple[ReviewerName, ...], AsTuple, Field(min_length=1, max_length=32)] | None = None
    """Who may answer."""
    expires_in: Duration | None = None
    """How long somebody may take to answer."""
    valid_for: Duration | None = None
    """How long after the approval the call may be executed."""

    def terms(self) -> ApprovalTerms | None:
        """Return the demands; None where there are none."""
        said = (self.quorum, self.reviewers, self.expires_in, self.valid_for)
        if all(item is None for item in said):
            return None
        return ApprovalTerms(
            quorum=self.quorum or 1,
            reviewers=self.reviewers or (),
            expires_in_seconds=None if self.expires_in is None else seconds_of(self.expires_in),
            valid_for_seconds=None if self.valid_for is None else seconds_of(self.valid_for),
        )


class _RuleAnswer(DemandedTerms):
    """The long form of a rule's answer."""

    allow: bool | None = None
    """Whether it is allowed, as things are asked."""
    decision: Literal["allow", "deny", "needs_approval"] | None = None
    """Or the decision as a word."""
    reasons: Reasons = ()
    """Why."""

    @model_validator(mode="after")
    def _says_it_once(self) -> "_RuleAnswer":
        if (self.allow is None) == (self.decision is None):
            raise ValueError("an answer has either `allow` or `decision`")
        return self

    def word(self) -> Decision:
        """Return the decision."""
        return self.decision or ("allow" if self.allow else "deny")


def input_of(request: PolicyRequest) -> dict[str, JsonValue]:
    """Return the document a rule sees as `input`: what all authorities see, and whether an approval is assumed.

    Facts and amounts are decimal texts, never numbers.
    """
    return {**request.inputs(), "approval": {"granted": request.approval_granted}}


def judgement_of(value: JsonValue, request: PolicyRequest) -> Judgement:
    """Return what a rule's value says of a request; a value of no known form is an error.

    `needs_approval` is what it says: a denial that an approval lifts.
    """
    if isinstance(value, bool):
        return Judgement(value)
    if isinstance(value, str) and value in _WORDS:
        return Judgement(_allows(_WORDS[value], request))
    if not isinstance(value, dict):
        return failed(f"the rule holds {found(value)}; accepted: {ACCEPTED}")
    try:
        answer = _RuleAnswer.model_validate(value)
    except ValidationError as error:
        return failed(f"the rule's object is none that is accepted: {first_problem(error)}")
    return Judgement(_allows(answer.word(), request), answer.reasons, terms=answer.terms())


def failed(error: str) -> Judgement:
    """Return the judgement of an engine that could not answer."""
    return Judgement(allowed=False, errors=(error,))


def first_problem(error: ValidationError) -> str:
    """Return the first thing that is wrong with an object, and where."""
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"`{where}`: {problem['msg']}" if where else problem["msg"]


def _allows(decision: Decision, request: PolicyRequest) -> bool:
    match decision:
        case "allow":
            return True
        case "needs_approval":
            return request.approval_granted
        case "deny":
            return False
