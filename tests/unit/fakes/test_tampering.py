"""Tampering as tests do it: one value is another, the chain holds all the same."""

from agentctl.trace.journals.chain import scan
from tests.fakes.journals import RUN, chained, refund_story
from tests.fakes.tampering import leaves, tampered, written


def test_one_value_is_another_and_the_chain_holds() -> None:
    """Every value that has another of its form; readers believe the journal, and just that value differs."""
    records = tuple(chained(RUN, refund_story()))
    before = {(leaf.index, leaf.pointer): leaf.value for leaf in leaves(records)}
    changed = [(leaf, tampered(records, leaf)) for leaf in leaves(records)]
    assert len([found for _, found in changed if found is not None]) > len(changed) * 3 // 4
    for leaf, found in changed[:: len(changed) // 20]:
        if found is not None:
            read = scan(written(found), RUN).records
            after = {(other.index, other.pointer): other.value for other in leaves(read)}
            assert {place for place, value in after.items() if before.get(place) != value} == {
                (leaf.index, leaf.pointer)
            }
