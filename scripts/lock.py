"""Makes the lock files anew: exact versions with hashes, no registry address in them.

Run by `make lock`. `requirements-run.lock` is the light one, without litellm (and without what only litellm needs);
`requirements-dev.lock` has everything.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ["hatchling", "editables", "pip"]


def main() -> None:
    """Write both locks."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *BUILD]
    light = [name for name in needed if not name.startswith("litellm")]
    _lock(light, ROOT / "requirements-run.lock", "without litellm")
    _lock([*needed, *project["optional-dependencies"]["dev"]], ROOT / "requirements-dev.lock", "everything")


def _lock(requirements: list[str], target: Path, what: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".in") as wanted:
        wanted.write("\n".join(requirements))
        wanted.flush()
        command = [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "compile",
            "--quiet",
            "--generate-hashes",
            "--no-header",
            "--no-annotate",
            "--no-emit-index-url",
            "--no-emit-find-links",
            "--python-version",
            "3.11",
            "--python-platform",
            "linux",
            wanted.name,
        ]
        pins = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if re.search(r"https?://|file:", pins):
        raise SystemExit(f"{target.name}: an address would be written down")
    target.write_text(f"# Made by `make lock` from pyproject.toml: {what}.\n{pins}")


if __name__ == "__main__":
    main()
