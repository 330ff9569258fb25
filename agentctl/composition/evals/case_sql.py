"""SQL in golden cases that nothing could answer: found before anything is tried, which may cost money."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from agentctl.audit.cells import Cells
from agentctl.contract.golden import GoldenCase
from agentctl.contract.golden_assertions import Sql
from agentctl.contract.golden_files import GoldenFile
from agentctl.contract.source import DataPath
from agentctl.contract.words import dotted
from agentctl.foundation.errors import InvalidInput, Problem


def refuse_wrong_sql(golden: GoldenFile, cases: Sequence[GoldenCase], cells: Cells) -> None:
    """See that everything that cases ask in SQL can be answered; of several that ask the same, the first is named.

    Raises:
        InvalidInput: some of it cannot; names all of it, each with its place.
    """
    asked = _asked(golden, cases)
    problems = [problem for sql, path in asked.items() for problem in _wrong(sql, path, golden, cells)]
    if problems:
        raise InvalidInput(problems)


def _asked(golden: GoldenFile, cases: Sequence[GoldenCase]) -> dict[str, DataPath]:
    """Return all the SQL of cases, and where it stands first."""
    found: dict[str, DataPath] = {}
    for case in cases:
        for number, item in enumerate(case.assertions):
            if isinstance(item, Sql) and item.value not in found:
                found[item.value] = (*golden.path_of_assertion(case, number), "value")
    return found


def _wrong(sql: str, path: DataPath, golden: GoldenFile, cells: Cells) -> Iterator[Problem]:
    try:
        cells.check(sql)
    except InvalidInput as error:
        place = golden.source.value_place_of(path)
        for one in error.problems:
            where = f" (line {one.place.line}, column {one.place.column} of it)" if one.place.line else ""
            yield replace(one, place=place, found=f"{one.found}{where}", path=dotted(path))
