"""What deployments charge."""

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from agentctl.contract.environment import Deployment, Price
from agentctl.models import litellm_prices
from agentctl.models.client import TokenPrice
from agentctl.models.litellm_prices import local_price, read_table
from agentctl.models.prices import price_of

TABLE = {
    "good": {"input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07, "litellm_provider": "openai"},
    "azure/good": {
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 2e-06,
        "litellm_provider": "azure",
    },
    "whole": {"input_cost_per_token": 1, "output_cost_per_token": 2},
    "free": {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0},
    "half": {"input_cost_per_token": 1e-06},
    "odd": {"input_cost_per_token": True, "output_cost_per_token": "1e-6"},
    "minus": {"input_cost_per_token": -1e-06, "output_cost_per_token": 1e-06},
    "huge": {"input_cost_per_token": 1e-06, "output_cost_per_token": float("inf")},
    "per_request": {
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 1e-06,
        "input_cost_per_request": 0.01,
    },
    "list": [],
}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a table of our own in the place of litellm's."""
    path = tmp_path / "table.json"
    path.write_text(json.dumps(TABLE))
    monkeypatch.setattr(litellm_prices, "_table", lambda: read_table(path))


@pytest.fixture
def fresh_table() -> Iterator[None]:
    """Forget what was read before and after."""
    litellm_prices._table.cache_clear()
    yield
    litellm_prices._table.cache_clear()


def price(input_usd: str, output_usd: str) -> TokenPrice:
    """Return a price per million tokens."""
    return TokenPrice(Decimal(input_usd), Decimal(output_usd))


@pytest.mark.usefixtures("table")
class TestTable:
    """Reading litellm's form of a price table."""

    @pytest.mark.parametrize(
        ("model", "found"),
        [
            ("good", price("0.15", "0.6")),
            ("openai/good", price("0.15", "0.6")),
            ("azure/good", price("1", "2")),
            ("whole", price("1000000", "2000000")),
        ],
    )
    def test_a_price_is_exact(self, model: str, found: TokenPrice) -> None:
        """As written, per million tokens; a provider in front finds its own entry."""
        assert local_price(model) == found

    @pytest.mark.parametrize(
        "model", ["", "nobody", "other/good", "free", "half", "odd", "minus", "huge", "per_request", "list"]
    )
    def test_what_is_not_certain_is_not_known(self, model: str) -> None:
        """Absent, another provider's, zero, half, not a number, priced otherwise."""
        assert local_price(model) is None


@pytest.mark.usefixtures("fresh_table")
class TestLitellm:
    """The table that litellm ships."""

    def test_a_well_known_model_has_a_price(self) -> None:
        """A version of litellm that moves its table is noticed here."""
        found = local_price("openai/gpt-4o-mini")
        assert found == price("0.15", "0.6")
        assert found.cost(1000, 1000) == Decimal("0.00075")

    def test_without_litellm_nothing_is_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """And nothing breaks."""
        monkeypatch.setattr(litellm_prices, "find_spec", lambda _: None)
        assert local_price("gpt-4o-mini") is None

    def test_litellm_is_not_imported_for_a_price(self) -> None:
        """That would take three seconds."""
        code = (
            "import sys; from agentctl.models.litellm_prices import local_price;"
            "assert local_price('gpt-4o-mini'); assert 'litellm' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("content", [None, b"{", b"\xff", b"[]"])
def test_a_table_that_cannot_be_read_is_empty(tmp_path: Path, content: bytes | None) -> None:
    """Absent, broken, not text, not a table."""
    path = tmp_path / "table.json"
    if content is not None:
        path.write_bytes(content)
    assert read_table(path) == {}


@pytest.mark.usefixtures("table")
class TestDeployment:
    """What the environment says goes first."""

    def test_a_declared_price_wins(self) -> None:
        """Also a price of zero."""
        declared = Price(input_usd_per_million=Decimal(0), output_usd_per_million=Decimal("0.5"))
        deployment = Deployment(name="d", provider="litellm", model="good", price=declared)
        assert price_of(deployment) == price("0", "0.5")

    def test_litellm_s_table_is_asked_for_litellm(self) -> None:
        """Only there do the model names mean something."""
        assert price_of(Deployment(name="d", provider="litellm", model="good")) == price("0.15", "0.6")
        thin = Deployment(name="d", provider="openai_compatible", model="good", base_url="http://h/v1")
        assert price_of(thin) is None

    def test_a_script_has_no_price_by_itself(self) -> None:
        """The environment declares one."""
        assert price_of(Deployment(name="d", provider="scripted", scripts="scripts")) is None
