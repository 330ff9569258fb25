"""Reads seed files: YAML in, a `Seed` out, every problem named with its file and place."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar, cast, get_args

import yaml

from agentctl.foundation.errors import InvalidInput, Place, Problem
from agentctl.sandbox.seed import Charge, ChargeStatus, Fault, FaultAction, Seed, Ticket, TicketStatus, User

T = TypeVar("T")


def load_seed(paths: Iterable[Path]) -> Seed:
    """Return what the files hold together.

    Raises:
        InvalidInput: a file cannot be read or is not of this form, or two files give the same id; names all problems.
    """
    problems: list[Problem] = []
    seeds = [_load_one(path, problems) for path in paths]
    seed = Seed(
        tickets=tuple(ticket for seed in seeds for ticket in seed.tickets),
        charges=tuple(charge for seed in seeds for charge in seed.charges),
        faults=tuple(fault for seed in seeds for fault in seed.faults),
        today=next((seed.today for seed in seeds if seed.today), None),
        accept_everything=any(seed.accept_everything for seed in seeds),
    )
    problems += _repeated("ticket", [ticket.id for ticket in seed.tickets])
    problems += _repeated("charge", [charge.id for charge in seed.charges])
    if problems:
        raise InvalidInput(problems)
    return seed


def _repeated(what: str, ids: Sequence[int | str]) -> list[Problem]:
    twice = sorted({str(one) for one in ids if ids.count(one) > 1})
    return [Problem(Place("seed files"), f"the {what} `{one}` stands twice") for one in twice]


class _PlainLoader(yaml.CSafeLoader):
    """YAML without surprises: `on` stays a word and a date stays text."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_TRUTH = {"true": True, "false": False}


def _load_one(path: Path, problems: list[Problem]) -> Seed:
    document = _Fields(_read_yaml(path, problems), str(path), "", problems)
    if not document.is_mapping():
        return Seed()
    seed = Seed(
        tickets=document.list_of("tickets", _ticket),
        charges=document.list_of("charges", _charge),
        faults=document.list_of("faults", _fault),
        today=document.moment("today", "") or None,
        accept_everything=document.flag("accept_everything"),
    )
    document.refuse_others()
    return seed


def _read_yaml(path: Path, problems: list[Problem]) -> object:
    try:
        return yaml.load(path.read_bytes(), Loader=_PlainLoader) or {}  # noqa: S506 - a safe loader, fewer guesses
    except OSError as error:
        problems.append(Problem(Place(str(path)), f"cannot be read: {error.strerror}"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        problems.append(Problem(Place(str(path), line), f"not YAML: {error.problem}"))
    except yaml.YAMLError as error:
        problems.append(Problem(Place(str(path)), f"not YAML: {error}"))
    return {}


@dataclass(slots=True)
class _Fields:
    """The keys of one mapping; what is wrong with them is collected, and a stand-in returned."""

    value: object
    file: str
    path: str
    problems: list[Problem]
    known: set[str] = field(default_factory=set)

    def text(self, key: str, default: str | None = None) -> str:
        found = self._get(key, default)
        if isinstance(found, str) and (found or default == ""):
            return found
        return self._wrong(key, found, "text", "")

    def choice(self, key: str, accepted: Sequence[str], default: str | None = None) -> str:
        found = self._get(key, default)
        if isinstance(found, str) and found in accepted:
            return found
        return self._wrong(key, found, "one of " + ", ".join(accepted), accepted[0])

    def moment(self, key: str, default: str | None = None) -> str:
        found = self.text(key, default)
        if not found:
            return found
        try:
            moment = datetime.fromisoformat(found)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            return self._wrong(key, found, "a moment such as 2026-03-05T10:00:00Z", "")
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def whole(self, key: str, default: int | None = None, least: int = 0) -> int:
        found = self._get(key, default)
        if isinstance(found, int) and found >= least:
            return found
        return self._wrong(key, found, f"a whole number, at least {least}", least)

    def flag(self, key: str) -> bool:
        found = self._get(key, "false")
        if isinstance(found, str) and found in _TRUTH:
            return _TRUTH[found]
        return self._wrong(key, found, "true or false", other=False)

    def fields(self, key: str) -> "_Fields":
        return _Fields(self._get(key, None), self.file, self._at(key), self.problems)

    def words(self, key: str) -> tuple[str, ...]:
        return tuple(str(word) for word in self._list(key))

    def list_of(self, key: str, read: Callable[["_Fields"], T]) -> tuple[T, ...]:
        items = [
            _Fields(one, self.file, f"{self._at(key)}[{index}]", self.problems)
            for index, one in enumerate(self._list(key))
        ]
        return tuple(_whole_item(item, read) for item in items if item.is_mapping())

    def is_mapping(self) -> bool:
        if not isinstance(self.value, dict):
            self.problems.append(
                Problem(Place(self.file), f"found {_said(self.value)}", "a mapping", self.path)
            )
            return False
        return True

    def refuse_others(self) -> None:
        given = self.value if isinstance(self.value, dict) else {}
        for key in given:
            if key not in self.known:
                accepted = ", ".join(sorted(self.known))
                self.problems.append(Problem(Place(self.file), f"`{key}` is not known", accepted, self.path))

    def refuse(self, key: str, found: object, accepted: str) -> None:
        said = "nothing" if found is None else _said(found)
        self.problems.append(Problem(Place(self.file), f"found {said}", accepted, self._at(key)))

    def _list(self, key: str) -> list[object]:
        found = self._get(key, [])
        return found if isinstance(found, list) else self._wrong(key, found, "a list", [])

    def _get(self, key: str, default: object) -> object:
        self.known.add(key)
        if not isinstance(self.value, dict):
            return None
        return cast("dict[object, object]", self.value).get(key, default)

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _wrong(self, key: str, found: object, accepted: str, other: T) -> T:
        self.refuse(key, found, accepted)
        return other


def _said(found: object) -> str:
    match found:
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"`{found}`"


def _whole_item(item: _Fields, read: Callable[[_Fields], T]) -> T:
    value = read(item)
    item.refuse_others()
    return value


def _ticket(fields: _Fields) -> Ticket:
    return Ticket(
        id=fields.whole("id", least=1),
        subject=fields.text("subject"),
        description=fields.text("description"),
        status=cast("TicketStatus", fields.choice("status", get_args(TicketStatus), "open")),
        created_at=fields.moment("created_at"),
        requester=_user(fields.fields("requester")),
        priority=fields.text("priority", "normal"),
        tags=fields.words("tags"),
    )


def _user(fields: _Fields) -> User:
    user = User(fields.whole("id", least=1), fields.text("name"), fields.text("email"))
    fields.refuse_others()
    return user


def _charge(fields: _Fields) -> Charge:
    customer = fields.fields("customer")
    charge = Charge(
        id=fields.text("id"),
        amount=fields.whole("amount", least=1),
        currency=fields.text("currency"),
        created=fields.moment("created"),
        description=fields.text("description", ""),
        name=customer.text("name"),
        email=customer.text("email"),
        amount_refunded=fields.whole("amount_refunded", 0),
        status=cast("ChargeStatus", fields.choice("status", get_args(ChargeStatus), "succeeded")),
        disputed=fields.flag("disputed"),
    )
    customer.refuse_others()
    if charge.amount_refunded > charge.amount:
        fields.refuse("amount_refunded", charge.amount_refunded, "at most the amount")
    return charge


def _fault(fields: _Fields) -> Fault:
    operation, nth = fields.text("on"), fields.whole("nth", 1, least=1)
    slow = fields.fields("do")
    if isinstance(slow.value, dict):
        milliseconds = slow.whole("slow_ms", least=1)
        slow.refuse_others()
        return Fault(operation, "slow_ms", nth, milliseconds)
    plain = [action for action in get_args(FaultAction) if action != "slow_ms"]
    return Fault(operation, cast("FaultAction", fields.choice("do", plain)), nth)
