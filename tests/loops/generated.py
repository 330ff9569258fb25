"""Traces made from seeds: honest work and loops, each with its label by construction."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from agentctl.budget.loops import Move
from agentctl.foundation.canonical import JsonValue
from tests.loops.telling import Trace, fails, fine, loop, polls, reads, writes

_NOISE = ("request_id", "nonce", "timestamp", "traceId", "Correlation-Id", "attempt", "cache_bust")


@dataclass
class Maker:
    """Makes calls that are like no call it made before."""

    random: Random
    made: int = 0

    def token(self) -> str:
        """Return a text that did not come before."""
        self.made += 1
        return f"{self.made}-{self.random.getrandbits(32):x}"

    def tool(self) -> str:
        """Return the name of some tool."""
        return self.random.choice(("crm.get", "wiki.read", "host.health", "desk.read"))

    def work(self, most: int = 12) -> Iterator[Move]:
        """Yield honest calls: each asks something new, or writes it, or fails in its own way."""
        for _ in range(self.random.randint(0, most)):
            token = self.token()
            yield self.random.choice(
                (
                    reads(self.tool(), {"found": token}, id=token),
                    writes("desk.comment", {"ok": True}, id=1, text=token),
                    fails(self.tool(), f"there is no {token}", id=token),
                )
            )


def generated(seed: int) -> Iterator[Trace]:
    """Yield one trace of every form, made from a seed."""
    for form in (*_FINE, *_LOOPS):
        yield form(Maker(Random(f"{seed} {form.__name__}")), seed)


def honest_work(make: Maker, seed: int) -> Trace:
    """Return nothing but new calls."""
    return fine("honest work", *make.work(80), seed=seed)


def listing(make: Maker, seed: int) -> Trace:
    """Return a list, read to its end page by page, and a little beyond."""
    name = make.random.choice(("page", "offset", "cursor"))
    pages = [
        reads("crm.list", {"items": [make.token()]}, **{name: n}) for n in range(make.random.randint(1, 120))
    ]
    empty = [reads("crm.list", {"items": []}, **{name: 1000 + n}) for n in range(make.random.randint(0, 4))]
    return fine("a list", *make.work(), *pages, *empty, seed=seed)


def waiting(make: Maker, seed: int) -> Trace:
    """Return polling, with now and then something else."""
    asked = (polls("ci.wait", {"state": "pending"}, build=1) for _ in range(make.random.randint(1, 200)))
    return fine("waiting", *(step for poll in asked for step in (poll, *make.work(1))), seed=seed)


def flaky(make: Maker, seed: int) -> Trace:
    """Return calls that fail a few times before they succeed."""
    steps: list[Move] = []
    for _ in range(make.random.randint(1, 9)):
        token, tool = make.token(), make.tool()
        steps += [fails(tool, "503 busy", id=token) for _ in range(make.random.randint(0, 4))]
        steps += [reads(tool, {"found": token}, id=token)]
    return fine("flaky", *steps, seed=seed)


def changing(make: Maker, seed: int) -> Trace:
    """Return the same question again and again, whose answer comes twice at most."""
    steps: list[Move] = []
    for _ in range(make.random.randint(2, 15)):
        token = make.token()
        steps += [reads("host.health", {"load": token}, host="a") for _ in range(make.random.randint(1, 2))]
    return fine("a changing answer", *steps, seed=seed)


def batch(make: Maker, seed: int) -> Trace:
    """Return many writes and reads of one form over many things, with the same short answer."""
    things = [make.token() for _ in range(make.random.randint(2, 60))]
    form = make.random.choice((writes, reads))
    return fine(
        "a batch", *(form("crm.touch", {"ok": True}, id=thing, region="eu") for thing in things), seed=seed
    )


def repeating(make: Maker, seed: int) -> Trace:
    """Return work, and then one call again and again."""
    work, again = tuple(make.work()), reads("wiki.read", {"text": make.token()}, name=make.token())
    return loop("repeating", "same_call", len(work) + 3, *work, *(again for _ in range(8)), seed=seed)


def at_once(make: Maker, seed: int) -> Trace:
    """Return work, and then one read many times in one step."""
    work, again = tuple(make.work()), reads("wiki.read", {"text": make.token()}, name=make.token())
    step = tuple(again for _ in range(make.random.randint(4, 20)))
    return loop("at once", "same_call", len(work) + 3, *work, step, seed=seed)


def round_and_round(make: Maker, seed: int) -> Trace:
    """Return work, and then a round of calls again and again."""
    period, work = make.random.randint(2, 8), tuple(make.work())
    calls = [reads(make.tool(), {"text": make.token()}, id=make.token()) for _ in range(period)]
    return loop("a round", "cycle", len(work) + 3 * period, *work, *(calls * 5), seed=seed)


def noisy(make: Maker, seed: int) -> Trace:
    """Return work, and then one question with noise beside it."""
    name, work, form = make.random.choice(_NOISE), tuple(make.work()), make.random.choice((reads, writes))
    wanted: dict[str, JsonValue] = {"id": make.token(), "lang": "en"}
    noise = (form("wiki.note", {"ok": True}, **wanted, **{name: make.token()}) for _ in range(9))
    return loop(f"noise in {name}", "near_duplicate", len(work) + 5, *work, *noise, seed=seed)


def stubborn(make: Maker, seed: int) -> Trace:
    """Return work, and then one error with other arguments each time."""
    work, effect = tuple(make.work()), make.random.choice(("read", "write", "irreversible"))
    errors = (fails("db.run", "permission denied", effect, sql=make.token()) for _ in range(9))
    return loop("stubborn", "same_error", len(work) + 5, *work, *errors, seed=seed)


def beyond_the_end(make: Maker, seed: int) -> Trace:
    """Return a list that is read on and on beyond its end."""
    name, length = make.random.choice(("page", "offset", "skip", "page_number")), make.random.randint(1, 50)
    pages = [reads("crm.list", {"items": [make.token()]}, **{name: n}) for n in range(length)]
    empty = [reads("crm.list", {"items": []}, **{name: length + n}) for n in range(20)]
    return loop("beyond the end", "near_duplicate", length + 5, *pages, *empty, seed=seed)


_FINE: tuple[Callable[[Maker, int], Trace], ...] = (honest_work, listing, waiting, flaky, changing, batch)
_LOOPS: tuple[Callable[[Maker, int], Trace], ...] = (
    repeating,
    at_once,
    round_and_round,
    noisy,
    stubborn,
    beyond_the_end,
)
