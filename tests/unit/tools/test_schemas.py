"""Hostile values meet schemas: every verdict is quick, offline, and said in words that help."""

import asyncio
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.foundation.canonical import JsonObject, JsonValue, Limits
from agentctl.tools.schemas import UnusableSchema, compile_arguments, compile_schema, why_not_compiled
from tests.fakes.pace import quickly
from tests.unit.tools.samples import nested

REFUND: JsonObject = {
    "type": "object",
    "required": ["charge", "amount"],
    "properties": {
        "charge": {"type": "string", "pattern": "^ch_[a-z0-9]+$", "maxLength": 20},
        "amount": {"type": "integer", "minimum": 1, "maximum": 100},
        "step": {"type": "integer", "multipleOf": 5},
        "currency": {"enum": ["usd", "eur"]},
        "when": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "maxItems": 3},
        "who": {"$ref": "#/$defs/person"},
    },
    "$defs": {"person": {"type": "object", "properties": {"name": {"type": "string"}}}},
}
GOOD: JsonObject = {"charge": "ch_1", "amount": 5}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"step": 7}, "`/step`: not a multiple; accepted: a multiple of `5`"),
        ({"amount": 0}, "`/amount`: too small; accepted: at least `1`"),
        ({"amount": 105}, "`/amount`: too large; accepted: at most `100`"),
        ({"amount": 1.5}, "`/amount`: found a number; accepted: integer"),
        ({"amount": True}, "`/amount`: found a boolean; accepted: integer"),
        ({"amount": "5"}, "`/amount`: found a string; accepted: integer"),
        ({"amount": None}, "`/amount`: found null; accepted: integer"),
        ({"amount": [5]}, "`/amount`: found an array; accepted: integer"),
        ({"amount": {"$gt": 1}}, "`/amount`: found an object; accepted: integer"),
        ({"charge": "x; rm -rf /"}, "`/charge`: of another form; accepted: what matches `^ch_[a-z0-9]+$`"),
        ({"charge": "ch_" + "a" * 40}, "`/charge`: too long; accepted: at most `20` characters"),
        ({"currency": "usdt"}, '`/currency`: not one of the accepted values; accepted: `["usd", "eur"]`'),
        ({"when": "2026-02-30"}, "`/when`: of another form; accepted: a text of the format `date`"),
        ({"tags": ["a", "a"]}, "`/tags`: two items are the same; accepted: items that differ"),
        ({"tags": ["a", "b", "c", "d"]}, "`/tags`: too many items; accepted: at most `3`"),
        ({"tags": ["a", 5]}, "`/tags/1`: found an integer; accepted: string"),
        (
            {"extra": 1},
            "unexpected `extra`; accepted: `charge`, `amount`, `step`, `currency`, `when`, `tags`, `who`",
        ),
        (
            {"сharge": "ch_2"},
            "unexpected `сharge`; accepted: `charge`, `amount`, `step`, `currency`, `when`, `tags`, `who`",
        ),
        ({"who": {"nmae": "x"}}, "`/who`: unexpected `nmae`; accepted: only the properties that are named"),
        ({"who": {"name": 5}}, "`/who/name`: found an integer; accepted: string"),
    ],
)
def test_what_does_not_fit_is_told_so_that_it_can_be_repaired(change: JsonObject, problem: str) -> None:
    """Where, what was found, what is accepted; one sentence per fault."""
    assert compile_arguments(REFUND).problems({**GOOD, **change}) == (problem,)


def test_what_fits_has_no_problems() -> None:
    """A whole float is an integer, as JSON sees it."""
    full: JsonObject = {**GOOD, "amount": 10.0, "currency": "usd", "tags": ["a"], "who": {"name": "n"}}
    assert compile_arguments(REFUND).problems(full) == ()


@pytest.mark.parametrize(
    ("schema", "instance", "problem"),
    [
        ({"contains": {"const": 1}}, [2], "no item has the wanted form"),
        (
            {"contains": {"const": 1}, "minContains": 2},
            [1],
            "too few items of the wanted form; accepted: at least `2`",
        ),
        ({"const": {"a": 1}}, 2, 'another value; accepted: `{"a": 1}`'),
        ({"prefixItems": [True], "items": False}, [1, 2], "`/1`: nothing is accepted here"),
        ({"prefixItems": [True], "unevaluatedItems": False}, [1, 2], "too many items"),
        ({"not": {"type": "string"}}, "x", "it has a form that is not accepted"),
        ({"oneOf": [{}, {}]}, 1, "it fits more than one of the forms of which exactly one must fit"),
        ({"type": ["string", "null"]}, 1, "found an integer; accepted: null or string"),
        (
            {"propertyNames": {"maxLength": 2}},
            {"abc": 1},
            "the name of a property is not accepted: too long; accepted: at most `2` characters",
        ),
        (
            {"properties": {}, "additionalProperties": False},
            {"a": 1},
            "unexpected `a`; accepted: no property at all",
        ),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "the property `b` is missing"),
        ({"anyOf": [False]}, 1, "it fits none of the 1 accepted forms; form 1: nothing is accepted here"),
        (
            {
                "anyOf": [
                    {"type": "string"},
                    {"required": ["a", "b"]},
                    {"properties": {"a": {"minimum": 3}}, "minProperties": 1},
                ]
            },
            {"a": 1, "b": 1, "c": 2},
            "",
        ),
        (
            {"oneOf": [{"required": ["a", "b"]}, {"properties": {"c": {"minimum": 3}}, "required": ["c"]}]},
            {"c": 1},
            "it fits none of the 2 accepted forms; form 2: `/c`: too small; accepted: at least `3`",
        ),
        (
            {"anyOf": [{"anyOf": [{"anyOf": [{"anyOf": [{"type": "string"}]}]}]}]},
            1,
            "; form 1: ".join(["it fits none of the 1 accepted forms"] * 4),
        ),
    ],
)
def test_every_kind_of_fault_has_a_sentence(schema: JsonObject, instance: JsonValue, problem: str) -> None:
    """Alternatives are explained by the form that fits best, three levels deep."""
    assert compile_schema(schema).problems(instance) == ((problem,) if problem else ())


@pytest.mark.parametrize(
    ("instance", "told"),
    [
        (float("nan"), "it is not JSON"),
        ({"a": float("inf")}, "it is not JSON"),
        ({"a": object()}, "it is not JSON"),
        ({"a": {1, 2}}, "it is not JSON"),
        ({"a": "\ud800"}, "it is not JSON"),
        ({1: 2}, "it is not JSON"),
        (nested(50_000), "it is nested deeper than 64"),
        ([0] * 60_000, "it is more than 50000 values"),
        ({"a": "x" * (9 << 20)}, "accepted: at most 8388608"),
    ],
)
def test_what_is_no_json_of_moderate_size_never_reaches_the_engine(instance: JsonValue, told: str) -> None:
    """An engine that would crash, or take NaN for null, is not asked."""
    (problem,) = compile_schema({}).problems(instance)
    assert told in problem


def test_a_list_that_contains_itself_is_refused() -> None:
    """An endless value ends at the limit of depth."""
    endless: list[object] = []
    endless.append(endless)
    assert compile_schema({}).problems(endless) == ("it is nested deeper than 64",)  # type: ignore[arg-type]  # hostile


def test_arguments_have_tighter_limits_than_results() -> None:
    """One MiB is the most a model may send."""
    text = "x" * (2 << 20)
    assert "accepted: at most 1048576" in compile_arguments({"type": "object"}).problems({"a": text})[0]
    assert compile_schema({}).problems({"a": text}) == ()
    assert compile_schema({}, limits=Limits(3)).problems("abc") == ("it has 5 bytes; accepted: at most 3",)


@pytest.mark.parametrize(
    ("schema", "instance"),
    [
        ({"pattern": "^(a+)+$"}, "a" * 100_000 + "!"),
        ({"anyOf": [{"items": {"type": "integer"}} for _ in range(100)]}, ["a"] * 49_000),
        ({"items": {"anyOf": [{"type": "integer"} for _ in range(250)]}}, ["a"] * 49_000),
        ({"items": {"allOf": [{"anyOf": [{"type": "integer"}, False]} for _ in range(80)]}}, ["a"] * 49_000),
        ({"uniqueItems": True, "maxItems": 1}, [[number] for number in range(20_000)]),
        ({"items": {"type": "integer"}}, ["a"] * 49_000),
    ],
)
def test_no_value_makes_a_judgement_long(schema: JsonObject, instance: JsonValue) -> None:
    """Neither patterns nor alternatives nor long lists of faults take more than a moment."""
    validator = compile_schema(schema)
    assert quickly(lambda: validator.problems(instance), within=2)


def test_at_most_ten_problems_are_told_and_always_the_same() -> None:
    """The order does not depend on the order of keys."""
    validator = compile_arguments(
        {"type": "object", "properties": {f"p{n:02}": {"type": "string"} for n in range(30)}}
    )
    there = {f"p{n:02}": n for n in range(30)}
    back = dict(reversed(there.items()))
    assert validator.problems(there) == validator.problems(back)
    assert len(validator.problems(there)) == 10


@pytest.mark.parametrize("key", ["k" * 10_000, "\x1b[2K" * 50, "\u202e" * 500, "a\nb"])
def test_little_of_a_value_is_repeated_and_nothing_that_a_terminal_obeys(key: str) -> None:
    """Names are cut and made visible; values are not repeated at all, for they may be private."""
    validator = compile_schema({"additionalProperties": {"additionalProperties": {"type": "integer"}}})
    (problem,) = validator.problems({key: {key: "the private value"}})
    assert "private" not in problem
    assert problem.isprintable()
    assert problem.count("k") <= 80


@given(st.dictionaries(st.text(max_size=120), st.text(max_size=120), min_size=1, max_size=4))
def test_whatever_a_key_holds_a_problem_is_one_short_printable_line(instance: dict[str, JsonValue]) -> None:
    """No key breaks the sentence it stands in."""
    for problem in compile_arguments({"type": "object"}).problems(instance):
        assert problem.isprintable()
        assert len(problem) < 1_000


@pytest.mark.parametrize(
    ("schema", "instance", "is_accepted"),
    [
        ({"type": "object"}, {"a": 1}, False),
        ({"type": "object", "additionalProperties": True}, {"a": 1}, False),
        ({"type": "object", "unevaluatedProperties": {}}, {"a": 1}, False),
        ({"properties": {"a": {"type": "object"}}}, {"a": {"free": 1}}, True),
        ({"properties": {"a": {"properties": {"b": {}}}}}, {"a": {"c": 1}}, False),
        ({"properties": {"a": {"properties": {}}}}, {"a": {"c": 1}}, False),
        ({"properties": {"a": {"properties": {"b": {}}, "additionalProperties": True}}}, {"a": {"c": 1}}, True),
        ({"properties": {"a": {"items": {"properties": {"b": {}}}}}}, {"a": [{"b": 1}]}, True),
        ({"properties": {"a": {"items": {"properties": {"b": {}}}}}}, {"a": [{"c": 1}]}, False),
        ({"properties": {"a": {"prefixItems": [{"properties": {"b": {}}}]}}}, {"a": [{"c": 1}]}, False),
        ({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, {"a": 1, "b": 1}, True),
        ({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, {"a": 1, "c": 1}, False),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"b": {}}}}}, {"b": 1}, True),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"b": {}}}}}, {"c": 1}, False),
        (
            {"properties": {"a": {"oneOf": [{"properties": {"b": {}}, "required": ["b"]}, {"type": "string"}]}}},
            {"a": {"b": 1, "c": 1}},
            False,
        ),
        (
            {"properties": {"a": {"properties": {"b": {}}}}, "not": {"properties": {"a": {"properties": {"b": {"const": 1}}, "required": ["b"]}}, "required": ["a"]}},
            {"a": {"b": 1}},
            False,
        ),
        ({"properties": {"n": {"$ref": "#"}}}, {"n": {"n": {"n": {}}}}, True),
        ({"properties": {"n": {"$ref": "#"}}}, {"n": {"n": {"x": {}}}}, False),
        ({"patternProperties": {"^x": {}}}, {"x1": 1}, True),
        ({"patternProperties": {"^x": {}}}, {"y1": 1}, False),
    ],
)  # fmt: skip
def test_arguments_take_only_what_is_named(
    schema: JsonObject,
    instance: JsonObject,
    is_accepted: bool,  # noqa: FBT001
) -> None:
    """The outermost object always, others where they have properties and do not say otherwise."""
    assert (compile_arguments(schema).problems(instance) == ()) is is_accepted


def test_a_condition_is_not_narrowed() -> None:
    """What `not` forbids stays forbidden when an unnamed property stands beside it."""
    inner: JsonObject = {"properties": {"b": {"const": 1}}, "required": ["b"]}
    schema: JsonObject = {
        "properties": {"a": {"type": "object"}},
        "not": {"properties": {"a": inner}, "required": ["a"]},
    }
    assert compile_arguments(schema).problems({"a": {"b": 1, "c": 1}}) != ()


def test_the_schema_an_author_wrote_is_not_changed() -> None:
    """Closing makes a copy."""
    before = repr(REFUND)
    compile_arguments(REFUND)
    assert repr(REFUND) == before


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"$ref": "http://127.0.0.1:1/x"}, "`#/$ref`: `http://127.0.0.1:1/x` is no schema"),
        ({"pattern": r"(a)\1"}, "is not a"),
        ({"pattern": "(?=a)b"}, "is not a"),
        ({"format": "nonsense"}, "Unknown format"),
        ({"type": "strin"}, "strin"),
        ({"multipleOf": 0}, "0"),
        ({"requierd": ["a"]}, "did you mean `required`?"),
    ],
)
def test_a_schema_that_cannot_be_trusted_is_not_compiled(schema: JsonObject, told: str) -> None:
    """Even when nobody ran the check before."""
    with pytest.raises(UnusableSchema) as raised:
        compile_schema(schema)
    assert told in str(raised.value)
    with pytest.raises(UnusableSchema):
        compile_arguments(schema)


async def test_no_schema_makes_a_request() -> None:
    """Zero hits at a real server, from the compiler and from the engine below it."""
    hits: list[bytes] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hits.append(await reader.read(10))
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/schema"
    for schema in ({"$ref": url}, {"$schema": url}, {"$id": url, "$ref": "other"}, {"$dynamicRef": url}):
        await asyncio.to_thread(why_not_compiled, schema)
        try:
            (await asyncio.to_thread(compile_schema, schema)).problems({"a": 1})
        except UnusableSchema:
            continue
    server.close()
    await server.wait_closed()
    assert hits == []


def test_judging_does_not_load_the_library_for_authors() -> None:
    """`jsonschema` is for checks; a run never imports it."""
    code = (
        "import sys; import agentctl.tools.registry, agentctl.tools.schemas, agentctl.tools.schema_check;"
        "agentctl.tools.schemas.compile_schema({'type': 'object'}).problems({});"
        "print(sorted(name for name in sys.modules if name in {'jsonschema', 'referencing'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
