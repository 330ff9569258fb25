"""Making a golden case of a run: derived, written beside the others, and taken back unless the whole file still reads."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from agentctl.composition.kept_files import keep_once, put_kept
from agentctl.composition.project import Project
from agentctl.contract.golden_files import GoldenFile, golden_path, load_golden_file
from agentctl.contract.source import DataPath, Source
from agentctl.contract.yaml_text import yaml_text
from agentctl.evals.deriving import Derived, derive, why_not_derived
from agentctl.evals.evidence import Evidence, evidence_of
from agentctl.events.record import Record
from agentctl.foundation.canonical import canonical_bytes
from agentctl.foundation.errors import InvalidInput, Place, Problem, UsageError
from agentctl.foundation.ids import is_plain_name
from agentctl.trace.reports.run_names import run_named

_HEAD: Final = "# yaml-language-server: $schema=../contracts/schemas/golden.schema.json\n# Golden cases of {agent}.\ncases:\n"
_TAPE_HEAD: Final = (
    "# What tools answered in a run; `agentctl eval add` wrote it. Values of persons are stand-ins.\n"
)


class AddedCase(Struct, frozen=True):
    """The case that was made, and the files it stands in, as named from the project's root."""

    run: str
    agent: str
    case: str
    golden_set: str
    tape: str


def add_case(project: Project, run: str, name: str | None) -> AddedCase:
    """Make a golden case of a run that is named by its id, the beginning of one, or `latest`.

    Raises:
        UsageError: there is no such run, no case can be made of it, or the name is taken.
        InvalidInput: the file of the agent's cases cannot be read, or a case cannot be put into it.
        IntegrityError: the run's journal is not what was written.
    """
    records = project.journals.read(run_named(project.journals.runs(), run))
    evidence = _stopped(records)
    agent = evidence.state.session.header.agent
    case = name or f"run-{evidence.run[-8:].lower()}"
    if not is_plain_name(case):
        raise UsageError(
            f"`{case[:80]}` cannot name a case", "lower-case letters, digits, `_`, `-`, at most 64"
        )
    tape = f"{agent}/{case}.tape.yaml"
    derived = derive(records, evidence, case, tape)
    folder = project.paths.root / "goldensets"
    with _alone_in(folder):
        golden = _golden_path(project, agent)
        _write(golden, folder / tape, derived, project.paths.root)
    shown = golden.relative_to(project.paths.root)
    return AddedCase(evidence.run, agent, case, str(shown), f"goldensets/{tape}")


def _stopped(records: Sequence[Record]) -> Evidence:
    """Return what a run says of itself.

    Raises:
        UsageError: it has not stopped, or no case can be made of it.
    """
    evidence = evidence_of(records, None, lambda _: ())
    if evidence.state.going:
        raise UsageError(f"run {evidence.run} has not stopped", "a run that is finished or waits")
    why = why_not_derived(records, evidence)
    if why is not None:
        raise UsageError(f"no case can be made of run {evidence.run}: {why}", "another run")
    return evidence


def _golden_path(project: Project, agent: str) -> Path:
    """Return the file of an agent's cases; a new one where there is none."""
    try:
        return golden_path(project.paths.root, agent)
    except UsageError:
        if any((project.paths.root / "goldensets").glob(f"{agent}.*l")):
            raise  # two of them
    return project.paths.root / "goldensets" / f"{agent}.yaml"


def _write(golden: Path, tape: Path, derived: Derived, root: Path) -> None:
    """Write tape and case; neither stays unless both read back.

    Raises:
        InvalidInput: they do not, or the disk refused.
    """
    shown = str(golden.relative_to(root))
    try:
        tape.parent.mkdir(exist_ok=True)
        before = golden.read_bytes() if golden.exists() else None
        known = None if before is None else load_golden_file(golden, shown)
        after = _with_case(golden, before, derived, known)
        if not keep_once(tape, (_TAPE_HEAD + yaml_text(derived.tape)).encode()):
            raise UsageError(f"`{tape.relative_to(root)}` is there already", "`--id` with another name")
        with _undone_on_error(tape, golden, before):
            put_kept(golden, after)
            _refuse_what_changed(known, load_golden_file(golden, shown))
    except OSError as error:
        found = f"cannot be written: {error.strerror or error}"
        raise InvalidInput([Problem(Place(shown), found, "a folder that you may write to")]) from error


@contextmanager
def _undone_on_error(tape: Path, golden: Path, before: bytes | None) -> Iterator[None]:
    try:
        yield
    except BaseException:
        tape.unlink(missing_ok=True)
        if before is None:
            golden.unlink(missing_ok=True)
        else:
            put_kept(golden, before)
        raise


def _refuse_what_changed(before: GoldenFile | None, after: GoldenFile) -> None:
    """See that every case that stood there is still the same: a text at the end of one may be changed by what follows it."""
    for old, new in zip(before.cases if before else (), after.cases, strict=False):
        if before is not None and before.digest_of(old) != after.digest_of(new):
            found = f"the case `{old.id}` would become another one with a case after it"
            raise InvalidInput(
                [Problem(before.place_of(old.id), found, "a text that ends with its last line")]
            )


def _with_case(golden: Path, before: bytes | None, derived: Derived, known: GoldenFile | None) -> bytes:
    """Return the file's bytes with one case more; all that stood there stays as it was."""
    if before is None or known is None:
        agent = golden.stem
        return (_HEAD.replace("{agent}", agent) + yaml_text([derived.case], 2)).encode()
    name = str(derived.case["id"])
    if any(case.id == name for case in known.cases):
        raise UsageError(f"{known.shown} has a case `{name}` already", "`--id` with another name")
    if golden.suffix == ".jsonl":
        line_end = b"" if before.endswith(b"\n") else b"\n"
        return before + line_end + canonical_bytes(derived.case) + b"\n"
    return _appended(before, known, derived)


def _appended(before: bytes, known: GoldenFile, derived: Derived) -> bytes:
    """Return YAML with one case more, after the last of its list and indented like it."""
    source = known.source
    last = source.place_of(("cases", len(known.cases) - 1))
    head = source.place_of(("cases",))
    lines = before.decode("utf-8").splitlines(keepends=True)
    if last.line == head.line or not lines[last.line - 1].lstrip().startswith("- "):
        found = "the cases stand in brackets, and nothing can be put after them"
        raise InvalidInput([Problem(head, found, "a list with one `- ` for each case", "cases")])
    end = _end_of_cases(source, lines)
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    indent = len(lines[last.line - 1]) - len(lines[last.line - 1].lstrip())
    text = "\n" + yaml_text([derived.case], indent)
    return "".join((*lines[:end], text, *lines[end:])).encode()


def _end_of_cases(source: Source, lines: Sequence[str]) -> int:
    """Return the number of lines up to the end of the cases: before the next key of the file, without what introduces it."""
    cases = source.place_of(("cases",)).line
    keys = [place.line for path, place in source.places.items() if _is_key(path)]
    end = min((line for line in keys if line > cases), default=len(lines) + 1) - 1
    while end > cases and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return end


def _is_key(path: DataPath) -> bool:
    return len(path) == 1


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let nobody else write to a folder meanwhile; the kernel ends that with this process.

    Raises:
        InvalidInput: the folder cannot be made or opened.
    """
    try:
        folder.mkdir(exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        found = f"cannot be opened: {error.strerror or error}"
        raise InvalidInput([Problem(Place(str(folder)), found, "a folder that you may write to")]) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
