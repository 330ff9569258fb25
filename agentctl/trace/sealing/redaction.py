"""Finds personal data and secrets in text: cards, IBANs, e-mail addresses, phone numbers, keys, US social security numbers.

Pure, and linear in the length of the text. It errs towards too much: a false match is put back at the edges and
costs nothing, a missed one stays in the journal for years.
"""

import math
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate, chain
from typing import Literal

from msgspec import Struct

from agentctl.trace.sealing.encodings import from_base64, without_escapes

RedactionLevel = Literal["strict", "standard", "off"]
SecretKind = Literal["card", "iban", "email", "phone", "key", "ssn", "text"]
"""What a match is; `text` is no secret but text that looks like a placeholder, and `find_secrets` never returns it."""

_LAYERS = 2
"""How many encodings, one inside another, are undone."""

_CLEAN: set[str] = set()
_LONGEST_CLEAN, _MOST_CLEAN = 256, 4_096


class Match(Struct, frozen=True):
    """A stretch of text, `start` inclusive and `end` exclusive, that has to go."""

    kind: SecretKind
    start: int
    end: int


def find_secrets(text: str) -> tuple[Match, ...]:
    """Return what must not be kept, in order and without overlaps.

    Found are plain forms and base64, percent, backslash and HTML escaped ones, also one encoding inside another; of
    base64 the whole token is the match. Matches that overlap become one over all of them, of the longest one's kind.
    """
    if text in _CLEAN:
        return ()
    found = united(_found(text, _LAYERS))
    if not found and len(text) <= _LONGEST_CLEAN:
        _remember_clean(text)
    return found


def _remember_clean(text: str) -> None:
    """Remember a text that has nothing in it: names, keys and ids come again and again. Others are never kept."""
    if len(_CLEAN) >= _MOST_CLEAN:
        _CLEAN.clear()
    _CLEAN.add(text)


def united(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Return the matches in order, overlapping ones as one that has the kind of the longest (of equals: the first)."""
    merged: list[Match] = []
    longest = 0
    for match in sorted(matches, key=lambda match: (match.start, -match.end)):
        length = match.end - match.start
        if not merged or match.start >= merged[-1].end:
            merged.append(match)
            longest = length
            continue
        last = merged[-1]
        kind = match.kind if length > longest else last.kind
        longest = max(longest, length)
        merged[-1] = Match(kind, last.start, max(last.end, match.end))
    return tuple(merged)


def _found(text: str, layers: int) -> Iterator[Match]:
    detectors = _DETECTORS if _DIGITS.search(text) else _WITHOUT_DIGITS
    yield from chain.from_iterable(detect(text) for detect in detectors)
    if layers:
        yield from _found_under_escapes(text, layers - 1)
        yield from _found_in_base64(text, layers - 1)


def _found_under_escapes(text: str, layers: int) -> Iterator[Match]:
    decoded = without_escapes(text)
    for start, past in decoded.windows():
        for match in _found(decoded.text[start:past], layers):
            yield Match(match.kind, decoded.source(start + match.start), decoded.source(start + match.end))


def _found_in_base64(text: str, layers: int) -> Iterator[Match]:
    for token in from_base64(text):
        inside = next(chain.from_iterable(_found(part, layers) for part in token.parts), None)
        if inside:
            yield Match(inside.kind, token.start, token.end)


def is_card_number(number: float) -> bool:
    """Return whether a JSON number, whole and of 13 to 19 digits, is a card number."""
    if not 10**12 <= abs(number) < 10**19 or number != int(number):
        return False
    return any(_cards(str(abs(int(number)))))


def is_named_secret(name: str, value: str) -> bool:
    """Return whether an object's key says that the value is a secret (`password`, `api_key`) and it looks like one."""
    return _SECRET_NAME.search(name) is not None and _looks_random(value)


_GAP = r"[ \t\u00a0\u2007\u2009\u202f\u2010-\u2015-]"
_DIGIT_RUN = re.compile(rf"\d(?:{_GAP}{{0,3}}\d){{12,}}+")
_DIGITS = re.compile(r"\d+")
_JOINED = re.compile(rb"\x01+")
_WHERE_ZERO = bytes((1,)) + bytes(255)
_CARD_LENGTHS = range(13, 20)
_VALUES = bytes(range(256)).translate(bytes.maketrans(b"0123456789", bytes(range(10))))
_DOUBLED = bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)) + bytes(246)

# Countries and the length of their IBANs.
_IBAN_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24"
    " FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32"
    " LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24"
    " RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
_IBAN_LENGTH = {entry[:2]: int(entry[2:]) for entry in _IBAN_LENGTHS.split()}
_IBAN_START = re.compile(r"([A-Za-z]{2})[0-9]{2}")
_IBAN_DIGITS = {char: str(int(char, 36)) for char in string.ascii_letters + string.digits} | dict.fromkeys(
    " \t\u00a0\u2007\u2009\u202f\u2010\u2011\u2012\u2013\u2014\u2015-", ""
)

_EMAIL = re.compile(
    r'(?:(?<![\w.+%-])[\w.+%-]++|"[^"\n@]{1,64}+")[@\uff20](?P<host>[\w-]++(?:\.[\w-]++)++)',
)
_TOP_LEVEL = re.compile(r"\.(?:[^\W\d_]{2,}|xn--[\w-]+)(?![\w-])", re.IGNORECASE)

_PHONE_GAP = r"[ \t\u00a0\u2009\u202f\u2010-\u2015().\/-]"
_PHONE = re.compile(rf"(?<![\d+])(?:\+|00)[1-9](?:{_PHONE_GAP}{{0,3}}\d){{7,14}}(?!\d)")
_US_PHONE = re.compile(
    rf"(?<![\d+])(?:1{_PHONE_GAP}{{1,2}})?(?:\(\d{{3}}\){_PHONE_GAP}{{0,2}}\d{{3}}{_PHONE_GAP}{{0,2}}"
    rf"|\d{{3}}{_PHONE_GAP}{{1,2}}\d{{3}}{_PHONE_GAP}{{1,2}})\d{{4}}(?!\d)"
)
_AMOUNT = re.compile(
    r"\+(?:\d+|\d{1,3}(?:[., ]\d{3})+)(?:[.,]\d{1,2}(?![\d.,-])|[ \u00a0]?(?:[$€£¥]|(?:USD|EUR|GBP|CHF|JPY)\b))"
)
_SSN = re.compile(rf"(?<!\d)(?!000|666|9)\d{{3}}({_GAP})(?!00)\d{{2}}\1(?!0000)\d{{4}}(?!\d)")

_LABELS = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret|token|authorization|credential"
    r"|(?:api|access|secret|private|auth|signing|encryption)[ _-]?key)"
)
_SECRET_NAME = re.compile(rf"{_LABELS}$", re.IGNORECASE)


class _KeyForm(Struct, frozen=True):
    """How a key is written, by itself or after a label, which is looked for in lower case.

    Every text with such a key holds one of the `hints`, in lower case; they spare most texts the search.
    """

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    by_label: bool = False


_KEY_FORMS = (
    _KeyForm(
        ("akia", "asia", "aiza", "gh", "glpat-", "k_live_", "k_test_", "whsec_"),
        re.compile(
            r"""(?x) (?P<key>
              (?:AKIA|ASIA)[A-Z0-9]{16,}+                          # AWS
            | AIza[\w-]{30,}+                                      # Google
            | gh[opsur]_[A-Za-z0-9]{16,}+ | github_pat_\w{16,}+    # GitHub
            | glpat-[\w-]{16,}+                                    # GitLab
            | (?:[rs]k_(?:live|test)|whsec)_\w{8,}+                # Stripe
            )"""
        ),
    ),
    _KeyForm(
        ("sk-", "xox", "xapp-", "npm_", "hf_", "sg.", "eyj"),
        re.compile(
            r"""(?x) (?P<key>
              (?<![A-Za-z0-9])sk-[\w-]{16,}+                       # OpenAI, Anthropic and others like them
            | xox[a-z]-[\w-]{10,}+ | xapp-[\w-]{10,}+              # Slack
            | (?:npm|hf)_[A-Za-z0-9]{30,}+                         # package and model registries
            | SG\.[\w-]{16,}+\.[\w-]{16,}+                        # SendGrid
            | (?<![\w-])eyJ[\w-]{8,}+(?:\.[\w-]*+){2,4}+           # JWT, signed or encrypted
            )"""
        ),
    ),
    _KeyForm(
        ("private key",),
        re.compile(
            r"(?P<key>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r".*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z))",  # without its end it goes to the end
            re.DOTALL,
        ),
    ),
    _KeyForm(("://",), re.compile(r"://[^\s/:@]{0,64}:(?P<key>[^\s/@]{1,256})@")),
    _KeyForm(
        ("bearer", "basic"),
        re.compile(r"(?:bearer|basic)\s{1,4}(?P<key>[\w.~+/=-]{8,}+)"),
        by_label=True,
    ),
    _KeyForm(
        ("pass", "pwd", "secret", "token", "authorization", "credential", "key"),
        re.compile(
            rf"{_LABELS}[\"'`]?\s{{0,4}}(?:=>|:=|[:=])\s{{0,4}}[\"'`]?(?P<key>[^\s\"'`,;&<>(){{}}\[\]]{{6,}}+)"
        ),
        by_label=True,
    ),
)
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_MIN_SECRET, _MIN_ENTROPY, _LONG_WORD = 6, 2.5, 24


def _cards(text: str) -> Iterator[Match]:
    """Find every stretch of whole digit groups that a card could be, also where another number stands beside it."""
    runs = [
        [group.span() for group in _DIGITS.finditer(text, *run.span())] for run in _DIGIT_RUN.finditer(text)
    ]
    groups = list(chain.from_iterable(runs))
    if not groups:
        return
    digits = _values("".join(text[start:end] for start, end in groups))
    edges = list(accumulate((end - start for start, end in groups), initial=0))
    joined = _joined_digits(digits, _but_at(edges, len(digits) + 1), _numbered(runs))
    begins, ends = dict(zip(edges, groups, strict=False)), dict(zip(edges[1:], groups, strict=True))
    for stretch in _JOINED.finditer(joined):
        yield Match("card", begins[stretch.start()][0], ends[stretch.end() + 1][1])


def _values(digits: str) -> bytes:
    """Return one byte, 0 to 9, for each digit of any alphabet."""
    latin = digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)
    return latin.encode().translate(_VALUES)


def _but_at(places: list[int], length: int) -> bytes:
    """Return ones with a 0 at each of the places."""
    flags = bytearray(b"\1" * length)
    for place in places:
        flags[place] = 0
    return bytes(flags)


def _numbered(runs: list[list[tuple[int, int]]]) -> bytes:
    """Return for each digit the number of its run; a window of 19 digits touches two runs at most, so a byte will do."""
    return b"".join(
        bytes((number % 256,)) * sum(end - start for start, end in run) for number, run in enumerate(runs)
    )


def _joined_digits(digits: bytes, edges: bytes, run_of: bytes) -> bytes:
    """Return a 1 for each digit that belongs to one card with the digit after it.

    All places are looked at together, as bytes of long integers: a window of n digits fits where both ends are edges,
    both digits are of one run and the Luhn sums before and after it are equal; then its byte is 0.
    """
    count = len(digits)
    edge, run = _as_integer(edges), _as_integer(run_of)
    plain_even, plain_odd = (_as_integer(sums) for sums in _luhn_sums(digits))
    at_even = _as_integer(b"\xff\0" * (count // 2 + 1))
    joined = 0
    for length in _CARD_LENGTHS:
        shift = 8 * length
        here, beside = (plain_even, plain_odd) if length % 2 else (plain_odd, plain_even)
        luhn = ((here ^ here >> shift) & at_even) | ((beside ^ beside >> shift) & (at_even << 8))
        misfit = edge | edge >> shift | luhn | run ^ run >> (shift - 8)
        fits = misfit.to_bytes(count + 1, "little")[: max(0, count - length + 1)].translate(_WHERE_ZERO)
        joined |= _prolonged(_as_integer(fits), length - 1)
    return joined.to_bytes(count, "little")


def _as_integer(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _prolonged(flags: int, length: int) -> int:
    """Return flags that each hold for `length` places from where they stood."""
    done = 1
    while done < length:
        step = min(done, length - done)
        flags |= flags << 8 * step
        done += step
    return flags


def _luhn_sums(digits: bytes) -> tuple[bytes, bytes]:
    """Return Luhn sums (modulo 10) before each digit, with digits at even places plain and the others doubled, and reversed."""
    doubled = digits.translate(_DOUBLED)
    even, odd = bytearray(digits), bytearray(doubled)
    even[1::2], odd[1::2] = doubled[1::2], digits[1::2]
    return _running_sums(even), _running_sums(odd)


def _running_sums(numbers: bytearray) -> bytes:
    return bytes(total % 10 for total in accumulate(numbers, initial=0))


def _ibans(text: str) -> Iterator[Match]:
    for start in _IBAN_START.finditer(text):
        length = _IBAN_LENGTH.get(start.group(1).upper())
        found = _iban_of(length).match(text, start.start()) if length else None
        if found and _is_iban(found.group()):
            yield Match("iban", *found.span())


@cache
def _iban_of(length: int) -> re.Pattern[str]:
    """Return how an IBAN of a length is written; to compile all of them would take longer than most commands search."""
    return re.compile(rf"[A-Za-z]{{2}}[0-9]{{2}}(?:{_GAP}?[A-Za-z0-9]){{{length - 4}}}")


def _is_iban(text: str) -> bool:
    return int("".join(map(_IBAN_DIGITS.__getitem__, text[4:] + text[:4]))) % 97 == 1


def _emails(text: str) -> Iterator[Match]:
    for found in _EMAIL.finditer(text) if "@" in text or "\uff20" in text else ():
        if _TOP_LEVEL.search(found["host"]):
            yield Match("email", *found.span())


def _phones(text: str) -> Iterator[Match]:
    for found in _PHONE.finditer(text):
        if not _AMOUNT.match(text, found.start()) and not found.group().isdecimal():
            yield Match("phone", *found.span())
    for found in _US_PHONE.finditer(text):
        yield Match("phone", *found.span())


def _social_security_numbers(text: str) -> Iterator[Match]:
    return (Match("ssn", *found.span()) for found in _SSN.finditer(text))


def _keys(text: str) -> Iterator[Match]:
    folded = _folded(text)
    for form in _KEY_FORMS:
        if any(hint in folded for hint in form.hints):
            yield from _keys_written_as(form, text, folded)


def _keys_written_as(form: _KeyForm, text: str, folded: str) -> Iterator[Match]:
    for found in form.pattern.finditer(folded if form.by_label else text):
        start, end = found.span("key")
        if not form.by_label or _looks_random(text[start:end]):
            yield Match("key", start, end)


def _folded(text: str) -> str:
    """Return the text in lower case, every character in its place."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.translate(_LOWER)


def _looks_random(value: str) -> bool:
    """Return whether a value is more than a word: long enough, varied, not only letters (`token: required`)."""
    letters = value.replace("-", "").replace("_", "").rstrip(".!?")
    is_word = letters.isalpha() and (letters[1:].islower() or letters.isupper()) and len(letters) < _LONG_WORD
    return len(value) >= _MIN_SECRET and not is_word and _entropy(value) >= _MIN_ENTROPY


def _entropy(value: str) -> float:
    """Return the Shannon entropy of the characters, in bits each."""
    return -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values())


_WITHOUT_DIGITS = (_emails, _keys)
_DETECTORS = (*_WITHOUT_DIGITS, _cards, _ibans, _phones, _social_security_numbers)
