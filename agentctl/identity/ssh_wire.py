"""How SSH writes things in a row (RFC 4251, section 5): numbers of four bytes, and texts after their length."""

import struct

_NUMBER = struct.Struct(">I")


class NotSshWire(ValueError):
    """Raised when bytes end too early, or go on after their end."""


def number(value: int) -> bytes:
    """Return a whole number below 2^32 as four bytes."""
    return _NUMBER.pack(value)


def string(data: bytes) -> bytes:
    """Return bytes after their length."""
    return number(len(data)) + data


class WireReader:
    """Reads what was written in a row, and never past its end."""

    def __init__(self, data: bytes) -> None:
        self._left = data

    def number(self) -> int:
        """Return the next number.

        Raises:
            NotSshWire: there are not four bytes.
        """
        (value,) = _NUMBER.unpack(self._take(_NUMBER.size))
        return int(value)

    def string(self) -> bytes:
        """Return the next bytes.

        Raises:
            NotSshWire: there are fewer than they claim to be.
        """
        return self._take(self.number())

    def end(self) -> None:
        """Say that nothing may follow.

        Raises:
            NotSshWire: something does.
        """
        if self._left:
            raise NotSshWire(f"{len(self._left)} bytes more than belong to it")

    def _take(self, count: int) -> bytes:
        if count > len(self._left):
            raise NotSshWire(f"{count} bytes were announced and {len(self._left)} are there")
        taken, self._left = self._left[:count], self._left[count:]
        return taken
