"""Which client answers for a deployment; what a client needs is loaded only when one is made."""

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from typing_extensions import override

from agentctl.contract.environment import Deployment
from agentctl.contract.script import Script
from agentctl.models import wire
from agentctl.models.client import ModelClient, ModelFailure, ModelRequest


class UnusableClient(ModelClient):
    """Stands where a deployment cannot be used, and says why to whoever asks it."""

    def __init__(self, reason: str) -> None:
        self._failure = ModelFailure("not_usable", reason)

    @override
    async def complete(self, request: ModelRequest) -> ModelFailure:
        """Return the reason."""
        return self._failure

    @override
    def worst_case_input_tokens(self, request: ModelRequest) -> int:
        """Return the bytes of the body, as any client would."""
        return wire.request_bytes(request)

    @override
    async def close(self) -> None:
        """There is nothing to give back."""


def client_for(
    deployment: Deployment,
    *,
    agent: str,
    environment_dir: Path,
    api_key: str | None,
    load_script: Callable[[Path], Script],
) -> ModelClient:
    """Return the client of a deployment.

    Args:
        deployment: What the environment binds the alias to.
        agent: The agent whose script a scripted deployment plays.
        environment_dir: The folder of the environment file, which `scripts` is relative to.
        api_key: The value of `api_key_env`; None when the deployment names none or it is not set.
        load_script: Reads a script; what it raises passes through.
    """
    if deployment.api_key_env is not None and not api_key:
        return UnusableClient(
            f"`{deployment.api_key_env}`, which holds the key of `{deployment.name}`, is not set"
        )
    match deployment.provider:
        case "scripted":
            return _scripted(deployment, environment_dir, agent, load_script)
        case "openai_compatible":
            return _openai_compatible(deployment, api_key)
        case "litellm":
            return _litellm(deployment, api_key)
        case _ as never:
            assert_never(never)


def _scripted(
    deployment: Deployment, folder: Path, agent: str, load_script: Callable[[Path], Script]
) -> ModelClient:
    from agentctl.models.scripted import ScriptedClient  # noqa: PLC0415  # see the module's sentence

    if deployment.scripts is None:
        return UnusableClient(f"deployment `{deployment.name}` names no folder of `scripts`")
    return ScriptedClient(load_script(folder / deployment.scripts / f"{agent}.yaml"))


def _openai_compatible(deployment: Deployment, api_key: str | None) -> ModelClient:
    from agentctl.models.openai_compatible import OpenAICompatibleClient  # noqa: PLC0415  # loads aiohttp

    if deployment.base_url is None:
        return UnusableClient(f"deployment `{deployment.name}` names no `base_url`")
    return OpenAICompatibleClient(deployment.base_url, api_key=api_key)


def _litellm(deployment: Deployment, api_key: str | None) -> ModelClient:
    from agentctl.models.litellm_client import LitellmClient  # noqa: PLC0415  # see the module's sentence

    return LitellmClient(api_key=api_key, base_url=deployment.base_url)
