"""Numbers, people and credentials read the same everywhere."""

import pytest

from agentctl.cli.words import chain, counted, credential
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


def test_a_chain_names_everybody_behind_a_principal() -> None:
    """Outermost first; nobody behind, nothing said."""
    assert chain(()) == ""
    assert chain(("helpdesk", "portal")) == ", on behalf of helpdesk for portal"
