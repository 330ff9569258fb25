"""`agentctl reviewers`: who may answer with which key. Every act is journaled."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.options import As, Json

if TYPE_CHECKING:
    from agentctl.composition.people.reviewers import KnownReviewer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="The reviewer's name.", show_default=False)]
_LONGEST_KEY = 4_096
_LONGEST_SECONDS = 24 * 3_600


@app.command("add")
def add(
    name: Name,
    public_key: Annotated[
        str | None, typer.Option(help="Their public key: 'ssh-ed25519 AAAA...'.", show_default=False)
    ] = None,
    public_key_file: Annotated[
        Path | None, typer.Option(help="A file with it: ~/.ssh/id_ed25519.pub.", show_default=False)
    ] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    by: As = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of the one they have.")
    ] = False,
    json: Json = False,
) -> int:
    """Give a reviewer a key; from then on no answer of theirs counts without it.

    Without a public key a key pair is made on this machine, under a passphrase that is asked at the terminal.
    """
    from agentctl.cli.passphrase import new_passphrase
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.people.reviewers import Act, add_reviewer, pinned_elsewhere

    terminal, project = Terminal(as_json=json), open_project()
    act = Act(name, by or project.settings.user, reason)
    text = _public_key(public_key, public_key_file)
    added = add_reviewer(project, act, text, new_passphrase, in_place=replace)
    for file in pinned_elsewhere(project, added):
        terminal.warning(f"{file} pins another key for {name}; there, it counts and this one does not")
    if json:
        terminal.document(added)
    else:
        terminal.line(f"{name} answers with {added.fingerprint}")
        terminal.verbatim(added.public_key)
    return 0


@app.command("list")
def list_all(json: Json = False) -> int:
    """List who may answer, and with which key."""
    from agentctl.cli.screen.terminal import Column, Terminal
    from agentctl.composition import open_project
    from agentctl.composition.people.reviewers import list_reviewers

    terminal, known = Terminal(as_json=json), list_reviewers(open_project())
    if json:
        terminal.document(known)
    elif not known:
        terminal.line("no environment names a reviewer, and nobody was added")
    else:
        columns = (
            Column("reviewer", whole=True),
            Column("kind"),
            Column("key", whole=True),
            Column("where from"),
            Column("answers in"),
        )
        terminal.rows(columns, [_row(item) for item in known])
    return 0


@app.command("revoke")
def revoke(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why.", show_default=False)],
    by: As = None,
    json: Json = False,
) -> int:
    """Revoke a reviewer's key: no answer with it counts from now on, in open runs too."""
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.people.reviewers import Act, revoke_reviewer

    terminal, project = Terminal(as_json=json), open_project()
    revoked = revoke_reviewer(project, Act(name, by or project.settings.user, reason))
    for file in revoked.pinned_in:
        terminal.warning(f"git still holds a key of {name}: remove `public_key` from {file}")
    if json:
        terminal.document({"events": revoked.events, "pinned_in": revoked.pinned_in})
    else:
        keys = ", ".join(event.fingerprint for event in revoked.events)
        terminal.line(f"no answer of {name} counts any more with {keys}")
    return 0


@app.command("unlock")
def unlock(
    name: Name,
    length: Annotated[str, typer.Option("--for", help="How long: 30m, 1h.", metavar="TIME")] = "1h",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Let the agent ask before each signature.")
    ] = False,
    json: Json = False,
) -> int:
    """Give a reviewer's key on this machine to their ssh-agent for a while."""
    from agentctl.cli.passphrase import ask_passphrase
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.people.reviewers import unlock_reviewer

    terminal, seconds = Terminal(as_json=json), _seconds(length)
    key = unlock_reviewer(open_project(), name, ask_passphrase, seconds=seconds, confirm=confirm)
    if not confirm:
        terminal.warning(
            "until then every process of your user can sign with it, an agent's tools too; `--confirm` asks each time"
        )
    if json:
        terminal.document(
            {"reviewer": name, "fingerprint": key.fingerprint, "seconds": seconds, "confirm": confirm}
        )
    else:
        terminal.line(f"the agent has {key.fingerprint} for {length}")
    return 0


def _public_key(text: str | None, file: Path | None) -> str | None:
    from agentctl.foundation.errors import UsageError

    if text is not None and file is not None:
        raise UsageError("there are two public keys", "`--public-key` or `--public-key-file`")
    if file is None:
        return text
    try:
        with file.expanduser().open("rb") as opened:
            return opened.read(_LONGEST_KEY).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"`{file}` cannot be read: {error.strerror or error}", "a file `*.pub`") from error


def _seconds(text: str) -> int:
    from agentctl.contract.durations import parse_duration
    from agentctl.foundation.errors import UsageError

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"`--for`: {error}", "30m, 1h") from error
    if seconds > _LONGEST_SECONDS:
        raise UsageError(f"`--for {text}` is longer than a day", "24h at most")
    return seconds


def _row(item: "KnownReviewer") -> tuple[str, ...]:
    return (item.name, item.kind, _key(item), item.source or "", ", ".join(item.environments))


def _key(item: "KnownReviewer") -> str:
    if item.fingerprint is None:
        return "revoked" if item.revoked else "none"
    return f"{item.fingerprint} (revoked)" if item.revoked else item.fingerprint
