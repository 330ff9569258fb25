"""The tools of a replay: as they are, but that an answer which had not its declared form then has it no more than then."""

from msgspec.structs import replace
from typing_extensions import override

from agentctl.foundation.canonical import JsonValue
from agentctl.replay.recorded.tools import is_unusable
from agentctl.tools.registry import Registry
from agentctl.tools.schemas import Validator


class _AsRecorded(Validator):
    """Judges answers; of one that could not be used only that is on record, and it is taken as it is."""

    def __init__(self, validator: Validator) -> None:
        self._validator = validator

    @override
    def problems(self, instance: JsonValue) -> tuple[str, ...]:
        """Return why an answer does not fit."""
        return () if is_unusable(instance) else self._validator.problems(instance)


def taped_registry(registry: Registry) -> Registry:
    """Return the same tools for a replay."""
    tools = (replace(tool, result_validator=_AsRecorded(tool.result_validator)) for tool in registry)
    return Registry({tool.descriptor.name: tool for tool in tools})
