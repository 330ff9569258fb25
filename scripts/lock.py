"""Makes the lock files from pyproject.toml: exact versions with hashes, no registry address in them.

Run by `make lock`. Versions that are locked stay as they are; `make lock UPGRADE=--upgrade` takes the newest. The light lock,
`requirements-run.lock`, is without litellm and Rego (and without what only they need); `requirements-dev.lock` has everything.
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
    extras = [name for group in project["optional-dependencies"].values() for name in group]
    _lock(light, ROOT / "requirements-run.lock", "without litellm and Rego")
    _lock([*needed, *extras], ROOT / "requirements-dev.lock", "everything")


def _lock(requirements: list[str], target: Path, what: str) -> None:
    with (
        tempfile.NamedTemporaryFile("w", suffix=".in") as wanted,
        tempfile.NamedTemporaryFile("w", suffix=".lock") as locked,
    ):
        wanted.write("\n".join(requirements))
        wanted.flush()
        if target.exists():
            locked.write(target.read_text())
            locked.flush()
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
            "--no-strip-extras",  # pip takes an extra of a pinned package for another, unpinned one
            "--python-version",
            "3.11",
            "--python-platform",
            "x86_64-manylinux_2_34",  # what the wheel of regorus needs
            "--output-file",
            locked.name,
            *sys.argv[1:],  # `--upgrade`
            wanted.name,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        pins = "".join(
            line for line in Path(locked.name).read_text().splitlines(keepends=True) if line[0] != "#"
        )
    for requirement in requirements:
        pins = _with_marker(requirement, pins)
    if re.search(r"https?://|file:", pins):
        raise SystemExit(f"{target.name}: an address would be written down")
    target.write_text(f"# Made by `make lock` from pyproject.toml: {what}.\n{pins}")


def _with_marker(requirement: str, pins: str) -> str:
    """Return the pins with a requirement's own marker: some wheels exist for some machines only."""
    wanted, _, marker = requirement.partition(";")
    if not marker:
        return pins
    name = re.split(r"[<>=!\[ ]", wanted, maxsplit=1)[0]
    return re.sub(rf"(?m)^({re.escape(name)}==\S+) \\$", rf"\1 ; {marker.strip()} \\", pins)


if __name__ == "__main__":
    main()
