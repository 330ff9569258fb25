"""Cedar, in process: policies, schemas and entities are parsed once, each request is checked against the schema.

Cedar itself does not deny on errors: a `forbid` whose condition fails is skipped, and a broad `permit` then allows. So
every error that Cedar reports stands in the judgement, and the guard denies.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache

import cedarpy
from msgspec import Struct

from agentctl.contract.tool import ToolDescriptor
from agentctl.events.approval import ApprovalTerms
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import InvalidInput
from agentctl.policy.authority import Authority
from agentctl.policy.cedar.check import checked
from agentctl.policy.cedar.request import Cast, ContextBuilder
from agentctl.policy.cedar.rules import Rule, read_rules
from agentctl.policy.cedar.schema import CedarSchema
from agentctl.policy.cedar.view import View, view_of
from agentctl.policy.engine import PolicyRequest
from agentctl.policy.judge import Judgement
from agentctl.policy.terms import strictest_terms

_CASTS = 64
_ANSWERS = 64


class _Prepared(Struct, frozen=True):
    """What calls of one tool are judged by: the rules, what they look at, and the schema of just that."""

    policies: cedarpy.PolicySet
    view: View
    schema: cedarpy.Schema


class _Question(Struct, frozen=True):
    """All that Cedar is shown of a request; whoever asks the same again gets the same answer."""

    tool: str
    cast: Cast
    context: str


class CedarJudge:
    """One Cedar policy set over some tools.

    `rules` are those that can match a call of these tools.
    """

    def __init__(
        self,
        texts: Mapping[str, str],
        tools: Mapping[str, ToolDescriptor],
        authority: Authority,
        schema: CedarSchema | None = None,
    ) -> None:
        """Read and check the policies; `schema` is that of the tools, for sets that share one.

        Raises:
            InvalidInput: they are no policies, or strict validation finds something.
        """
        self.schema = schema or CedarSchema.of(tools)
        found = checked(read_rules(texts), self.schema, authority)
        if found.problems:
            raise InvalidInput(found.problems)
        self.rules = found.rules
        self._terms = {rule.id: rule.terms for rule in self.rules}
        named = frozenset[str]().union(*(rule.named for rule in self.rules))
        self._contexts = ContextBuilder(self.schema, named)
        self._handle = cedarpy.Schema.from_json_str(self.schema.text)
        self._tools = tools
        self._entities = lru_cache(maxsize=_CASTS)(self._parsed_entities)
        self._prepared = lru_cache(maxsize=None)(self._prepared_for)
        self._answer = lru_cache(maxsize=_ANSWERS)(self._asked)

    async def judge(self, request: PolicyRequest) -> Judgement:
        """Return what the policies say. There is nothing to wait for: Cedar has no loops and touches nothing."""
        context = self._contexts.text(request, self._prepared(request.tool).view)
        return self._answer(_Question(request.tool, Cast.of(request), context))

    def _asked(self, question: _Question) -> Judgement:
        prepared = self._prepared(question.tool)
        name, _, _ = question.cast.principal
        answer = cedarpy.is_authorized(
            {
                "principal": {"type": "User", "id": name},
                "action": {"type": "Action", "id": question.tool},
                "resource": {"type": "Tool", "id": question.tool},
                "context": question.context,
            },
            prepared.policies,
            self._entities(question.cast),
            prepared.schema,
        )
        return self._judgement(answer)

    def _judgement(self, answer: cedarpy.AuthzResult) -> Judgement:
        errors = tuple(answer.diagnostics.errors)
        if answer.decision is cedarpy.Decision.NoDecision:
            errors = errors or ("Cedar came to no decision",)
        reasons = tuple(sorted(answer.diagnostics.reasons))
        return Judgement(
            allowed=answer.decision is cedarpy.Decision.Allow,
            reasons=reasons,
            errors=errors,
            terms=self._demanded(reasons),
        )

    def _demanded(self, reasons: tuple[str, ...]) -> ApprovalTerms | None:
        return strictest_terms(self._terms[rule] for rule in reasons)

    def _prepared_for(self, tool: str) -> _Prepared:
        """Return the rules whose scope can take calls of a tool: no other can match, or fail, on one."""
        effect = self.schema.tools[tool].effect
        rules = [rule for rule in self.rules if rule.applies_to(tool, effect)]
        view = view_of(rules)
        schema = cedarpy.Schema.from_json_str(self.schema.text_for({tool: view}))
        return _Prepared(_policy_set(rules), view, schema)

    def _parsed_entities(self, cast: Cast) -> cedarpy.Entities:
        return cedarpy.Entities.from_json_str(cast.entities(self._tools), self._handle)


def _policy_set(rules: Iterable[Rule]) -> cedarpy.PolicySet:
    """Return rules as a policy set in which each has its own id."""
    policies: dict[str, JsonValue] = {rule.id: rule.body for rule in rules}
    return cedarpy.PolicySet.from_json_str(
        json.dumps({"staticPolicies": policies, "templates": {}, "templateLinks": []})
    )
