"""A project to run in for long: our refund assistant over real HTTP, one back office for all runs, and two agents with tools of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from agentctl.composition.project import Project, open_project
from agentctl.identity.issuer import TokenIssuer
from agentctl.sandbox.process import BackOfficeProcess, BackOfficeSetup
from tests.scenarios.conftest import fresh_project

ENVIRONMENT = "soak"
EVERY = 90
"""So often the back office cuts a connection, once before and once after the effect."""

_BOTTOMLESS = 99_999_999
_TOOL = """\
name: {name}.try
description: Try something.
effect: read
retry: safe
timeout_seconds: 30
trust: {{reads_untrusted: false, reads_private: false, external_effect: false}}
arguments: {{type: object, additionalProperties: false, properties: {{}}}}
result: {{type: object}}
executor: {{type: python, file: {name}.py, function: attempt}}
"""
_CONTRACT = """\
agent: {{name: {name}, owner: my-team}}
model_routing: {{default: small-fast}}
budgets: {{max_steps: 4, max_input_tokens: 8000, max_output_tokens: 1000, max_cost_usd_per_run: 0.2}}
tools: {{allowlist: [{{name: {name}.try}}]}}
identity: {{mode: on_behalf_of, token_ttl_seconds: 60}}
logging: {{trace_level: full, pii_redaction: strict}}
"""
_SCRIPT = """\
rules:
  - name: try it
    when: {{not_called: [{name}.try]}}
    call: [{{tool: {name}.try, arguments: {{}}}}]
  - name: done
    say: I tried.
"""
_CODE = {
    "helper": "def attempt():\n    return {'tried': True}\n",
    "breaker": "import os\n\ndef attempt():\n    os._exit(3)\n",
}
"""Two agents and what their tools do; those of the second end their process."""


@contextmanager
def project_with_an_office(folder: Path) -> Iterator[Project]:
    """Make the project and start its back office, a process of its own; it ends with the block."""
    fresh_project(folder)
    project = open_project(folder)
    sandbox = folder / "contracts" / "environments" / "sandbox"
    jwks = TokenIssuer(project.keys.issuer(), ENVIRONMENT, project.clock).jwks()
    seeds = [sandbox / "tickets.yaml", _charges(sandbox)]
    with BackOfficeProcess(BackOfficeSetup(folder / "office", seeds, jwks, ENVIRONMENT)) as office:
        _environment(folder, office.start())
        for name, code in _CODE.items():
            _add_agent(folder / "contracts", name, code)
        yield project


def _charges(sandbox: Path) -> Path:
    """Let the charges of the two customers who get their money never run dry, and the network fail now and then."""
    seed = yaml.safe_load((sandbox / "charges.yaml").read_text())
    for charge in seed["charges"]:
        if charge["id"] in ("ch_3PsmallA1", "ch_3PlargeB2"):
            charge["amount"] = _BOTTOMLESS
    seed["faults"] = [
        {"on": operation, "nth": nth, "do": action}
        for nth in range(EVERY // 2, 20_000, EVERY)
        for operation, action in (
            ("GET /stripe/v1/charges/{charge}", "drop_connection"),
            ("POST /stripe/v1/refunds", "effect_then_drop"),
        )
    ]
    path = sandbox / "soak.yaml"
    path.write_text(yaml.safe_dump(seed))
    return path


def _environment(folder: Path, url: str) -> None:
    """Write an environment that is the sandbox's but for the office, which is there already."""
    environments = folder / "contracts" / "environments"
    environment = yaml.safe_load((environments / "sandbox.yaml").read_text())
    environment["name"] = environment["identity"]["issuer"] = ENVIRONMENT
    environment["backends"] = {
        name: {"url": f"{url}{backend['sandbox_path']}", "allow_private_network": True}
        for name, backend in environment["backends"].items()
    }
    del environment["sandbox"]
    (environments / f"{ENVIRONMENT}.yaml").write_text(yaml.safe_dump(environment))


def _add_agent(contracts: Path, name: str, code: str) -> None:
    (contracts / "tools" / f"{name}.try.yaml").write_text(_TOOL.format(name=name))
    (contracts / "tools" / f"{name}.py").write_text(code)
    (contracts / f"{name}.yaml").write_text(_CONTRACT.format(name=name))
    (contracts / "environments" / "sandbox" / "scripts" / f"{name}.yaml").write_text(
        _SCRIPT.format(name=name)
    )
