"""Where a contract or an environment says by which policies calls are judged."""

from typing import Annotated, Final, Literal

from pydantic import Field

from agentctl.contract.base import AsTuple, Document, Name, Reference

PolicyFiles = Annotated[tuple[Reference, ...], AsTuple, Field(min_length=1, max_length=256)]
"""Policy files, relative to the file that names them; together one policy set, in any order."""

CASES_SUFFIX: Final = ".cases.yaml"
"""How the names of files end that hold cases of a policy."""


class CedarPolicies(Document):
    """A Cedar policy set, judged in process."""

    engine: Literal["cedar"]
    """This engine."""
    files: PolicyFiles
    """Its files."""


class RegoPolicies(Document):
    """Rego modules, judged in process; needs the extra `agentctl[rego]`."""

    engine: Literal["rego"]
    """This engine."""
    files: PolicyFiles
    """Its modules."""
    rule: Annotated[str, Field(pattern=r"^data(\.[a-z_][a-zA-Z0-9_]*)+$", max_length=256)] = (
        "data.agentctl.decision"
    )
    """The rule that holds the decision."""


class OpaPolicies(Document):
    """A running OPA, asked by its REST API."""

    engine: Literal["opa"]
    """This engine."""
    point: Name
    """The environment's name for it, under `decision_points`."""
    path: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_]+(/[a-zA-Z0-9_]+)*$", max_length=256)] = (
        "agentctl/decision"
    )
    """The path of the rule below `/v1/data/`."""


class AuthzenPolicies(Document):
    """A decision point that speaks OpenID AuthZEN, Authorization API 1.0."""

    engine: Literal["authzen"]
    """This engine."""
    point: Name
    """The environment's name for it, under `decision_points`."""


PolicySource = Annotated[
    CedarPolicies | RegoPolicies | OpaPolicies | AuthzenPolicies, Field(discriminator="engine")
]
"""One policy set. Each is asked separately; the strictest answer holds."""


class DecisionPoint(Document):
    """Where a running policy service is reached."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s@?#]+$", max_length=2_048)]
    """Its base URL."""
    token_env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = None
    """The environment variable that holds a bearer token for it."""
    timeout_ms: Annotated[int, Field(ge=1, le=60_000)] = 1_000
    """How long it may take; no answer in time is a denial."""
    allow_private_network: bool = False
    """Whether its address may be a private or loopback one."""
