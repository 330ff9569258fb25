"""A client of a model that several runs share."""

from typing_extensions import override

from agentctl.models.client import ModelAnswer, ModelClient, ModelFailure, ModelRequest


class LentClient(ModelClient):
    """Asks through another client, which is not this one's to close."""

    def __init__(self, owned: ModelClient) -> None:
        self._owned = owned

    @override
    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Ask once."""
        return await self._owned.complete(request)

    @override
    def worst_case_input_tokens(self, request: ModelRequest) -> int:
        """Return what the other client says."""
        return self._owned.worst_case_input_tokens(request)

    @override
    async def close(self) -> None:
        """Leave it open: others use it."""
