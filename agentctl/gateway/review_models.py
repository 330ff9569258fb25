"""Asking a second model about an approval request: through the same door as the agent's own model calls."""

from agentctl.approval.reviewer import AskFunction, Question, Said
from agentctl.events.approval import ApprovalRequested
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.model_calls import ModelWork, ask_in_order
from agentctl.models.client import Message


def asking(corridor: Corridor, request: ApprovalRequested) -> AskFunction:
    """Return what asks second models about one request; each attempt is reserved, journaled and settled in this run."""

    async def ask(alias: str, question: Question) -> Said:
        desks = corridor.parts.review_models.get(alias, ())
        if not desks:
            return Said(None, f"no model is bound to `{alias}`")
        messages = (Message("system", question.instructions), Message("user", question.text))
        work = ModelWork(request.binding.step, messages, (), review=request.approval)
        await ask_in_order(corridor, work, desks)
        await corridor.durable()
        review = corridor.state.model_reviews[request.approval]
        return Said(review.answer, review.why_not)

    return ask
