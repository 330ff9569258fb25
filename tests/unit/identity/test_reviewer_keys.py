"""Tests of reviewers' keys on disk: encrypted, bound to their name, opened by one passphrase alone."""

import json
import stat
from pathlib import Path

import pytest

from agentctl.foundation.errors import IntegrityError, InternalError, JournalUnavailable
from agentctl.identity import reviewer_keys
from agentctl.identity.public_keys import public_half
from agentctl.identity.reviewer_keys import ReviewerKeys, WrongPassphrase

PASSPHRASE = "correct horse"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a guess cheap; the scenarios pay the real price."""
    monkeypatch.setattr(reviewer_keys, "_COST", 2)


def test_a_key_is_opened_by_its_passphrase_alone(tmp_path: Path) -> None:
    """The right one gives the private half of the public key; another one, or an empty one, nothing."""
    keys = ReviewerKeys(tmp_path / "reviewers")
    public = keys.make("alice", PASSPHRASE)
    locked = keys.find("alice")
    assert locked is not None
    assert locked.public == public == public_half(locked.unlocked(PASSPHRASE))
    for wrong in ("", "correct hors", PASSPHRASE + " ", PASSPHRASE.upper()):
        with pytest.raises(WrongPassphrase):
            locked.unlocked(wrong)


def test_a_guess_costs_what_the_form_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost belongs to the form and stands in no file, so nobody can lower it."""
    ReviewerKeys(tmp_path).make("alice", PASSPHRASE)
    monkeypatch.setattr(reviewer_keys, "_COST", 4)
    locked = ReviewerKeys(tmp_path).find("alice")
    assert locked is not None
    with pytest.raises(WrongPassphrase):
        locked.unlocked(PASSPHRASE)


def test_nothing_of_the_private_half_lies_in_clear(tmp_path: Path) -> None:
    """Neither its bytes nor the passphrase; the file is its owner's alone, and nothing lies beside it."""
    keys = ReviewerKeys(tmp_path / "reviewers")
    keys.make("alice", PASSPHRASE)
    locked = keys.find("alice")
    assert locked is not None
    (path,) = (tmp_path / "reviewers").iterdir()
    seed = locked.unlocked(PASSPHRASE).private_bytes_raw()
    assert path.name == "alice.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for secret in (seed, seed.hex().encode(), PASSPHRASE.encode()):
        assert secret not in path.read_bytes()


def test_a_new_key_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    """The old private half is gone."""
    keys = ReviewerKeys(tmp_path)
    first, second = keys.make("alice", PASSPHRASE), keys.make("alice", "another one")
    locked = keys.find("alice")
    assert locked is not None
    assert first != second == locked.public
    with pytest.raises(WrongPassphrase):
        locked.unlocked(PASSPHRASE)


def test_a_key_is_its_owners_only(tmp_path: Path) -> None:
    """Under another name the same file does not open, whatever the passphrase; nor with another public half."""
    keys = ReviewerKeys(tmp_path)
    keys.make("alice", PASSPHRASE)
    (tmp_path / "alice.key").rename(tmp_path / "bob.key")
    taken = keys.find("bob")
    assert taken is not None
    with pytest.raises(WrongPassphrase):
        taken.unlocked(PASSPHRASE)
    other = keys.make("carol", PASSPHRASE)
    form = json.loads((tmp_path / "carol.key").read_text())
    keys.make("carol", PASSPHRASE)
    mixed = json.loads((tmp_path / "carol.key").read_text()) | {"public_key": other.text}
    assert form["public_key"] == other.text
    (tmp_path / "carol.key").write_text(json.dumps(mixed))
    found = keys.find("carol")
    assert found is not None
    with pytest.raises(WrongPassphrase):
        found.unlocked(PASSPHRASE)


@pytest.mark.parametrize("name", ["nobody", "../alice", "", "alice/", "Alice", "a" * 65])
def test_there_is_no_key_of_other_names(tmp_path: Path, name: str) -> None:
    """And a name that could be a path names nothing."""
    ReviewerKeys(tmp_path).make("alice", PASSPHRASE)
    assert ReviewerKeys(tmp_path / "x" if name == "../alice" else tmp_path).find(name) is None


@pytest.mark.parametrize(
    "change",
    [
        {"form": "agentctl-reviewer-key-2"},
        {"form": 1},
        {"public_key": "ssh-rsa AAAA"},
        {"salt": "AAAA"},
        {"nonce": "*"},
        {"sealed": ""},
        {"sealed": None},
        {"more": 1},
    ],
    ids=str,
)
def test_a_damaged_key_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    """With the file's name; nothing of it is guessed."""
    keys = ReviewerKeys(tmp_path)
    keys.make("alice", PASSPHRASE)
    path = tmp_path / "alice.key"
    form = json.loads(path.read_text())
    path.write_text(json.dumps(form | change))
    with pytest.raises(IntegrityError, match=r"alice\.key"):
        keys.find("alice")


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """It may have leaked."""
    keys = ReviewerKeys(tmp_path)
    keys.make("alice", PASSPHRASE)
    (tmp_path / "alice.key").chmod(0o640)
    with pytest.raises(IntegrityError, match="read by others"):
        keys.find("alice")


def test_a_key_is_never_made_without_a_passphrase(tmp_path: Path) -> None:
    """Nor under a name that could be a path; both are bugs of the caller."""
    for name, passphrase in (("alice", ""), ("../alice", PASSPHRASE)):
        with pytest.raises(InternalError):
            ReviewerKeys(tmp_path).make(name, passphrase)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """No half key is left."""
    (tmp_path / "reviewers").write_text("")
    with pytest.raises(JournalUnavailable, match="reviewers"):
        ReviewerKeys(tmp_path / "reviewers").make("alice", PASSPHRASE)
