"""The measured work as plain data, for floors and peers: prompts, tools, their schemas."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

DESK = Path(__file__).with_name("desk")
SYSTEM = (DESK / "contracts" / "refunds.md").read_text(encoding="utf-8").strip()
INPUT = "Please handle ticket T-1001."
_ran = [0]


def _functions() -> dict[str, Callable[..., dict[str, object]]]:
    """Return the very functions that our own runs call."""
    spec = importlib.util.spec_from_file_location("desk_tools", DESK / "contracts" / "tools" / "desk.py")
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018  # the file stands there
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: getattr(module, name) for name in ("read_ticket", "lookup_charge", "create_refund")}


_FUNCTIONS = _functions()


def tools_ran() -> int:
    """Return how many tool functions ran so far."""
    return _ran[0]


def read_ticket(ticket_id: str) -> str:
    """Read a support ticket."""
    return call("read_ticket", ticket_id=ticket_id)


def lookup_charge(charge_id: str) -> str:
    """Look up a charge."""
    return call("lookup_charge", charge_id=charge_id)


def create_refund(charge_id: str, amount: int, currency: str) -> str:
    """Create a refund for a charge."""
    return call("create_refund", charge_id=charge_id, amount=amount, currency=currency)


TOOLS = (read_ticket, lookup_charge, create_refund)


def call(name: str, **arguments: object) -> str:
    """Run a tool and return its result as JSON text."""
    _ran[0] += 1
    return json.dumps(_FUNCTIONS[name](**arguments))


def _schema(name: str, description: str, **properties: str) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


SCHEMAS = [
    _schema("read_ticket", "Read a support ticket.", ticket_id="string"),
    _schema("lookup_charge", "Look up a charge.", charge_id="string"),
    _schema(
        "create_refund",
        "Create a refund for a charge.",
        charge_id="string",
        amount="integer",
        currency="string",
    ),
]


def conversation() -> list[dict[str, Any]]:
    """Return the messages that a run begins with."""
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": INPUT}]
