"""The thin client and litellm against the same server: what it does, both report alike."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from importlib import import_module
from inspect import isclass

import pytest
from msgspec.structs import replace

from agentctl.foundation.addresses import host_and_port
from agentctl.models import litellm_client
from agentctl.models.client import (
    Message,
    ModelAnswer,
    ModelClient,
    ModelFailure,
    ModelRequest,
    RequestedCall,
    ToolDefinition,
    Usage,
)
from agentctl.models.litellm_client import KINDS, NOT_INSTALLED, LitellmClient
from agentctl.models.openai_compatible import OpenAICompatibleClient
from tests.fakes import openai_server as fake
from tests.fakes.openai_server import Behaviour, OpenAIServer
from tests.fakes.pace import cut_off

NOWHERE = "http://127.0.0.1:1/v1"
TOOL = ToolDefinition("zendesk.read_ticket", "Reads a ticket.", {"type": "object", "properties": {}})
QUESTION = ModelRequest(
    "fake-1", (Message("user", "hi"),), (TOOL,), 64, 30.0, {"traceparent": "00-abc-def-01", "X-Run": "r1"}
)
CALL = ("call_1", "zendesk__read_ticket", '{"id": 1}')


class Asker:
    """One kind of client, ready to ask a server."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.clients: list[ModelClient] = []

    def at(self, url: str) -> tuple[ModelClient, str]:
        """Return a client for a base URL and the model's name as this client takes it."""
        thin = self.kind == "thin"
        client = (
            OpenAICompatibleClient(url, api_key="sk-secret")
            if thin
            else LitellmClient(api_key="sk-secret", base_url=url)
        )
        self.clients.append(client)
        return client, "fake-1" if thin else "openai/fake-1"

    async def ask(self, url: str, request: ModelRequest = QUESTION) -> ModelAnswer | ModelFailure:
        """Ask once with a client of its own."""
        client, model = self.at(url)
        return await client.complete(replace(request, model=model))

    async def answer(self, *behaviours: Behaviour, request: ModelRequest = QUESTION) -> ModelAnswer:
        """Return the answer to one question, which must be one; the server is asked exactly once."""
        async with OpenAIServer(behaviours) as server:
            found = await self.ask(server.url, request)
        assert isinstance(found, ModelAnswer), found
        assert len(server.requests) == 1
        return found

    async def failure(self, *behaviours: Behaviour, request: ModelRequest = QUESTION) -> ModelFailure:
        """Return the failure of one question, which must be one; the server is asked exactly once."""
        async with OpenAIServer(behaviours) as server:
            found = await self.ask(server.url, request)
        assert isinstance(found, ModelFailure), found
        assert len(server.requests) == 1
        return found


@pytest.fixture(params=["thin", "litellm"])
async def asker(request: pytest.FixtureRequest) -> AsyncIterator[Asker]:
    """Ask by each of the two clients."""
    made = Asker(request.param)
    yield made
    for client in made.clients:
        await client.close()


@pytest.fixture
async def litellm() -> AsyncIterator[Asker]:
    """Ask by litellm."""
    made = Asker("litellm")
    yield made
    for client in made.clients:
        await client.close()


class TestBoth:
    """What does not depend on the client."""

    async def test_an_answer_in_words(self, asker: Asker) -> None:
        """Text, usage, reason, id, model; and the request carried what it should, once."""
        async with OpenAIServer([fake.says("hello")]) as server:
            found = await asker.ask(server.url)
        assert found == ModelAnswer("hello", (), Usage(100, 20), "stop", "chatcmpl-1", "fake-1")
        received = server.requests[0]
        assert received.headers["authorization"] == "Bearer sk-secret"
        assert (received.headers["traceparent"], received.headers["x-run"]) == ("00-abc-def-01", "r1")
        assert (received.body["model"], received.body["max_tokens"]) == ("fake-1", 64)
        assert received.body["tools"][0]["function"]["name"] == "zendesk__read_ticket"

    async def test_a_conversation_with_calls(self, asker: Asker) -> None:
        """Earlier calls and what came of them are sent; the answer's call has its registry name."""
        earlier = RequestedCall("c0", "zendesk.read_ticket", "not json")
        request = replace(
            QUESTION,
            messages=(
                Message("system", "Be kind."),
                Message("user", "hi"),
                Message("assistant", "", (earlier,)),
                Message("tool", '{"error": "x"}', answers="c0"),
            ),
        )
        async with OpenAIServer([fake.calls(CALL)]) as server:
            found = await asker.ask(server.url, request)
        assert isinstance(found, ModelAnswer)
        assert found.calls == (RequestedCall("call_1", "zendesk.read_ticket", '{"id": 1}'),)
        assert (found.text, found.finish_reason) == ("", "tool_calls")
        sent = server.requests[0].body["messages"]
        assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool"]
        arguments = json.loads(sent[2]["tool_calls"][0]["function"]["arguments"])
        assert (arguments, sent[3]["tool_call_id"]) == ({"malformed_arguments": "not json"}, "c0")

    async def test_malformed_arguments_arrive_as_written(self, asker: Asker) -> None:
        """They are the gateway's to refuse."""
        found = await asker.answer(fake.calls(("call_1", "zendesk__read_ticket", '{"id": 1')))
        assert found.calls[0].arguments == '{"id": 1'

    async def test_an_unknown_tool_arrives_as_written(self, asker: Asker) -> None:
        """It is the gateway's to refuse."""
        assert (await asker.answer(fake.calls(("call_1", "rm_rf", "{}")))).calls[0].name == "rm_rf"

    async def test_repeated_and_missing_ids_are_told_apart(self, asker: Asker) -> None:
        """Every call can be answered."""
        found = await asker.answer(fake.calls(CALL, CALL, (None, "rm_rf", "{}")))
        ids = [call.provider_id for call in found.calls]
        assert ids[:2] == ["call_1", "call_1_2"]
        assert len({*ids}) == 3

    async def test_missing_usage_is_not_known(self, asker: Asker) -> None:
        """Not zero: somebody will be charged."""
        assert (await asker.answer(fake.without_usage("hello"))).usage == Usage(None, None)

    async def test_absurd_usage_is_not_known(self, asker: Asker) -> None:
        """Negative and enormous counts are not believed."""
        usage = {"prompt_tokens": -5, "completion_tokens": 10**15, "total_tokens": 3}
        assert (await asker.answer(fake.says("x", usage=usage))).usage == Usage(None, None)

    async def test_a_cut_answer_says_so(self, asker: Asker) -> None:
        """The finish reason is kept."""
        assert (await asker.answer(fake.says("hel", finish_reason="length"))).finish_reason == "length"

    @pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), (None, None), ("soon", None)])
    async def test_too_many_requests(self, asker: Asker, header: str | None, seconds: float | None) -> None:
        """Not executed; the server may say when to ask again."""
        failure = await asker.failure(fake.rate_limited(header))
        assert (failure.kind, failure.retry_after) == ("rate_limited", seconds)
        assert "slow down" in failure.message

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (500, "unavailable"),
            (502, "unavailable"),
            (503, "unavailable"),
            (529, "unavailable"),
            (504, "unknown_outcome"),
            (408, "unknown_outcome"),
            (400, "refused"),
            (401, "refused"),
            (403, "refused"),
            (404, "refused"),
            (409, "refused"),
            (413, "refused"),
            (422, "refused"),
        ],
    )
    async def test_each_status_means_the_same_to_both(self, asker: Asker, status: int, kind: str) -> None:
        """With the server's words, and without a second attempt."""
        failure = await asker.failure(fake.fails(status, "why it is so"))
        assert (failure.kind, "why it is so" in failure.message) == (kind, True)

    async def test_only_litellm_follows_a_redirect(self, asker: Asker) -> None:
        """It does so by itself, with the conversation; the README says so. The thin client takes it for a refusal."""
        async with OpenAIServer([fake.says("from elsewhere")]) as elsewhere:
            away = Behaviour("status", status=307, headers={"Location": f"{elsewhere.url}/chat/completions"})
            async with OpenAIServer([away]) as server:
                outcome = await asker.ask(server.url)
        refused = isinstance(outcome, ModelFailure) and outcome.kind == "refused"
        assert (refused, len(elsewhere.requests)) == ((True, 0) if asker.kind == "thin" else (False, 1))

    @pytest.mark.parametrize(
        "behaviour",
        [fake.truncated(), fake.dropped(), fake.cut(), fake.raw("<html>"), fake.raw("")],
        ids=["truncated", "dropped", "cut", "html", "empty"],
    )
    async def test_an_answer_that_is_lost_may_have_cost(self, asker: Asker, behaviour: Behaviour) -> None:
        """Nobody can say whether it was computed."""
        failure = await asker.failure(behaviour)
        assert (failure.kind, failure.worth_repeating, failure.certainly_free) == (
            "unknown_outcome",
            True,
            False,
        )
        assert "Traceback" not in failure.message

    async def test_a_server_that_hangs(self, asker: Asker) -> None:
        """The time of the request is kept, all in all."""
        await asker.answer(fake.says("warm"))
        failures: list[ModelFailure] = []

        async def attempt(limit: float) -> None:
            request = replace(QUESTION, timeout_seconds=limit)
            failures.append(await asker.failure(fake.hangs(), request=request))

        await cut_off(attempt, lambda: failures[-1].kind == "unknown_outcome")

    async def test_cancellation_passes_through(self, asker: Asker) -> None:
        """A run that is stopped does not wait for its model."""
        async with OpenAIServer([fake.hangs()]) as server:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asker.ask(server.url), 0.3)

    @pytest.mark.parametrize("url", [NOWHERE, "http://nowhere.invalid/v1"], ids=["refused", "dns"])
    async def test_a_server_that_is_not_there_was_certainly_free(self, asker: Asker, url: str) -> None:
        """Nothing was sent, and where to is said."""
        found = await asker.ask(url)
        assert isinstance(found, ModelFailure)
        assert (found.kind, found.certainly_free) == ("unavailable", True)
        host, port = host_and_port(url)
        assert found.message.startswith(f"the server at {host}:{port} was not reached: ")

    async def test_a_key_that_the_server_repeats_is_taken_out(self, asker: Asker) -> None:
        """It is not journaled."""
        failure = await asker.failure(fake.fails(401, "wrong key sk-secret"))
        assert "sk-secret" not in failure.message

    async def test_a_client_never_shows_its_key(self, asker: Asker) -> None:
        """Not in its representation."""
        client, _ = asker.at(NOWHERE)
        assert "sk-secret" not in repr(client)
        assert NOWHERE in repr(client)

    async def test_a_client_can_be_closed_and_used_again(self, asker: Asker) -> None:
        """Closing gives back connections; closing twice, or unused, does nothing."""
        async with OpenAIServer([fake.says("one"), fake.says("two")]) as server:
            client, model = asker.at(server.url)
            await client.close()
            first = await client.complete(replace(QUESTION, model=model))
            await client.close()
            await client.close()
            second = await client.complete(replace(QUESTION, model=model))
        assert isinstance(first, ModelAnswer)
        assert isinstance(second, ModelAnswer)
        assert (first.text, second.text) == ("one", "two")

    async def test_many_at_once(self, asker: Asker) -> None:
        """One pool serves them all."""
        async with OpenAIServer([fake.says("x")] * 20) as server:
            client, model = asker.at(server.url)
            request = replace(QUESTION, model=model)
            found = await asyncio.gather(*(client.complete(request) for _ in range(20)))
        assert all(isinstance(one, ModelAnswer) for one in found)

    async def test_the_worst_case_is_at_least_what_is_sent(self, asker: Asker) -> None:
        """In bytes of the body."""
        async with OpenAIServer([fake.says("x")]) as server:
            client, model = asker.at(server.url)
            request = replace(QUESTION, model=model)
            await client.complete(request)
        tight = json.dumps(server.requests[0].body, ensure_ascii=False, separators=(",", ":"))
        assert client.worst_case_input_tokens(request) >= len(tight.encode())


class TestLitellm:
    """What only litellm needs."""

    async def test_without_litellm_it_says_how_to_get_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A failure, not a crash."""
        monkeypatch.setattr(litellm_client, "import_module", _missing("litellm"))
        assert await LitellmClient().complete(QUESTION) == NOT_INSTALLED

    async def test_without_a_part_of_litellm_it_says_which(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The part's name stands in the message."""
        monkeypatch.setattr(litellm_client, "import_module", _missing("tiktoken"))
        found = await LitellmClient().complete(QUESTION)
        assert isinstance(found, ModelFailure)
        assert found.kind == "not_usable"
        assert "tiktoken" in found.message

    async def test_a_part_that_is_missed_late_is_told_too(self, litellm: Asker) -> None:
        """Some parts are loaded only when it is called."""
        failure = await _failure_of(litellm, ModuleNotFoundError("No module named 'mcp'", name="mcp"))
        assert (failure.kind, "mcp" in failure.message) == ("not_usable", True)

    @pytest.mark.parametrize(
        "error", [KeyError("x"), ZeroDivisionError(), AttributeError("y"), TypeError("z")]
    )
    async def test_what_litellm_did_not_expect_is_no_crash(self, litellm: Asker, error: Exception) -> None:
        """It may have asked already."""
        assert (await _failure_of(litellm, error)).kind == "unknown_outcome"

    async def test_an_unknown_provider_is_told(self, litellm: Asker) -> None:
        """Before anything is sent."""
        client, _ = litellm.at(NOWHERE)
        found = await client.complete(replace(QUESTION, model="no-such-provider/x"))
        assert isinstance(found, ModelFailure)
        assert not found.worth_repeating

    async def test_an_answer_too_deep_to_keep_is_not_read(self, litellm: Asker) -> None:
        """Its reader of JSON has no limits; ours has."""
        text = "[" * 100 + "]" * 100
        body = fake.completion(fake.says("x"), 1) | {"odd": json.loads(text)}
        found = await litellm.failure(fake.raw(json.dumps(body)))
        assert (found.kind, "nested deeper" in found.message) == ("unknown_outcome", True)

    def test_every_exception_of_litellm_has_a_kind(self) -> None:
        """A new version with a new class is noticed here."""
        exceptions = import_module("litellm.exceptions")
        own = {
            name
            for name, found in vars(exceptions).items()
            if isclass(found) and issubclass(found, Exception) and found.__module__ == exceptions.__name__
        }
        assert own == set(KINDS)

    def test_a_class_is_read_by_its_nearest_known_parent(self) -> None:
        """And what has none may have been computed."""
        stranger = type("Stranger", (type("RateLimitError", (Exception,), {}),), {})
        assert litellm_client.failure_from(stranger("slow")) == ModelFailure("rate_limited", "slow")
        assert litellm_client.failure_from(Exception()) == ModelFailure("unknown_outcome", "Exception")

    def test_a_chain_of_causes_that_bites_its_tail_ends(self) -> None:
        """Some libraries build them."""
        first, second = KeyError("a"), KeyError("b")
        first.__cause__, second.__cause__ = second, first
        assert litellm_client.failure_from(first).kind == "unknown_outcome"

    def test_a_status_that_is_none_is_not_believed(self) -> None:
        """An error that only looks like an HTTP status decides nothing."""
        hollow = type("HTTPStatusError", (Exception,), {})("x")
        assert litellm_client.failure_from(hollow).kind == "unknown_outcome"

    async def test_it_is_loaded_offline_and_leaves_files_alone(self, litellm: Asker) -> None:
        """The settings stand in the environment before litellm reads them."""
        await litellm.answer(fake.says("x"))
        assert import_module("litellm").litellm_mode == "PRODUCTION"
        assert import_module("litellm").drop_params is False

    async def test_nobody_is_told_of_a_call(self, litellm: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither of its answer nor of its failure; where litellm has no such mark, all goes on as before."""
        utils, logger = (
            import_module("litellm.utils"),
            import_module("litellm.litellm_core_utils.litellm_logging"),
        )
        told: list[str] = []
        monkeypatch.setattr(utils, "_schedule_async_success_logging", lambda **_: told.append("answer"))
        monkeypatch.setattr(logger.Logging, "failure_handler", lambda *_: told.append("failure"))
        await litellm.answer(fake.says("x"))
        await litellm.failure(fake.fails(400))
        assert told == []
        monkeypatch.setattr(litellm_client, "_internal", lambda: ContextVar("unmarked"))
        await litellm.answer(fake.says("x"))
        await litellm.failure(fake.fails(400))
        assert told == ["answer", "failure"]

    async def test_an_older_litellm_has_no_such_mark(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that nobody reads is set in its place."""
        monkeypatch.setattr(litellm_client, "import_module", _missing("litellm._internal_context"))
        litellm_client._internal.cache_clear()
        with litellm_client._unheard():
            assert litellm_client._internal().get()
        litellm_client._internal.cache_clear()

    async def test_the_last_client_closes_for_all(self) -> None:
        """One that is closed does not break another."""
        async with OpenAIServer([fake.says("x")] * 3) as server:
            one, two = (
                LitellmClient(api_key="k", base_url=server.url),
                LitellmClient(api_key="k", base_url=server.url),
            )
            request = replace(QUESTION, model="openai/fake-1")
            found = [await one.complete(request), await two.complete(request)]
            await one.close()
            found.append(await two.complete(request))
            await two.close()
        assert all(isinstance(answer, ModelAnswer) for answer in found)


def _missing(name: str) -> Callable[[str], object]:
    def missing(_: str) -> object:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    return missing


async def _failure_of(litellm: Asker, error: Exception) -> ModelFailure:
    """Return the failure of a call in which litellm itself raises."""

    class Broken:
        def acompletion(self, **_: object) -> Awaitable[object]:
            raise error

    client, model = litellm.at(NOWHERE)
    vars(client)["_litellm"] = Broken()
    found = await client.complete(replace(QUESTION, model=model))
    assert isinstance(found, ModelFailure)
    return found
