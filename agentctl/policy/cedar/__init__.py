"""Cedar, in process."""

import sys
from importlib import import_module  # noqa: TID251 - a part of a library, for the library
from types import ModuleType
from typing import Any, Final

from typing_extensions import override

_TREES: Final = "cedarpy.pst"


class _Unread(ModuleType):
    """Stands where a part of a library stands that it asks for at once; read when somebody looks into it."""

    @override
    def __getattr__(self, name: str) -> Any:  # whatever is in it
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


# Cedar's syntax trees as dataclasses: nothing here uses them, and they are most of what the library loads.
sys.modules.setdefault(_TREES, _Unread(_TREES))
