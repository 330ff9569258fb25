"""Each deployment gets its client."""

import subprocess
import sys
from pathlib import Path

from agentctl.contract.environment import Deployment
from agentctl.contract.script import Rule, Script
from agentctl.models.catalog import UnusableClient, client_for
from agentctl.models.client import Message, ModelClient, ModelFailure, ModelRequest
from agentctl.models.litellm_client import LitellmClient
from agentctl.models.openai_compatible import OpenAICompatibleClient
from agentctl.models.scripted import ScriptedClient

QUESTION = ModelRequest("m", (Message("user", "hi"),), (), 8, 1.0)
SCRIPTED = Deployment(name="d", provider="scripted", scripts="scripts")
THIN = Deployment(name="d", provider="openai_compatible", base_url="http://127.0.0.1:1/v1")


class Scripts:
    """Loads the same script from anywhere and remembers from where."""

    def __init__(self) -> None:
        self.asked: list[Path] = []

    def load(self, path: Path) -> Script:
        """Return the script."""
        self.asked.append(path)
        return Script(rules=(Rule(name="r", say="x"),))


def client(
    deployment: Deployment, *, api_key: str | None = None, scripts: Scripts | None = None
) -> ModelClient:
    """Return the client of a deployment for one agent."""
    load = (scripts or Scripts()).load
    return client_for(
        deployment, agent="refund-assistant", environment_dir=Path("env"), api_key=api_key, load_script=load
    )


async def failure(made: ModelClient) -> ModelFailure:
    """Return the failure of a client that cannot be used."""
    found = await made.complete(QUESTION)
    assert isinstance(found, ModelFailure)
    await made.close()
    return found


def test_a_scripted_deployment_plays_the_agent_s_script() -> None:
    """The file is named after the agent."""
    scripts = Scripts()
    assert isinstance(client(SCRIPTED, scripts=scripts), ScriptedClient)
    assert scripts.asked == [Path("env/scripts/refund-assistant.yaml")]


def test_the_other_providers_get_their_clients() -> None:
    """With the deployment's address."""
    assert repr(client(THIN)) == "OpenAICompatibleClient('http://127.0.0.1:1/v1/chat/completions')"
    assert isinstance(client(THIN, api_key="k"), OpenAICompatibleClient)
    litellm = Deployment(name="d", provider="litellm", model="openai/gpt-4o", base_url="http://h/v1")
    made = client(litellm, api_key="k")
    assert isinstance(made, LitellmClient)
    assert repr(made) == "LitellmClient(base_url='http://h/v1')"


async def test_a_key_that_is_not_set_is_told() -> None:
    """By the name of its variable, to whoever asks."""
    made = client(THIN.model_copy(update={"api_key_env": "SOME_KEY"}))
    found = await failure(made)
    assert (found.kind, found.worth_repeating) == ("not_usable", False)
    assert found.message == "`SOME_KEY`, which holds the key of `d`, is not set"
    assert isinstance(made, UnusableClient)
    assert made.worst_case_input_tokens(QUESTION) > 0


async def test_a_deployment_that_was_not_validated_is_told() -> None:
    """What it lacks is named."""
    assert "`scripts`" in (await failure(client(SCRIPTED.model_copy(update={"scripts": None})))).message
    assert "`base_url`" in (await failure(client(THIN.model_copy(update={"base_url": None})))).message


def test_nothing_foreign_is_loaded_before_it_is_needed() -> None:
    """Commands that ask no model start quickly."""
    code = (
        "import sys; import agentctl.models.catalog, agentctl.models.prices, agentctl.models.litellm_client;"
        "assert not {'aiohttp', 'litellm', 'openai', 'httpx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
