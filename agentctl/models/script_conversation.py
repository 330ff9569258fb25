"""What stands in a conversation, as the rules of a script ask for it: the input, the calls, what came of them."""

import json
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from agentctl.foundation.canonical import RESULT_LIMITS, JsonObject, JsonValue, NotJson, parse_json
from agentctl.models.client import Message

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


class Succeeded(Struct, frozen=True):
    """A tool answered this."""

    value: JsonValue


class NotDone(Struct, frozen=True):
    """A call ended in an error or a refusal; `text` holds its reasons too."""

    text: str


Outcome = Succeeded | NotDone


class Conversation(Struct, frozen=True):
    """A conversation as facts; `latest` holds the last outcome of each tool that was called, None while it is open."""

    input: str
    calls: int
    latest: Mapping[str, Outcome | None]
    instructions: str = ""

    def answer_of(self, tool: str) -> Succeeded | None:
        """Return the latest outcome of a tool if it is an answer."""
        outcome = self.latest.get(tool)
        return outcome if isinstance(outcome, Succeeded) else None

    def failure_of(self, tool: str) -> NotDone | None:
        """Return the latest outcome of a tool if it is an error or a refusal."""
        outcome = self.latest.get(tool)
        return outcome if isinstance(outcome, NotDone) else None


def conversation_in(messages: Sequence[Message]) -> Conversation:
    """Return the facts that stand in the messages."""
    calls = [call for message in messages for call in message.calls]
    outcomes = {message.answers: _outcome(message.text) for message in messages if message.role == "tool"}
    return Conversation(
        input=next((message.text for message in messages if message.role == "user"), ""),
        calls=len(calls),
        latest={call.name: outcomes.get(call.provider_id) for call in calls},
        instructions="\n".join(message.text for message in messages if message.role == "system"),
    )


def json_text(value: JsonValue) -> str:
    """Return the JSON text of a value as conditions see it: sorted keys, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def value_at(value: JsonValue, pointer: str) -> JsonValue:
    """Return what a JSON pointer leads to.

    Raises:
        LookupError: it leads nowhere.
    """
    for token in pointer.split("/")[1:]:
        value = _child(value, token.replace("~1", "/").replace("~0", "~"))
    return value


def _child(value: JsonValue, token: str) -> JsonValue:
    if isinstance(value, Mapping):
        return value[token]
    if isinstance(value, Sequence) and not isinstance(value, str) and _INDEX.fullmatch(token):
        return value[int(token)]
    raise LookupError(token)


def _outcome(text: str) -> Outcome:
    """Read one of the three forms of a tool message; anything else is an answer as it stands."""
    try:
        value = parse_json(text, RESULT_LIMITS)
    except NotJson:
        return Succeeded(text)
    if not isinstance(value, Mapping):
        return Succeeded(value)
    if "error" in value or "refused" in value:
        return NotDone(_reasons(value))
    return Succeeded(value.get("result", value))


def _reasons(value: JsonObject) -> str:
    reasons = value.get("reasons")
    listed = reasons if isinstance(reasons, Sequence) and not isinstance(reasons, str) else [reasons]
    parts = [value.get("error"), value.get("refused"), *listed]
    return "; ".join(part if isinstance(part, str) else json_text(part) for part in parts if part is not None)
