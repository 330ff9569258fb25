"""A running OPA, asked by its REST API: `POST /v1/data/<path>` with the request as `input`."""

from typing_extensions import override

from agentctl.policy.engine import PolicyRequest
from agentctl.policy.http_point import HttpPoint, PointFailed
from agentctl.policy.judge import Closing, Judge, Judgement
from agentctl.policy.rego.forms import failed, input_of, judgement_of


class OpaJudge(Judge, Closing):
    """One rule of a running OPA.

    Args:
        point: where it is.
        path: the path of the rule below `/v1/data/`.
    """

    def __init__(self, point: HttpPoint, path: str) -> None:
        self._point = point
        self._path = f"/v1/data/{path}"

    @override
    async def judge(self, request: PolicyRequest) -> Judgement:
        """Return what the rule says. OPA answers an undefined rule with 200 and no `result`; that is a denial."""
        try:
            reply = await self._point.asked(self._path, {"input": input_of(request)})
        except PointFailed as error:
            return failed(str(error))
        if "result" not in reply.body:
            return failed("the rule is undefined for this input")
        return judgement_of(reply.body["result"], request)

    @override
    async def close(self) -> None:
        """Give back all connections."""
        await self._point.close()
