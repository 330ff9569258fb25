"""The three tools of the measured runs; for every peer the same functions, in its own process."""


def read_ticket(ticket_id: str) -> dict[str, object]:
    """Read a support ticket."""
    return {"ticket_id": ticket_id, "charge_id": "ch_1001", "text": "charged twice"}


def lookup_charge(charge_id: str) -> dict[str, object]:
    """Look up a charge."""
    return {"charge_id": charge_id, "amount": 4200, "amount_refunded": 0, "currency": "usd"}


def create_refund(charge_id: str, amount: int, currency: str) -> dict[str, object]:
    """Create a refund for a charge."""
    return {"refund_id": "re_1001", "charge_id": charge_id, "amount": amount, "currency": currency}
