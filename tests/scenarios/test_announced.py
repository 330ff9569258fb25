"""Approvals that travel: announced to a chat, answered there, handed in, granted, swept and counted, as a user types it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agentctl.composition import open_project
from agentctl.events.approval import ApprovalAnnounced, ApprovalAnswered, GrantGiven, MessageRefused
from agentctl.events.model import ModelAnswered, ModelAsked
from tests.fakes.openai_server import OpenAIServer, says
from tests.fakes.webhook_server import Behaviour, WebhookServer
from tests.scenarios.conftest import Answer, Shell


def edit(shell: Shell, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the sandbox's environment."""
    path = shell.folder / "contracts" / "environments" / "sandbox.yaml"
    data = yaml.safe_load(path.read_text())
    change(data)
    path.write_text(yaml.safe_dump(data, sort_keys=False))


def events(shell: Shell, run: str, kind: type) -> list[Any]:
    """Return a run's events of one type."""
    records = open_project(shell.folder).journals.read(run)
    return [record.event for record in records if isinstance(record.event, kind)]


@pytest.fixture
async def chat(shell: Shell) -> AsyncIterator[WebhookServer]:
    """A chat that is busy at first; the sandbox announces to it."""
    async with WebhookServer([Behaviour(503)]) as server:
        webhook = {"name": "chat", "url": server.url, "allow_private_network": True}
        edit(shell, lambda data: data.update(approvals={"webhooks": [webhook]}))
        yield server


async def typed(shell: Shell, *arguments: str, text: str | None = None) -> Answer:
    """Type a command while a server of this process answers it."""
    return await asyncio.to_thread(partial(shell, *arguments, input=text))


def public_key(jwks: dict[str, Any]) -> Ed25519PublicKey:
    """Return the key that the exported set holds, as the chat's own program reads it."""
    x = str(jwks["keys"][0]["x"])
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "=" * (-len(x) % 4)))


def an_answer(announced: dict[str, Any], by: str, answer: str = "approve", **changes: object) -> str:
    """Return what a chat bot makes of an announcement and somebody's word."""
    message = {
        "v": 1,
        "kind": "answer",
        "id": "c0ffee" * 5 + "00",
        "run": announced["run"],
        "at": announced["requested_at"],
        "by": by,
        "approval": announced["approval"],
        "answer": answer,
        "binding": announced["binding"],
        **changes,
    }
    return json.dumps(message)


async def test_a_request_goes_out_and_its_answer_comes_in(shell: Shell, chat: WebhookServer) -> None:
    """Announced, signed, to a chat that is busy at first; answered from there; the resumed run refunds once."""
    suspended = await typed(shell, "run", "refund-assistant", "--input", "4202", "--json")
    assert suspended.code == 4
    run = str(suspended.document["run"])
    first, second = chat.requests
    key = public_key((await typed(shell, "keys", "jwks")).document)
    assert first.is_signed_by(key)
    assert second.is_signed_by(key)
    assert (first.id, first.body) == (second.id, second.body)
    assert [(item.delivered, item.attempts) for item in events(shell, run, ApprovalAnnounced)] == [(True, 2)]
    assert "@" not in first.message["view"]

    delivered = await typed(shell, "approvals", "deliver", "-", text=an_answer(first.message, "alice"))
    assert delivered.code == 0, delivered.err
    assert f"agentctl resume {run}" in delivered.out.replace("\n", " ").replace("  ", " ")
    again = await typed(shell, "approvals", "deliver", "-", text=an_answer(first.message, "alice"))
    assert (again.code, "lies there already" in again.out) == (0, True)
    assert (await typed(shell, "resume", run)).code == 0
    assert [item["amount"] for item in shell.refunds(run)] == [25_000]
    assert len(chat.requests) == 2

    stats = (await typed(shell, "approvals", "stats", "--json")).document["stats"]
    assert isinstance(stats, dict)
    assert [(item["reviewer"], item["approved"]) for item in stats["reviewers"]] == [
        ("alice", 1),
        ("system:sandbox-reviewer", 0),
    ]


async def test_an_answer_that_does_not_count_is_refused_and_on_record(
    shell: Shell, chat: WebhookServer
) -> None:
    """Whom the run acts for cannot approve: exit 2, every reason; the journal records the refusal, nothing happens."""
    run = str((await typed(shell, "run", "refund-assistant", "--input", "4202", "--json")).document["run"])
    message = an_answer(chat.requests[0].message, "casey")
    (shell.folder / "answer.json").write_text(message)
    refused = await typed(shell, "approvals", "deliver", "answer.json")
    assert refused.code == 2
    assert "who a run acts for never approves its calls" in " ".join(refused.err.split())
    assert (await typed(shell, "resume", run)).code == 4
    assert len(events(shell, run, MessageRefused)) == 1
    assert shell.refunds(run) == []


def test_garbage_is_refused_and_leaves_no_trace(shell: Shell) -> None:
    """No JSON, no file: exit 2, a sentence, nothing in an inbox."""
    assert shell("approvals", "deliver", "-", input="approve it").code == 2
    missing = shell("approvals", "deliver", "nowhere.json")
    assert missing.code == 2
    assert "cannot be read" in missing.err
    assert not (shell.folder / "traces" / "inbox").exists()


def test_a_grant_is_left_taken_in_and_told(shell: Shell) -> None:
    """Granted on the command line, journaled by the resumed run; what is typed next is printed."""
    run = str(shell("run", "refund-assistant", "--input", "4202", "--json").document["run"])
    limits = ("--up-to", "amount_usd=40", "--where", "charge=ch_1", "--until", "2h")
    given = shell("approvals", "grant", run, "--tool", "stripe.create_refund", *limits, "--as", "alice")
    assert given.code == 0, given.err
    assert "amount_usd up to  40 in all" in given.out
    assert shell("resume", run).code == 4
    (grant,) = events(shell, run, GrantGiven)
    assert (grant.reviewer.id, grant.facts) == ("alice", {"charge": "ch_1"})


def test_a_sweep_expires_and_goes_on(shell: Shell) -> None:
    """A request that nobody answered within a second is denied; with `--resume` the run ends by itself."""
    contract = shell.folder / "contracts" / "refund-assistant.yaml"
    quick = "      requires_approval:\n        expires_in: 1s\n"
    contract.write_text(contract.read_text().replace("      requires_approval: true\n", quick))
    run = str(shell("run", "refund-assistant", "--input", "4202", "--json").document["run"])
    swept = shell("approvals", "sweep", "--resume", "--json")
    while not swept.document["runs"]:  # it may take less than a second to get here
        swept = shell("approvals", "sweep", "--resume", "--json")
    assert swept.code == 0
    (item,) = swept.document["runs"]  # type: ignore[misc]
    assert item["run"] == run  # type: ignore[index]
    assert [event["type"] for event in item["recorded"]] == ["approval.expired"]  # type: ignore[index]
    assert swept.document["resumed"] == [{"run": run, "exit_code": 0, "problem": None}]
    assert shell.refunds(run) == []
    assert shell("approvals", "sweep").out == "nothing is overdue\n"


async def test_a_second_model_of_another_provider_looks_too(shell: Shell) -> None:
    """Over real HTTP it is shown the redacted view, and its word is on record; people still decide."""
    verdict = json.dumps({"verdict": "approve", "reason": "the ticket names this charge"})
    async with OpenAIServer([says(verdict)]) as server:

        def change(data: dict[str, Any]) -> None:
            price = {"input_usd_per_million": 1, "output_usd_per_million": 2}
            data["models"]["second"] = [
                {"name": "other", "provider": "openai_compatible", "model": "other/model", "price": price}
                | {"base_url": server.url, "max_output_tokens": 200}
            ]
            data["reviewers"].insert(1, {"name": "system:second-look", "model": {"alias": "second"}})

        edit(shell, change)
        suspended = await typed(shell, "run", "refund-assistant", "--input", "4202", "--json")
        run = str(suspended.document["run"])
        await typed(shell, "resume", run)
    assert suspended.code == 4, suspended.err
    assert len(server.requests) == 1
    shown = json.dumps(server.requests[0].body)
    assert "stripe.create_refund" in shown
    assert "@" not in shown
    answers = [(item.reviewer.id, item.answer) for item in events(shell, run, ApprovalAnswered)]
    assert answers == [("system:sandbox-reviewer", "escalate"), ("system:second-look", "escalate")]
    assert [bool(item.review) for item in events(shell, run, ModelAsked)] == [False, False, False, True]
    assert len([item for item in events(shell, run, ModelAnswered) if item.review]) == 1


def test_a_model_of_the_agents_own_provider_is_no_second_look(shell: Shell) -> None:
    """Kin have the same blind spots: the run does not begin, and both places are named."""
    second = {"name": "system:second-look", "model": {"alias": "small-fast"}}
    edit(shell, lambda data: data["reviewers"].insert(0, second))
    refused = shell("run", "refund-assistant", "--input", "4202")
    assert refused.code == 2
    assert "provider" in refused.err
    assert not Path(shell.folder / "traces" / "journal").exists()
