"""Tools that do nothing: what they answered then, under the credentials of then."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct
from typing_extensions import override

from agentctl.contract.environment import Backend
from agentctl.events.approval import ApprovalAnswered
from agentctl.events.record import Record
from agentctl.events.tool import (
    Credential,
    ToolAmended,
    ToolIntent,
    ToolProposed,
    ToolRefused,
    ToolResult,
    ToolUnknown,
)
from agentctl.foundation.canonical import JsonValue
from agentctl.identity.broker import Broker, CredentialRequest, Minted, NotMinted
from agentctl.replay.recorded.answers import Answers
from agentctl.replay.recorded.tape import Tape
from agentctl.replay.recorded.vault import TapedVault
from agentctl.tools.executors.executor import Answered, Execution, Executor, Failed, Outcome, Unknown
from agentctl.trace.ports import Ledger
from agentctl.trace.sealing.vault import placeholders_in

_NOT_READ: Final = re.compile(r"\S+ could not be read: (.*)", re.DOTALL)
_HELD: Final = re.compile(r"call (\S+) already did, or may have done, the same")


class TapedExecutor(Executor):
    """Answers every attempt from the tape. What the tape does not hold has an unknown outcome: nobody was asked."""

    def __init__(self, answers: Answers, vault: TapedVault) -> None:
        self._answers = answers
        self._vault = vault

    @override
    async def execute(self, execution: Execution) -> Outcome:
        """Return what became of the same attempt then."""
        event = await self._answers.of_attempt(execution.idempotency_key)
        match event:
            case ToolResult(outcome="ok", value=value, status=status):
                return Answered(self._vault.restore(value), status)
            case ToolResult(value=value, status=status, final=final):
                return Failed(str(self._vault.restore(value)), status, repeatable=not final)
            case ToolUnknown(reason=reason, status=status):
                return Unknown(self._vault.restore_text(reason), status)
            case None:
                tool = execution.descriptor.name
                return Unknown(f"the tape holds no answer of `{tool}` to this call, and a replay asks nobody")

    @override
    async def close(self) -> None:
        """There is nothing to give back."""


class TapedBroker(Broker):
    """Mints nothing: shows which credential was used then."""

    def __init__(self, tape: Tape, backends: Mapping[str, Backend]) -> None:
        self._tape = tape
        self._backends = backends

    @override
    def mint(self, request: CredentialRequest) -> Minted | NotMinted:
        """Return what is on record of the credential of the next attempt of a call, or why there was none.

        A look-up without one left no record of its own; who looked said why.
        """
        intent, record = self._next(request.call, ToolIntent), self._tape.next_record
        if isinstance(intent, ToolIntent):
            return Minted(self._like(intent.credential, request))
        match self._next(request.call, ToolRefused), record.event if record is not None else None:
            case ToolRefused(stage="credentialed", reasons=reasons), _:
                return NotMinted("; ".join(reasons))
            case None, ApprovalAnswered(reason=reason) if (found := _NOT_READ.fullmatch(reason)) is not None:
                return NotMinted(found.group(1))
            case _:
                return Minted(Credential(kind="none"))

    def _like(self, then: Credential, request: CredentialRequest) -> Credential:
        """Return a credential as it would be minted for this call; only its id and its end are those of then.

        A trial in which no backend is reached has none.
        """
        backend = self._backends.get(request.backend)
        if backend is None or (then.kind == "none" and self._tape.started.envelope.kind == "eval"):
            return then
        if backend.static_key is not None:
            return Credential(kind="static", audience=request.backend, scope=request.scope)
        audience = backend.audience or request.backend
        like = {"kind": "brokered", "audience": audience, "scope": request.scope}
        return then.model_copy(update=like)

    def _next(self, call: str, kind: type[ToolIntent | ToolRefused]) -> object:
        index = self._tape.next_of_call(call, kind)
        return None if index is None else self._tape.records[index].event


class TapedLedger(Ledger):
    """Claims nothing: says who held an effect then."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    @property
    @override
    def is_waited_for(self) -> bool:
        """Nobody ever waits for it."""
        return True

    @override
    def claim(self, scope: str, effect_key: str, call: str) -> str | None:
        """Return the call of another run that held the effect; None where none did."""
        index = self._tape.next_of_call(call)
        event = None if index is None else self._tape.records[index].event
        if not isinstance(event, ToolRefused) or event.stage != "permitted":
            return None
        found = _HELD.fullmatch("; ".join(event.reasons))
        return None if found is None else found.group(1)

    @override
    def release(self, scope: str, effect_key: str, call: str) -> None:
        """There is nothing to give back."""


class Unmeasured(Struct, frozen=True):
    """Calls whose bytes cannot be counted again: of what was sent with them, or of what went to and fro, something is gone."""

    sent: frozenset[str]
    moved: frozenset[str]


def unmeasured_calls(records: Iterable[Record]) -> Unmeasured:
    """Return the calls of a tape whose bytes cannot be counted again."""
    sent: set[str] = set()
    taken: set[str] = set()
    for record in records:
        match record.event:
            case ToolProposed(arguments=value) | ToolAmended(arguments=value) | ToolIntent(arguments=value):
                sent.update({record.event.call} if placeholders_in(value) else ())
            case ToolResult(value=value):
                taken.update({record.event.call} if placeholders_in(value) or is_unusable(value) else ())
            case _:
                pass
    return Unmeasured(frozenset(sent), frozenset(sent | taken))


def is_unusable(value: JsonValue) -> bool:
    """Return whether a recorded result stands for an answer that did not have its declared form."""
    return isinstance(value, dict) and value.keys() == {"executed", "answer_unusable"}
