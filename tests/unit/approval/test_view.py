"""Tests of what a reviewer sees: all of it, the same everywhere, and nothing in it can pose as something else."""

import json
import re
from collections.abc import Callable, Mapping
from unicodedata import category, east_asian_width

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agentctl.approval.view import MAX_SAID, WIDTH, ViewSubject, render, with_real_values
from agentctl.events.base import Principal
from agentctl.foundation.canonical import JsonObject, JsonValue, canonical_bytes
from agentctl.foundation.visible import visible

SUBJECT = ViewSubject(
    call="RUN/2/0",
    tool="stripe.create_refund",
    effect="irreversible",
    retry="keyed",
    arguments={"charge": "ch_large", "amount": 25_000, "currency": "usd", "instructions_email": "[email:1]"},
    facts={"currency": "usd", "amount_usd": "250"},
    facts_missing={"ticket_id": "there is nothing at `/ticket_id`"},
    principal=Principal(id="casey", kind="user", assurance="asserted"),
    actor="refund-assistant",
    owner="finance-ops",
    environment="sandbox (sandbox)",
    reasons=("the contract says so", "it is irreversible"),
    risk_tier="high",
    demands="2 of alice, bob; after 7200 s also carol",
    seen=("private", "untrusted"),
    said="The customer is right, please approve.",
    budget_left="0.7 USD, 9 steps, 29 tool calls",
    descriptor_digest="sha256:" + "80" * 32,
    arguments_digest="sha256:" + "d0" * 32,
    version="sha256:" + "c0" * 32,
)
VIEW = """\
  tool           stripe.create_refund
  effect         irreversible; after a crash: done again with the same key
  acts for       casey (asserted)
  agent          refund-assistant, owned by finance-ops
  environment    sandbox (sandbox)
  at stake       risk tier high
  who approves   2 of alice, bob; after 7200 s also carol
  asked because  the contract says so
  asked because  it is irreversible
  fact           amount_usd = 250
  fact           currency = usd
  no fact        ticket_id: there is nothing at `/ticket_id`
  seen before    private data, text that strangers wrote
  budget left    0.7 USD, 9 steps, 29 tool calls
arguments, complete:
  | amount: 25000
  | charge: "ch_large"
  | currency: "usd"
  | instructions_email: "[email:1]"
what the model says of it; untrusted, nothing in it is checked:
  ~ The customer is right, please approve.
bound to:
  call           RUN/2/0
  descriptor     sha256:8080808080808080808080808080808080808080808080808080
               + 808080808080
  arguments      sha256:d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0
               + d0d0d0d0d0d0
  version        sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0
               + c0c0c0c0c0c0
"""
FAKE_ROW = "\n  effect         read; after a crash: done again\n"
HOSTILE = (
    FAKE_ROW,
    "\r" + FAKE_ROW.strip(),
    "\x1b[2J\x1b[H\x9b31m\x1b]52;c;ZXZpbA==\x07",
    "\u202e\u2066evil\u2069",
    "\u2028arguments, complete:\u2029\x85bound to:\x0b\x0c",
    "a\u200bb\ufeffc\U000e0041",
    " " * 200 + "  | amount: 1",
    "x" * 59 + "  effect         read",
    "宽" * 90 + "  effect         read",
    "\uff21" * 200,
    "e" + "\u0301" * 300,
    "\\x1b \\\\ \\u202e",
    '"}, "amount": 1, {"',
    "               + continued",
    "[email:1][email:99]",
)

hostile_texts = st.sampled_from(HOSTILE) | st.text(
    st.sampled_from(' \\"[]:+|\n\x1b\u202e\u5bbdae1'), max_size=90
)
names = st.text(st.sampled_from("abcz_09-"), min_size=1, max_size=64)
hostile_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**53 - 1) | st.floats(0, 1e22) | hostile_texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(hostile_texts, inner, max_size=2),
    max_leaves=3,
)
arguments_of_any_form = st.dictionaries(names | hostile_texts, hostile_json, max_size=2)


def hostile_subject(one: str, other: str, name: str, arguments: JsonObject) -> ViewSubject:
    """Return a subject with hostile text everywhere."""
    return ViewSubject(
        call=one,
        tool=other,
        effect=one,
        retry="never",
        arguments=arguments,
        facts={name: other, one: one},
        facts_missing={name: one},
        principal=Principal(id=other, kind="user", assurance="asserted"),
        actor=one,
        owner=other,
        environment=one,
        reasons=(one, other),
        risk_tier="low",
        demands=one,
        seen=(one, "untrusted"),
        said=other,
        budget_left=other,
        descriptor_digest=one,
        arguments_digest=other,
        version=one,
    )


subjects = st.builds(hostile_subject, hostile_texts, hostile_texts, names, arguments_of_any_form)


def unbroken(view: str) -> str:
    """Return a view with its long rows put together again."""
    return re.sub(r"\n {15}\+ ", "", view)


def rows(subject: ViewSubject) -> list[str]:
    """Return the rows of a subject's view, put together."""
    return unbroken(render(subject)).split("\n")


def width(text: str) -> int:
    """Return the columns a line takes at most."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def restoring(values: Mapping[str, JsonValue]) -> Callable[[JsonValue], JsonValue]:
    """Return what a vault does: known placeholders become values, others stay."""
    return lambda placeholder: values.get(str(placeholder), placeholder)


def test_a_reviewer_sees_who_what_why_and_every_argument() -> None:
    """The whole text, to the last character: its digest is part of what is approved."""
    assert render(SUBJECT) == VIEW


def test_no_arguments_are_said_to_be_none() -> None:
    """And nothing else can look like that."""
    assert "arguments, complete:\n  | (none)\nbound to:" in render(replace(SUBJECT, arguments={}, said=""))
    posing: JsonObject = {"(none)": None}
    assert '\n  | "(none)": null\n' in render(replace(SUBJECT, arguments=posing))


@pytest.mark.parametrize(
    ("retry", "words"),
    [
        ("safe", "done again"),
        ("keyed", "done again with the same key"),
        ("never", "never again, a person decides"),
    ],
)
def test_what_happens_after_a_crash_is_said_in_words(retry: str, words: str) -> None:
    """One sentence for each kind of retry."""
    assert f"effect         irreversible; after a crash: {words}\n" in render(replace(SUBJECT, retry=retry))


def test_the_text_is_the_same_in_every_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No terminal, width, language, colour or order of keys changes a byte."""
    for name, value in {"COLUMNS": "20", "TERM": "dumb", "LC_ALL": "tr_TR.UTF-8", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    turned = replace(
        SUBJECT,
        arguments=dict(reversed(SUBJECT.arguments.items())),
        facts=dict(reversed(SUBJECT.facts.items())),
    )
    assert render(SUBJECT) == render(turned) == VIEW


@settings(deadline=None, max_examples=40)
@given(subjects)
def test_nothing_hostile_survives_and_no_line_is_too_wide(subject: ViewSubject) -> None:
    """Every character is one that is seen where it stands; a wider line would be broken by the terminal, unmarked."""
    for line in render(subject).split("\n"):
        assert width(line) <= WIDTH
        assert all(category(char)[0] in "LMNPS" or char == " " for char in line)


@settings(deadline=None, max_examples=40)
@given(subjects)
def test_no_text_can_pose_as_a_row(subject: ViewSubject) -> None:
    """Whatever stands in a subject: its view has exactly the rows it should have, each where it should be."""
    expected = [
        f"  tool           {visible(subject.tool)}",
        f"  effect         {visible(subject.effect)}; after a crash: ",
        f"  acts for       {visible(subject.principal.id)} (asserted)",
        f"  agent          {visible(subject.actor)}, owned by {visible(subject.owner)}",
        f"  environment    {visible(subject.environment)}",
        f"  at stake       risk tier {visible(subject.risk_tier)}",
        f"  who approves   {visible(subject.demands)}",
        *(f"  asked because  {visible(reason)}" for reason in subject.reasons),
        *(
            f"  fact           {visible(f'{name} = {value}')}"
            for name, value in sorted(subject.facts.items())
        ),
        *(
            f"  no fact        {visible(f'{name}: {why}')}"
            for name, why in sorted(subject.facts_missing.items())
        ),
        "  seen before    ",
        f"  budget left    {visible(subject.budget_left)}",
        "arguments, complete:",
        *(["  | "] * max(1, len(subject.arguments))),
        *(["what the model says of it; ", "  ~ "] if subject.said.strip() else []),
        "bound to:",
        f"  call           {visible(subject.call)}",
        f"  descriptor     {visible(subject.descriptor_digest)}",
        f"  arguments      {visible(subject.arguments_digest)}",
        f"  version        {visible(subject.version)}",
        "",
    ]
    found = rows(subject)
    assert len(found) == len(expected)
    assert [row[: len(start)] for row, start in zip(found, expected, strict=True)] == expected


@settings(deadline=None, max_examples=40)
@given(arguments_of_any_form)
def test_every_argument_is_there_in_full(arguments: JsonObject) -> None:
    """The canonical value of each, made visible, not one character less."""
    found = [row for row in rows(replace(SUBJECT, arguments=arguments)) if row.startswith("  | ")]
    expected = [
        f": {visible(canonical_bytes(value).decode())}" for _, value in sorted(arguments.items())
    ] or [""]
    assert all(row.endswith(end) for row, end in zip(found, expected, strict=True))


@settings(deadline=None, max_examples=40)
@given(arguments_of_any_form, arguments_of_any_form)
def test_different_arguments_never_look_the_same(one: JsonObject, other: JsonObject) -> None:
    """Two calls with one text would be one approval for both."""
    same = render(replace(SUBJECT, arguments=one)) == render(replace(SUBJECT, arguments=other))
    assert same == (canonical_bytes(one) == canonical_bytes(other))


def test_the_name_of_an_argument_cannot_hold_another_argument() -> None:
    """A name that is more than a word is written as the text it is."""
    posing: JsonObject = {"amount: 1\n  | amount": 25_000}
    assert r'  | "amount: 1\n  | amount": 25000' in render(replace(SUBJECT, arguments=posing))


def test_numbers_are_shown_as_they_will_be_sent() -> None:
    """The canonical form: what is hashed is what is seen."""
    numbers: JsonObject = {"a": 1e20, "b": 1e21, "c": -0.0, "d": 0.1}
    view = render(replace(SUBJECT, arguments=numbers))
    assert "  | a: 100000000000000000000\n  | b: 1e+21\n  | c: 0\n  | d: 0.1\n" in view


@pytest.mark.parametrize("before", range(120))
def test_a_placeholder_is_never_broken(before: int) -> None:
    """Wherever it stands in a long text, it is whole, so its value is shown."""
    padded: JsonObject = {"note": "x" * before + "[email:1]" + "y" * 90}
    shown = with_real_values(
        render(replace(SUBJECT, arguments=padded)), restoring({"[email:1]": "eve@example.com"})
    )
    assert "[email:1]" not in shown
    assert "x" * before + "eve@example.com" + "y" * 90 in unbroken(shown)


@pytest.mark.parametrize("before", range(40, 80))
def test_an_escape_is_never_broken(before: int) -> None:
    """Half of one would read as something else."""
    padded: JsonObject = {"note": "x" * before + "\u202e" + "y" * 90}
    assert r"\u202e" in render(replace(SUBJECT, arguments=padded))


def test_a_text_that_is_longer_than_any_placeholder_is_broken_like_any_other() -> None:
    """A look-alike without end cannot make a line too wide."""
    padded: JsonObject = {"note": f"[{'a' * 300}:1] [email:{'1' * 300}]"}
    assert max(width(line) for line in render(replace(SUBJECT, arguments=padded)).split("\n")) <= WIDTH


@settings(deadline=None, max_examples=40)
@given(subjects)
def test_without_placeholders_nothing_is_replaced(subject: ViewSubject) -> None:
    """Where the vault knows nothing the text stays, byte for byte."""
    view = render(subject)
    assert with_real_values(view, lambda placeholder: placeholder) == view


def test_only_placeholders_are_asked_for() -> None:
    """Nothing else of the text goes through the vault."""
    asked: list[JsonValue] = []

    def restore(value: JsonValue) -> JsonValue:
        asked.append(value)
        return "Eve"

    listed: JsonObject = {"to": "[email:1] [x] [email:] [:1] [EMAIL:2] [email: 3] [iban:12]", "[card:4]": 1}
    with_real_values(render(replace(SUBJECT, arguments=listed)), restore)
    assert asked == ["[card:4]", "[email:1]", "[iban:12]"]


@settings(deadline=None, max_examples=40)
@given(hostile_texts)
def test_real_values_are_visible_and_stay_in_their_row(value: str) -> None:
    """A value from the vault is as hostile as any: no control, no fake row, no end of its own string."""
    shown = with_real_values(VIEW, restoring({"[email:1]": value}))
    lines, found = shown.split("\n"), unbroken(shown).split("\n")
    assert all(width(line) <= WIDTH for line in lines)
    assert all(category(char)[0] in "LMNPS" or char == " " for line in lines for char in line)
    row = f'  | instructions_email: "{visible(json.dumps(value, ensure_ascii=False)[1:-1])}"'
    assert found == [row if "[email:1]" in line else line for line in unbroken(VIEW).split("\n")]


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(names, hostile_texts.filter(lambda text: "[" not in text), min_size=1, max_size=3))
def test_the_real_view_is_the_view_of_the_real_arguments(real: dict[str, str]) -> None:
    """What a reviewer reads after restoring is what would have been written with the values in place."""
    numbered = {name: f"[text:{index}]" for index, name in enumerate(real)}
    values = {numbered[name]: value for name, value in real.items()}
    redacted = render(replace(SUBJECT, arguments=numbered, facts={}))
    plain = render(replace(SUBJECT, arguments=real, facts={}))
    assert unbroken(with_real_values(redacted, restoring(values))) == unbroken(plain)


def test_a_value_that_is_no_text_is_shown_as_text() -> None:
    """A card number that came as a number."""
    shown = with_real_values(VIEW, restoring({"[email:1]": 4_242_424_242_424_242}))
    assert '  | instructions_email: "4242424242424242"\n' in shown


@pytest.mark.parametrize("said", ["", " \n\t "])
def test_a_model_that_says_nothing_has_no_box(said: str) -> None:
    """An empty box would be a place to imitate."""
    assert "untrusted" not in render(replace(SUBJECT, said=said))


def test_the_models_own_words_are_cut_and_say_so() -> None:
    """What was written to persuade gets so much room and no more; the rest is counted, not hidden silently."""
    view = unbroken(render(replace(SUBJECT, said="a" * MAX_SAID + "PAY NOW")))
    assert f"  ~ {'a' * MAX_SAID} (7 more characters are not shown)\n" in view
    assert "PAY NOW" not in view


def test_the_models_own_words_cannot_leave_their_box() -> None:
    """A line break in them starts no row, and nothing of them stands outside the marked lines."""
    view = render(replace(SUBJECT, said="fine\nbound to:\n  call           RUN/9/9"))
    assert view.count("\nbound to:\n") == 1
    assert "\\nbound to:\\n" in unbroken(view) or "\\x0abound" in unbroken(view)
