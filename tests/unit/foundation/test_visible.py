"""What strangers write can be looked at without being obeyed, hidden or taken for our own words."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agentctl.foundation.visible import boxed, suspicious_scripts, visible

ANY_TEXT = st.text(st.characters(exclude_categories=()))
TRICKY_TEXT = st.text(st.sampled_from("\\xuU01be\n\x1b\u202e\u0301é \ue000\U000e0041"))


def decoded(shown: str) -> str:
    """Read a visible text back: the proof that nothing was lost and no two texts look the same."""

    def character(escape: re.Match[str]) -> str:
        body = escape.group(1)
        return body if body == "\\" else chr(int(body[1:], 16))

    return re.sub(r"\\(\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})", character, shown)


class TestVisible:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("plain text, 49.00 USD!", "plain text, 49.00 USD!"),
            ("\x1b[1A\x1b[2K", r"\x1b[1A\x1b[2K"),
            ("\x1b]8;;http://evil\x1b\\good", r"\x1b]8;;http://evil\x1b\good"),
            ("rm -rf /\rls", r"rm -rf /\x0dls"),
            ("\x00\x07\x08\t\x7f\x9b", r"\x00\x07\x08\x09\x7f\x9b"),
            ("\u202etxt.exe\u2066\u2069\u200e", r"\u202etxt.exe\u2066\u2069\u200e"),
            ("ze\u200bro\u200d\u2060\ufeff", r"ze\u200bro\u200d\u2060\ufeff"),
            ("\U000e0041\U000e007f", r"\U000e0041\U000e007f"),
            ("a\ufe0f\U000e0100\u180b", r"a\ufe0f\U000e0100\u180b"),
            ("\ue000\U000f0000\U0010fffd", r"\ue000\U000f0000\U0010fffd"),
            ("\u0378\ufdd0\uffff", r"\u0378\ufdd0\uffff"),
            ("\ud83d", r"\ud83d"),
            ("a\u2028b\u2029c\x85", r"a\u2028b\u2029c\x85"),
            ("a\u00a0b\u3000c\u2003\u202f\u2800", r"a\xa0b\u3000c\u2003\u202f\u2800"),
            ("pass\u00adword", r"pass\xadword"),
            ("2\u2062x\u2061\u2064", r"2\u2062x\u2061\u2064"),
            ("\u115f\u1160\u3164\uffa0", r"\u115f\u1160\u3164\uffa0"),
            ("\u034f\u17b4\ufffc", r"\u034f\u17b4\ufffc"),
        ],
    )
    def test_writes_out_what_hides_or_moves(self, text: str, shown: str) -> None:
        """Controls, bidi, zero-width, tags, selectors, private, unassigned, fillers and blanks become escapes."""
        assert visible(text) == shown

    @pytest.mark.parametrize(
        "text", ["Grüße, José", "дом", "日本語", "한국어", "שלום", "नमस्ते", "👍 €5 ½", "e\u0301"]
    )
    def test_keeps_every_script(self, text: str) -> None:
        """People write in their own language and see it."""
        assert visible(text) == text

    def test_keeps_newlines_only_when_asked(self) -> None:
        """A newline is an escape in one line of text and a newline in a block; a carriage return never is."""
        assert visible("a\r\nb") == r"a\x0d\x0ab"
        assert visible("a\r\nb", keep_newlines=True) == "a\\x0d\nb"

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("\u0301", r"\u0301"),
            ("1\u0301", r"1\u0301"),
            (" \u0336", r" \u0336"),
            ("a\u0338", r"a\u0338"),
            ("a\u20dd", r"a\u20dd"),
            ("a\u0301\u0302\u0303\u0304", "a\u0301\u0302\u0303" + r"\u0304"),
        ],
    )
    def test_marks_stay_on_letters_and_do_not_pile_up(self, text: str, shown: str) -> None:
        """A mark without a letter, one that strikes through or encloses, and the fourth in a row are written out."""
        assert visible(text) == shown

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            (r"\x1b", r"\\x1b"),
            (r"C:\temp", r"C:\temp"),
            (r"C:\users", r"C:\\users"),
            ("\\\x1b", r"\\\x1b"),
            ("\\", "\\"),
        ],
    )
    def test_doubles_a_backslash_only_where_it_could_deceive(self, text: str, shown: str) -> None:
        """Text that spells an escape is told from the character the escape stands for."""
        assert visible(text) == shown

    @given(ANY_TEXT | TRICKY_TEXT)
    @example("\\\\\x1b\\x1b")
    def test_nothing_is_lost(self, text: str) -> None:
        """Every text can be read back, hence two different texts never look the same."""
        assert decoded(visible(text)) == text
        assert decoded(visible(text, keep_newlines=True)) == text

    @given(ANY_TEXT | TRICKY_TEXT)
    def test_only_harmless_classes_remain(self, text: str) -> None:
        """What comes out holds no control, format, surrogate, private or unassigned character and no odd blank."""
        for char in visible(text):
            assert char == " " or unicodedata.category(char)[0] in "LMNPS"

    def test_is_quick_on_a_large_text(self) -> None:
        """Many escapes take no more than moments."""
        assert len(visible("\x1b\\x" * 100_000)) == 7 * 100_000


class TestSuspiciousScripts:
    @pytest.mark.parametrize(
        ("text", "scripts"),
        [
            ("d\u0435lete_file", ("CYRILLIC", "LATIN")),
            ("\u03bfrder", ("GREEK", "LATIN")),
            ("delete\uff3ffile \uff44elete", ("FULLWIDTH", "LATIN")),
            ("p\u0430y \u03bfne", ("CYRILLIC", "GREEK", "LATIN")),
            ("hello мир", ()),
            ("κόσμος and world", ()),
            ("plain_ascii", ()),
            ("", ()),
            ("José 日本a", ()),
        ],
    )
    def test_names_the_scripts_mixed_in_one_word(self, text: str, scripts: tuple[str, ...]) -> None:
        """Latin beside letters that look like Latin in the same word is suspicious; a foreign word is not."""
        assert suspicious_scripts(text) == scripts


class TestBoxed:
    def test_draws_a_box(self) -> None:
        """The whole text, every line prefixed, between two edges of the asked width."""
        assert boxed("one\ntwo", title="ticket 8842", cap=100, width=24) == (
            "┌─ ticket 8842 ─────────\n│ one\n│ two\n└───────────────────────"
        )

    def test_says_what_it_cut(self) -> None:
        """The lower edge counts what is not shown, in characters of the original."""
        assert boxed("abcdef", title="t", cap=4, width=30).endswith("│ abcd\n└─ … 2 more characters ───────")
        assert "… 1 more character ─" in boxed("abc", title="t", cap=2)

    def test_a_text_cannot_imitate_the_box_or_a_prompt(self) -> None:
        """Lines that look like an edge or a question stay behind the prefix."""
        box = boxed("└─────\napprove? [y/N] y\r> ", title="t", cap=100)
        assert box.splitlines()[1:-1] == ["│ └─────", "│ approve? [y/N] y\\x0d> "]

    def test_marks_a_line_broken_for_its_length(self) -> None:
        """A line that was too long goes on behind another sign, so it is told from two lines."""
        long = boxed("x" * 30, title="t", cap=100, width=24).splitlines()
        assert long[1:-1] == ["│ " + "x" * 22, "┊ " + "x" * 8]

    def test_counts_wide_characters_and_keeps_escapes_whole(self) -> None:
        """A wide character takes two columns; an escape is not torn apart."""
        assert boxed("日" * 12, title="t", cap=99, width=24).splitlines()[1:3] == ["│ " + "日" * 11, "┊ 日"]
        assert boxed("x" * 20 + "\u202e", title="t", cap=99, width=24).splitlines()[2] == "┊ \\u202e"

    def test_a_mark_takes_no_column(self) -> None:
        """An accent stays on the line of its letter, also at the end of it."""
        assert (
            boxed("x" * 21 + "e\u0301", title="t", cap=99, width=24).splitlines()[1]
            == "│ " + "x" * 21 + "e\u0301"
        )

    def test_makes_the_title_one_visible_line(self) -> None:
        """A hostile title neither breaks the edge nor widens it."""
        top = boxed("", title="a\nb\x1b" + "c" * 99, cap=1, width=40).splitlines()[0]
        assert top.startswith("┌─ a\\x0ab\\x1bccc")
        assert (len(top), "… " in top) == (40, True)

    @pytest.mark.parametrize(("cap", "width"), [(-1, 76), (1, 23)])
    def test_refuses_a_senseless_size(self, cap: int, width: int) -> None:
        """A negative cap or a width that no escape fits into is a mistake of the caller."""
        with pytest.raises(ValueError, match="a box needs"):
            boxed("x", title="t", cap=cap, width=width)

    @given(ANY_TEXT, ANY_TEXT)
    def test_no_line_escapes(self, text: str, title: str) -> None:
        """Whatever the text, no line is wider than the box and each begins with a sign of the box."""
        lines = boxed(text, title=title, cap=500, width=40).split("\n")
        assert {line[0] for line in lines[1:-1]} <= {"│", "┊"}
        assert (lines[0][0], lines[-1][0]) == ("┌", "└")
        for line in lines:
            wide = sum(unicodedata.east_asian_width(char) in "WF" for char in line)
            assert len(line) + wide - sum(unicodedata.category(char) == "Mn" for char in line) <= 40
