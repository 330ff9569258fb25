"""Sources become models, or every misfit is told in our words with its place."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_core._pydantic_core import list_all_errors

from agentctl.contract.agent import AgentContract
from agentctl.contract.loader import load, load_file, problems_of
from agentctl.contract.source import MAX_PROBLEMS, parse_source
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.errors import InvalidInput, Place, Problem
from tests.fakes.pace import quickly


class Part(BaseModel):
    """A part of a document."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def list_as_tuple(value: object) -> object:
    """Return a list as a tuple."""
    return tuple(value) if isinstance(value, list) else value


def whole_as_decimal(value: object) -> object:
    """Return a whole number as a decimal."""
    return Decimal(value) if type(value) is int else value


def not_thirteen(value: int) -> int:
    """Refuse one number, in words of our own."""
    if value == 13:
        raise ValueError("`13` is bad luck")
    return value


Amount = Annotated[Decimal, BeforeValidator(whole_as_decimal), Field(ge=0, le=100)]
Name = Annotated[str, Field(pattern=r"^[a-z]+$")]


class Http(Part):
    """Over HTTP."""

    type: Literal["http"]
    url: str


class Local(Part):
    """In a process."""

    type: Literal["local"]
    file: str

    @model_validator(mode="after")
    def _has_a_suffix(self) -> "Local":
        if "." not in self.file:
            raise ValueError(f"`{self.file}` has no suffix")
        return self


class Span(Part):
    """From, to."""

    low: int
    high: int

    @model_validator(mode="after")
    def _in_order(self) -> "Span":
        if self.low > self.high:
            raise ValueError("`low` is above `high`")
        return self


class Everything(Part):
    """All kinds of fields our documents have."""

    name: Annotated[str, Field(min_length=2, max_length=5)] = "ab"
    plain_name: Name = "abc"
    effect: Literal["read", "write", "irreversible"] = "read"
    mode: Literal["only"] = "only"
    steps: Annotated[int, Field(ge=1)] = 1
    lucky: Annotated[int, AfterValidator(not_thirteen)] = 1
    amount: Amount = Decimal(0)
    fine: Annotated[Decimal, Field(max_digits=4, decimal_places=2)] = Decimal(0)
    ratio: Annotated[float, Field(lt=1)] = 0.5
    flag: bool = False
    words: list[str] = Field(default_factory=list)
    pair: Annotated[tuple[int, ...], BeforeValidator(list_as_tuple), Field(min_length=1)] = (1,)
    by_name: dict[Name, int] = Field(default_factory=dict)
    nested: dict[str, dict[Name, int]] = Field(default_factory=dict)
    span: Span | None = None
    spans: list[Span] = Field(default_factory=list)
    executor: Annotated[Http | Local, Field(discriminator="type")] | None = None
    limit: Annotated[int, Field(ge=1)] | Literal["none"] = "none"
    target: str | list[str] | Span = "x"
    either: Http | Span | None = None
    judged: Annotated[int, AfterValidator(not_thirteen)] | bool = True
    anything: JsonValue = None
    document: JsonObject = Field(default_factory=dict)


class Needy(Part):
    """Needs two keys."""

    owner: str
    """The team that answers."""
    budget: int


def load_everything(text: str) -> Everything:
    """Load a document of all kinds of fields."""
    return load(Everything, parse_source(text.encode(), "f.yaml"))


def refused(text: str, model: type[BaseModel] = Everything) -> list[str]:
    """Return the problems of a document, as lines without the file's name."""
    with pytest.raises(InvalidInput) as caught:
        load(model, parse_source(text.encode(), "f.yaml"))
    return [str(problem).removeprefix("f.yaml:").strip() for problem in caught.value.problems]


# -- what fits ------------------------------------------------------------------------------------


def test_a_fitting_document_becomes_a_model() -> None:
    """Each kind of field is filled from its kind of YAML, exactly."""
    loaded = load_everything("""\
name: abcd
effect: write
amount: 5
fine: 12.34
ratio: 0.25
pair: [1, 2]
span: {low: 1, high: 2}
executor: {type: local, file: a.py}
limit: 7
target: [a, b]
either: {type: http, url: x}
""")
    assert loaded == Everything(
        name="abcd",
        effect="write",
        amount=Decimal(5),
        fine=Decimal("12.34"),
        ratio=0.25,
        pair=(1, 2),
        span=Span(low=1, high=2),
        executor=Local(type="local", file="a.py"),
        limit=7,
        target=["a", "b"],
        either=Http(type="http", url="x"),
    )


def test_numbers_of_json_fields_are_json_numbers() -> None:
    """In free JSON a decimal becomes the float that JSON has; decimals stay where they are asked for."""
    loaded = load_everything(
        "document: {multipleOf: 0.1, minimum: 1.0, maximum: 3, deep: [{x: 0.5}]}\namount: 0.10"
    )
    assert repr(loaded.document) == "{'multipleOf': 0.1, 'minimum': 1.0, 'maximum': 3, 'deep': [{'x': 0.5}]}"
    assert repr(loaded.amount) == "Decimal('0.10')"


# -- one misfit, one problem ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: a", "1:7: name: the text `a`; accepted: text of 2 to 5 characters"),
        ("name: ''", "1:7: name: an empty text; accepted: text of 2 to 5 characters"),
        ("name:", "1:6: name: nothing; accepted: text of 2 to 5 characters"),
        ("name: 12", "1:7: name: the number `12`; accepted: text of 2 to 5 characters"),
        ("name: 2026-11-22", "1:7: name: the text `2026-11-22`; accepted: text of 2 to 5 characters"),
        ("name:\n  - x", "1:1: name: a list of 1 item; accepted: text of 2 to 5 characters"),
        ("plain_name: A", "1:13: plain_name: the text `A`; accepted: text that matches `^[a-z]+$`"),
        (
            "effect: wirte",
            "1:9: effect: the text `wirte`; accepted: one of `read`, `write`, `irreversible`; did you mean `write`?",
        ),
        ("effect: true", "1:9: effect: `true`; accepted: one of `read`, `write`, `irreversible`"),
        ("mode: Only", "1:7: mode: the text `Only`; accepted: `only`; did you mean `only`?"),
        ("steps: 0", "1:8: steps: the number `0`; accepted: a whole number >= 1"),
        ("steps: '10'", "1:8: steps: the text `10`; accepted: a whole number >= 1"),
        ("steps: true", "1:8: steps: `true`; accepted: a whole number >= 1"),
        ("steps: 1.0", "1:8: steps: the number `1.0`; accepted: a whole number >= 1"),
        ("lucky: 13", "1:8: lucky: `13` is bad luck"),
        ("amount: -1", "1:9: amount: the number `-1`; accepted: a number from 0 to 100"),
        ("amount: 100.01", "1:9: amount: the number `100.01`; accepted: a number from 0 to 100"),
        ("amount: '10'", "1:9: amount: the text `10`; accepted: a number from 0 to 100"),
        ("amount: true", "1:9: amount: `true`; accepted: a number from 0 to 100"),
        (
            "fine: 0.001",
            "1:7: fine: the number `0.001`; accepted: a number with at most 2 digits after the point",
        ),
        ("fine: 12345.0", "1:7: fine: the number `12345.0`; accepted: a number of at most 4 digits"),
        (
            "fine: 123.4",
            "1:7: fine: the number `123.4`; accepted: a number with at most 2 digits before the point",
        ),
        ("ratio: 1.5", "1:8: ratio: the number `1.5`; accepted: a number < 1"),
        ("ratio: x", "1:8: ratio: the text `x`; accepted: a number < 1"),
        ("flag: 'yes'", "1:7: flag: the text `yes`; accepted: `true` or `false`"),
        ("flag: 1", "1:7: flag: the number `1`; accepted: `true` or `false`"),
        ("words: x", "1:8: words: the text `x`; accepted: a list"),
        ("words: {a: 1}", "1:1: words: a mapping with the key `a`; accepted: a list"),
        ("words: [a, 1]", "1:12: words[1]: the number `1`; accepted: text"),
        ("pair: []", "1:1: pair: an empty list; accepted: a list of at least 1 item"),
        ("pair: 3", "1:7: pair: the number `3`; accepted: a list of at least 1 item"),
        ("by_name: []", "1:1: by_name: an empty list; accepted: a mapping"),
        ("by_name: {A: 1}", "1:11: by_name.A: the key `A`; accepted: a key that matches `^[a-z]+$`"),
        ("by_name: {a: x}", "1:14: by_name.a: the text `x`; accepted: a whole number"),
        (
            "nested: {x: {'[key]': 1}}",
            "1:14: nested.x.[key]: the key `[key]`; accepted: a key that matches `^[a-z]+$`",
        ),
        ("span: 3", "1:7: span: the number `3`; accepted: a mapping with the keys `low`, `high`"),
        ("span: {low: 2, high: 1}", "1:1: span: `low` is above `high`"),
        ("span: {low: 2}", "1:1: span.high: the key `high` is missing; accepted: the key `high`"),
        ("spans:\n- low: 2", "2:3: spans[0].high: the key `high` is missing; accepted: the key `high`"),
        (
            "span: {low: 1, high: 2, hihg: 3}",
            "1:25: span.hihg: an unknown key `hihg`; accepted: the keys `low`, `high`; did you mean `high`?",
        ),
        ("document: []", "1:1: document: an empty list; accepted: a mapping"),
    ],
)
def test_one_misfit_is_one_problem_with_its_place(text: str, problem: str) -> None:
    """Each kind of misfit is told once: where, what was found, what would be accepted, what was probably meant."""
    assert refused(text) == [problem]


def test_a_missing_key_is_told_at_the_mapping_that_should_hold_it() -> None:
    """With what the key is for."""
    assert refused("budget: 1", Needy) == [
        "1:1: owner: the key `owner` is missing; accepted: the key `owner` (The team that answers)"
    ]


def test_a_document_of_another_shape_is_told_as_a_whole() -> None:
    """A list in place of the document's mapping is one problem."""
    assert refused("- 1", Needy) == [
        "1:1: a list of 1 item; accepted: a mapping with the keys `owner`, `budget`"
    ]


def test_an_unknown_key_without_known_ones() -> None:
    """A mapping that takes no keys says so."""

    class Nothing(Part):
        """Takes nothing."""

    assert refused("a: 1", Nothing) == ["1:1: a: an unknown key `a`; accepted: no key at all"]


# -- alternatives ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "executor: {type: htp}",
            "1:18: executor.type: the text `htp`; accepted: one of `http`, `local`; did you mean `http`?",
        ),
        ("executor: {type: 5}", "1:18: executor.type: the number `5`; accepted: one of `http`, `local`"),
        (
            "executor: {url: x}",
            "1:1: executor.type: the key `type` is missing; accepted: the key `type` (one of `http`, `local`)",
        ),
        (
            "executor: {type: , url: x}",
            "1:1: executor.type: the key `type` is missing; accepted: the key `type` (one of `http`, `local`)",
        ),
        (
            "executor: http",
            (
                "1:11: executor: the text `http`; accepted: a mapping with the keys `type`, `url` or a mapping with the "
                "keys `type`, `file`"
            ),
        ),
        (
            "executor: {type: http, url: x, http: 1}",
            "1:32: executor.http: an unknown key `http`; accepted: the keys `type`, `url`",
        ),
        ("executor: {type: local, file: x}", "1:1: executor: `x` has no suffix"),
        ("limit: 0", "1:8: limit: the number `0`; accepted: a whole number >= 1 or `none`"),
        (
            "limit: nome",
            "1:8: limit: the text `nome`; accepted: a whole number >= 1 or `none`; did you mean `none`?",
        ),
        ("target: [a, 1]", "1:13: target[1]: the number `1`; accepted: text"),
        ("target: {low: 1}", "1:1: target.high: the key `high` is missing; accepted: the key `high`"),
        ("target: {low: 2, high: 1}", "1:1: target: `low` is above `high`"),
        (
            "target: 5",
            "1:9: target: the number `5`; accepted: text or a list or a mapping with the keys `low`, `high`",
        ),
        (
            "either: {low: 1}",
            (
                "1:1: either: a mapping with the key `low`; accepted: a mapping with the keys `type`, `url` or a mapping "
                "with the keys `low`, `high`"
            ),
        ),
        ("judged: 13", "1:9: judged: `13` is bad luck"),
        ("judged: x", "1:9: judged: the text `x`; accepted: a whole number or `true` or `false`"),
    ],
)
def test_alternatives_give_one_helpful_problem(text: str, problem: str) -> None:
    """The only alternative of the right shape is judged; otherwise all of them are told in one sentence."""
    assert refused(text) == [problem]


def test_alternatives_without_a_tag_key_are_told_together() -> None:
    """Where code, not a key, tells alternatives apart, the shapes are what can be said."""

    def kind(value: object) -> str | None:
        return {int: "int", str: "str"}.get(type(value))

    class Chosen(Part):
        """Told apart by code."""

        value: Annotated[Annotated[int, Tag("int")] | Annotated[list[int], Tag("str")], Discriminator(kind)]

    assert refused("value: 0.5", Chosen) == [
        "1:8: value: the number `0.5`; accepted: a whole number or a list"
    ]
    assert refused("value: x", Chosen) == ["1:8: value: the text `x`; accepted: a whole number or a list"]


# -- all in one go --------------------------------------------------------------------------------


def test_all_problems_come_in_the_order_of_the_file() -> None:
    """However the model looked at it, problems are told from top to bottom."""
    problems = refused("zzz: 1\nsteps: 0\nspan:\n  high: x\nname: a\n")
    assert [problem.split(" ")[:2] for problem in problems] == [
        ["1:1:", "zzz:"],
        ["2:8:", "steps:"],
        ["3:1:", "span.low:"],
        ["4:9:", "span.high:"],
        ["5:7:", "name:"],
    ]


def test_endless_problems_are_capped() -> None:
    """After a hundred problems it is enough, in less than two seconds of work."""
    problems = quickly(lambda: refused("words: [" + "1, " * 49_000 + "]"), within=2)
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1] == "more than 100 problems; the others are not shown"


def test_strangers_text_is_visible_and_short() -> None:
    """Escapes in keys and values do not reach a terminal, and long ones are cut."""
    (key, value) = refused('"\\e[2K": 1\nsteps: "\\e[2K' + "x" * 500 + '"')
    assert "\\x1b[2K" in key
    assert "\\x1b[2K" in value
    assert (key + value).isprintable()
    assert len(value) < 160


# -- what validators say --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (ValueError("`x` is odd\x1b[2K"), "1:8: value: `x` is odd\\x1b[2K"),
        (ValueError(), "1:8: value: this does not fit"),
        (ValueError("y" * 9_000), "1:8: value: " + "y" * 500),
        (AssertionError("must hold"), "1:8: value: must hold"),
        (PydanticCustomError("ours", "{what} is odd", {"what": "it"}), "1:8: value: it is odd"),
    ],
)
def test_a_validators_own_words_are_what_was_found(error: Exception, problem: str) -> None:
    """What a validator says is told as it is, visible and capped."""

    def fail(_: object) -> object:
        raise error

    class Failing(Part):
        """Never fits."""

        value: Annotated[int, BeforeValidator(fail)]

    assert refused("value: 1", Failing) == [problem]


# -- every error there is -------------------------------------------------------------------------

FOREIGN_WORDS = (
    "input should",
    "valid",
    "pydantic",
    "http://",
    "https://",
    "dict",
    "none_",
    "instance",
    "str_",
    "type",
)


ANYWHERE: list[tuple[str | int, ...]] = [(), ("steps",), ("limit", "int"), ("words", 0), ("gone", 3, "x")]


@pytest.mark.parametrize("known", list_all_errors(), ids=lambda known: str(known["type"]))
def test_every_error_there_is_becomes_a_problem(known: dict[str, Any]) -> None:
    """Each error that the library can raise, anywhere, has a sentence without the library's words in it."""
    context = dict(known["example_context"] or {})
    if known["type"] in {"value_error", "assertion_error"}:
        context = {"error": ValueError("odd")}
    for loc in ANYWHERE:
        details = {"type": known["type"], "loc": loc, "input": 5, "ctx": context}
        error = ValidationError.from_exception_data("x", [details])  # type: ignore[list-item]  # any type is tried
        (problem,) = problems_of(error, Everything, parse_source(b"steps: 5\nlimit: 5", "f.yaml"))
        assert problem.found
        assert problem.place.line in {1, 2}
        assert not [word for word in FOREIGN_WORDS if word in str(problem).lower()]


def test_an_error_that_cannot_be_explained_is_told_honestly() -> None:
    """Where neither schema nor error says what would fit, the sentence does not pretend."""
    error = ValidationError.from_exception_data(
        "x", [{"type": "callable_type", "loc": ("gone",), "input": 5}]
    )
    (problem,) = problems_of(error, Everything, parse_source(b"gone: 5", "f.yaml"))
    assert str(problem) == "f.yaml:1:7: gone: the number `5`, which does not fit here"


values = st.recursive(
    st.sampled_from(["1", "-1", "0.5", "true", "null", "abc", "'x y'", "http", "read", "[]", "{}"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(
            st.sampled_from(["type", "low", "high", "url", "int", "str", "Span", "q"]), inner
        ).map(lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}")
    ),
    max_leaves=6,
)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from([*Everything.model_fields, "nmae"]), values, min_size=1))
def test_any_document_is_loaded_or_refused_in_our_words(document: dict[str, str]) -> None:
    """Whatever stands at whatever key, the answer is a model or problems that lie inside the file."""
    text = "\n".join(f"{key}: {value}" for key, value in document.items())
    problems: tuple[Problem, ...] = ()
    try:
        load_everything(text)
    except InvalidInput as refusal:
        problems = refusal.problems
    lines = {Place("f.yaml", number) for number in range(1, len(document) + 1)}
    assert all(Place("f.yaml", problem.place.line) in lines for problem in problems)
    assert not [problem for problem in problems if "nput should" in str(problem) or "[...]" in str(problem)]


class TestLoadFile:
    """A file: what its YAML gets wrong and what does not fit are told together."""

    def test_everything_wrong_is_told_in_one_go(self, tmp_path: Path) -> None:
        """A key given twice, a word in doubt, an unknown key and a wrong name: four problems, in order, none twice."""
        path = tmp_path / "agent.yaml"
        path.write_text(
            "agent:\n  name: a\n  owner: b\n  ownr: c\nmodel_routing:\n  default: m\nbudgets:\n  max_steps: 3\n"
            "  max_steps: 4\ntools:\n  allowlist:\n    - name: Bad.name\n      requires_approval: yes\n"
        )
        with pytest.raises(InvalidInput) as caught:
            load_file(AgentContract, path, "agent.yaml")
        assert [problem.place.line for problem in caught.value.problems] == [4, 9, 12, 13]

    def test_what_cannot_be_read_to_its_end_is_told_alone(self, tmp_path: Path) -> None:
        """After broken YAML nobody knows what else is missing."""
        path = tmp_path / "agent.yaml"
        path.write_text("agent: [")
        with pytest.raises(InvalidInput) as caught:
            load_file(AgentContract, path)
        assert len(caught.value.problems) == 1

    def test_what_fits_but_is_refused_is_told_once(self, tmp_path: Path) -> None:
        """An anchor on a contract that fits is one problem."""
        path = tmp_path / "agent.yaml"
        path.write_text("agent: &x {name: a, owner: b}\nmodel_routing: {default: m}\n")
        with pytest.raises(InvalidInput) as caught:
            load_file(AgentContract, path)
        assert len(caught.value.problems) == 1

    def test_a_good_file_is_a_model_with_places(self, tmp_path: Path) -> None:
        """The document, and where each value stands."""
        path = tmp_path / "agent.yaml"
        path.write_text("agent: {name: a, owner: b}\nmodel_routing: {default: m}\n")
        contract, source = load_file(AgentContract, path, "agent.yaml")
        assert contract.agent.name == "a"
        assert str(source.place_of(("agent", "owner"))) == "agent.yaml:1:18"


def test_a_file_is_made_once_from_the_same_bytes_and_anew_from_others(tmp_path: Path) -> None:
    """Whoever reads again gets what was made; a change is seen however small, and however soon it comes."""
    path = tmp_path / "local.yaml"
    path.write_text("type: local\nfile: a.py\n")
    first, _ = load_file(Local, path)
    assert load_file(Local, path)[0] is first
    path.write_text("type: local\nfile: b.py\n")
    assert load_file(Local, path)[0].file == "b.py"
