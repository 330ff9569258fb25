"""Rego on this machine, without a server: the modules of a policy set, judged by one rule in a process of their own."""

from collections.abc import Mapping
from typing import Final

from typing_extensions import override

from agentctl.foundation.canonical import canonical_bytes
from agentctl.policy.engine import PolicyRequest
from agentctl.policy.judge import Closing, Judge, Judgement
from agentctl.policy.rego.forms import failed, input_of, judgement_of
from agentctl.policy.rego.process import RegoFailed, RegoModules, RegoProcess, check_modules

EVALUATION_SECONDS: Final = 1.0
"""How long one evaluation may take; then it is a denial, and its process is killed."""


class RegoJudge(Judge, Closing):
    """One rule of some modules. The modules are read when it is made; the process starts with the first question.

    Args:
        texts: the modules, by the names of their files.
        rule: the rule that holds the decision, from `data` on.
        seconds: how long one evaluation may take.

    Raises:
        InvalidInput: Rego is not installed, a module cannot be read, or none has the rule.
    """

    def __init__(self, texts: Mapping[str, str], rule: str, *, seconds: float = EVALUATION_SECONDS) -> None:
        modules = RegoModules(dict(texts), rule)
        check_modules(modules)
        self.process = RegoProcess(modules, seconds)

    @override
    async def judge(self, request: PolicyRequest) -> Judgement:
        """Return what the rule says; a rule that is undefined, fails or does not end says no."""
        try:
            value = await self.process.value(canonical_bytes(input_of(request)))
        except RegoFailed as error:
            return failed(str(error))
        return judgement_of(value, request)

    @override
    async def close(self) -> None:
        """End the process."""
        await self.process.close()
