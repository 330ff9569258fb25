"""Tests of words of a closed vocabulary."""

import pytest

from agentctl.cli.choices import refuse_unless_one_of
from agentctl.foundation.errors import UsageError


@pytest.mark.parametrize("text", [None, "good", "bad"])
def test_known_words_and_none_pass(text: str | None) -> None:
    """Nothing is said of them."""
    refuse_unless_one_of("--label", text, ("good", "bad"))


def test_an_unknown_word_is_told_with_the_nearest() -> None:
    """What was found, what would be accepted, what was probably meant."""
    with pytest.raises(UsageError) as refused:
        refuse_unless_one_of("--label", "goood", ("good", "bad"))
    assert str(refused.value) == (
        "command line: --label: `goood` is none of them; accepted: `good`, `bad`; did you mean `good`?"
    )
