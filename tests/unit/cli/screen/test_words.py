"""Numbers, people and credentials read the same everywhere."""

import pytest

from agentctl.cli.screen.words import chain, counted, credential, length
from agentctl.events.tool import Credential


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (Credential(kind="none"), "none: the tool reaches no backend"),
        (Credential(kind="static"), "static key for its backend; it does not expire"),
        (Credential(kind="static", audience="stripe"), "static key for stripe; it does not expire"),
        (
            Credential(kind="brokered", jti="j", audience="stripe", scope="s", expires_at="soon"),
            "token j for stripe, scope s, until soon",
        ),
    ],
)
def test_every_kind_of_credential_has_its_words(record: Credential, words: str) -> None:
    """A static key says that it does not expire."""
    assert credential(record) == words


def test_numbers_agree_with_their_nouns() -> None:
    """One record, none and many records."""
    assert [counted(number, "record") for number in (0, 1, 1204)] == [
        "0 records",
        "1 record",
        "1,204 records",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.00078, "0.78 ms"),
        (0.0451, "45.1 ms"),
        (0.9999, "1,000 ms"),
        (1.25, "1.25 s"),
        (83, "1.38 min"),
        (7_200, "2 h"),
        (100_000_000, "1,157 d"),
    ],
)
def test_a_length_of_time_has_the_unit_that_it_fills(seconds: float, words: str) -> None:
    """Nobody has to count zeros."""
    assert length(seconds) == words


def test_a_chain_names_everybody_behind_a_principal() -> None:
    """Outermost first; nobody behind, nothing said."""
    assert chain(()) == ""
    assert chain(("helpdesk", "portal")) == ", on behalf of helpdesk for portal"
