"""What a reply says about the effect of a request, row by row."""

import gzip
import zlib

import pytest

from agentctl.contract.tool import HttpExecutor, ToolDescriptor
from agentctl.tools.executors.answers import (
    MAX_BODY_BYTES,
    Reply,
    decompressed,
    largest_body,
    outcome_of,
    without_secrets,
)
from agentctl.tools.executors.executor import Answered, Failed, Outcome, Unknown
from tests.unit.tools.samples import http_tool


def outcome(tool: ToolDescriptor, reply: Reply) -> Outcome:
    """Return what a reply to a tool's request says."""
    assert isinstance(tool.executor, HttpExecutor)
    return outcome_of(tool, tool.executor, reply)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 410, 418, 422, 451, 499])
def test_a_clear_no_is_a_failure(status: int) -> None:
    """The backend says that it did not do it, and why; whatever the tool does."""
    reply = Reply(status, b'{"error": {"message": "no such charge"}}')
    expected = Failed(f"the backend answered {status}: no such charge", status)
    assert {outcome(http_tool(effect), reply) for effect in ("read", "write", "irreversible")} == {expected}


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 599, 600, 102, 0])
def test_an_unclear_no_leaves_a_write_unknown(status: int) -> None:
    """It may have happened; a read may simply be asked again."""
    reply = Reply(status, b"<html>", retry_after="3")
    told = f"the backend answered {status}"
    assert outcome(http_tool("write"), reply) == Unknown(told, status)
    assert outcome(http_tool("irreversible"), reply) == Unknown(told, status)
    assert outcome(http_tool("read"), reply) == Failed(told, status, repeatable=True, retry_after=3.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2.0),
        ("0", 0.0),
        (None, None),
        ("-1", None),
        ("inf", None),
        ("nan", None),
        ("x", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_too_many_requests_may_be_repeated(header: str | None, seconds: float | None) -> None:
    """It was certainly not done; after the time it names, if it names one."""
    found = outcome(http_tool("write"), Reply(429, b"{}", header))
    assert found == Failed("the backend answered 429", 429, repeatable=True, retry_after=seconds)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_a_failure(status: int) -> None:
    """Nobody follows it."""
    found = outcome(http_tool("write"), Reply(status, b""))
    assert found == Failed(f"the backend answered {status}; redirects are not followed", status)


def test_an_answer_is_kept_whole_or_selected() -> None:
    """What is not there has no key; null has one."""
    body = b'{"id": "re_1", "nested": {"list": [1, 2]}, "null": null}'
    select = {"refund": "/id", "second": "/nested/list/1", "null": "/null", "gone": "/nope/x"}
    assert outcome(http_tool("write"), Reply(200, body)) == Answered(
        {"id": "re_1", "nested": {"list": [1, 2]}, "null": None}, 200
    )
    assert outcome(http_tool("write", select=select), Reply(201, body)) == Answered(
        {"refund": "re_1", "second": 2, "null": None}, 201
    )


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"",
        b"<html>",
        b'{"a": 1',
        b'{"a": NaN}',
        b'{"a": 1e400}',
        b'{"to": "a", "to": "b"}',
        b"\xff\xfe",
        b"[" * 50_000 + b"]" * 50_000,
        b"[" + b"1," * 60_000 + b"1]",
        b'"' + b"x" * MAX_BODY_BYTES + b'"',
    ],
)
def test_a_yes_that_cannot_be_read_leaves_a_write_unknown(body: bytes | None) -> None:
    """It says that it was done, but not what; a read simply failed."""
    read, write = outcome(http_tool("read"), Reply(200, body)), outcome(http_tool("write"), Reply(200, body))
    assert isinstance(read, Failed)
    assert not read.repeatable
    assert isinstance(write, Unknown)
    assert "cannot be read" in write.reason
    assert len(write.reason) < 400


@pytest.mark.parametrize("status", [204, 205])
def test_a_yes_without_content_is_an_answer(status: int) -> None:
    """There is nothing to read, as the status says."""
    assert outcome(http_tool("write"), Reply(status, b"")) == Answered(None, status)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"error": "plain"}', "the backend answered 400: plain"),
        (b'{"error": {"message": 5}}', "the backend answered 400"),
        (b'{"error": ""}', "the backend answered 400"),
        (b'{"error": "\\ud800"}', "the backend answered 400"),
        (None, "the backend answered 400"),
    ],
)
def test_an_error_message_is_read_where_the_descriptor_says(body: bytes | None, told: str) -> None:
    """Only text, and only from an answer that is JSON."""
    assert outcome(http_tool("write", error_message="/error"), Reply(400, body)) == Failed(told, 400)


def test_a_long_error_message_is_cut() -> None:
    """To 500 characters."""
    found = outcome(http_tool("write", error_message="/e"), Reply(400, b'{"e": "' + b"x" * 10_000 + b'"}'))
    assert isinstance(found, Failed)
    assert len(found.message) == 500


def test_a_secret_that_comes_back_is_covered() -> None:
    """With the word before it and without; short words are no secrets."""
    body = b'{"seen": "Bearer abcdefgh.ijk", "token": "abcdefgh.ijk", "a": "abc"}'
    clean = without_secrets(body, ["Bearer abcdefgh.ijk", "abc"])
    assert clean == b'{"seen": "***", "token": "***", "a": "abc"}'


@pytest.mark.parametrize(
    ("body", "encoding", "content"),
    [
        (b"x", "", b"x"),
        (b"x", "Identity", b"x"),
        (gzip.compress(b"x"), "gzip", b"x"),
        (gzip.compress(b"x"), " GZIP ", b"x"),
        (zlib.compress(b"x"), "deflate", b"x"),
        (gzip.compress(b"x" * 100)[:-10], "gzip", None),
        (b"no gzip", "gzip", None),
        (b"x", "br", None),
        (gzip.compress(b"x"), "gzip, gzip", None),
        (gzip.compress(bytes(MAX_BODY_BYTES + 1)), "gzip", None),
        (gzip.compress(bytes(MAX_BODY_BYTES)), "gzip", bytes(MAX_BODY_BYTES)),
        (zlib.compress(bytes(1 << 28)), "deflate", None),
    ],
    ids=[
        "plain",
        "identity",
        "gzip",
        "GZIP",
        "deflate",
        "cut off",
        "not gzip",
        "br",
        "twice",
        "too large",
        "just fits",
        "a bomb",
    ],
)
def test_a_body_is_decompressed_within_limits(body: bytes, encoding: str, content: bytes | None) -> None:
    """A bomb is not inflated, and a broken body is not half an answer."""
    assert decompressed(body, encoding) == content


def test_an_answer_larger_than_the_descriptor_says_is_not_read() -> None:
    """The smaller of its cap and ours; a read failed, and nobody can say what a write answered."""
    for size, kind in ((1_024, Answered), (1_025, Failed)):
        tool = http_tool("read").model_copy(update={"max_result_bytes": 1_024})
        assert isinstance(outcome(tool, Reply(200, b'"' + b"x" * (size - 2) + b'"')), kind)
    write = http_tool("write").model_copy(update={"max_result_bytes": 1_024})
    assert isinstance(outcome(write, Reply(200, b'"' + b"x" * 1_023 + b'"')), Unknown)
    assert largest_body(write) == 1_024
    assert largest_body(write.model_copy(update={"max_result_bytes": 10**9})) == MAX_BODY_BYTES


def test_a_body_is_not_inflated_beyond_what_is_taken() -> None:
    """One byte more is too much."""
    packed = gzip.compress(bytes(1_024))
    assert decompressed(packed, "gzip", 1_024) == bytes(1_024)
    assert decompressed(packed, "gzip", 1_023) is None
