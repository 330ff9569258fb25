"""What a deployment charges: as the environment declares it, else as litellm's local table says; else nobody knows."""

from typing import assert_never

from agentctl.contract.environment import Deployment
from agentctl.models.client import TokenPrice
from agentctl.models.litellm_prices import local_price


def price_of(deployment: Deployment) -> TokenPrice | None:
    """Return the price of a deployment; None refuses its calls wherever a budget in money holds."""
    if deployment.price is not None:
        return TokenPrice(deployment.price.input_usd_per_million, deployment.price.output_usd_per_million)
    match deployment.provider:
        case "litellm":
            return local_price(deployment.model)
        case "scripted" | "openai_compatible":
            return None
        case _ as never:
            assert_never(never)
