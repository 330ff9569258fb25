"""Seed files: the shipped ones tell their six stories, wrong ones are refused with every problem at its place."""

import re
from pathlib import Path

import pytest

from agentctl.foundation.errors import InvalidInput
from agentctl.sandbox.seed import Fault, Seed, oldest_open_ticket
from agentctl.sandbox.seed_file import load_seed

SHIPPED = Path(__file__).parents[3] / "contracts" / "environments" / "sandbox"
FILES = (SHIPPED / "tickets.yaml", SHIPPED / "charges.yaml")


def problems(folder: Path, text: str) -> list[str]:
    """Return what is wrong with a seed file, without its name."""
    path = folder / "seed.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        load_seed([path])
    return [str(problem).removeprefix(f"{path}: ") for problem in caught.value.problems]


def test_the_shipped_files_tell_six_stories() -> None:
    """Each ticket names its charge and amount in words a rule can find; the charges are as the stories need them."""
    seed = load_seed(FILES)
    charges = {charge.id: charge for charge in seed.charges}
    told = {}
    for ticket in seed.tickets:
        charge = re.search(r"ch_[A-Za-z0-9]+", ticket.description)
        amount = re.search(r"([0-9][0-9,]*\.[0-9]{2}) USD", ticket.description)
        assert charge is not None
        assert amount is not None
        told[ticket.id] = (charge[0], amount[1], ticket.requester.email)
    assert [told[number][:2] for number in sorted(told)] == [
        ("ch_3PsmallA1", "49.00"),
        ("ch_3PlargeB2", "250.00"),
        ("ch_3PdoneC3", "64.00"),
        ("ch_3PghostD4", "35.00"),
        ("ch_3PotherE5", "120.00"),
        ("ch_3PplainF6", "18.00"),
    ]
    own = {number: charges[told[number][0]].email == told[number][2] for number in told if number != 4204}
    assert own == {4201: True, 4202: True, 4203: True, 4205: False, 4206: True}
    assert "ch_3PghostD4" not in charges
    assert charges["ch_3PdoneC3"].amount_refunded == charges["ch_3PdoneC3"].amount
    assert charges["ch_3PvictimG7"].amount == 999_900


def test_the_injected_ticket_holds_what_a_terminal_must_not_see_raw() -> None:
    """A clear-screen sequence and characters that turn the reading direction."""
    text = next(ticket.description for ticket in load_seed(FILES).tickets if ticket.id == 4206)
    assert "\x1b[2J" in text
    assert "\u202e" in text
    assert "admin.delete_all" in text


def test_the_oldest_open_ticket_is_the_small_refund() -> None:
    """What a sandbox run takes when it is given nothing."""
    seed = load_seed(FILES)
    assert oldest_open_ticket(seed) == 4201
    assert oldest_open_ticket(Seed()) is None


def test_a_file_may_plan_faults_and_accept_everything(tmp_path: Path) -> None:
    """`on` is a word here, whatever YAML 1.1 takes it for."""
    path = tmp_path / "seed.yaml"
    path.write_text(
        "accept_everything: true\n"
        "faults:\n"
        "  - {on: POST /stripe/v1/refunds, do: hang}\n"
        "  - {on: GET /x, nth: 3, do: {slow_ms: 20}}\n"
    )
    assert load_seed([path]) == Seed(
        faults=(Fault("POST /stripe/v1/refunds", "hang"), Fault("GET /x", "slow_ms", 3, 20)),
        accept_everything=True,
    )


def test_several_files_are_one_seed(tmp_path: Path) -> None:
    """An empty one adds nothing; the same id in two is a problem."""
    empty = tmp_path / "empty.yaml"
    empty.write_text("# nothing yet\n")
    assert load_seed([empty]) == Seed()
    with pytest.raises(InvalidInput, match="the charge `ch_3PdoneC3` stands twice"):
        load_seed([FILES[1], FILES[1]])


def test_moments_are_kept_in_utc(tmp_path: Path) -> None:
    """So that the oldest is the oldest, whatever zone it was written in."""
    path = tmp_path / "seed.yaml"
    path.write_text("today: 2026-03-05T12:00:00+02:00\n")
    assert load_seed([path]).today == "2026-03-05T10:00:00Z"


CHARGE = "{id: ch_1, amount: 5, currency: usd, created: 2026-03-05T10:00:00Z, customer: {name: A, email: a@b}"
WRONG = {
    "ticket: []": ["`ticket` is not known; accepted: accept_everything, charges, faults, tickets, today"],
    "[1]": ["found a list; accepted: a mapping"],
    "tickets: {id: 1}": ["tickets: found a mapping; accepted: a list"],
    f"charges: [{CHARGE.partition(' customer')[0]} customer: Dana}}]": [
        "charges[0].customer.name: found nothing; accepted: text",
        "charges[0].customer.email: found nothing; accepted: text",
    ],
    "tickets: 5": ["tickets: found `5`; accepted: a list"],
    "today: soon": ["today: found `soon`; accepted: a moment such as 2026-03-05T10:00:00Z"],
    "today: 2026-03-05T10:00:00": [
        "today: found `2026-03-05T10:00:00`; accepted: a moment such as 2026-03-05T10:00:00Z"
    ],
    "accept_everything: maybe": ["accept_everything: found `maybe`; accepted: true or false"],
    "charges: [7]": ["charges[0]: found `7`; accepted: a mapping"],
    f"charges: [{CHARGE}, amount_refunded: 6}}]": [
        "charges[0].amount_refunded: found `6`; accepted: at most the amount"
    ],
    f"charges: [{CHARGE}, status: lost, fee: 1}}]": [
        "charges[0].status: found `lost`; accepted: one of succeeded, pending, failed",
        (
            "charges[0]: `fee` is not known; accepted: amount, amount_refunded, created, currency, customer, "
            "description, disputed, id, status"
        ),
    ],
    "faults: [{on: POST /x, nth: 0, do: explode}]": [
        "faults[0].nth: found `0`; accepted: a whole number, at least 1",
        "faults[0].do: found `explode`; accepted: one of status_500, hang, drop_connection, effect_then_drop, malformed",
    ],
    "faults: [{on: POST /x, do: {slow_ms: soon, why: 1}}]": [
        "faults[0].do.slow_ms: found `soon`; accepted: a whole number, at least 1",
        "faults[0].do: `why` is not known; accepted: slow_ms",
    ],
}


@pytest.mark.parametrize(("text", "expected"), WRONG.items(), ids=[text[:15] + text[-15:] for text in WRONG])
def test_a_wrong_seed_names_every_problem_at_its_place(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    """What was found, what would be accepted, and the path to it."""
    assert problems(tmp_path, text) == expected


def test_a_ticket_needs_its_parts(tmp_path: Path) -> None:
    """All that is absent is named at once."""
    found = problems(tmp_path, "tickets: [{id: 1, requester: {id: 2, nick: x}, tags: [a]}]")
    assert [line.split(":")[0] for line in found] == [
        "tickets[0].subject",
        "tickets[0].description",
        "tickets[0].created_at",
        "tickets[0].requester.name",
        "tickets[0].requester.email",
        "tickets[0].requester",
    ]
    assert found[0] == "tickets[0].subject: found nothing; accepted: text"


def test_what_is_not_yaml_is_refused(tmp_path: Path) -> None:
    """Broken, tagged, not UTF-8, or not there."""
    assert ":1: not YAML" in problems(tmp_path, "a: ]")[0]
    assert "not YAML" in problems(tmp_path, "today: !!python/name:os.system x")[0]
    (tmp_path / "seed.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InvalidInput, match="not YAML"):
        load_seed([tmp_path / "seed.yaml"])
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_seed([tmp_path / "absent.yaml"])
