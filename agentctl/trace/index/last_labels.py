"""What was said of runs last, as the index tells it, and whether it may be believed; nothing here needs the events' form."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from agentctl.foundation.errors import IntegrityError
from agentctl.trace.index.query_texts import query_text
from agentctl.trace.journals.control_files import control_mark

if TYPE_CHECKING:
    from agentctl.trace.index.reading import Reader


class SaidBy(Struct, frozen=True):
    """Who said something: see `events.base.Principal`."""

    id: str
    kind: str
    assurance: str


class LastLabel(Struct, frozen=True):
    """What was said of a run last: what `RunLabelled` holds."""

    type: str
    run: str
    label: str
    by: SaidBy
    reason: str


def labels_are_whole(reader: "Reader", mark: Path) -> bool:
    """Return whether every line of their journal is a label, and none is missing that the mark outside the project knows of.

    Where they are not, whoever reads the journal itself learns what is wrong with it, if anything is.
    """
    try:
        seq, digest = control_mark(mark) or (None, None)
    except IntegrityError:
        return False
    ((whole,),) = reader.rows(query_text("labels_are_whole"), seq=seq, hash=digest)
    return bool(whole)


def last_labels(reader: "Reader", runs: Iterable[str]) -> dict[str, LastLabel]:
    """Return what was said last of each of some runs."""
    rows = reader.rows(query_text("last_labels"), runs=list(runs))
    return {
        str(run): LastLabel("run.labelled", str(run), str(label), SaidBy(*map(str, by)), str(reason))
        for run, label, *by, reason in rows
    }
