"""One effect happens once in a run: an authority that looks at the run itself. Pure."""

from agentctl.contract.tool import ToolDescriptor
from agentctl.events.tool import PolicyAnswer
from agentctl.foundation.canonical import digest_of
from agentctl.gateway.state import SessionState

ONE_EFFECT_ONCE = "platform:one-effect-once"
"""What this authority is called."""


def one_effect_once(
    state: SessionState, call: str, descriptor: ToolDescriptor, key: str | None
) -> tuple[PolicyAnswer, ...]:
    """Refuse an effect that another call has, or may have, caused, and one that nobody can name; else say nothing."""
    if descriptor.effect_key is None:
        return ()
    holder = state.holder_of(key) if key else None
    if key and holder in {None, call}:
        return ()
    reason = (
        f"call {holder} of this run already did, or may have done, the same"
        if key
        else "its effect cannot be named"
    )
    answer = PolicyAnswer(
        authority="platform",
        policy=ONE_EFFECT_ONCE,
        digest=digest_of({"policy": ONE_EFFECT_ONCE, "effect_key": descriptor.effect_key}),
        decision="deny",
        reasons=(reason,),
    )
    return (answer,)
