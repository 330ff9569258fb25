"""What an argument holds never becomes structure of a request."""

import json
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.contract.tool import HttpExecutor
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.tools.executors.templates import NotRendered, render
from tests.unit.tools.samples import HTTP, nested


def binding(**parts: object) -> HttpExecutor:
    """Return the executor of a descriptor."""
    return HttpExecutor.model_validate({**HTTP, **parts})


def test_path_query_and_form_are_filled() -> None:
    """Each with what the arguments hold, percent-encoded."""
    request = render(
        binding(
            path="/v1/{a}/x-{b}.json",
            query={"q": "id:{b}", "fixed": "1", "none": "{nope}"},
            form={"amount": "{n}", "note": "{text}", "flag": "{flag}", "gone": "{nope}"},
        ),
        {"a": "ä b", "b": 5, "n": 4900, "text": "a&b=c d", "flag": True},
    )
    assert request.target == "/v1/%C3%A4%20b/x-5.json?q=id%3A5&fixed=1"
    assert request.content_type == "application/x-www-form-urlencoded"
    assert request.body == b"amount=4900&note=a%26b%3Dc+d&flag=true"


def test_a_json_body_keeps_types_where_a_name_stands_alone() -> None:
    """And null is a value there; what is absent is left out."""
    request = render(
        binding(
            body={
                "n": "{n}",
                "list": "{list}",
                "null": "{null}",
                "gone": "{nope}",
                "t": "<{n}>",
                "c": "x",
                "g": "{nope}!",
            }
        ),
        {"n": 1, "list": [{"a": 1}], "null": None},
    )
    assert json.loads(request.body or b"") == {"n": 1, "list": [{"a": 1}], "null": None, "t": "<1>", "c": "x"}
    assert request.content_type == "application/json"


def test_a_request_without_a_body_has_none() -> None:
    """Nothing is made up."""
    request = render(binding(), {})
    assert (request.target, request.content_type, request.body) == ("/v1/refunds", None, None)


HOSTILE_SEGMENTS = [
    "",
    " ",
    ".",
    "..",
    " ..",
    "%2e%2e",
    "%2E.",
    "%252e%252e",
    "a/b",
    "../../admin",
    "a%2fb",
    "a%252fb",
    "a%25252525252525252fb",
    "a\\b",
    "C:\\",
    "a%5cb",
    "a\nb",
    "a\r\nHost: evil",
    "a\x00",
    "\uff0e\uff0e",
    "a\uff0fb",
    "\u2025",
    "\ud800",
]


@pytest.mark.parametrize("segment", HOSTILE_SEGMENTS)
def test_a_path_argument_is_one_plain_segment(segment: str) -> None:
    """Nothing climbs, splits or ends the path, however it is encoded."""
    with pytest.raises(NotRendered):
        render(binding(path="/v1/charges/{charge}/refunds"), {"charge": segment})


def test_two_harmless_arguments_do_not_make_a_harmful_segment() -> None:
    """What counts is what stands there in the end."""
    with pytest.raises(NotRendered, match="one plain segment"):
        render(binding(path="/v1/{a}{b}"), {"a": ".", "b": "."})


@pytest.mark.parametrize(
    ("segment", "sent"),
    [
        ("ch_1", "ch_1"),
        ("a?b#c", "a%3Fb%23c"),
        ("100%", "100%25"),
        ("%41", "%2541"),
        ("a b;c", "a%20b%3Bc"),
        ("good@evil", "good%40evil"),
        ("$(id)", "%24%28id%29"),
        ("-rf", "-rf"),
        ("...", "..."),
    ],
)
def test_signs_with_a_meaning_lose_it(segment: str, sent: str) -> None:
    """They are data."""
    assert render(binding(path="/v1/{a}"), {"a": segment}).target == f"/v1/{sent}"


def test_an_authors_path_is_sent_as_written() -> None:
    """Only what could not be sent is encoded."""
    assert render(binding(path="/v1/a:b@c/%20ü/"), {}).target == "/v1/a:b@c/%20%C3%BC/"


@pytest.mark.parametrize(
    ("parts", "arguments", "told"),
    [
        ({"path": "/v1/{a}"}, {}, "the argument `a` is missing"),
        ({"path": "/v1/{a}"}, {"a": None}, "the argument `a` is missing"),
        ({"query": {"q": "{a}-{b}"}}, {"a": 1}, "the argument `b` is missing"),
        ({"form": {"q": "{a}"}}, {"a": [1]}, "the argument `a` is an object or an array"),
        ({"form": {"q": "{a}"}}, {"a": {"$gt": 1}}, "only text has a place there"),
        ({"form": {"q": "{a}"}}, {"a": "\ud800"}, "half of a character"),
        ({"form": {"q": "{a}"}}, {"a": float("nan")}, "no number that can be sent"),
        ({"body": {"q": "{a}"}}, {"a": float("inf")}, "no canonical form"),
        ({"body": {"q": "{a}"}}, {"a": "\ud800"}, "no canonical form"),
        ({"body": {"q": "{a}"}}, {"a": nested(5_000)}, "no canonical form"),
        ({"body": {"q": "{a}{b}"}}, {"a": 1}, "the argument `b` is missing"),
    ],
)
def test_what_makes_no_request_is_not_sent(
    parts: dict[str, object], arguments: JsonObject, told: str
) -> None:
    """With the reason."""
    with pytest.raises(NotRendered, match=told):
        render(binding(**parts), arguments)


TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=12)


@given(TEXT)
def test_a_path_has_as_many_segments_as_its_template(value: str) -> None:
    """Or there is no request; and what is sent decodes to what was meant."""
    try:
        target = render(binding(path="/v1/{a}/end"), {"a": value}).target
    except NotRendered:
        return
    assert target.isascii()
    assert target.count("/") == 3
    assert not set(target) & set("?# \\\r\n")
    assert unquote(target) == f"/v1/{value}/end"


@given(TEXT, TEXT | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_form_has_exactly_the_fields_of_its_template(first: str, second: JsonValue) -> None:
    """No value becomes another field."""
    request = render(binding(form={"a": "{a}", "b": "{b}"}, query={"c": "{a}"}), {"a": first, "b": second})
    fields = parse_qsl((request.body or b"").decode(), keep_blank_values=True)
    assert [name for name, _ in fields] == ["a", "b"]
    assert fields[0][1] == first
    assert parse_qsl(request.target.partition("?")[2], keep_blank_values=True) == [("c", first)]


@given(
    st.dictionaries(
        st.sampled_from("ab"), st.recursive(st.none() | st.booleans() | TEXT, st.lists, max_leaves=4)
    )
)
def test_whatever_the_arguments_are_there_is_a_request_or_a_reason(arguments: dict[str, JsonValue]) -> None:
    """Never another exception."""
    for parts in ({"path": "/{a}"}, {"form": {"x": "{a}{b}"}}, {"body": {"x": "{a}", "y": "-{b}"}}):
        try:
            render(binding(**parts), arguments)
        except NotRendered:
            continue
