"""Versions of agents by name: a contract file, a tag, a digest or the beginning of one, or what an agent's files say now."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentctl.composition.project import Project
from agentctl.contract.agent import AgentContract
from agentctl.contract.project import Loaded, ProjectFiles
from agentctl.contract.version import AgentVersion, code_digests
from agentctl.contract.versions import VERSIONS_FILE, VersionsFile, VersionTag, load_versions
from agentctl.contract.words import listed, nearest
from agentctl.foundation.errors import InvalidInput, UsageError
from agentctl.settings import MARKER

Named: TypeAlias = Literal["file", "tag", "digest", "agent"]
"""How a version was named."""

_PREFIX = "sha256:"
_CANDIDATES = 10
_PARTS_OF_A_VERSION = {"contract", "instructions", "tools"}


class FoundVersion(Struct, frozen=True):
    """A version, and how somebody named it."""

    version: AgentVersion
    named: Named
    text: str
    tag: str | None = None

    @property
    def agent(self) -> str:
        """Whose version it is."""
        return self.version.contract.agent.name


def version_named(project: Project, text: str, agent: str | None = None) -> AgentVersion:
    """Return the version that a text names: FILE, TAG, DIGEST, the beginning of a digest, or an agent's files as they are now.

    A contract file refers to other files relative to itself, in whatever project it lies; one that lies in none is read as if
    it stood in `contracts/`. With `agent`, only versions of that agent are taken.

    Raises:
        UsageError: it names no version, several, or one of another agent.
        InvalidInput: the files that it names are not what they must be.
        IntegrityError: the content of a version is not what its digest says.
    """
    return find_version(project, text, agent).version


def find_version(project: Project, text: str, agent: str | None = None) -> FoundVersion:
    """Return the version that a text names, with how it was named.

    Raises:
        As `version_named`.
    """
    found = _found(project, text, agent)
    if agent is not None and found.agent != agent:
        raise UsageError(f"`{text[:80]}` is a version of `{found.agent}`", f"a version of `{agent}`")
    return found


def versions_file(project: Project) -> VersionsFile:
    """Return the tags of a project, with their file.

    Raises:
        InvalidInput: the file is not what it must be.
    """
    path = project.files.contracts / VERSIONS_FILE
    return load_versions(path, project.files.shown(path))


def tag_of(project: Project, agent: str, digest: str) -> str | None:
    """Return the tag by which an agent's version is called, the newest where it has several.

    Raises:
        InvalidInput: the file of tags is not what it must be.
    """
    return versions_file(project).document.newest(agent, digest)


def put_version(project: Project, version: AgentVersion) -> str:
    """Make a version's content durable, so that its digest can be resolved later; return the digest."""
    for tool in version.tools.values():
        if tool.code is not None:
            project.objects.put(tool.code)
    return project.objects.put(version.to_bytes())


def current_version(project: Project, agent: str) -> AgentVersion:
    """Return what an agent's files say now.

    Raises:
        UsageError: there is no such agent.
        InvalidInput: the files are not what they must be.
    """
    return project.files.agent_version(project.files.agent(agent))


def contract_in_file(project: Project, path: Path) -> tuple[ProjectFiles, Loaded[AgentContract]]:
    """Return the contract that stands in a file, and the files of the project in which it lies: it refers to those.

    Raises:
        InvalidInput: the file is not what it must be.
    """
    whole = path.absolute()
    root = next((folder for folder in whole.parents if (folder / MARKER).is_file()), None)
    files = project.files if root is None or root == project.files.root else ProjectFiles(root)
    loaded = files.contract_at(whole)
    return files, loaded if root else _as_if_in(files, loaded)


def is_file_name(text: str) -> bool:
    """Return whether a text is a path and no name."""
    return "/" in text or text.endswith((".yaml", ".yml"))


def _found(project: Project, text: str, agent: str | None) -> FoundVersion:
    if is_file_name(text):
        return FoundVersion(_in_file(project, Path(text)), "file", text)
    if text.startswith(_PREFIX):
        return _by_digest(project, text, agent)
    tag = versions_file(project).document.tags.get(text)
    is_agent = text in project.files.agents()
    if tag is not None and is_agent:
        accepted = f"`contracts/{text}.yaml` for the agent's files, `{tag.digest}` for the tag"
        raise UsageError(f"`{text}` is a tag and an agent", accepted)
    if tag is not None:
        return _by_tag(project, text, tag)
    if is_agent:
        return FoundVersion(current_version(project, text), "agent", text)
    raise _unknown(project, text)


def _unknown(project: Project, text: str) -> UsageError:
    names = (*versions_file(project).document.tags, *project.files.agents())
    accepted = "a contract file, a tag, a digest `sha256:...` or its beginning, or an agent"
    return UsageError(f"there is no version `{text[:80]}`", accepted, nearest(text, names))


def _in_file(project: Project, path: Path) -> AgentVersion:
    """Return the version whose contract stands in a file, with all it refers to."""
    files, loaded = contract_in_file(project, path)
    return files.agent_version(loaded)


def _as_if_in(files: ProjectFiles, loaded: Loaded[AgentContract]) -> Loaded[AgentContract]:
    """Return a contract that lies in no project as if it lay in one: nothing around it could be meant."""
    return replace(loaded, path=files.contracts / loaded.path.name)


def _by_tag(project: Project, text: str, tag: VersionTag) -> FoundVersion:
    version = _content(project, tag.digest, tag.agent)
    if version is None:
        raise UsageError(
            f"the content of `{text}` is not here: it is {tag.digest}, tagged on {tag.date} by {tag.by}",
            f"its object in `traces/objects`, or the files of `{tag.agent}` as they were then",
        )
    return FoundVersion(version, "tag", text, text)


def _by_digest(project: Project, text: str, agent: str | None) -> FoundVersion:
    digests = sorted(set(_digests(project, text, agent)))
    if not digests:
        accepted = "a digest that `agentctl contract versions` shows, or its beginning"
        raise UsageError(
            f"there is no version `{text[:80]}`", accepted, nearest(text, _digests(project, "", agent))
        )
    if len(digests) > 1:
        more = f" and {len(digests) - _CANDIDATES} more" if len(digests) > _CANDIDATES else ""
        accepted = f"one of {listed(digests[:_CANDIDATES])}{more}"
        raise UsageError(f"`{text[:80]}` is the beginning of several versions", accepted)
    version = _content(project, digests[0], agent)
    if version is None:
        raise UsageError(
            f"the content of {digests[0]} is not here", "a version whose object is in `traces/objects`"
        )
    tag = tag_of(project, version.contract.agent.name, digests[0])
    return FoundVersion(version, "digest", text, tag)


def _digests(project: Project, prefix: str, agent: str | None) -> Iterator[str]:
    """Yield the digests that begin so: of stored versions, of tags, of what the files say now."""
    for digest in project.objects.beginning_with(prefix):
        stored = _agent_in(project.objects.get(digest))
        if stored is not None and agent in {None, stored}:
            yield digest
    for tag in versions_file(project).document.tags.values():
        if tag.digest.startswith(prefix) and agent in {None, tag.agent}:
            yield tag.digest
    yield from (version.digest for version in _current(project, agent) if version.digest.startswith(prefix))


def _agent_in(data: bytes) -> str | None:
    """Return whose version an object holds; None where it holds something else: code, an environment, rules."""
    try:
        document = json.loads(data)
        return str(document["contract"]["agent"]["name"]) if document.keys() >= _PARTS_OF_A_VERSION else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _content(project: Project, digest: str, agent: str | None) -> AgentVersion | None:
    """Return the version of a digest, from the store or, where it is what the files say now, from them; None: it is in neither."""
    if digest in project.objects.beginning_with(digest):
        return stored_version(project, digest)
    return next((version for version in _current(project, agent) if version.digest == digest), None)


def stored_version(project: Project, digest: str) -> AgentVersion:
    """Return the version that an object holds.

    Raises:
        IntegrityError: the object is missing, or is not what its digest says.
    """
    data = project.objects.get(digest)
    return AgentVersion.from_bytes(data, {code: project.objects.get(code) for code in code_digests(data)})


def _current(project: Project, agent: str | None) -> Iterator[AgentVersion]:
    """Yield what the files of an agent, or of all, say now; those that cannot be read have no version."""
    for name in (agent,) if agent else project.files.agents():
        try:
            yield current_version(project, name)
        except InvalidInput:
            continue
