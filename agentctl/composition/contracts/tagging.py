"""The use cases of versions: give one a name, and see which there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from msgspec import Struct

from agentctl.composition.contracts.checking import refuse_unless_found_sound, refuse_unless_sound
from agentctl.composition.contracts.versions import current_version, find_version, put_version, versions_file
from agentctl.composition.kept_files import put_kept
from agentctl.composition.people.leaving import below_a_tool
from agentctl.composition.project import Project
from agentctl.contract.project import nearest
from agentctl.contract.version import AgentVersion
from agentctl.contract.versions import VERSIONS_FILE, VersionTag, is_tag_name, with_tag
from agentctl.contract.words import listed
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import InvalidInput, JournalUnavailable, LockedError, UsageError
from agentctl.foundation.ids import is_principal
from agentctl.trace.disk import make_private_folder
from agentctl.trace.file_lock import file_lock
from agentctl.trace.index.versions import RanVersion, versions_that_ran
from agentctl.trace.reports.run_names import LATEST
from agentctl.trace.sealing.redaction import find_secrets

_WAIT_SECONDS = 60.0
_LONGEST_NOTE = 2_000


class Tagging(Struct, frozen=True):
    """What is to be tagged: the version of an agent's files as they are now, or one that is named."""

    name: str
    agent: str | None
    by: str
    version: str | None = None
    note: str = ""
    move: bool = False
    environment: str = "sandbox"


class Tagged(Struct, frozen=True):
    """A tag as it stands now; `was` is what it named before, `changed` whether the file was written."""

    name: str
    tag: VersionTag
    was: VersionTag | None
    changed: bool


class KnownVersion(Struct, frozen=True):
    """A version of an agent: its tags, whether it is what the files say now, whether its content is here, and its runs."""

    agent: str
    digest: str
    tags: tuple[tuple[str, VersionTag], ...]
    is_current: bool
    is_here: bool
    ran: RanVersion | None


def tag_version(project: Project, wanted: Tagging) -> Tagged:
    """Give a version a name, and keep its content.

    Raises:
        UsageError: the name is taken by another version and is not to be moved, or cannot be taken.
        InvalidInput: the contract fails its check, or the file of tags is not what it must be.
        LockedError: another process does not end writing tags.
        JournalUnavailable: the disk refused.
    """
    _refuse_unfit(project, wanted)
    version = _wanted_version(project, wanted)
    tag = VersionTag(
        agent=version.contract.agent.name,
        digest=put_version(project, version),
        date=to_rfc3339(project.clock.now())[:10],
        by=wanted.by,
        note=wanted.note.strip(),
    )
    with _alone(project):
        return _written(project, wanted, tag)


def known_versions(project: Project, agent: str | None = None) -> tuple[KnownVersion, ...]:
    """Return the versions of one agent, or of all: those that ran, those with a tag, and what the files say now.

    For each agent what the files say now comes first, then what ran last.

    Raises:
        UsageError: there is no such agent, now or in any run.
        InvalidInput: the file of tags is not what it must be.
    """
    with project.index().reader() as reader:
        ran = {(one.agent, one.digest): one for one in versions_that_ran(reader, agent)}
    document = versions_file(project).document
    tags = document.tags
    tagged = {(tag.agent, tag.digest) for tag in tags.values() if agent in {None, tag.agent}}
    current = set(_current(project, agent))
    if agent is not None and not (ran or tagged or current) and agent not in project.files.agents():
        known = project.files.agents()
        raise UsageError(f"there is no agent `{agent[:80]}`", listed(known), nearest(agent, known))
    here = frozenset(project.objects.beginning_with("sha256:"))
    found = (
        KnownVersion(
            agent=name,
            digest=digest,
            tags=tuple((tag, tags[tag]) for tag in document.of(name, digest)),
            is_current=(name, digest) in current,
            is_here=digest in here or (name, digest) in current,
            ran=ran.get((name, digest)),
        )
        for name, digest in {*ran, *tagged, *current}
    )
    return tuple(sorted(found, key=_order))


def _order(known: KnownVersion) -> tuple[str, bool, float, str]:
    last = known.ran.last_at.timestamp() if known.ran and known.ran.last_at else 0.0
    return (known.agent, not known.is_current, -last, known.digest)


def _current(project: Project, agent: str | None) -> Iterator[tuple[str, str]]:
    for name in project.files.agents():
        if agent in {None, name}:
            try:
                yield name, current_version(project, name).digest
            except (
                InvalidInput
            ):  # `agentctl contract check` says why; it has no version as long as it does not load
                continue


def _refuse_unfit(project: Project, wanted: Tagging) -> None:
    """Refuse what cannot be a tag, or must not stand in a file."""
    if project.settings.below_a_tool:
        raise below_a_tool()
    if not is_tag_name(wanted.name) or wanted.name == LATEST or wanted.name.endswith((".yaml", ".yml")):
        accepted = "lower-case letters, digits, `.`, `_`, `-`; neither `latest` nor the name of a file"
        raise UsageError(f"`{wanted.name[:80]}` cannot be a tag", accepted)
    if wanted.name in project.files.agents():
        raise UsageError(
            f"`{wanted.name}` is an agent", "another name for the tag, so that both can be told apart"
        )
    if not is_principal(wanted.by):
        raise UsageError(f"`{wanted.by[:80]}` is not a person's name", "letters, digits, `.`, `_`, `-`, `@`")
    if len(wanted.note) > _LONGEST_NOTE or not wanted.note.isprintable():
        raise UsageError(
            "the note is too long, or has more than one line", f"one line of {_LONGEST_NOTE} characters"
        )
    if find_secrets(wanted.note):
        raise UsageError("the note holds what must not lie in a file: personal data, or a key", "other words")


def _wanted_version(project: Project, wanted: Tagging) -> AgentVersion:
    """Return what is to be tagged; files have to pass their check."""
    if wanted.version is not None:
        found = find_version(project, wanted.version, wanted.agent)
        refuse_unless_found_sound(project, found, wanted.environment)
        return found.version
    agent = wanted.agent or _only_agent(project)
    load = partial(project.files.agent, agent)
    refuse_unless_sound(project, load, agent, wanted.environment)
    return project.files.agent_version(load())


def _only_agent(project: Project) -> str:
    agents = project.files.agents()
    if len(agents) != 1:
        raise UsageError("it is not said which agent", listed(agents) or "a file `contracts/<agent>.yaml`")
    return agents[0]


def _written(project: Project, wanted: Tagging, tag: VersionTag) -> Tagged:
    file = versions_file(project)
    was = file.document.tags.get(wanted.name)
    if was is not None and (was.agent, was.digest) == (tag.agent, tag.digest) and not wanted.move:
        return Tagged(wanted.name, was, was, changed=False)
    if was is not None and not wanted.move:
        found = f"`{wanted.name}` is {was.digest} of `{was.agent}`, tagged on {was.date} by {was.by}"
        raise UsageError(found, "another name, or `--move`")
    _put(project, with_tag(file, wanted.name, tag))
    return Tagged(wanted.name, tag, was, changed=True)


def _put(project: Project, text: str) -> None:
    path = project.files.contracts / VERSIONS_FILE
    try:
        put_kept(path, text.encode())
    except OSError as error:
        raise JournalUnavailable(
            f"{project.files.shown(path)} cannot be written: {error.strerror or error}"
        ) from error


@contextmanager
def _alone(project: Project) -> Iterator[None]:
    """Be the only one who writes tags for the time of the block."""
    try:
        make_private_folder(project.paths.traces)
        with file_lock(project.paths.traces / "versions.lock", "exclusive", _WAIT_SECONDS) as ours:
            if not ours:
                raise LockedError("another process writes tags; try again")
            yield
    except OSError as error:
        raise JournalUnavailable(f"the lock of the tags cannot be had: {error.strerror or error}") from error
