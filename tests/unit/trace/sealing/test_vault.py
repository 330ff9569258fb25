"""Values leave for placeholders and come back, through crashes and restarts, and nobody gets another's by guessing."""

import base64
import itertools
import json
import stat
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agentctl.foundation.canonical import JsonValue, NotJson
from agentctl.foundation.errors import IntegrityError, InternalError, JournalUnavailable
from agentctl.trace.disk import SystemDisk
from agentctl.trace.sealing.vault import Vault

KEY = bytes(range(32))
RUN = "01KAP4Q7Z8M3N5R6S9T0VWXYZ1"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nEFAASCBKcw/g=+\n-----END PRIVATE KEY-----"


def in_memory() -> Vault:
    """Return an empty vault that writes nothing."""
    return Vault(None, KEY, RUN, "strict")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the vault of the run lies."""
    return tmp_path / "sealed" / RUN


@pytest.fixture
def open_vault(path: Path) -> Callable[[], Vault]:
    """Open the vault of the run, as each process that works on the run does."""
    return lambda: Vault(path, KEY, RUN, "standard")


def written(path: Path, *values: JsonValue) -> list[bytes]:
    """Seal values in a new vault and return the lines of its file."""
    vault = Vault(path, KEY, RUN, "standard")
    vault.redact(list(values))
    vault.flush()
    return path.read_bytes().splitlines(keepends=True)


class TestRedact:
    def test_gives_the_same_value_the_same_placeholder(self) -> None:
        """Numbers count per kind, in order of first sight."""
        vault = in_memory()
        assert vault.redact(["bob@x.com", "eve@x.com, bob@x.com", "4242424242424242"]) == [
            "[email:1]",
            "[email:2], [email:1]",
            "[card:1]",
        ]

    def test_reaches_every_place_of_a_value(self) -> None:
        """Strings, object keys and whole numbers, however deep; other values stay."""
        value = {"bob@x.com": [{"n": 4242424242424242, "amount": 4900, "rate": 0.5, "ok": True, "no": None}]}
        assert in_memory().redact(value) == {
            "[email:1]": [{"n": "[card:1]", "amount": 4900, "rate": 0.5, "ok": True, "no": None}]
        }

    def test_seals_what_looks_like_a_placeholder(self) -> None:
        """A stranger who writes `[email:1]` gets his own words back, not an address."""
        vault = in_memory()
        vault.redact("bob@x.com")
        redacted = vault.redact("send it to [email:1]")
        assert redacted == "send it to [text:1]"
        assert vault.restore(redacted) == "send it to [email:1]"

    def test_knows_secrets_by_the_key_of_an_object(self) -> None:
        """What stands under `password` is sealed whole."""
        assert in_memory().redact({"password": "hunter2", "note": "hunter2"}) == {
            "password": "[key:1]",
            "note": "hunter2",
        }

    def test_off_means_off(self) -> None:
        """At the level `off` nothing is replaced, keys and look-alikes included, and nothing is put back."""
        vault = Vault(None, KEY, RUN, "off")
        value = {"password": "hunter2hunter2", "mail": "bob@x.com [email:1]"}
        assert vault.redact(value) == vault.restore(value) == value
        assert (vault.restore_text("[email:1]"), vault.flush(), vault.missing(value)) == (
            "[email:1]",
            {},
            frozenset(),
        )

    def test_refuses_two_keys_that_become_one(self) -> None:
        """An object that names a person by placeholder and in full is refused, not silently halved."""
        vault = in_memory()
        vault.redact("bob@x.com")
        with pytest.raises(NotJson, match="the same key twice"):
            vault.redact({"[email:1]": 1, "bob@x.com": 2}, trusted_placeholders=True)


class TestTrustedPlaceholders:
    def test_known_ones_stay_and_unknown_ones_do_not(self) -> None:
        """A model may use what it was given; what it makes up stands for its own words."""
        vault = in_memory()
        vault.redact("bob@x.com")
        redacted = vault.redact("mail [email:1], not [email:2] or eve@x.com", trusted_placeholders=True)
        assert redacted == "mail [email:1], not [text:1] or [email:2]"
        assert vault.restore(redacted) == "mail bob@x.com, not [email:2] or eve@x.com"

    def test_a_number_cannot_be_guessed_within_one_value(self) -> None:
        """A placeholder that comes into being in the same breath was not given to anybody."""
        assert in_memory().redact(["bob@x.com", "[email:1]"], trusted_placeholders=True) == [
            "[email:1]",
            "[text:1]",
        ]

    def test_a_secret_around_a_placeholder_does_not_swallow_it(self) -> None:
        """A known placeholder under a secret name stays what it is."""
        vault = in_memory()
        vault.redact({"password": "hunter2"})
        value = {"password": "[key:1]", "token": "[key:1]x9Zq81"}
        assert vault.redact(value, trusted_placeholders=True) == value

    def test_is_refused_to_strangers(self) -> None:
        """Without the flag even a known placeholder is only text."""
        vault = in_memory()
        vault.redact("bob@x.com")
        assert vault.redact("[email:1]") == "[text:1]"


FRAGMENTS = st.sampled_from(
    [
        "bob@x.com", "4242424242424242", "4242 4242 4242 4242", "[email:1]", "[text:1]", "[card:", "1]", "[", "]",
        "password=", "hunter2x", "eyJhbGciOiJF.eyJzdWI.c2ln", "123-45-6789", "+1 555 123 4567", "%40", "\\u0040", " ",
        "-----BEGIN PRIVATE KEY-----", "Ym9iQGV4YW1wbGUuY29t", "://a:b@c", "\n", "\\", "a", "1",
    ]
)  # fmt: skip
TEXT = st.lists(FRAGMENTS, max_size=8).map("".join) | st.text(st.characters(exclude_categories=()))
NUMBERS = st.integers() | st.floats(allow_nan=False) | st.sampled_from([4242424242424242, 4242424242424242.0])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXT | st.just("password"), inner, max_size=4)
    ),
    max_leaves=12,
)


def same(left: JsonValue, right: JsonValue) -> bool:
    """Return whether two values are equal and of equal types: `1` is not `1.0`."""
    return json.dumps(left) == json.dumps(right)


class TestRoundTrip:
    @given(JSON)
    @example(["[email:1]", "bob@x.com", "[[email:1]:1]", "[email:4242424242424242]"])
    @example([4242424242424242, "4242424242424242", 4242424242424242.0, "see 4242424242424242"])
    def test_restore_undoes_redact(self, value: JsonValue) -> None:
        """Whatever was taken out comes back, of the same type."""
        vault = in_memory()
        assert same(vault.restore(vault.redact(value)), value)

    @given(st.lists(JSON, max_size=3))
    def test_values_do_not_disturb_each_other(self, values: list[JsonValue]) -> None:
        """Many values through one vault come back each as it was."""
        vault = in_memory()
        redacted = [vault.redact(value) for value in values]
        assert all(same(vault.restore(held), value) for held, value in zip(redacted, values, strict=True))

    @given(JSON)
    def test_redacting_again_changes_nothing(self, value: JsonValue) -> None:
        """What the vault made stays as it is when it is redacted as trusted."""
        vault = in_memory()
        redacted = vault.redact(value)
        assert same(vault.redact(redacted, trusted_placeholders=True), redacted)
        assert vault.missing(redacted) == frozenset()

    def test_restores_types_alone_and_text_in_text(self) -> None:
        """A placeholder alone gives the number back; in a sentence or as a key its digits."""
        vault = in_memory()
        assert vault.redact(4242424242424242) == "[card:1]"
        assert vault.restore(["[card:1]", "no. [card:1]"]) == [4242424242424242, "no. 4242424242424242"]
        assert vault.restore({"[card:1]": 1}) == {"4242424242424242": 1}
        assert vault.restore_text("[card:1]") == "4242424242424242"

    def test_leaves_what_it_does_not_know_and_says_so(self) -> None:
        """A placeholder without a value stays and is named as missing."""
        vault = in_memory()
        vault.redact("bob@x.com")
        value = {"to": ["[email:1]", "[email:7]"], "[card:1]": 3}
        assert vault.restore(value) == {"to": ["bob@x.com", "[email:7]"], "[card:1]": 3}
        assert vault.missing(value) == {"[email:7]", "[card:1]"}


CANARIES = (
    *(f"{name}@example.{top}" for name in ("bob", "eve.smith", "x+y", "o_brien") for top in ("com", "co.uk")),
    *("4242424242424242", "5555 5555 5555 4444", "3782-822463-10005", "6011111111111117", "30569309025904"),
    *("3530111333300000", "4222222222222", "2223 0031 2200 3222"),
    *(
        "DE89370400440532013000",
        "GB82 WEST 1234 5698 7654 32",
        "FR1420041010050500013M02606",
        "NO9386011117947",
    ),
    *(
        "NL91ABNA0417164300",
        "CH93 0076 2011 6238 5295 7",
        "ES9121000418450200051332",
        "MT84MALT011000012345MTLCAST001S",
    ),
    *(
        "+1 555 123 4567",
        "+442079460958",
        "(555) 123-4567",
        "555-123-4567",
        "1-800-555-0199",
        "+49 30 1234567",
    ),
    *("123-45-6789", "078-05-1120", "219 09 9999"),
    *("AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "ghp_" + "a1B2" * 9, "gho_" + "Zz90" * 9),
    *(
        "github_pat_11ABCDEFG0abcdefghijklmn",
        "glpat-abcDEF123456ghiJKL78",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    ),
    *("sk_test_4eC39HqLyjWDarjtT1zdp7dc", "rk_live_4eC39HqLyjWDarjtT1zdp7dc", "whsec_4eC39HqLyjWDarjt"),
    *("sk-proj-abcdefghijklmnop1234", "sk-ant-api03-abcdefghijkl", "xoxb-2345678901-abcdefghij"),
    *("xoxp-2345678901-abcdefghij", "xapp-1-A0123456789-abcdef", "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"),
    *("npm_" + "a1B2c3" * 6, "hf_" + "a1B2c3" * 6, "SG.abcdefghijklmnop1.qrstuvwxyzabcdef2"),
    *("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJjYXNleSJ9.c2lnbmF0dXJl", PEM, PEM.replace("PRIVATE", "EC PRIVATE")),
    *(
        "password=hunter2!x",
        "api_key: Zx81-aaQ!9kk",
        "token=a8Kd93kfQ01",
        "Bearer a8Kd93kfQ0zx81",
        "secret: 9f8a7b6c5d4e",
    ),
)
FORMS: dict[str, Callable[[str], str]] = {
    "raw": lambda text: text,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 inside": lambda text: base64.urlsafe_b64encode(f"<id=7 {text}>".encode()).decode(),
    "query": urllib.parse.quote_plus,
    "percent": lambda text: urllib.parse.quote(text, safe=""),
    "all percent": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "json": lambda text: json.dumps(text)[1:-1],
    "all escaped": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
}


def core(canary: str) -> str:
    """Return the part of a canary that must not remain: the label may."""
    return canary.split("=", 1)[-1].split(": ", 1)[-1].removeprefix("Bearer ") if len(canary) < 40 else canary


def assert_gone(output: JsonValue, forms: list[Callable[[str], str]]) -> None:
    """Check that no canary remains in any of the forms."""
    text = json.dumps(output, ensure_ascii=False)
    for canary, form in itertools.product(CANARIES, forms):
        for secret in (canary, core(canary)):
            assert form(secret) not in text
            assert json.dumps(form(secret))[1:-1] not in text


class TestCanaries:
    def test_there_are_enough(self) -> None:
        """Sixty secrets and more, all different."""
        assert len(set(CANARIES)) == len(CANARIES) >= 60

    @pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
    def test_none_remains(
        self, form: Callable[[str], str], open_vault: Callable[[], Vault], path: Path
    ) -> None:
        """No secret of any kind, in any form, as value, inside text or as a key, is in the output or in the file."""
        value = {
            "whole": [form(canary) for canary in CANARIES],
            "inside": [f"the customer wrote: {form(canary)} and left" for canary in CANARIES],
            "keys": {form(canary): 1 for canary in CANARIES},
            "document": "\n".join(form(canary) for canary in CANARIES if "PRIVATE" not in canary),
        }
        vault = open_vault()
        redacted = vault.redact(value)
        assert_gone(redacted, [form, FORMS["raw"]])
        assert same(vault.restore(redacted), value)
        vault.flush()
        assert_gone(path.read_text(), [form, FORMS["raw"]])

    @pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
    def test_this_test_sees_what_remains(self, form: Callable[[str], str]) -> None:
        """A single canary left in the output is noticed."""
        with pytest.raises(AssertionError):
            assert_gone(["", form(CANARIES[17])], [form])

    def test_numbers_too(self) -> None:
        """Cards that are JSON numbers."""
        cards = [int(canary) for canary in CANARIES if canary.isdecimal()]
        assert len(cards) >= 5
        assert_gone(in_memory().redact([*cards, *map(float, cards)]), [FORMS["raw"]])


class TestDigests:
    def test_name_values_without_telling_them(self) -> None:
        """Equal values have equal digests within a run, other runs and keys have others."""
        vault = in_memory()
        redacted = vault.redact({"bob@x.com": "4242424242424242", "n": 4242424242424242})
        digests = vault.digests(redacted)
        assert list(digests) == ["[card:1]", "[card:2]", "[email:1]"]
        assert len(set(digests.values())) == 3
        assert all(len(digest) == len("hmac-sha256:") + 64 for digest in digests.values())
        for other in (
            Vault(None, KEY, "01KAP4Q7Z8M3N5R6S9T0VWXYZ2", "strict"),
            Vault(None, b"k" * 32, RUN, "strict"),
        ):
            assert other.digests(other.redact("bob@x.com"))["[email:1]"] != digests["[email:1]"]

    def test_only_of_what_occurs_and_is_known(self) -> None:
        """Digests are of the placeholders in the value, each once."""
        vault = in_memory()
        vault.redact(["bob@x.com", "eve@x.com"])
        assert list(vault.digests(["[email:2]", "[email:2] [card:9]", 7, None])) == ["[email:2]"]


class TestFlush:
    def test_returns_what_is_new(self, open_vault: Callable[[], Vault]) -> None:
        """Each placeholder is given out once, with the digest that `digests` tells."""
        vault = open_vault()
        vault.redact(["bob@x.com", "bob@x.com"])
        first = vault.flush()
        assert first == vault.digests("[email:1]")
        vault.redact("bob@x.com eve@x.com")
        assert list(vault.flush()) == ["[email:2]"]
        assert vault.flush() == {}

    def test_without_a_path_nothing_is_written(self) -> None:
        """A vault in memory answers alike."""
        vault = in_memory()
        vault.redact("bob@x.com")
        assert list(vault.flush()) == ["[email:1]"]

    def test_a_run_without_secrets_has_no_file(self, open_vault: Callable[[], Vault], path: Path) -> None:
        """Nothing sealed, nothing on disk."""
        vault = open_vault()
        vault.redact("nothing here")
        assert vault.flush() == {}
        assert not path.parent.exists()

    def test_files_are_private(self, path: Path) -> None:
        """The file is for its owner, its folder too, also where the file was wider."""
        written(path, "bob@x.com")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        path.chmod(0o644)
        vault = Vault(path, KEY, RUN, "standard")
        vault.redact("eve@x.com")
        vault.flush()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_is_durable_before_it_returns(self, path: Path) -> None:
        """Values are written in one piece and synced, in this order."""
        disk = RecordingDisk()
        vault = Vault(path, KEY, RUN, "standard", disk=disk)
        vault.redact(["bob@x.com", "4242424242424242"])
        assert disk.acts == []
        vault.flush()
        assert disk.acts == ["write 2", "sync"]
        vault.redact("eve@x.com")
        vault.flush()
        assert disk.acts[2:] == ["write 1", "sync"]


class RecordingDisk(SystemDisk):
    """A real disk that remembers what it was asked, and can be told to fail."""

    def __init__(self, failing: str = "") -> None:
        self.acts: list[str] = []
        self.failing = failing

    def write(self, descriptor: int, data: bytes) -> None:
        """Write, or write half and fail."""
        lines = data.count(b"\n")
        self.acts.append(f"write {lines}")
        super().write(descriptor, data[: len(data) // 2] if self.failing == "write" else data)
        if self.failing == "write":
            raise OSError(28, "No space left on device")

    def sync(self, descriptor: int) -> None:
        """Sync, or fail."""
        self.acts.append("sync")
        if self.failing == "sync":
            raise OSError(5, "Input/output error")
        super().sync(descriptor)


class TestResume:
    def test_goes_on_where_it_stopped(self, open_vault: Callable[[], Vault]) -> None:
        """Another process restores old values, gives them their old placeholders and new ones the next numbers."""
        first = open_vault()
        redacted = first.redact({"a": "bob@x.com", "b": 4242424242424242, "c": "[email:1]"})
        first.flush()
        second = open_vault()
        assert second.restore(redacted) == {"a": "bob@x.com", "b": 4242424242424242, "c": "[email:1]"}
        assert second.redact("eve@x.com bob@x.com") == "[email:2] [email:1]"
        assert list(second.flush()) == ["[email:1]", "[card:1]", "[text:1]", "[email:2]"]
        assert second.flush() == {}
        assert second.digests(redacted) == first.digests(redacted)
        assert open_vault().restore("[email:2]") == "eve@x.com"

    def test_what_nobody_could_say_of_a_value_is_said_by_the_next(
        self, open_vault: Callable[[], Vault]
    ) -> None:
        """A process that sealed a value and was gone before its record was written left no digest; the next one tells it."""
        first = open_vault()
        first.redact("bob@x.com")
        lost = first.flush()
        second = open_vault()
        assert second.redact("bob@x.com") == "[email:1]"
        assert second.flush() == lost
        third = open_vault()
        third.destroy()
        assert third.flush() == {}

    def test_what_was_not_flushed_is_not_there(self, open_vault: Callable[[], Vault]) -> None:
        """No record can name it, so its number is free."""
        first = open_vault()
        first.redact("bob@x.com")
        assert open_vault().redact("eve@x.com") == "[email:1]"

    def test_drops_a_torn_last_line_at_every_byte(self, path: Path) -> None:
        """A crash within a line loses this line only, and the next one begins cleanly."""
        whole, torn = written(path, "bob@x.com", "eve@x.com")
        for kept in range(0, len(torn), 17):
            path.write_bytes(whole + torn[:kept])
            assert Vault(path, KEY, RUN, "standard").restore(["[email:1]", "[email:2]"]) == [
                "bob@x.com",
                "[email:2]",
            ]
            assert path.stat().st_size == len(whole) + kept
            vault = Vault(path, KEY, RUN, "standard")
            vault.redact("zoe@x.com")
            vault.flush()
            assert Vault(path, KEY, RUN, "standard").restore(["[email:1]", "[email:2]"]) == [
                "bob@x.com",
                "zoe@x.com",
            ]

    def test_a_first_line_may_be_torn(self, path: Path) -> None:
        """A file with nothing but half a line is an empty vault."""
        (line,) = written(path, "bob@x.com")
        path.write_bytes(line[:-1])
        assert Vault(path, KEY, RUN, "standard").missing("[email:1]") == {"[email:1]"}

    @pytest.mark.parametrize("failing", ["write", "sync"])
    def test_a_disk_that_refuses_stops_the_run(self, path: Path, failing: str) -> None:
        """After one failure nothing more is written; a new start finds what was durable before."""
        written(path, "bob@x.com")
        disk = RecordingDisk()
        vault = Vault(path, KEY, RUN, "standard", disk=disk)
        disk.failing = failing
        vault.redact("eve@x.com")
        with pytest.raises(JournalUnavailable, match=r"No space left|Input/output"):
            vault.flush()
        disk.failing = ""
        with pytest.raises(JournalUnavailable, match="start again"):
            vault.flush()
        assert Vault(path, KEY, RUN, "standard").restore("[email:1]") == "bob@x.com"


class TestIntegrity:
    def test_every_flipped_bit_of_a_whole_line_is_seen(self, path: Path) -> None:
        """A line in the middle that is not what was written ends the run with a plain sentence."""
        first, second, third = written(path, "bob@x.com", "eve@x.com", "4242424242424242")
        for place in range(len(second)):
            changed = bytearray(second)
            changed[place] ^= 1 << (place % 8)
            path.write_bytes(first + changed + third)
            with pytest.raises(IntegrityError, match=rf"^{RUN}:[23]: "):
                Vault(path, KEY, RUN, "standard")

    @pytest.mark.parametrize("order", [(0, 2), (1, 0, 2), (0, 0, 1, 2), (0, 1, 1, 2), (1, 2)])
    def test_lines_stay_in_order(self, path: Path, order: tuple[int, ...]) -> None:
        """A line that was removed from the middle, moved or repeated is seen."""
        lines = written(path, "bob@x.com", "eve@x.com", "zoe@x.com")
        path.write_bytes(b"".join(lines[index] for index in order))
        with pytest.raises(IntegrityError, match="out of order"):
            Vault(path, KEY, RUN, "standard")

    @pytest.mark.parametrize(("key", "run"), [(b"k" * 32, RUN), (KEY, "01KAP4Q7Z8M3N5R6S9T0VWXYZ2")])
    def test_another_key_or_run_does_not_open_it(self, path: Path, key: bytes, run: str) -> None:
        """The sentence says that the key does not fit."""
        written(path, "bob@x.com")
        with pytest.raises(IntegrityError, match="the sealing key does not fit"):
            Vault(path, key, run, "standard")

    @pytest.mark.parametrize(
        "line",
        [
            b"\n",
            b"[]\n",
            b"{}\n",
            b"\xff\n",
            b'{"placeholder":"[email:1]","nonce":"*","ciphertext":"","digest":""}\n',
        ],
    )
    def test_foreign_lines_are_refused(self, path: Path, line: bytes) -> None:
        """What is not a sealed value is named with its line."""
        first, *_ = written(path, "bob@x.com")
        path.write_bytes(first + line)
        with pytest.raises(IntegrityError, match=rf"^{RUN}:2: "):
            Vault(path, KEY, RUN, "standard")

    def test_rewritten_lines_are_refused(self, path: Path) -> None:
        """The same value in another spelling of JSON was not written by us."""
        (line,) = written(path, "bob@x.com")
        path.write_bytes(json.dumps(json.loads(line)).encode() + b"\n")
        with pytest.raises(IntegrityError, match="not the line that was written"):
            Vault(path, KEY, RUN, "standard")

    @pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("/dev/null")])
    def test_something_else_in_its_place_is_refused(self, path: Path, make: Callable[[Path], None]) -> None:
        """A folder or a link is not read."""
        path.parent.mkdir()
        make(path)
        with pytest.raises(IntegrityError, match="cannot be read"):
            Vault(path, KEY, RUN, "standard")

    def test_two_writers_do_not_mix(self, open_vault: Callable[[], Vault]) -> None:
        """Whoever finds that another process wrote meanwhile stops before giving out a number twice."""
        first, second = open_vault(), open_vault()
        first.redact("bob@x.com")
        second.redact("eve@x.com")
        first.flush()
        with pytest.raises(IntegrityError, match="another process"):
            second.flush()
        assert open_vault().restore("[email:1]") == "bob@x.com"

    def test_a_key_has_32_bytes(self) -> None:
        """A short key is a mistake of the caller."""
        with pytest.raises(ValueError, match="has 5 bytes, not 32"):
            Vault(None, b"short", RUN, "standard")


class TestDestroy:
    def test_removes_the_values(self, open_vault: Callable[[], Vault], path: Path) -> None:
        """The file is gone, the memory empty; twice is as good as once."""
        vault = open_vault()
        vault.redact("bob@x.com")
        vault.flush()
        vault.destroy()
        vault.destroy()
        assert not path.exists()
        assert vault.restore("[email:1]") == "[email:1]"
        assert vault.flush() == {}

    def test_a_run_without_a_file_ends_too(self, open_vault: Callable[[], Vault]) -> None:
        """Nothing to delete is no failure."""
        open_vault().destroy()
        in_memory().destroy()

    def test_nothing_is_sealed_afterwards(self) -> None:
        """Numbers would begin again and a placeholder mean two values."""
        vault = in_memory()
        vault.destroy()
        with pytest.raises(InternalError, match="destroyed"):
            vault.redact("bob@x.com")

    def test_a_disk_that_refuses_is_reported(self, path: Path) -> None:
        """Values that could not be deleted are not called deleted."""
        vault = Vault(path, KEY, RUN, "standard")
        path.mkdir(parents=True)
        with pytest.raises(JournalUnavailable, match=RUN):
            vault.destroy()
