"""For whom an engine speaks."""

from typing import Literal, TypeAlias

Authority: TypeAlias = Literal["policy", "platform"]
"""`policy`: contracts and environments; `platform`: the platform's own policies, which hold over every contract."""
