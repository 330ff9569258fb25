"""Traces written after things that agents do: half of them are fine, half are loops."""

from msgspec.structs import replace

from agentctl.budget.loops import Move
from tests.loops.telling import fails, fine, loop, polls, reads, refused, writes

TICKET = {
    "id": 7,
    "status": "open",
    "text": "My card was charged twice for order 1881, please give one charge back.",
}
CHARGE = {"charge": "ch_1", "amount": 4900, "refunded": False}
PENDING, GREEN = {"state": "pending"}, {"state": "success"}
LONG = {
    "text": "The runbook for the payment service: drain the queue, then restart one instance at a time. " * 4
}


def ticket() -> Move:
    """Return the read of the ticket."""
    return reads("desk.read", TICKET, id=7)


def ci(result: dict[str, str]) -> Move:
    """Return a look at a build by a tool that is not declared to poll."""
    return reads("ci.status", result, build=12)


def page(number: int, *items: int) -> Move:
    """Return one page of a list."""
    return reads("crm.list", {"items": list(items)}, page=number)


def tests() -> Move:
    """Return a run of tests that fails."""
    return fails("repo.test", "1 failed: test_total", "write", suite="unit")


def edit(text: str) -> Move:
    """Return an edit that succeeds."""
    return writes("repo.edit", {"ok": True}, file="total.py", text=text)


FINE = (
    fine(
        "a refund",
        ticket(),
        reads("pay.charge", CHARGE, charge="ch_1"),
        writes("pay.refund", {"refund": "re_1"}, charge="ch_1", amount=4900),
        reads("pay.charge", {**CHARGE, "refunded": True}, charge="ch_1"),
    ),
    fine("a hundred pages", *(page(number, number) for number in range(100))),
    fine("pages that end with one empty look too many", *(page(n, n) for n in range(5)), page(5), page(6)),
    fine(
        "pages by cursor",
        *(reads("crm.scan", {"items": [n], "next": f"c{n + 1}"}, cursor=f"c{n}") for n in range(40)),
    ),
    fine(
        "a sparse table, by cursor",
        *(reads("crm.scan", {"items": [], "next": f"c{n + 1}"}, cursor=f"c{n}") for n in range(40)),
    ),
    fine(
        "two hundred looks at a build, declared to poll",
        *(polls("ci.wait", PENDING, build=12) for _ in range(200)),
        polls("ci.wait", GREEN, build=12),
    ),
    fine(
        "polling between naps",
        *(
            step
            for _ in range(40)
            for step in (polls("ci.wait", PENDING, build=1), reads("os.nap", "done", s=5))
        ),
    ),
    fine(
        "polling for what is not there yet",
        *(replace(fails("dns.find", "NXDOMAIN", name="new.example"), polling=True) for _ in range(30)),
    ),
    fine(
        "a build that goes on each time it is looked at", *(ci({"state": f"{n} %"}) for n in range(0, 100, 4))
    ),
    fine("a build that is looked at a few times", ci(PENDING), ci(PENDING), ci(PENDING)),
    fine(
        "three 500s, then an answer",
        *(fails("crm.get", "500 internal error", id=1) for _ in range(3)),
        reads("crm.get", {"name": "Ada"}, id=1),
    ),
    fine(
        "retry with longer and longer naps",
        *(
            step
            for nap in (1, 2, 4, 8)
            for step in (fails("crm.get", "503 busy", id=1), reads("os.nap", {"slept": nap}, s=nap))
        ),
        reads("crm.get", {"name": "Ada"}, id=1),
    ),
    fine(
        "the same read around different writes",
        *(
            step
            for title in "abcdefgh"
            for step in (
                writes("desk.create", {"ok": True}, title=title),
                reads("desk.folder", {"name": "inbox"}, id=1),
            )
        ),
    ),
    fine(
        "a counter that writes change",
        *(
            step
            for n in range(8)
            for step in (writes("queue.pop", {"ok": True}), reads("queue.size", {"left": 8 - n}))
        ),
    ),
    fine(
        "thirty customers, all with the same short answer",
        *(reads("crm.blocked", {"blocked": False}, customer=n) for n in range(30)),
    ),
    fine(
        "thirty customers in one region",
        *(reads("crm.blocked", {"blocked": False}, customer=n, region="eu") for n in range(30)),
    ),
    fine(
        "forty letters", *(writes("mail.send", {"queued": True}, to=f"p{n}", text="hello") for n in range(40))
    ),
    fine(
        "comments on one ticket, each another",
        *(writes("desk.comment", {"ok": True}, id=7, comment=f"line {n}") for n in range(12)),
    ),
    fine(
        "a search that finds nothing, in other words each time",
        *(
            reads("web.search", [], query=query, limit=10)
            for query in ("a b", "a", "b", "c d", "c", "d", "e f")
        ),
    ),
    fine(
        "edits until the tests pass",
        *(step for n in range(9) for step in (edit(f"version {n}"), tests())),
        writes("repo.test", {"passed": 9}, suite="unit"),
    ),
    fine(
        "twenty look-ups at once, most of what is not there",
        tuple(fails("crm.get", "404 no such customer", id=n) for n in range(20)),
        reads("crm.get", {"name": "Ada"}, id=77),
    ),
    fine(
        "an error, and then another one each time",
        *(fails("db.query", f"column c{n} does not exist", sql=f"select c{n}") for n in range(12)),
    ),
    fine(
        "the runbook read again between other things",
        *(
            step
            for n in range(10)
            for step in (
                reads("wiki.read", LONG, name="payments"),
                reads("host.disk", {"free": n}, host=f"h{n}"),
            )
        ),
    ),
    fine(
        "eight files at once, then the same ones again",
        *(tuple(reads("repo.read", {"text": f"file {n}"}, path=f"f{n}") for n in range(8)) for _ in range(2)),
    ),
    fine(
        "two services looked at in turn while they change",
        *(
            reads("host.health", {"ok": n % 3 == 0, "up": n}, host=host)
            for n in range(12)
            for host in ("a", "b")
        ),
    ),
)


LOOPS = (
    loop("the same read", "same_call", 3, *(ticket() for _ in range(6))),
    loop(
        "the same write",
        "same_call",
        3,
        *(writes("desk.tag", {"ok": True}, id=7, tag="vip") for _ in range(6)),
    ),
    loop(
        "a refund's charge, again and again",
        "same_call",
        4,
        ticket(),
        *(reads("pay.charge", CHARGE, charge="ch_1") for _ in range(6)),
    ),
    loop("the same read six times at once", "same_call", 3, tuple(ticket() for _ in range(6))),
    loop("the same read twice a step", "same_call", 3, *((ticket(), ticket()) for _ in range(3))),
    loop(
        "a build, asked by a tool that is not declared to poll",
        "same_call",
        3,
        *(ci(PENDING) for _ in range(20)),
    ),
    loop(
        "the same read after a write that did not change it",
        "same_call",
        5,
        ticket(),
        writes("desk.tag", {"ok": True}, id=7, tag="vip"),
        *(ticket() for _ in range(5)),
    ),
    loop(
        "a loop after honest polling",
        "same_call",
        43,
        *(polls("ci.wait", PENDING, build=12) for _ in range(40)),
        *(ticket() for _ in range(5)),
    ),
    loop(
        "a change, and then no more",
        "same_call",
        6,
        *(ci({"state": f"{n} %"}) for n in range(3)),
        *(ci(GREEN) for _ in range(5)),
    ),
    loop(
        "ping-pong between ticket and charge",
        "cycle",
        6,
        *(step for _ in range(5) for step in (ticket(), reads("pay.charge", CHARGE, charge="ch_1"))),
    ),
    loop(
        "ping-pong, both at once",
        "cycle",
        6,
        *((ticket(), reads("pay.charge", CHARGE, charge="ch_1")) for _ in range(5)),
    ),
    loop(
        "ping-pong of on and off",
        "cycle",
        6,
        *(writes("host.lamp", {"ok": True}, on=n % 2 == 0) for n in range(12)),
    ),
    loop(
        "ping-pong with noise",
        "cycle",
        6,
        *(
            step
            for n in range(5)
            for step in (
                reads("desk.read", TICKET, id=7, request_id=f"r{n}"),
                reads("pay.charge", CHARGE, charge="ch_1"),
            )
        ),
    ),
    loop(
        "a tour of three",
        "cycle",
        11,
        ticket(),
        reads("wiki.find", [], words="refund"),
        *(reads(f"tour.stop{n % 3}", {"n": n % 3}) for n in range(15)),
    ),
    loop("a tour of eight", "cycle", 24, *(reads("tour.stop", {"n": n % 8}, n=n % 8) for n in range(40))),
    loop(
        "a cursor that leads round",
        "cycle",
        9,
        *(
            reads("crm.scan", {"items": [n % 3], "next": f"c{(n + 1) % 3}"}, cursor=f"c{n % 3}")
            for n in range(20)
        ),
    ),
    loop(
        "the same edit, the same failure",
        "cycle",
        10,
        *(step for _ in range(8) for step in (edit("x"), tests())),
    ),
    loop(
        "a read and a refused write",
        "cycle",
        10,
        *(step for _ in range(8) for step in (ticket(), refused("pay.refund", charge="ch_1"))),
    ),
    loop(
        "pages far past the end",
        "near_duplicate",
        10,
        *(page(n, n) for n in range(5)),
        *(page(n) for n in range(5, 30)),
    ),
    loop("a server that ignores the page", "near_duplicate", 5, *(page(n, 1, 2, 3) for n in range(30))),
    loop(
        "another request id",
        "near_duplicate",
        5,
        *(reads("desk.read", TICKET, id=7, request_id=f"r{n}") for n in range(9)),
    ),
    loop(
        "another time stamp, deep inside",
        "near_duplicate",
        5,
        *(reads("desk.read", TICKET, id=7, meta={"Time-Stamp": n, "lang": "en"}) for n in range(9)),
    ),
    loop(
        "another reason each time",
        "near_duplicate",
        5,
        *(reads("desk.read", TICKET, id=7, reason=f"because {n}") for n in range(9)),
    ),
    loop(
        "a write with an attempt number",
        "near_duplicate",
        5,
        *(writes("desk.tag", {"ok": True}, id=7, tag="vip", attempt=n) for n in range(9)),
    ),
    loop(
        "an argument of any name, and a long answer",
        "near_duplicate",
        10,
        *(reads("wiki.read", LONG, name="payments", style=f"s{n}") for n in range(20)),
    ),
    loop(
        "an argument of any name, and a short answer",
        "near_duplicate",
        5,
        *(reads("crm.find", {"found": False}, name="Ada", style=f"s{n}") for n in range(20)),
    ),
    loop(
        "the same error, the same call",
        "same_error",
        5,
        *(fails("crm.get", "500 internal error", id=1) for _ in range(9)),
    ),
    loop(
        "the same error, other arguments",
        "same_error",
        5,
        *(fails("db.query", "permission denied", sql=f"select {n}") for n in range(9)),
    ),
    loop(
        "the same error, and something else read in between",
        "same_error",
        10,
        *(
            step
            for n in range(9)
            for step in (
                fails("db.query", "permission denied", sql=f"select {n}"),
                reads("wiki.read", {"page": n}, name=f"p{n}"),
            )
        ),
    ),
    loop(
        "a write that always fails",
        "same_error",
        5,
        *(fails("pay.refund", "card expired", "irreversible", charge="ch_1", amount=n) for n in range(9)),
    ),
    loop(
        "the same failing call, six at once",
        "same_call",
        3,
        tuple(fails("crm.get", "500", id=1) for _ in range(6)),
    ),
)
"""What must be stopped, and after how many calls."""
