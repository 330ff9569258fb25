"""The cap on an eval's spend: what a trial may cost at most is reserved before it begins. Pure."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct


class Cap(Struct, frozen=True):
    """What may be spent, what was, and what is promised to trials under way; None: no cap."""

    most_usd: Decimal | None
    spent_usd: Decimal = Decimal(0)
    promised_usd: Decimal = Decimal(0)

    def fits(self, worst_usd: Decimal) -> bool:
        """Return whether one more trial cannot break the cap, whatever the others come to."""
        return self.most_usd is None or self.spent_usd + self.promised_usd + worst_usd <= self.most_usd

    def promised(self, worst_usd: Decimal) -> "Cap":
        """Return the cap with one more trial under way."""
        return Cap(self.most_usd, self.spent_usd, self.promised_usd + worst_usd)

    def settled(self, worst_usd: Decimal, cost_usd: Decimal) -> "Cap":
        """Return the cap after a trial that was promised so much cost so much."""
        return Cap(self.most_usd, self.spent_usd + cost_usd, self.promised_usd - worst_usd)

    def with_spent(self, costs: Iterable[Decimal]) -> "Cap":
        """Return the cap after trials of an earlier process."""
        return Cap(self.most_usd, self.spent_usd + sum(costs, Decimal(0)), self.promised_usd)
