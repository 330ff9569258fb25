"""Compares how long commands take to start: `--help` beside a bare typer tree, whole commands beside their floors.

The bare tree is written from the real one: the same commands, options, defaults and help texts, and no bodies. Every figure
is a new process, its files in the page cache; each round takes every way in turn. A run is the first one in a project of its
own, with keys of its own, so nothing of an earlier one helps it.
"""

import argparse
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

import typer
from typer.models import ArgumentInfo, OptionInfo

from agentctl.cli.main import app
from benchmarks.results import Section

REPOSITORY = Path(__file__).parents[1]
PROJECT = ("contracts", "goldensets", "agentctl.toml")
RUN = ("-m", "agentctl", "run", "refund-assistant")
_HEAD = '''"""The same commands without bodies."""

from pathlib import Path
from typing import Annotated

import typer

'''
_SHOWN = ("help", "metavar", "hidden", "show_default")
_TYPES = {str: "str", int: "int", float: "float", bool: "bool", Path: "Path"}


def bare_tree(real: typer.Typer) -> str:
    """Return a module with a typer application `app0` like another one, whose commands do nothing."""
    return _HEAD + "".join(_group(real, _Names()))


@dataclass
class _Names:
    """Gives every function and application of the module a name of its own."""

    used: int = 0

    def new(self, kind: str) -> str:
        """Return a name that nothing else has."""
        self.used += 1
        return f"{kind}{self.used - 1}"


def _group(real: typer.Typer, names: _Names) -> Iterator[str]:
    own = names.new("app")
    info = {"help": real.info.help, "no_args_is_help": True, "rich_markup_mode": None}
    yield f"{own} = typer.Typer({_keywords(info)}, pretty_exceptions_enable=False)\n\n"
    if real.registered_callback is not None and real.registered_callback.callback is not None:
        yield f"@{own}.callback()\n{_function(real.registered_callback.callback, names)}"
    for command in real.registered_commands:
        if command.callback is not None:
            yield f"@{own}.command({command.name!r})\n{_function(command.callback, names)}"
    for group in real.registered_groups:
        if group.typer_instance is not None:
            below = f"app{names.used}"
            yield from _group(group.typer_instance, names)
            told = _keywords({"name": group.name, "help": group.help})
            yield f"{own}.add_typer({below}, {told})\n\n"


def _function(callback: Any, names: _Names) -> str:  # a command is any function
    parameters = inspect.signature(callback, eval_str=True).parameters.values()
    said = ",\n    ".join(_parameter(one) for one in parameters)
    return (
        f"def {names.new('command')}({said}) -> None:\n    {inspect.cleandoc(callback.__doc__ or '')!r}\n\n"
    )


def _parameter(parameter: inspect.Parameter) -> str:
    kind, *about = (
        get_args(parameter.annotation)
        if hasattr(parameter.annotation, "__metadata__")
        else (parameter.annotation,)
    )
    info = next(one for one in about if isinstance(one, OptionInfo | ArgumentInfo))
    made = "Option" if isinstance(info, OptionInfo) else "Argument"
    first = (info.default,) if isinstance(info.default, str) else ()  # typer takes `--input` for one at first
    words = [repr(word) for word in (*first, *(info.param_decls or ()))]
    told = _keywords({name: getattr(info, name) for name in _SHOWN if getattr(info, name) is not None})
    annotation = f"Annotated[{_type(kind)}, typer.{made}({', '.join([*words, *filter(None, [told])])})]"
    default = "" if parameter.default is inspect.Parameter.empty else f" = {_default(parameter.default)}"
    return f"{parameter.name}: {annotation}{default}"


def _type(kind: Any) -> str:  # whatever typer takes
    if get_origin(kind) in {list, tuple}:
        return f"list[{_type(get_args(kind)[0])}]"
    parts = [part for part in get_args(kind) if part is not type(None)]
    if len(parts) < len(get_args(kind)):
        return f"{_type(parts[0])} | None"
    return _TYPES.get(kind, "str")


def _default(value: object) -> str:
    plain = value is None or isinstance(value, str | int | float | bool)
    return repr(value) if plain else "None"


def _keywords(named: Mapping[str, object]) -> str:
    shown = {name: value for name, value in named.items() if value is None or isinstance(value, str | bool)}
    return ", ".join(f"{name}={value!r}" for name, value in shown.items())


# -- measuring ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """A command, and what is added to its environment."""

    command: tuple[str, ...]
    more: Mapping[str, str] = field(default_factory=dict)
    afresh: bool = False
    """Whether it gets a project of its own each time."""
    codes: tuple[int, ...] = (0,)
    """The exit codes it may end with."""


@dataclass(frozen=True)
class Figure:
    """Seconds of one process, by the clock and by the processors; children that it waited for are in it."""

    wall: float
    cpu: float


def measured(ways: Mapping[str, Way], rounds: int, folder: Path) -> dict[str, list[Figure]]:
    """Return the figures of every way, round by round; a first round is thrown away. The project they share has a run."""
    found: dict[str, list[Figure]] = {name: [] for name in ways}
    shared = project_in(folder / "shared")
    _figure(Way(RUN), shared)
    for number in range(rounds + 1):
        for name, way in ways.items():
            place = project_in(folder / f"{number}") if way.afresh else shared
            figure = _figure(way, place)
            if number:
                found[name].append(figure)
            if way.afresh:
                shutil.rmtree(place)
    return found


def project_in(folder: Path) -> Path:
    """Make a project like the repository's, without traces or keys."""
    folder.mkdir(parents=True)
    for name in PROJECT:
        source = REPOSITORY / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


def _figure(way: Way, folder: Path) -> Figure:
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        **way.more,
    }
    begins = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, *way.command],
        cwd=folder, env=environment, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begins
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in way.codes:
        raise SystemExit(f"{way.command} ended with {child.returncode}")
    return Figure(wall, used.ru_utime + used.ru_stime)


def ways_to_ask_for_help(folder: Path) -> dict[str, Way]:
    """Return both trees, the bare one written into a folder as a package of its own."""
    package = folder / "bare_tree"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "tree.py").write_text(bare_tree(app))
    (package / "__main__.py").write_text("from bare_tree.tree import app0\n\napp0()\n")
    there = {"PYTHONPATH": str(folder)}
    return {
        "bare typer tree, `--help`": Way(("-m", "bare_tree", "--help"), there),
        "`agentctl --help`": Way(("-m", "agentctl", "--help")),
        "bare typer tree, `runs list --help`": Way(("-m", "bare_tree", "runs", "list", "--help"), there),
        "`agentctl runs list --help`": Way(("-m", "agentctl", "runs", "list", "--help")),
        "`python -c pass`": Way(("-c", "pass")),
    }


def ways_to_work() -> dict[str, Way]:
    """Return whole commands; the floor is an interpreter that imports what no run of ours can do without."""
    libraries = "import typer, pydantic, yaml, aiohttp, joserfc.jwt, cedarpy, jsonschema_rs, rich.console"
    return {
        "the libraries of a run, imported": Way(("-c", libraries)),
        "`agentctl run refund-assistant`": Way(RUN, afresh=True),
        "`agentctl contract check`": Way(("-m", "agentctl", "contract", "check")),
        "`agentctl runs list`": Way(("-m", "agentctl", "runs", "list")),
        "`agentctl policy explain latest 2/0`": Way(("-m", "agentctl", "policy", "explain", "latest", "2/0")),
        "`agentctl doctor`": Way(("-m", "agentctl", "doctor", "--env", "sandbox"), codes=(0, 1)),
    }


def ways_without_byte_code(folder: Path) -> dict[str, Way]:
    """Return the same without any module compiled before: what the first start after an installation may cost."""
    empty = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(folder / "nowhere")}
    return {
        "bare typer tree, `--help`": Way(("-m", "bare_tree", "--help"), {**empty, "PYTHONPATH": str(folder)}),
        "`agentctl --help`": Way(("-m", "agentctl", "--help"), empty),
        "`agentctl run refund-assistant`": Way(
            ("-m", "agentctl", "run", "refund-assistant"), empty, afresh=True
        ),
    }


def tell(section: Section, caption: str, found: Mapping[str, Sequence[Figure]]) -> None:
    """Add both tables of some figures: by the clock, and by the processors."""
    section.ratios(f"{caption}, wall", {name: [one.wall for one in all_] for name, all_ in found.items()})
    section.ratios(f"{caption}, CPU", {name: [one.cpu for one in all_] for name, all_ in found.items()})


def main() -> None:
    """Measure everything and tell it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with (
        tempfile.TemporaryDirectory() as name,
        Section("start", "Starting", ("typer", "pydantic", "aiohttp", "cedarpy")) as section,
    ):
        folder = Path(name)
        section.say(inspect.cleandoc(__doc__ or "").partition("\n\n")[2].replace("\n", " "))
        tell(section, "Help", measured(ways_to_ask_for_help(folder), rounds, folder / "help"))
        tell(section, "Commands", measured(ways_to_work(), rounds, folder / "work"))
        tell(section, "Without byte code", measured(ways_without_byte_code(folder), 3, folder / "bytes"))


if __name__ == "__main__":
    main()
