"""What holds for all tests."""

from hypothesis import settings

# A busy machine is not a bug: examples have no deadline of their own, the whole test has (pytest-timeout).
settings.register_profile("agentctl", deadline=None)
settings.load_profile("agentctl")
