"""What waivers and mitigations share: two names, an end, and the warnings before it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import QuerySet

from tlsec.register.call import Call
from tlsec.register.models_handling import ItemWaiver, Mitigation

H = TypeVar("H", ItemWaiver, Mitigation)


def columns(call: Call) -> dict[str, Any]:
    """The shared columns of a new row."""
    return {
        "asked_by": call.actor,
        "approved_by": call.approver,
        "reason": call.reason[:1000],
        "start": call.now,
        "until": call.params["until"],
    }


def end(rows: QuerySet[H], now: datetime, why: str) -> list[H]:
    found = list(rows)
    for row in found:
        row.ended, row.ended_why = now, why[:40]
        row.save()
    return found


def warning(row: ItemWaiver | Mitigation, now: datetime, days: list[int]) -> int | None:
    """The warning (days before the end) that is to be given now; None when none or given already.

    Of several that have come at once only the nearest to the end is given.
    """
    come = [n for n in days if now >= row.until - timedelta(days=n)]
    if not come or now >= row.until:
        return None
    nearest = min(come)
    return nearest if row.warned is None or nearest < row.warned else None
