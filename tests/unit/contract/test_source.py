"""YAML bytes become plain data and places, or are refused with every reason."""

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from agentctl.contract import source as source_module
from agentctl.contract.source import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    MAX_PROBLEMS,
    DataPath,
    JsonLike,
    Source,
    parse_source,
    read_source,
)
from agentctl.foundation.errors import InvalidInput, Place, Problem
from tests.fakes.pace import quickly

LOADERS = sorted({"SafeLoader", yaml.CSafeLoader.__name__ if hasattr(yaml, "CSafeLoader") else "SafeLoader"})


@pytest.fixture(params=LOADERS)
def either_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with the parser in C, and with the one that is used where C is absent."""
    monkeypatch.setattr(source_module, "_LOADER", getattr(yaml, request.param))


def refused(data: bytes | str) -> list[str]:
    """Return the problems of some YAML, as lines without the file's name."""
    with pytest.raises(InvalidInput) as caught:
        parse_source(data.encode() if isinstance(data, str) else data, "f.yaml")
    return [str(problem).removeprefix("f.yaml:").strip() for problem in caught.value.problems]


def data_of(text: str) -> JsonLike:
    """Return the data of some YAML that is accepted."""
    return parse_source(text.encode(), "f.yaml").data


# -- what is read ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("either_loader")
def test_a_document_becomes_plain_data() -> None:
    """Mappings, lists, every style of scalar and every kind of value are read."""
    text = """\
---
a: 1
b: [0.75, true, null, ~, '1', "x\\ty"]
c:
  - {d: , y: 2026-11-22}
  - |
    two
    lines
e: >-
  one
  line
no: 'yes'
"<<": 'on'
...
"""
    assert data_of(text) == {
        "a": 1,
        "b": [Decimal("0.75"), True, None, None, "1", "x\ty"],
        "c": [{"d": None, "y": "2026-11-22"}, "two\nlines\n"],
        "e": "one line",
        "no": "yes",
        "<<": "on",
    }


@pytest.mark.usefixtures("either_loader")
def test_lines_may_end_as_on_windows() -> None:
    """A carriage return before a line feed is part of the line's end."""
    assert data_of("a: 1\r\nb: 2\r\n") == {"a": 1, "b": 2}


@pytest.mark.usefixtures("either_loader")
def test_hidden_characters_may_be_escaped() -> None:
    """In double quotes a control or direction character is seen by a reviewer, and taken."""
    assert data_of('a: "\\e[1m\\u202e\\0"') == {"a": "\x1b[1m\u202e\0"}


@pytest.mark.usefixtures("either_loader")
def test_the_deepest_document_is_read() -> None:
    """Depth up to the limit is fine."""
    depth = MAX_DEPTH - 1
    assert str(data_of("[" * depth + "1" + "]" * depth)).count("[") == depth


def test_places_tell_keys_from_values() -> None:
    """An entry's place is its key, its value has a place of its own, and what is unknown has its parent's."""
    source = parse_source(b"a:\n  b: [1, {c: 2}]\n  d: x\n", "f.yaml")
    assert source.place_of(()) == Place("f.yaml", 1, 1)
    assert source.place_of(("a", "b")) == Place("f.yaml", 2, 3)
    assert source.value_place_of(("a", "b")) == Place("f.yaml", 2, 6)
    assert source.place_of(("a", "b", 1)) == source.value_place_of(("a", "b", 1)) == Place("f.yaml", 2, 10)
    assert source.value_place_of(("a", "b", 1, "c")) == Place("f.yaml", 2, 14)
    assert source.place_of(("a", "unknown", 3, "x")) == Place("f.yaml", 1, 1)
    assert source.value_place_of(("a", "unknown")) == Place("f.yaml", 2, 3)


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ((), {"a": [{"b": 1}]}),
        (("a", 0, "b"), 1),
        (("a", 1), None),
        (("a", "0"), None),
        (("a", 0, "b", "c"), None),
    ],
)
def test_a_part_is_found_by_its_path(path: DataPath, part: JsonLike) -> None:
    """And nothing where a path leads nowhere."""
    assert parse_source(b"a: [{b: 1}]\n", "f.yaml").at(path) == part


def test_a_source_without_places_names_the_file() -> None:
    """Data that never stood in a file still has somewhere to point to."""
    assert Source("made up", {}, {}, {}).place_of(("a",)) == Place("made up")


class _QuotingDumper(yaml.SafeDumper):
    """Writes every text in double quotes, and decimals as they are."""

    @override
    def ignore_aliases(self, _data: object) -> bool:
        """Write each value out."""
        return True


_QuotingDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)
_QuotingDumper.add_representer(
    Decimal, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", format(value, "f"))
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.decimals(-(10**9), 10**9, places=3)
    | st.text()
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
).filter(lambda tree: tree is not None)


@given(trees, st.sampled_from([True, False, None]))
def test_what_was_dumped_reads_back_equal(tree: JsonLike, flow: bool | None) -> None:  # noqa: FBT001
    """Any tree of JSON values, written as YAML in any style, is read as it was."""
    text = yaml.dump(tree, Dumper=_QuotingDumper, default_flow_style=flow)
    assert data_of(text) == tree


@given(trees, st.sampled_from([True, False, None]))
def test_places_are_where_a_second_opinion_sees_them(tree: JsonLike, flow: bool | None) -> None:  # noqa: FBT001
    """Every key and value stands where PyYAML's own composer says."""
    text = yaml.dump(tree, Dumper=_QuotingDumper, default_flow_style=flow)
    source = parse_source(text.encode(), "f.yaml")
    seen = dict(_composed(yaml.compose(text, Loader=yaml.SafeLoader), ()))
    assert {path: (source.places[path], source.value_places[path]) for path in source.places} == seen


def _composed(
    node: yaml.Node | None, path: DataPath, key: yaml.Node | None = None
) -> Iterator[tuple[DataPath, object]]:
    assert node is not None
    yield (
        path,
        tuple(
            Place("f.yaml", part.start_mark.line + 1, part.start_mark.column + 1)
            for part in (key or node, node)
        ),
    )
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _composed(value, (*path, name.value), name)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _composed(item, (*path, index))


@given(st.binary() | st.text(alphabet="ab1:-[]{},&*!|>'\"%@`#? \n\t\\~.<U0F", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused_with_a_place(data: bytes) -> None:
    """Whatever the bytes, the answer is data or a refusal that says where and what."""
    problems: tuple[Problem, ...] = ()
    try:
        parse_source(data, "f.yaml")
    except InvalidInput as refusal:
        problems = refusal.problems
    assert all(problem.found and problem.place.file == "f.yaml" for problem in problems)


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.usefixtures("either_loader")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: an empty file; accepted: one YAML document"),
        ("# only a comment\n", "2:1: an empty file; accepted: one YAML document"),
        ("---\n", "2:1: an empty document; accepted: one YAML document with content"),
        ("null", "1:1: an empty document; accepted: one YAML document with content"),
        ("a: 1\n---\nb: 2", "2:1: a second document; accepted: one document in a file"),
        ("%YAML 1.2\n---\na: 1", "1:1: a `%` directive; accepted: a document without directives"),
        ("%TAG ! !x\n---\na: 1", "1:1: a `%` directive; accepted: a document without directives"),
        ("a: &x 1", "1:4: an anchor `&x`; accepted: the value without an anchor"),
        ("a: &x {}", "1:4: an anchor `&x`; accepted: the value without an anchor"),
        ("&x a: 1", "1:1: an anchor `&x`; accepted: the value without an anchor"),
        ("a: *x", "1:4: an alias `*x`; accepted: the value itself, written out"),
        ("*x : 1", "1:1: an alias `*x`; accepted: the value itself, written out"),
        ("<<: {a: 1}", "1:1: a merge key `<<`; accepted: the merged keys, written out"),
        ("a: !!str x", "1:4: a tag `tag:yaml.org,2002:str`; accepted: the value without a tag"),
        ("a: ! x", "1:4: a tag `!`; accepted: the value without a tag"),
        ("!!omap []", "1:1: a tag `tag:yaml.org,2002:omap`; accepted: the value without a tag"),
        (
            "a: !!python/object/apply:os.system [x]",
            "1:4: a tag `tag:yaml.org,2002:python/object/apply:os.system`; accepted: the value without a tag",
        ),
        (
            "policy: deny\npolicy: allow\n",
            "2:1: the key `policy` a second time; first in line 1; accepted: each key once",
        ),
        ("1: x", "1:1: the key `1`, which is not text; accepted: a word, or text in quotes"),
        ("true: x", "1:1: the key `true`, which is not text; accepted: a word, or text in quotes"),
        ("null: x", "1:1: the key `null`, which is not text; accepted: a word, or text in quotes"),
        ("1.0: x", "1:1: the key `1.0`, which is not text; accepted: a word, or text in quotes"),
        ("~: x", "1:1: the key `~`, which is not text; accepted: a word, or text in quotes"),
        (
            "014: x",
            (
                "1:1: `014`, a number that readers take differently; accepted: a plain number such as `14` or `0.5`, "
                "or the text in quotes"
            ),
        ),
        ("? [a]\n: 1", "1:3: a key that is not text; accepted: a word, or text in quotes"),
        (
            "budget: .inf",
            "1:9: `.inf`, not a finite number; accepted: a finite number, or the text in quotes",
        ),
        (
            "deny: no",
            "1:7: `no`, a word that some readers take for a boolean; accepted: `true`, `false`, or the text in quotes",
        ),
    ],
)
def test_one_bad_thing_is_one_problem_with_its_place(text: str, problem: str) -> None:
    """Each thing that YAML can do and we do not take is told once, with place and remedy."""
    assert refused(text) == [problem]


@pytest.mark.usefixtures("either_loader")
def test_all_problems_are_told_in_one_go() -> None:
    """Reading goes on after a problem, and the problems come in the order of the file."""
    problems = refused("a: &x yes\n1: *x\nb: [014, !t z]\na: 2\nc: 1e999\n")
    assert [problem.split(" ")[0] for problem in problems] == [
        "1:4:",
        "1:4:",
        "2:1:",
        "2:4:",
        "3:5:",
        "3:10:",
        "4:1:",
        "5:4:",
    ]


@pytest.mark.usefixtures("either_loader")
def test_keys_that_would_collapse_are_told_one_by_one() -> None:
    """Four keys that other readers turn into two are four problems."""
    assert len(refused("{1: a, true: b, 1.0: c, null: d}")) == 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: {b: 1\n", "2:1: not YAML: did not find expected ',' or '}'"),
        (
            "a:\n\tb: 1",
            (
                "2:1: not YAML: found character that cannot start any token; accepted: spaces for indentation, and text "
                "that begins with a sign in quotes"
            ),
        ),
        (
            "a: b: c",
            (
                "1:5: not YAML: mapping values are not allowed in this context; accepted: text with a colon in quotes; "
                "keys of one mapping in one column"
            ),
        ),
    ],
)
@pytest.mark.skipif("CSafeLoader" not in LOADERS, reason="the words of the parser in C")
def test_a_syntax_error_has_its_place_and_a_hint(text: str, problem: str) -> None:
    """What is not YAML is told where the parser gave up, with what usually helps."""
    assert refused(text) == [problem]


@pytest.mark.usefixtures("either_loader")
def test_a_syntax_error_ends_the_list_of_problems() -> None:
    """What was found before it is still told."""
    problems = refused("a: yes\nb: [")
    assert len(problems) == 2
    assert problems[0].startswith("1:4: `yes`")
    assert "not YAML" in problems[1]


@pytest.mark.usefixtures("either_loader")
@pytest.mark.parametrize("text", ['a: "\\UFFFFFFFF"', 'a: "\\uD800"'])
def test_an_escape_for_no_character_is_refused(text: str) -> None:
    """An escape beyond Unicode, or for half a character, is refused whatever the parser thinks of it."""
    assert len(refused(text)) == 1


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xef\xbb\xbfa: 1", "begins with a byte order mark; accepted: UTF-8 without a byte order mark"),
        ("a: 1".encode("utf-16"), "begins with a byte order mark; accepted: UTF-8 without a byte order mark"),
        (b"a: 1\nb: \xe9", "2:4: the byte `0xe9`, which is not UTF-8; accepted: UTF-8"),
        (b"x" * (MAX_BYTES + 1), "more than 256 KiB; accepted: at most 256 KiB"),
    ],
)
def test_bytes_that_are_not_plain_utf8_are_refused(data: bytes, problem: str) -> None:
    """Another encoding, a byte order mark or too many bytes end the reading before the parser sees them."""
    assert refused(data) == [problem]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: \x1b[2K", "1:4:"),
        ("a: 1\nb\x00: 2", "2:2:"),
        ("a: 1\rb: 2", "1:5:"),
        ("a: x\x85y", "1:5:"),
        ("é: x\u2028y", "1:5:"),
        ("a: good\u202edab", "1:8:"),
        ("a: x\U000e0041", "1:5:"),
        ("a: x\ufeff", "1:5:"),
        ("a: 1 # \x07", "1:8:"),
    ],
)
def test_what_a_reviewer_does_not_see_is_refused(text: str, place: str) -> None:
    """Control, direction, tag and exotic line-end characters are refused wherever they stand, comments too."""
    (problem,) = refused(text)
    assert problem.startswith(place)
    assert "readers do not see or do not agree on" in problem
    assert problem.isprintable()


def test_utf16_without_a_mark_is_refused() -> None:
    """Its null bytes give it away."""
    assert refused("a: 1".encode("utf-16-le"))[0].startswith("1:2: the character `\\x00`")


# -- limits ---------------------------------------------------------------------------------------


def merge_bomb(size: int) -> bytes:
    """Return mappings that each merge the one before many times, about `size` bytes of them."""
    levels = ["a0: &a0 {k: 1}"]
    merged = 60
    while sum(map(len, levels)) < size:
        before, here = len(levels) - 1, len(levels)
        levels.append(f"a{here}: &a{here}\n  <<: [{', '.join([f'*a{before}'] * merged)}]")
    return "\n".join(levels).encode()


@pytest.mark.parametrize(
    ("data", "last_problem"),
    [
        (merge_bomb(151_000), f"{MAX_PROBLEMS} problems; the rest of the file was not read"),
        (b"[" * 20_000, "nested deeper than 64 levels; accepted: at most 64 levels"),
        (b"[" * 20_000 + b"]" * 20_000, "nested deeper than 64 levels; accepted: at most 64 levels"),
        (b"- " * 20_000 + b"x", "nested deeper than 64 levels; accepted: at most 64 levels"),
        (b"{a: " * 20_000, "nested deeper than 64 levels; accepted: at most 64 levels"),
        (b"? " * 20_000 + b"x", "nested deeper than 64 levels; accepted: at most 64 levels"),
    ],
    ids=["merge bomb", "open lists", "closed lists", "block lists", "mappings", "keys"],
)
def test_a_bomb_is_refused_while_it_is_small(data: bytes, last_problem: str) -> None:
    """Bombs are refused on the stream of events, in less than a second of work."""
    problems = quickly(lambda: refused(data), within=1)
    assert problems[-1].endswith(last_problem)
    assert len(problems) <= MAX_PROBLEMS + 1


@pytest.mark.usefixtures("either_loader")
def test_limits_hold_without_the_parser_in_c() -> None:
    """The slower parser reads no further than the limits either."""
    assert refused("[" * 100) == ["1:65: nested deeper than 64 levels; accepted: at most 64 levels"]


def test_an_empty_key_is_not_text() -> None:
    """A key that was forgotten is nothing, and nothing is not text."""
    assert "the key ``, which is not text" in refused("? \n: 1")[0]


def test_too_many_values_are_refused() -> None:
    """Keys and values are counted, not only containers."""
    count = MAX_NODES // 2
    text = "{" + ",".join(f"k{number}: 1" for number in range(count)) + "}"
    assert refused(text)[-1].endswith("more than 50000 keys and values; accepted: at most 50000")


def test_long_words_are_cut_in_messages() -> None:
    """A message stays short however long the word it quotes."""
    assert len(refused("a: &" + "x" * 1_000 + " 1")[0]) < 200


# -- files ----------------------------------------------------------------------------------------


def test_a_file_is_read_under_the_name_it_is_shown_as(tmp_path: Path) -> None:
    """Places speak of the file as the caller does; without a name, by its path."""
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1")
    assert read_source(path, "contracts/a.yaml").file == "contracts/a.yaml"
    assert read_source(path).place_of(("a",)) == Place(str(path), 1, 1)


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    """Symbolic links are followed."""
    (tmp_path / "a.yaml").write_bytes(b"a: 1")
    link = tmp_path / "b.yaml"
    link.symlink_to("a.yaml")
    assert read_source(link).data == {"a": 1}


def unreadable(path: Path) -> str:
    """Return the only problem of a path that cannot be read."""
    with pytest.raises(InvalidInput) as caught:
        read_source(path, "f.yaml")
    (problem,) = caught.value.problems
    return str(problem)


def test_an_absent_file_names_its_nearest_sibling(tmp_path: Path) -> None:
    """A misspelt name is answered with the name that exists."""
    (tmp_path / "refund-assistant.yaml").write_bytes(b"a: 1")
    message = unreadable(tmp_path / "refund-asistant.yaml")
    assert message == (
        "f.yaml: there is no such file; accepted: a YAML file; did you mean `refund-assistant.yaml`?"
    )


def test_an_absent_folder_has_no_siblings(tmp_path: Path) -> None:
    """Where not even the folder exists, nothing is suggested."""
    assert unreadable(tmp_path / "no" / "a.yaml") == "f.yaml: there is no such file; accepted: a YAML file"


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    """A directory, a pipe (which would block) and a file under a file are refused in plain words."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "plain").write_bytes(b"")
    assert unreadable(tmp_path) == "f.yaml: is a directory; accepted: a YAML file"
    assert unreadable(pipe) == "f.yaml: is not a regular file; accepted: a YAML file"
    assert unreadable(tmp_path / "plain" / "x") == (
        "f.yaml: cannot be read: not a directory; accepted: a readable YAML file"
    )
    assert (
        unreadable(tmp_path / "a\0b") == "f.yaml: cannot be read: not a path; accepted: a readable YAML file"
    )


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing permission is told in the system's words."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1")
    monkeypatch.setattr(Path, "open", refuse)
    assert unreadable(path) == "f.yaml: cannot be read: permission denied; accepted: a readable YAML file"


def test_a_file_is_not_read_beyond_the_limit(tmp_path: Path) -> None:
    """A huge file is refused without being read."""
    path = tmp_path / "a.yaml"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    assert unreadable(path) == "f.yaml: more than 256 KiB; accepted: at most 256 KiB"


def test_a_file_name_is_made_visible(tmp_path: Path) -> None:
    """A name that would move the cursor does not."""
    with pytest.raises(InvalidInput) as caught:
        read_source(tmp_path / "a", "x\x1b[2K.yaml")
    assert str(caught.value).startswith("x\\x1b[2K.yaml: ")
