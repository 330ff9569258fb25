"""Names that people give themselves on the command line: recorded as asserted, and only where they are names."""

from agentctl.events.base import Principal
from agentctl.foundation.errors import UsageError
from agentctl.foundation.ids import is_principal


def asserted(name: str) -> Principal:
    """Return the person of a name, as somebody asserts it.

    Raises:
        UsageError: it is no name.
    """
    if not is_principal(name):
        raise UsageError(
            f"`{name[:80]}` cannot be a principal", "a plain name: letters, digits, `.`, `_`, `-`, `@`"
        )
    return Principal(id=name, kind="user", assurance="asserted")
