"""What a session works with that reaches nothing: tools with their validators, and reviewers that are part of the platform."""

from collections.abc import Mapping

from agentctl.approval.model_reviewer import ModelReviewer
from agentctl.approval.reviewer import Reviewer
from agentctl.approval.rule_reviewer import RuleReviewer
from agentctl.composition.governing import Governing
from agentctl.contract.version import ToolVersion
from agentctl.models.client import ToolDefinition
from agentctl.tools.registry import Registry


def registry_of(governing: Governing) -> Registry:
    """Return every tool of a run, those too that only its reviewers read with.

    Raises:
        InvalidInput: a schema cannot be used.
    """
    return Registry.of({**governing.environment.tools, **governing.version.tools}.values())


def tool_definitions(tools: Mapping[str, ToolVersion]) -> tuple[ToolDefinition, ...]:
    """Return what a model sees of its tools, in the contract's order."""
    descriptors = (tool.descriptor for tool in tools.values())
    return tuple(ToolDefinition(item.name, item.description, item.arguments) for item in descriptors)


def reviewers_of(governing: Governing) -> tuple[Reviewer, ...]:
    """Return the reviewers of a run that are rules, then those that are models."""
    reviewers = governing.environment.environment.reviewers
    rules = (RuleReviewer(item.name, item.rule) for item in reviewers if item.rule is not None)
    models = (ModelReviewer(item.name, item.model) for item in reviewers if item.model is not None)
    return (*rules, *models)
