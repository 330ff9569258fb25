"""Stand-ins: of the same kind, found again by the redactor, and never what they stand for."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.evals.standins import Cleaner, standin
from agentctl.evals.wording import cut, masked
from agentctl.foundation.canonical import JsonValue
from agentctl.trace.sealing.redaction import SecretKind, find_secrets

KINDS: tuple[SecretKind, ...] = get_args(SecretKind)
SECRETS = (
    "eve@corp.example",
    "+49 170 1234567",
    "4111 1111 1111 1111",
    "GB82 WEST 1234 5698 7654 32",
    "123-45-6789",
    "sk-live-0123456789abcdef0123",
)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "text"])
@pytest.mark.parametrize("number", [1, 9, 10, 99, 100, 250])
def test_a_stand_in_is_found_as_its_kind(kind: SecretKind, number: int) -> None:
    """The redactor takes the whole of it, and nothing else, for the same kind of value; no two are the same."""
    (match,) = find_secrets(standin(kind, number))
    assert (match.kind, match.start, match.end) == (kind, 0, len(standin(kind, number)))
    assert standin(kind, number) != standin(kind, number + 1)


def test_placeholders_become_stand_ins_and_stay_placeholders_in_what_is_expected() -> None:
    """What a run wrote has its stand-ins where it is given, and the same placeholders where it is recorded again."""
    written: JsonValue = {"to": "[email:2] and [card:1]", "[phone:1]": ["[text:1]", 7, None, True]}
    cleaner = Cleaner([written], redacts=True)
    assert cleaner.as_recorded(written) == written
    assert cleaner.as_given(written) == {
        "to": f"{standin('email', 2)} and {standin('card', 1)}",
        standin("phone", 1): ["[text:1]", 7, None, True],
    }


@pytest.mark.parametrize("redacts", [True, False])
def test_what_was_not_redacted_is_taken_out(redacts: bool) -> None:  # noqa: FBT001
    """Values that stand in clear, as text, number or under a telling name, come out of neither form."""
    written: JsonValue = {
        "all": list(SECRETS),
        "n": 4111111111111111,
        "password": "hunter2-and-more",
        "e": "[email:1]",
    }
    cleaner = Cleaner([written], redacts=redacts)
    for form in (cleaner.as_given(written), cleaner.as_recorded(written), cleaner.text(str(written))):
        assert not any(secret in str(form) for secret in (*SECRETS, "4111111111111111", "hunter2"))


def test_a_strangers_placeholder_of_a_great_number_costs_nothing() -> None:
    """Where nothing was redacted, what looks like a placeholder is text: nobody counts up to it."""
    cleaner = Cleaner(["[email:999999999]"], redacts=False)
    assert cleaner.as_given("[email:999999999]") == "[text:1]"


@given(st.lists(st.sampled_from(SECRETS) | st.text(max_size=12), max_size=6))
def test_no_value_of_the_run_is_left(pieces: list[str]) -> None:
    """Whatever is put beside each other, no secret is left in what is given, but stand-ins."""
    text = " ".join(pieces)
    given_text = Cleaner([text], redacts=False).text(text)
    assert not any(secret in given_text for secret in SECRETS)
    assert not any(secret in masked(text) for secret in SECRETS)


def test_long_texts_are_cut() -> None:
    """A text that is cut says how much more there is."""
    assert cut("abc", 3) == "abc"
    assert cut("abcdef", 3) == "abc… (3 more characters)"
