"""Judging what a run left behind: the back office's ledger, and the rows that the run itself became. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from agentctl.contract.golden_assertions import Sql, StateEquals
from agentctl.evals.comparing import has, same, why_not_in
from agentctl.evals.evidence import Evidence, Left
from agentctl.evals.wording import Finding, listed, shown
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.errors import InvalidInput

_ROWS_TOLD = 3


def state_equals(item: StateEquals, evidence: Evidence) -> Finding:
    """Judge the ledger at the end; of each row only the fields that are named."""
    wanted = shown(item.value.model_dump(mode="json", exclude_none=True))
    if evidence.left is None:
        return Finding(
            holds=False,
            expected=f"the ledger to hold {wanted}",
            found="no ledger: the environment has no back office",
        )
    wrong = next(_differences(item, evidence.left), None)
    if wrong is None:
        return Finding(holds=True, expected=f"the ledger to hold {wanted}", found=wanted)
    expected, found = wrong
    return Finding(holds=False, expected=expected, found=found)


def sql(item: Sql, evidence: Evidence) -> Finding:
    """Judge whether a question about the run finds nothing."""
    try:
        rows = evidence.find(item.value)
    except InvalidInput as error:
        return Finding(holds=False, expected="the query to find no rows", found=f"no answer: {error}")
    told = listed((shown(list(row)) for row in rows[:_ROWS_TOLD]), "none")
    return Finding(not rows, "the query to find no rows", f"{len(rows)}: {told}", f"{len(rows)}")


def _differences(item: StateEquals, left: Left) -> Iterator[tuple[str, str]]:
    """Yield what is expected and what is found, table by table, where they differ."""
    wanted = item.value
    if wanted.refunds is not None:
        yield from _other_rows("refunds", wanted.refunds, left.refunds, ordered=False)
    if wanted.requests is not None:
        yield from _other_rows("requests", wanted.requests, left.requests, ordered=True)
    if wanted.charges is not None:
        yield from _by_id("charge", wanted.charges, left.charges)
    if wanted.tickets is not None:
        yield from _by_id("ticket", wanted.tickets, left.tickets)


def _other_rows(
    name: str,
    wanted: Sequence[JsonObject],
    found: Sequence[JsonObject],
    *,
    ordered: bool,
) -> Iterator[tuple[str, str]]:
    if why_not_in("strict" if ordered else "unordered", wanted, found, has) is None:
        return
    fields = {field for row in wanted for field in row}
    told = [_only(row, fields) for row in found]
    yield (
        f"exactly these {name} in the ledger: {listed(map(shown, wanted), 'none')}",
        listed(map(shown, told), "none"),
    )


def _by_id(name: str, wanted: Sequence[JsonObject], found: Sequence[JsonObject]) -> Iterator[tuple[str, str]]:
    for row in wanted:
        there = next((one for one in found if same(one.get("id"), row.get("id"))), None)
        if there is None:
            yield f"a {name} {shown(row)} in the ledger", f"no {name} `{row.get('id')}`"
        elif not has(there, row):
            yield f"the {name} {shown(row)} in the ledger", shown(_only(there, set(row)))


def _only(row: Mapping[str, JsonValue], fields: set[str]) -> JsonObject:
    """Return a row with the fields that were asked for; without any, all of it."""
    return {field: value for field, value in row.items() if field in fields or not fields}
