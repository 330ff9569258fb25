"""Values that do not show all they hold: a secret must not stand in a message, a log or a traceback."""

from typing import ClassVar

from msgspec import Struct
from msgspec.structs import asdict
from typing_extensions import override


class Discreet(Struct, frozen=True):
    """A value whose `repr` leaves out the fields that its class names in `hidden`."""

    hidden: ClassVar[frozenset[str]]

    @override
    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}={value!r}" for name, value in asdict(self).items() if name not in self.hidden
        )
        return f"{type(self).__name__}({shown})"
