"""Writes what was measured into RESULTS.md: each benchmark rewrites its own section and leaves those of others alone.

Times on a shared machine wander, so a section speaks in ratios: ways are measured in turn, round after round, and a way's
ratio is its figure over that of the first way in the same round. Versions, cores and the machine's load stand beside them.
"""

import fcntl
import os
import platform
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

RESULTS = Path(__file__).with_name("RESULTS.md")
ORDER = ("runs", "peers", "evals", "http_clients", "policy", "store", "start")
"""In which order sections stand; others follow by name."""

_HEAD = """# What was measured

`make bench` writes this file; each section is the last run of its script. Ratios come from one run of one script, in which the
ways take turns; absolute times are for orientation only, and differ from machine to machine.
"""
_SECTION = re.compile(r"<!-- section: (\w+) -->\n(.*?)<!-- end: \1 -->\n", re.DOTALL)


class Section:
    """One section of RESULTS.md, in the making: what is added to it is printed at once, and written at the end.

    Args:
        name: the section's key, a word: `store`.
        title: its heading.
        packages: distributions whose versions matter to the figures.
    """

    def __init__(self, name: str, title: str, packages: Sequence[str] = ()) -> None:
        self._name = name
        self._title = title
        self._packages = packages
        self._load = os.getloadavg()
        self._parts: list[str] = []

    def __enter__(self) -> Self:
        print(f"\n## {self._title}\n", flush=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the section, unless something went wrong on the way."""
        if kind is None:
            self.write()

    def say(self, text: str) -> None:
        """Add a paragraph."""
        self._parts.append(f"{text}\n")
        print(f"{text}\n", flush=True)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Add a table."""
        lines = [_row(head), _row(["---", *["---:"] * (len(head) - 1)]), *map(_row, rows)]
        self.say("\n".join(lines))

    def ratios(
        self, caption: str, found: Mapping[str, Sequence[float]], *, unit: str = "ms", scale: float = 1_000
    ) -> None:
        """Add a table of ratios to the first way; each way has one figure a round.

        Args:
            caption: what was measured, and over what.
            found: figures by way, those of one round at the same place everywhere.
            unit: of the median that stands beside the ratios.
            scale: makes that unit of a figure.
        """
        self.say(f"{caption}:")
        floor = next(iter(found.values()))
        self.table(
            ("way", "min", "median", "max", f"median, {unit}"),
            [
                (name, *map(_ratio, spread(figures, floor)), f"{statistics.median(figures) * scale:.3g}")
                for name, figures in found.items()
            ],
        )

    def write(self, path: Path = RESULTS) -> None:
        """Put the section into the file, in the place of what stood there under its name."""
        body = "\n".join((f"## {self._title}\n", self._circumstances(), *self._parts))
        with path.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # two scripts may end at once
            file.seek(0)
            sections = {**sections_of(file.read()), self._name: body}
            file.truncate(0)
            file.write(document(sections))

    def _circumstances(self) -> str:
        versions = [f"{name} {version(name)}" for name in self._packages]
        before, after = (f"{load[0]:.2f}" for load in (self._load, os.getloadavg()))
        return (
            f"{datetime.now(UTC):%Y-%m-%d} · {', '.join((f'Python {platform.python_version()}', *versions))} · "
            f"{platform.system()}, {os.cpu_count()} cores · load {before} before, {after} after\n"
        )


def spread(figures: Sequence[float], floor: Sequence[float]) -> tuple[float, float, float]:
    """Return the smallest, the median and the largest ratio of figures to the floor's, round by round."""
    ratios = sorted(one / base for one, base in zip(figures, floor, strict=True))
    return ratios[0], statistics.median(ratios), ratios[-1]


def sections_of(text: str) -> dict[str, str]:
    """Return the sections of a file, by name."""
    return dict(_SECTION.findall(text))


def document(sections: Mapping[str, str]) -> str:
    """Return the file that holds these sections, in their order."""
    names = sorted(sections, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    return "\n".join(
        [_HEAD, *(f"<!-- section: {name} -->\n{sections[name]}<!-- end: {name} -->\n" for name in names)]
    )


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _ratio(number: float) -> str:
    return f"{number:.2f}" if number < 100 else f"{number:.0f}"
