"""The files of golden cases: YAML, or JSON with one case a line; every case with its place, and one digest over all."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from agentctl.contract.golden import GoldenCase, GoldenSet
from agentctl.contract.golden_world import Tape
from agentctl.contract.loader import load, load_file
from agentctl.contract.source import DataPath, JsonLike, Source, read_bytes, read_source, unseen_in
from agentctl.contract.words import listed, nearest
from agentctl.foundation.canonical import JsonValue, Limits, NotJson, digest_of, parse_json
from agentctl.foundation.errors import InvalidInput, Place, Problem, UsageError
from agentctl.foundation.ids import is_plain_name

_SUFFIXES: Final = (".yaml", ".jsonl")
_LINES: Final = Limits(max_bytes=256 << 10)
MAX_LINES_BYTES: Final = 16 << 20


class Entry(Struct, frozen=True):
    """The place of a case in its file, counted from 0, and its digest with that of its tape."""

    index: int
    digest: str


class GoldenFile(Struct, frozen=True):
    """A file of golden cases, read. `digest` covers all cases and the tapes that they name, `entries` has each by its id."""

    path: Path
    source: Source
    cases: tuple[GoldenCase, ...]
    tapes: Mapping[str, Tape]
    digest: str
    entries: Mapping[str, Entry]

    @property
    def shown(self) -> str:
        """The file, as messages name it."""
        return self.source.file

    def place_of(self, case: str) -> Place:
        """Return where a case stands; the file itself for one that is not in it."""
        entry = self.entries.get(case)
        return self.source.place_of(("cases", entry.index)) if entry else Place(self.source.file)

    def path_of_assertion(self, case: GoldenCase, number: int) -> DataPath:
        """Return the way to an assertion of a case in the document: its own come first, then those of `defaults`."""
        index = self.entries[case.id].index
        own = self.source.at(("cases", index, "assert"))
        count = len(own) if isinstance(own, list) else 0
        return (
            ("cases", index, "assert", number) if number < count else ("defaults", "assert", number - count)
        )

    def digest_of(self, case: GoldenCase) -> str:
        """Return the digest of one case and its tape: what a baseline compares."""
        return self.entries[case.id].digest


def golden_file(root: Path, agent: str) -> GoldenFile:
    """Return an agent's golden cases: `goldensets/<agent>.yaml`, or `.jsonl`.

    Raises:
        UsageError: the agent has none.
        InvalidInput: the file cannot be read or does not fit; names every problem found.
    """
    path = golden_path(root, agent)
    return load_golden_file(path, str(path.relative_to(root)))


def golden_path(root: Path, agent: str) -> Path:
    """Return the file of an agent's golden cases.

    Raises:
        UsageError: there is none, or two.
    """
    folder = root / "goldensets"
    found = [folder / f"{agent}{suffix}" for suffix in _SUFFIXES] if is_plain_name(agent) else []
    there = [path for path in found if path.exists()]
    if len(there) == 1:
        return there[0]
    if there:
        raise UsageError(
            f"`{agent}` has golden cases in two files", f"one of {listed(path.name for path in there)}"
        )
    stems = {path.stem for suffix in _SUFFIXES for path in folder.glob(f"*{suffix}")}
    known = sorted(stem for stem in stems if not stem.endswith(".baseline"))
    raise UsageError(
        f"there are no golden cases of `{agent[:80]}`",
        f"`goldensets/{agent[:80]}.yaml`",
        nearest(agent, known),
    )


def load_golden_file(path: Path, shown_as: str | None = None) -> GoldenFile:
    """Return the golden cases in a file; messages call it `shown_as`, by default its path.

    Raises:
        InvalidInput: the file or a tape cannot be read or does not fit; names every problem found.
    """
    shown = shown_as or str(path)
    source = _lines(path, shown) if path.suffix == ".jsonl" else read_source(path, shown)
    document = load(GoldenSet, source)
    tapes = _tapes(document, source, path)
    cases = document.whole_cases
    digests = [_digest(case, tapes.get(case.id)) for case in cases]
    entries = {case.id: Entry(index, digests[index]) for index, case in enumerate(cases)}
    return GoldenFile(path, source, cases, tapes, digest_of([*digests]), entries)


def _digest(case: GoldenCase, tape: Tape | None) -> str:
    said: JsonValue = case.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return digest_of({"case": said, "tape": None if tape is None else tape.model_dump(mode="json")})


def _tapes(document: GoldenSet, source: Source, path: Path) -> dict[str, Tape]:
    """Return the tape of each case that names one; it lies below the folder of the cases."""
    found: dict[str, Tape] = {}
    problems: list[Problem] = []
    for index, case in enumerate(document.cases):
        if case.tape is not None:
            try:
                found[case.id] = _tape(
                    path.parent, case.tape, source.value_place_of(("cases", index, "tape"))
                )
            except InvalidInput as error:
                problems += error.problems
    if problems:
        raise InvalidInput(problems)
    return found


def _tape(folder: Path, named: str, place: Place) -> Tape:
    try:
        path = (folder / named).resolve()
        inside = path.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a null byte, a loop of links
        inside, path = False, folder
    if not inside:
        raise InvalidInput([Problem(place, "the tape lies elsewhere", "a file below this folder", "tape")])
    try:
        return load_file(Tape, path, str(Path(place.file).parent / named))[0]
    except InvalidInput as error:
        raise InvalidInput([Problem(place, f"the tape cannot be used: {error}", "", "tape")]) from error


def _lines(path: Path, shown: str) -> Source:
    """Return one case a line, as the YAML file with the same cases would have them."""
    data = read_bytes(path, shown, MAX_LINES_BYTES)
    if len(data) > MAX_LINES_BYTES:
        raise InvalidInput([Problem(Place(shown), f"more than {MAX_LINES_BYTES >> 20} MiB", "less")])
    cases: list[JsonLike] = []
    places: dict[tuple[str | int, ...], Place] = {(): Place(shown)}
    problems: list[Problem] = []
    lines = ((number, line) for number, line in enumerate(data.split(b"\n"), start=1) if line.strip())
    for number, line in lines:
        place = Place(shown, number)
        try:
            parsed = parse_json(line, _LINES)
        except NotJson as error:
            problems.append(Problem(place, f"not JSON: {error}", "one case a line"))
            continue
        problems += (replace(one, place=place) for one in unseen_in(line.decode("utf-8").rstrip(), shown))
        places["cases", len(cases)] = place
        cases.append(_exact(parsed))
    if problems:
        raise InvalidInput(problems)
    return Source(shown, {"cases": cases}, places, places)


def _exact(value: JsonValue) -> JsonLike:
    """Return JSON as YAML has it: numbers with a decimal point are exact."""
    match value:
        case float():
            return Decimal(repr(value))
        case Mapping():
            return {key: _exact(item) for key, item in value.items()}
        case str() | bool() | int() | None:
            return value
        case Sequence():
            return [_exact(item) for item in value]
        case _ as never:
            assert_never(never)
