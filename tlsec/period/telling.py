"""Notices of the period room: who is told goes by roles and units, how is the outbox's."""

from __future__ import annotations

from datetime import datetime

from tlsec.notify.message import Urgency


def tell(
    now: datetime, key: str, role: str, unit: str, title: str, text: str, urgency: Urgency
) -> None:
    """Queue a notice to a role of a unit, or to a role on duty."""
    from tlsec.register import outbox

    outbox.enqueue(now, key[:100], f"{role}@{unit}" if unit else role, title, text, urgency)


def settled(now: datetime, key: str, why: str) -> None:
    """What a notice asked for is there: nothing more of its key goes out."""
    from tlsec.register import outbox

    outbox.resolve(key[:100], now, why)
