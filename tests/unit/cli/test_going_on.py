"""What is said of runs whose process is gone."""

import pytest

from agentctl.cli.going_on import going_on


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("live", "`agentctl resume R` goes on"),
        ("replay", "nothing goes on in a replay"),
        ("eval", "nothing goes on in a trial"),
    ],
)
def test_only_what_can_be_resumed_is_said_to_go_on(kind: str, said: str) -> None:
    """Whoever is told to resume a replay or a trial would only be refused."""
    assert going_on(kind, "R") == said
