"""People and webhooks as the tape knows them: who answered in the run's process, and who was told of a request."""

from collections import Counter

from typing_extensions import override

from agentctl.approval.announcement import Announcement, Announcer, Delivery, NotTaken, Taken
from agentctl.approval.reviewer import Case, LookUpFunction, Opinion, Reviewer
from agentctl.events.approval import ApprovalAnnounced, ApprovalAnswered
from agentctl.foundation.canonical import RESULT_LIMITS, parse_json
from agentctl.replay.recorded.tape import Tape


class TapedPerson(Reviewer):
    """Whoever answered at the terminal of the run's process."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    @override
    async def review(self, case: Case, look_up: LookUpFunction) -> Opinion | None:
        """Return the answer that was given next, where it was given here and to this request."""
        del look_up
        record = self._tape.next_record
        match record.event if record is not None else None:
            case ApprovalAnswered(message=None, approval=approval, reviewer=reviewer) as answer if (
                approval == case.request.approval and reviewer.kind == "person"
            ):
                return Opinion(
                    answer.answer, answer.reason, answer.reviewer, answer.looked_up, answer.ends_run
                )
            case _:
                return None


class TapedAnnouncer(Announcer):
    """One webhook: takes what it took then, as often as it was tried then."""

    def __init__(self, tape: Tape, webhook: str) -> None:
        self._tape = tape
        self._webhook = webhook
        self._tried: Counter[str] = Counter()

    @property
    @override
    def max_attempts(self) -> int:
        """As many as the tape says: it is `send` that knows when to stop."""
        return 1_000

    @override
    async def send(self, announcement: Announcement) -> Delivery:
        """Return what became of the same attempt then."""
        told = self._told(announcement)
        if told is None:
            return NotTaken(f"the tape holds no announcement to `{self._webhook}` of this")
        self._tried[announcement.id] += 1
        if self._tried[announcement.id] < told.attempts:
            return NotTaken(told.detail, again=True)
        return Taken(told.detail) if told.delivered else NotTaken(told.detail)

    def _told(self, announcement: Announcement) -> ApprovalAnnounced | None:
        """Return what is on record of an announcement in this sitting."""
        body = parse_json(announcement.body, RESULT_LIMITS)
        approval = body.get("approval") if isinstance(body, dict) else None
        index = self._tape.next_index
        rest = () if index is None else self._tape.records[index : self._tape.sitting.end]
        known = (record.event for record in rest if isinstance(record.event, ApprovalAnnounced))
        return next(
            (item for item in known if (item.approval, item.webhook) == (approval, self._webhook)), None
        )
