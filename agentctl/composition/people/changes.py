"""The arguments that a reviewer puts in the place of those that are asked: complete, redacted, and of the tool's form."""

import difflib
from collections.abc import Mapping

from msgspec import Struct

from agentctl.approval.pending import Approval
from agentctl.composition.governing import recorded
from agentctl.composition.people.sealed_values import vault_beside
from agentctl.composition.project import Project
from agentctl.events.run import Envelope
from agentctl.foundation.canonical import JsonObject, JsonValue, NotCanonical, NotJson, canonical_copy
from agentctl.foundation.errors import InternalError, UsageError
from agentctl.gateway.state import SessionState
from agentctl.tools.registry import RegisteredTool
from agentctl.trace.sealing.vault import PLACEHOLDER, Vault


class Changes(Struct, frozen=True):
    """All arguments of a call as a reviewer wants them, with placeholders; and their digest, as the run makes it."""

    arguments: JsonObject
    digest: str


def changed(
    project: Project, state: SessionState, approval: Approval, instead: Mapping[str, JsonValue]
) -> Changes:
    """Return the arguments of a request with some of them replaced.

    Raises:
        UsageError: a value must not lie in a file, or the tool takes no such arguments.
    """
    asked = state.calls[approval.request.binding.call].proposal.arguments
    if not isinstance(asked, Mapping):
        raise InternalError("an approval request for a call without arguments")
    vault = vault_beside(project, state.header)
    for name, value in instead.items():
        _refuse_secret(vault, f"`--set {name}`", {name: value}, _placeholders(asked))
    arguments = _canonical({**asked, **instead})
    _refuse_unfit(project, state.header, approval, vault, arguments)
    return Changes(arguments, vault.bound_digest(arguments))


def refuse_secrets(project: Project, header: Envelope, option: str, text: str) -> None:
    """Refuse a text that redaction would change: a message lies in a file as it was written.

    Raises:
        UsageError: it holds personal data, or a key.
    """
    if text:
        _refuse_secret(vault_beside(project, header), option, text, "other words")


def _refuse_secret(vault: Vault, option: str, value: JsonValue, accepted: str) -> None:
    try:
        clear = vault.redact(value, trusted_placeholders=True) == value
    except NotJson:
        clear = False
    if not clear:
        raise UsageError(f"{option} holds what must not lie in a file: personal data, or a key", accepted)


def _placeholders(asked: JsonObject) -> str:
    """Return what a reviewer may write in the place of a value that is sealed."""
    found = sorted({item.group() for item in PLACEHOLDER.finditer(repr(asked))})
    return f"a placeholder of this run: {', '.join(found)}" if found else "a value that is neither"


def _canonical(arguments: JsonObject) -> JsonObject:
    try:
        copy = canonical_copy(arguments)
    except NotCanonical as error:
        raise UsageError(f"`--set`: {error}", "numbers, texts, lists and objects of JSON") from error
    if not isinstance(copy, dict):
        raise InternalError("a copy of an object is none")
    return copy


def _refuse_unfit(
    project: Project, header: Envelope, approval: Approval, vault: Vault, arguments: JsonObject
) -> None:
    """Refuse what the run would refuse: the stages judge again, and an approval for nothing helps nobody."""
    version = recorded(project, header).version.tools.get(approval.request.tool)
    if version is None:
        raise UsageError(f"the tool `{approval.request.tool}` is not there any more", "an approval as it is")
    properties = version.descriptor.arguments.get("properties")
    known = tuple(properties) if isinstance(properties, Mapping) else ()
    lost = vault.missing(arguments)
    problems = RegisteredTool.of(version).arguments_validator.problems(vault.restore(arguments))
    if lost or problems:
        unknown = next((name for name in arguments if name not in known), "")
        told = (f"the sealed values of {', '.join(sorted(lost))} are lost",) if lost else problems
        near = difflib.get_close_matches(unknown, known, n=1) if unknown else []
        raise UsageError(
            f"`{approval.request.tool}` takes no such arguments: {'; '.join(told)}",
            "arguments that the tool takes",
            next(iter(near), ""),
        )
