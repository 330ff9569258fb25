"""Effects across runs: claimed before they are caused, given back when they certainly were not."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.threads import in_thread
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.verdict import Case, Refused
from agentctl.tools.facts import effect_key
from agentctl.trace.ports import Ledger

T = TypeVar("T")


async def claim(corridor: Corridor, case: Case) -> Refused | None:
    """Claim the effect of a call; of two runs that try the same, one gets it."""
    call, parts = case.proposal.call, corridor.parts
    key = _fingerprint(corridor, case.proposal.tool, case.real)
    if key is None:
        return None
    holder = await _said(parts.ledger, partial(parts.ledger.claim, parts.ledger_scope, key, call))
    if holder is None:
        return None
    return Refused("permitted", (f"call {holder} already did, or may have done, the same",), case)


async def release_if_nothing_happened(corridor: Corridor, call: str) -> None:
    """Give the effect of a call back, unless it happened or may have happened."""
    known, parts = corridor.state.calls[call], corridor.parts
    if known.may_have_effect or known.may_have_changed:
        return
    key = _fingerprint(corridor, known.proposal.tool, parts.vault.restore(known.proposal.arguments))
    if key is not None:
        await _said(parts.ledger, partial(parts.ledger.release, parts.ledger_scope, key, call))


async def _said(ledger: Ledger, word: Callable[[], T]) -> T:
    """Say a word to the ledger and return its answer, once that is durable."""
    return word() if ledger.is_waited_for else await in_thread(word)


def _fingerprint(corridor: Corridor, name: str, real_arguments: JsonValue) -> str | None:
    """Return the keyed digest of the effect's real name: the same in every run, and readable to nobody."""
    tool = corridor.parts.registry.get(name)
    key = effect_key(tool.descriptor, real_arguments) if tool is not None else None
    return corridor.parts.fingerprint(key) if key else None
