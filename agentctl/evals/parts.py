"""What a version and its surroundings are made of, part by part, so that what changed between two has a name. Pure."""

from collections.abc import Iterator, Mapping

from agentctl.contract.policy_version import PlatformVersion
from agentctl.contract.version import AgentVersion, EnvironmentVersion
from agentctl.foundation.canonical import JsonValue, digest_of


def parts_of(
    version: AgentVersion, environment: EnvironmentVersion, platform: PlatformVersion
) -> dict[str, str]:
    """Return the digest of every part by its name: `instructions`, `tool stripe.create_refund`, `price of scripted-small`."""
    return {
        name: digest_of(value)
        for part in (_of_version(version), _of_environment(environment), _of_platform(platform))
        for name, value in part
    }


def _of_version(version: AgentVersion) -> Iterator[tuple[str, JsonValue]]:
    contract: dict[str, JsonValue] = version.contract.model_dump(mode="json")
    tools = contract.pop("tools", None)
    yield "instructions", version.instructions
    yield "allowlist", tools
    for name, value in contract.items():
        yield f"contract `{name}`", value
    for name, tool in version.tools.items():
        yield f"tool `{name}`", tool.document()
    for policy in version.policies:
        yield f"policy `{policy.name}`", policy.document()


def _of_environment(bound: EnvironmentVersion) -> Iterator[tuple[str, JsonValue]]:
    environment: dict[str, JsonValue] = bound.environment.model_dump(mode="json", exclude={"models"})
    for alias, deployments in bound.environment.models.items():
        for deployment in deployments:
            said: dict[str, JsonValue] = deployment.model_dump(mode="json")
            yield f"price of `{deployment.name}`", said.pop("price", None)
            yield f"model `{deployment.name}` of `{alias}`", said
    for name, value in environment.items():
        yield f"environment `{name}`", value
    yield (
        "script of the sandbox's model",
        None if bound.script is None else bound.script.model_dump(mode="json"),
    )
    for name, tool in bound.tools.items():
        yield f"reviewers' tool `{name}`", tool.document()
    for policy in bound.policies:
        yield f"policy `{policy.name}`", policy.document()


def _of_platform(platform: PlatformVersion) -> Iterator[tuple[str, JsonValue]]:
    yield "platform's rules", platform.rules.model_dump(mode="json")
    for policy in platform.policies:
        yield f"platform's policy `{policy.name}`", policy.document()


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Return what differs between two, in sentences: what changed, what came, what went."""
    changed = (f"{name} changed" for name in after if before.get(name, after[name]) != after[name])
    came = (f"{name} is new" for name in after if name not in before)
    went = (f"{name} is gone" for name in before if name not in after)
    return (*changed, *came, *went)
