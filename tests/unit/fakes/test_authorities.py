"""The fake authority says what it was told to say."""

from tests.fakes.authorities import FakeAuthority
from tests.fakes.policy import policy_request


async def test_it_says_what_it_was_told_and_remembers_what_it_was_shown() -> None:
    """Every answer carries its name and digest."""
    authority = FakeAuthority(says="deny", policy="mine")
    answer = await authority.decide(policy_request())
    assert (answer.decision, answer.policy, answer.reasons) == ("deny", "mine", ("because",))
    assert authority.shown == [policy_request()]


async def test_it_may_look_at_the_request() -> None:
    """A test can give it a rule of its own."""
    authority = FakeAuthority(says=lambda request: "allow" if request.step == 2 else "deny")
    assert (await authority.decide(policy_request())).decision == "allow"
