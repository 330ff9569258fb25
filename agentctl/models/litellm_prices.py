"""The prices in the table that litellm ships, read from its file: importing litellm would take three seconds."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from agentctl.foundation.money import MILLION, ZERO
from agentctl.models.client import TokenPrice

_TABLE = "model_prices_and_context_window_backup.json"
_PRICED_OTHERWISE = ("input_cost_per_request", "input_cost_per_query")


def local_price(model: str) -> TokenPrice | None:
    """Return what a model costs by litellm's table, exact; None when it is not in there or litellm is absent.

    A price of zero is no price: the table writes it for what is free and for what it does not know. Prices that rise
    with the length of the context are given as they begin.
    """
    entry = _entry(model)
    prices = [_per_token(entry, f"{side}_cost_per_token") for side in ("input", "output")]
    if not all(prices) or any(_per_token(entry, key) for key in _PRICED_OTHERWISE):
        return None
    return TokenPrice(*(price * MILLION for price in prices))


def _entry(model: str) -> Mapping[str, object]:
    """Return the entry of `openai/gpt-4o` or `gpt-4o`; the provider in front must be the entry's own."""
    table = _table()
    provider, _, bare = model.partition("/")
    if model in table:
        return _mapping(table[model])
    entry = _mapping(table.get(bare))
    return entry if entry.get("litellm_provider") == provider else {}


def _per_token(entry: Mapping[str, object], key: str) -> Decimal:
    found = entry.get(key)
    if isinstance(found, bool) or not isinstance(found, Decimal | int):
        return ZERO
    price = Decimal(found)
    return price if price.is_finite() and price > 0 else ZERO


@cache
def _table() -> Mapping[str, object]:
    """Return the table; empty when litellm, or its file, is not where it should be."""
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return {}
    return read_table(Path(spec.origin).parent / _TABLE)


def read_table(path: Path) -> Mapping[str, object]:
    """Return a price table with its numbers as they are written; empty when it cannot be read."""
    try:
        return _mapping(json.loads(path.read_text("utf-8"), parse_float=Decimal))
    except (OSError, ValueError):
        return {}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
