"""Tool names survive the way to the wire and back."""

import re

from hypothesis import given
from hypothesis import strategies as st

from agentctl.models.wire_names import names_by_wire_name, wire_name

REGISTRY_NAMES = st.from_regex(r"[a-z0-9_-]{1,32}\.[a-z0-9_-]{1,63}", fullmatch=True)
CONFUSABLE_NAMES = st.from_regex(r"[a_]{1,4}\.[a_]{1,4}", fullmatch=True)


def test_a_usual_name_stays_readable() -> None:
    """The dot becomes two underscores."""
    assert wire_name("zendesk.read_ticket") == "zendesk__read_ticket"


def test_names_that_would_collide_are_kept_apart() -> None:
    """Three names that share one plain form get three wire names."""
    names = ["a_._b", "a__.b", "a.__b", "a.b__c", "a__b.c"]
    assert len({wire_name(name) for name in names}) == len(names)


def test_a_name_that_models_made_up_stays() -> None:
    """A name without a dot that the wire allows is sent back as it came."""
    assert wire_name("delete_everything") == "delete_everything"


def test_a_lone_surrogate_has_a_wire_name() -> None:
    """Even text without a UTF-8 form can stand in a history."""
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", wire_name("\ud800"))


@given(st.text(max_size=200))
def test_every_text_has_a_wire_name_that_the_protocol_allows(name: str) -> None:
    """Whatever a model called a tool, the history with it can be sent."""
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", wire_name(name))


@given(st.sets(REGISTRY_NAMES | CONFUSABLE_NAMES, max_size=20))
def test_no_two_registry_names_share_a_wire_name(names: set[str]) -> None:
    """The way back leads to the name it came from."""
    back = names_by_wire_name(names)
    assert {name: back[wire_name(name)] for name in names} == {name: name for name in names}
