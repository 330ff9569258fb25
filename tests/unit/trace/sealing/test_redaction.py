"""What must not be kept is found, plain or encoded; what only looks like it is left alone; and it is quick."""

import base64
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.trace.sealing import redaction
from agentctl.trace.sealing.redaction import Match, find_secrets, is_card_number, is_named_secret, united
from tests.fakes.pace import quickly

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAx7\nq3+/a9\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJjYXNleSJ9.c2lnbmF0dXJl"
MEGABYTE = 1_000_000


def found(text: str) -> list[tuple[str, str]]:
    """Return kind and text of every match."""
    return [(match.kind, text[match.start : match.end]) for match in find_secrets(text)]


def every_character_as(form: str, text: str) -> str:
    """Return the text with each character written as an escape."""
    return "".join(form % ord(char) for char in text)


class TestCards:
    @pytest.mark.parametrize(
        "card",
        [
            "4242424242424242",
            "4242 4242 4242 4242",
            "4242-4242-4242-4242",
            "4242 - 4242 - 4242 - 4242",
            "4242\u00a04242\u20134242\u20114242",
            "378282246310005",
            "3782 822463 10005",
            "4222222222222",
            "6304000000000000000",
            "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
            "\uff14\uff12\uff14\uff12" * 4,
        ],
    )
    def test_finds_a_card(self, card: str) -> None:
        """13 to 19 digits that pass Luhn, in one piece or in groups, also of other alphabets."""
        assert found(f"card: {card}, exp. 12/27") == [("card", card)]

    @pytest.mark.parametrize(
        "text",
        [
            "4242424242424241",
            "424242424242",
            "42424242424242424242424",
            "4242,4242,4242,4242",
            "4242\n4242\n4242\n4242",
        ],
    )
    def test_leaves_other_numbers(self, text: str) -> None:
        """A failed checksum, too few or too many digits, or a list is no card."""
        assert found(text) == []

    def test_finds_cards_beside_each_other(self) -> None:
        """Two cards in a row are two matches; the number of a list entry does not hide the card behind it."""
        text = "4242424242424242 5555555555554444\n2 4000 0566 5566 5556"
        assert found(text) == [
            ("card", "4242424242424242"),
            ("card", "5555555555554444"),
            ("card", "4000 0566 5566 5556"),
        ]

    def test_takes_all_that_may_belong_to_a_card(self) -> None:
        """Where two readings overlap, both go: nothing of either is left behind."""
        text = "18 4242 4242 4242 4242"
        assert [word for _, word in found(text)] in (["4242 4242 4242 4242"], [text])
        assert "".join(word for _, word in found("0000 " + text)).endswith("4242 4242 4242 4242")

    @given(st.lists(st.integers(0, 9), min_size=12, max_size=18))
    def test_agrees_with_luhn(self, digits: list[int]) -> None:
        """Any number with a right check digit is found, with a wrong one it is not."""
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[::-1][::2]]
        check = -(sum(doubled) + sum(digits[::-1][1::2])) % 10
        number = "".join(map(str, digits))
        assert found(f"<{number}{check}>")[:1] == [("card", f"{number}{check}")]
        assert ("card", f"{number}{(check + 1) % 10}") not in found(f"<{number}{(check + 1) % 10}>")

    @pytest.mark.parametrize(
        ("number", "is_card"),
        [
            (4242424242424242, True),
            (-4242424242424242, True),
            (4242424242424242.0, True),
            (4242424242424241, False),
            (4242424242424242.5, False),
            (4900, False),
            pytest.param(10**5000, False, id="huge"),
            (float("nan"), False),
            (float("inf"), False),
        ],
    )
    def test_judges_json_numbers(self, number: float, is_card: bool) -> None:  # noqa: FBT001
        """A whole number is a card by the same rule; huge, broken and fractional ones are not."""
        assert is_card_number(number) is is_card


class TestIbans:
    @pytest.mark.parametrize(
        "iban",
        [
            "DE89370400440532013000",
            "GB82 WEST 1234 5698 7654 32",
            "gb82-west-1234-5698-7654-32",
            "NO9386011117947",
        ],
    )
    def test_finds_an_iban(self, iban: str) -> None:
        """A country we know, its length, and the checksum."""
        assert found(f"to {iban} please pay") == [("iban", iban)]

    @pytest.mark.parametrize("text", ["DE88370400440532013000", "XX89370400440532013000", "GB82 WEST"])
    def test_leaves_what_fails(self, text: str) -> None:
        """A wrong checksum, an unknown country and a fragment are no IBAN."""
        assert "iban" not in dict(found(text))

    def test_is_not_thrown_off_by_a_false_start(self) -> None:
        """Letters and digits before it that look like a beginning do not hide it."""
        assert ("iban", "GB82WEST12345698765432") in found("ref DE12 GB82WEST12345698765432")


class TestEmails:
    @pytest.mark.parametrize(
        "email",
        [
            "bob@example.com",
            "bob.obrien+tag@mail.example.co.uk",
            "müller@bücher.example",
            '"john doe"@example.com',
            "bob@xn--bcher-kva.xn--p1ai",
            "bob\uff20example.com",
            "x" * 300 + "@example.com",
        ],
    )
    def test_finds_an_address(self, email: str) -> None:
        """Dots, tags, other alphabets, quotes and long names."""
        assert found(f"<{email}>.") == [("email", email)]

    @pytest.mark.parametrize("text", ["@bob", "a@b", "left-pad@1.3.0", "user@", "@ example.com", "a@@b.com@"])
    def test_leaves_what_is_no_address(self, text: str) -> None:
        """Handles, version pins and loose signs stay."""
        assert found(text) == []


class TestPhones:
    @pytest.mark.parametrize(
        "phone",
        [
            "+1 555 123 4567",
            "+15551234567",
            "+44 (0)20 7946 0958",
            "+49.30.1234567",
            "0049 30 1234567",
            "(555) 123-4567",
            "(555)123-4567",
            "555-123-4567",
            "555.123.4567",
            "1-800-555-0199",
        ],
    )
    def test_finds_a_number(self, phone: str) -> None:
        """International forms and those of the United States."""
        assert found(f"call {phone}, or mail") == [("phone", phone)]

    @pytest.mark.parametrize(
        "text",
        [
            "2026-11-22",
            "2026-11-22T22:37:00.000000Z",
            "12:00:00+10:30",
            "15551234567",
            "5551234567",
            "00491711234567",
            "+1234567",
            "+12345678.90",
            "+12.345.678,90",
            "+12345678 USD",
            "+12345678€",
            "1,234,567.89",
            "ticket 8842 of 2026",
            "192.168.100.100",
        ],
    )
    def test_leaves_dates_amounts_and_plain_integers(self, text: str) -> None:
        """What people write beside phone numbers is not one."""
        assert found(text) == []

    def test_stops_before_another_number(self) -> None:
        """A date after a phone number does not hide it."""
        assert found("+1 555 123 4567 20261122")[0][1].startswith("+1 555 123 4567")


class TestSocialSecurityNumbers:
    def test_finds_only_what_may_be_one(self) -> None:
        """Three, two and four digits, none of them of a group that is never given out."""
        assert found("ssn 123-45-6789 or 123 45 6789") == [("ssn", "123-45-6789"), ("ssn", "123 45 6789")]
        for text in (
            "000-12-3456",
            "666-12-3456",
            "900-12-3456",
            "123-00-4567",
            "123-45-0000",
            "123-45 6789",
        ):
            assert found(text) == []


class TestKeys:
    @pytest.mark.parametrize(
        "key",
        [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_" + "a1B2" * 9,
            "github_pat_11ABCDEFG0_abcdefghijklmnop",
            "glpat-abcDEF123456ghiJKL78",
            "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
            "rk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "whsec_4eC39HqLyjWDarjt",
            "sk-proj-abcdefghijklmnop1234",
            "xoxb-2345678901-abcdefghij",
            "xapp-1-A0123456789-abcdef",
            "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY",
            "npm_" + "a1B2c3" * 6,
            "SG.abcdefghijklmnop1.qrstuvwxyzabcdef2",
            JWT,
            PEM,
        ],
    )
    def test_finds_a_token_by_its_form(self, key: str) -> None:
        """The prefixes of those who issue keys, signed tokens and whole private keys."""
        assert found(f'it is "{key}" here') == [("key", key)]

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("password=hunter2", "hunter2"),
            ("\u0130 PASSWORD=Hunter2", "Hunter2"),
            ('"api_key": "Zx81-aaQ!9"', "Zx81-aaQ!9"),
            ("DB_PASSWORD='c0rrect-h0rse'", "c0rrect-h0rse"),
            ("https://x.example/?token=a8Kd93kfQ&page=2", "a8Kd93kfQ"),
            ("Authorization: Bearer a8Kd93kfQ0zx81", "a8Kd93kfQ0zx81"),
            ("authorization: basic Ym9iOmh1bnRlcjI=", "Ym9iOmh1bnRlcjI="),
            ("secret => correcthorsebatterystaple", "correcthorsebatterystaple"),
            ("postgres://bob:pw@localhost/x", "pw"),
        ],
    )
    def test_finds_a_token_by_its_label(self, text: str, key: str) -> None:
        """What follows `password=`, `token:`, `Bearer` or stands before the `@` of a URL; the label stays."""
        assert found(text) == [("key", key)]

    @pytest.mark.parametrize(
        "text",
        [
            "password: required",
            "token=aaaaaaaaaaaa",
            "bearer of bad news",
            "secret: CONFIDENTIAL",
            "pwd=abc",
            "task-management-of-it",
        ],
    )
    def test_leaves_words(self, text: str) -> None:
        """A word after a label, or nothing but one letter, is no secret."""
        assert found(text) == []

    def test_a_private_key_without_its_end_goes_to_the_end(self) -> None:
        """A block that was cut off is still a key."""
        text = "x -----BEGIN PRIVATE KEY-----\nMIIE and all the rest"
        assert found(text) == [("key", text[2:])]

    @pytest.mark.parametrize(
        ("name", "value", "is_secret"),
        [
            ("password", "hunter2", True),
            ("apiKey", "Zx81aaQ9", True),
            ("next_page_token", "a8Kd93kfQ", True),
            ("password", "required", False),
            ("token_ttl", "a8Kd93kfQ", False),
            ("name", "a8Kd93kfQ", False),
        ],
    )
    def test_knows_secrets_by_the_name_of_a_field(self, name: str, value: str, is_secret: bool) -> None:  # noqa: FBT001
        """In JSON the label is the key of an object."""
        assert is_named_secret(name, value) is is_secret


SECRETS = (
    "bob@example.com",
    "4242424242424242",
    "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
    "DE89370400440532013000",
    "+1 555 123 4567",
)


class TestEncodings:
    @pytest.mark.parametrize("secret", SECRETS)
    @pytest.mark.parametrize("around", ["%s", "see %s.", "/v1/x/%s", "data:%s", "a %s==", "id_%s"])
    def test_finds_base64_at_any_offset(self, secret: str, around: str) -> None:
        """The whole token goes, whatever it is glued to and whatever stands before the secret inside it."""
        for before in ("", "x", "xy"):
            token = base64.b64encode((before + " " + secret).encode()).decode().rstrip("=")
            text = around % token
            assert any(token in word for _, word in found(text))

    def test_finds_base64_of_both_alphabets_and_in_lines(self) -> None:
        """URL-safe tokens and tokens broken into lines are read too."""
        urlsafe = base64.urlsafe_b64encode(b"\xfb\xff\xfe bob@example.com").decode()
        lines = base64.encodebytes(b"x" * 50 + b"bob@example.com" + b"y" * 50).decode()
        assert found(urlsafe) == [("email", urlsafe)]
        assert found(lines) == [("email", lines.strip())]

    @pytest.mark.parametrize("secret", SECRETS)
    @pytest.mark.parametrize(
        "form", ["%%%02X", r"\u%04x", r"\x%02x", r"\U%08x", r"\u{%x}", "&#%d;", "&#x%x;", r"\\u%04x"]
    )
    def test_finds_escapes(self, secret: str, form: str) -> None:
        """Percent, backslash and HTML escapes, each character written as one, also escaped twice."""
        text = every_character_as(form, secret)
        assert [word for _, word in found(f"<{text}>")] == [text]

    def test_only_the_escaped_stretch_goes(self) -> None:
        """What stands around an escaped secret stays readable."""
        assert found("https://x.example/?q=bob%40example.com&n=1") == [("email", "bob%40example.com")]
        assert found(r"mail bob\u0040example.com, please") == [("email", r"bob\u0040example.com")]

    @pytest.mark.parametrize("secret", [*SECRETS, "4242 4242 4242 4242", "555 123 4567", PEM])
    def test_finds_the_query_form_of_a_url(self, secret: str) -> None:
        """Spaces as plus signs and the rest in percent."""
        text = urllib.parse.quote_plus(secret)
        assert found(f"<{text}>")[0][1].replace("%2B", "") == text.replace("%2B", "")

    def test_looks_through_characters_that_nobody_sees(self) -> None:
        """Zero-width characters and soft hyphens do not hide a number."""
        assert found("4242\u200b4242\u00ad4242\u20604242") == [("card", "4242\u200b4242\u00ad4242\u20604242")]

    def test_looks_into_one_encoding_inside_another(self) -> None:
        """Base64 in percent, and base64 in base64."""
        once = base64.b64encode(b"bob@example.com!").decode()
        assert once.endswith("==")
        assert found(urllib.parse.quote(once, safe=""))[0][0] == "email"
        twice = base64.b64encode(once.encode()).decode()
        assert found(twice) == [("email", twice)]

    @pytest.mark.parametrize(
        "text", ["%zz %4", r"\U00ffffff \u12", "&#9999999;", "a+b c++", "refunded Yesterday", r"C:\new"]
    )
    def test_leaves_harmless_escapes(self, text: str) -> None:
        """Broken escapes, points that do not exist and words in capitals are nothing."""
        assert found(text) == []

    def test_finds_far_apart_secrets(self) -> None:
        """Escapes far from each other are each looked at, and places are right."""
        text = "x " * 2000 + r"a\u0040example.com " + "y " * 2000 + "b%40example.com" + " z" * 2000
        assert found(text) == [("email", r"a\u0040example.com"), ("email", "b%40example.com")]


class TestUnited:
    def test_joins_what_overlaps(self) -> None:
        """Overlapping matches become one of the longest one's kind; of equals the first wins; touching ones stay apart."""
        assert united([Match("card", 5, 9), Match("email", 0, 6), Match("key", 9, 12)]) == (
            Match("email", 0, 9),
            Match("key", 9, 12),
        )
        assert united([Match("phone", 2, 4), Match("card", 1, 3)]) == (Match("card", 1, 4),)
        assert united([Match("phone", 1, 3), Match("card", 2, 9)]) == (Match("card", 1, 9),)

    @given(
        st.lists(
            st.builds(
                lambda start, size: Match("card", start, start + size), st.integers(0, 50), st.integers(1, 9)
            )
        )
    )
    def test_covers_the_same_places(self, matches: list[Match]) -> None:
        """No place is lost or added, and the result is in order without overlaps."""
        result = united(matches)
        places = [place for match in result for place in range(match.start, match.end)]
        assert places == sorted({place for match in matches for place in range(match.start, match.end)})


HOSTILE = {
    "letters": "a",
    "digits": "1",
    "spelled digits": "4 ",
    "cards": "4242424242424242 ",
    "at signs": "a@",
    "token beginnings": "eyJ",
    "phones": "+1 555 ",
    "key beginnings": "-----BEGIN PRIVATE KEY",
    "percent": "%41",
    "backslashes": "\\",
    "labels": "password=",
    "urls": "://a:",
    "capitals": "rEfundeds ",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_is_linear(unit: str) -> None:
    """A megabyte of what provokes slow expressions takes less than a second, or as much more as this machine is slow."""
    text = (unit * MEGABYTE)[:MEGABYTE]
    quickly(lambda: find_secrets(text), within=1)


def test_what_is_clean_is_remembered_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short text with nothing in it is not searched again; a secret is kept by nobody, and neither are too many texts."""
    remembered: set[str] = set()
    monkeypatch.setattr(redaction, "_CLEAN", remembered)
    monkeypatch.setattr(redaction, "_MOST_CLEAN", 3)
    assert find_secrets("a ticket") == ()
    assert find_secrets("casey@example.com") != ()
    assert find_secrets("long " * 100) == ()
    assert remembered == {"a ticket"}
    monkeypatch.setattr(redaction, "_found", lambda *_: pytest.fail("it was searched again"))
    assert find_secrets("a ticket") == ()
    monkeypatch.undo()
    monkeypatch.setattr(redaction, "_MOST_CLEAN", 3)
    for number in range(10):
        find_secrets(f"clean {number * 'x'}")
        assert len(redaction._CLEAN) <= 3
