"""Tests of the tags of versions and of the file they stand in."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.contract.versions import (
    VersionTag,
    is_tag_name,
    load_versions,
    parse_versions,
    with_tag,
)
from agentctl.foundation.errors import InvalidInput

FILE = "contracts/versions.toml"
DIGEST, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
TAG = VersionTag(agent="helper", digest=DIGEST, date="2026-11-26", by="casey", note="the first")
WRITTEN = f"""# ours
title = "not ours"

[tags.old]  # an old one
agent = "helper"
digest = "{DIGEST}"   # as released
date = 2026-11-01
by = "alice"

# the end
""".replace('title = "not ours"\n\n', "")


def problems(text: str) -> list[str]:
    """Return what is wrong with a text."""
    with pytest.raises(InvalidInput) as refused:
        parse_versions(text, FILE)
    return [str(problem) for problem in refused.value.problems]


def test_a_file_that_is_not_there_holds_no_tag(tmp_path: Path) -> None:
    """And one that is there holds what stands in it, days written as days or as text."""
    assert load_versions(tmp_path / "versions.toml", FILE).document.tags == {}
    (tmp_path / "versions.toml").write_text(WRITTEN)
    (old,) = load_versions(tmp_path / "versions.toml", FILE).document.tags.values()
    assert (old.agent, old.digest, old.date, old.by, old.note) == (
        "helper",
        DIGEST,
        "2026-11-01",
        "alice",
        "",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tags = [1, 12:00:00, 1.5]", f"{FILE}: tags: a list of 3 items; accepted: a mapping"),
        (
            "[tags.v1\n",
            f"{FILE}:1:9: no TOML: Expected ']' at the end of a table declaration; accepted: TOML 1.0",
        ),
        ("a = ", f"{FILE}: no TOML: Invalid value; accepted: TOML 1.0"),
        ("tags = 3", f"{FILE}: tags: the number `3`; accepted: a mapping"),
        (
            f'[tags.v1]\nagent = "helper"\ndigets = "{DIGEST}"\ndigest = "{DIGEST}"\ndate = 2026-01-01\nby = "a"',
            f"{FILE}:3:1: tags.v1.digets: an unknown key `digets`; accepted: the keys `agent`, `digest`, `date`, `by`",
        ),
        (
            '[other]\ndigest = 1\n[tags."v.1"]\nagent = "helper"\ndigest = 7\ndate = 2026-01-01\nby = "a"\n',
            f"{FILE}:5:10: tags.v.1.digest: the number `7`; accepted: text that matches `^sha256:[0-9a-f]{{64}}$`",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(text: str, told: str) -> None:
    """Line and column of the value, what was found, what would be accepted."""
    assert any(problem.startswith(told) for problem in problems(text))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A folder, too many bytes, what is not UTF-8, what nobody may read, tables without end."""
    path = tmp_path / "versions.toml"
    cases = (b"# " + b"x" * (1 << 20), b"# \xff")
    told = ["more than 1024 KiB", "the byte `0xff`, which is not UTF-8"]
    for data, found in zip(cases, told, strict=True):
        path.write_bytes(data)
        with pytest.raises(InvalidInput, match=found):
            load_versions(path, FILE)
    with pytest.raises(InvalidInput, match="is not a regular file"):
        load_versions(tmp_path, FILE)
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_versions(path / "below", FILE)
    assert "nested too deep" in problems(f"a = {'[' * 5_000}")[0]


def test_a_tag_is_added_at_the_end() -> None:
    """Nothing that stands in the file changes; an empty file gets a head that says what it is."""
    file = parse_versions(WRITTEN, FILE)
    text = with_tag(file, "v1.2", TAG)
    assert text.startswith(WRITTEN)
    assert text.removeprefix(WRITTEN) == (
        f'\n[tags."v1.2"]\nagent = "helper"\ndigest = "{DIGEST}"\ndate = "2026-11-26"\nby = "casey"\nnote = "the first"\n'
    )
    assert with_tag(parse_versions("", FILE), "v1", TAG).startswith("# Tags of versions")
    assert parse_versions(with_tag(parse_versions("# no newline", FILE), "v1", TAG), FILE).document.tags == {
        "v1": TAG
    }


def test_a_tag_is_moved_where_it_stands() -> None:
    """Comments and order stay, also those beside a value; a key that was absent comes first."""
    moved = with_tag(parse_versions(WRITTEN, FILE), "old", TAG.model_copy(update={"digest": OTHER}))
    assert moved == WRITTEN.replace(f'"{DIGEST}"', f'"{OTHER}"').replace(
        "2026-11-01", '"2026-11-26"'
    ).replace('"alice"', '"casey"').replace("an old one\n", 'an old one\nnote = "the first"\n')
    without = with_tag(parse_versions(moved, FILE), "old", TAG.model_copy(update={"note": ""}))
    assert 'note = ""' in without
    assert with_tag(
        parse_versions("[tags.v1]\nagent='a'\ndigest='" + DIGEST + "'\ndate=2026-01-01\nby='b'", FILE),
        "v1",
        TAG,
    )


@pytest.mark.parametrize(
    "text",
    [
        f'tags = {{ v1 = {{ agent = "a", digest = "{DIGEST}", date = "2026-01-01", by = "b" }} }}\n',
        f'[tags.v1]\nagent = """\na"""\ndigest = "{DIGEST}"\ndate = "2026-01-01"\nby = "b"\n'.replace(
            '"""\na"""', '"""a"""'
        ),
        f'[tags]\nv1.agent = "a"\nv1.digest = "{DIGEST}"\nv1.date = "2026-01-01"\nv1.by = "b"\n',
    ],
)
def test_a_tag_in_a_form_of_its_own_is_left_to_its_author(text: str) -> None:
    """What we would write is read again first; where it does not say what it should, nothing is written."""
    with pytest.raises(InvalidInput, match="is not written so that it can be changed; accepted: a table"):
        with_tag(parse_versions(text, FILE), "v1", TAG)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}", fullmatch=True), st.text(max_size=20), max_size=4
    ),
    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
def test_what_is_written_is_read_back(others: dict[str, str], name: str, note: str) -> None:
    """Whatever the names are, and whatever characters stand in a note."""
    text, tags = "", dict[str, VersionTag]()
    for other in others:
        text = with_tag(parse_versions(text, FILE), other, TAG)
        tags[other] = TAG
    mine = TAG.model_copy(update={"note": note})
    text = with_tag(parse_versions(text, FILE), name, mine)
    assert parse_versions(text, FILE).document.tags == {**tags, name: mine}


def test_a_version_is_called_by_its_newest_tag() -> None:
    """Of those of one day, by the one that stands last; a tag of another agent is not its own."""
    earlier = TAG.model_copy(update={"date": "2026-11-01"})
    text = ""
    for name, tag in (
        ("b", TAG),
        ("a", TAG),
        ("c", earlier),
        ("d", TAG.model_copy(update={"agent": "other"})),
    ):
        text = with_tag(parse_versions(text, FILE), name, tag)
    tags = parse_versions(text, FILE).document
    assert tags.of("helper", DIGEST) == ("c", "b", "a")
    assert (tags.newest("helper", DIGEST), tags.newest("helper", OTHER)) == ("a", None)


def test_names_of_tags() -> None:
    """Lower-case, digits, dots, dashes."""
    assert [
        is_tag_name(name) for name in ("v1.2", "2026-11", "V1", "", ".v1", "v1\n", "sha256:a", "a" * 65)
    ] == [
        True,
        True,
        *[False] * 6,
    ]
