"""The sealed values of a replay: digests as they were recorded, stand-ins in place of values, nothing missing."""

from msgspec.structs import replace

from agentctl.events.record import Record
from agentctl.replay.recorded.vault import TapedVault
from agentctl.trace.sealing.vault import Vault
from tests.fakes.events import proposed
from tests.fakes.journals import chained

KEY = bytes(range(32))


def a_tape(vault: Vault, *values: str) -> list[Record]:
    """Return records that name what a vault sealed."""
    for value in values:
        vault.redact(value)
    (record,) = chained("01KKNC2R00REFVND0000000001", [proposed()])
    return [replace(record, sealed=dict(vault.flush()))]


def test_digests_are_those_that_were_recorded() -> None:
    """What was bound to the values then is bound to them now, though nobody has them."""
    vault = Vault(None, KEY, "RUN", "standard")
    tape = TapedVault(a_tape(vault, "dana@example.com", "+49 30 901820"))
    value = {"to": "[email:1]", "or": ["[phone:1]", 3, None, True]}
    assert tape.bound_digest(value) == vault.bound_digest(value)
    assert tape.missing(value) == frozenset()
    assert tape.flush() == {}
    tape.destroy()


def test_a_value_comes_back_as_its_placeholder() -> None:
    """At the edges there is a stand-in; whatever is quoted of it is redacted again; keys of objects too."""
    tape = TapedVault(a_tape(Vault(None, KEY, "RUN", "standard"), "dana@example.com"))
    value = {"[email:1]": "write to [email:1], not to [email:2]"}
    real = tape.restore(value)
    assert isinstance(real, dict)
    (key,) = real
    assert key.endswith("@sealed.invalid")
    assert tape.redact(f"no mail to {key}") == "no mail to [email:1]"
    assert tape.redact(real) == value
    assert tape.restore_text("[email:1]") == key


def test_without_sealed_values_nothing_changes() -> None:
    """Text that looks like a placeholder is text."""
    tape = TapedVault(a_tape(Vault(None, KEY, "RUN", "standard")))
    assert tape.redact("[email:1]") == tape.restore("[email:1]") == "[email:1]"


def test_new_words_are_redacted_and_old_values_keep_their_names() -> None:
    """A model that is asked anew names another address: it is sealed under the next number."""
    records = a_tape(Vault(None, KEY, "RUN", "standard"), "dana@example.com")
    tape = TapedVault(records, Vault(None, bytes(32), "RUN", "standard"))
    known = tape.restore("[email:1]")
    said = tape.redact(f"{known} and eve@example.com")
    assert said == "[email:1] and [email:2]"
    assert tape.restore(said) == f"{known} and eve@example.com"
    assert list(tape.flush()) == ["[email:2]"]
    assert tape.bound_digest("[email:1]") == TapedVault(records).bound_digest("[email:1]")
    assert tape.bound_digest("[email:2]") != TapedVault(records).bound_digest("[email:2]")
