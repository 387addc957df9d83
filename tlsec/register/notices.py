"""What the register has to tell people, handed to the outbox in the transaction of the change."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from tlsec.i18n import _
from tlsec.register import outbox
from tlsec.register.models import RiskItem

Urgency = Literal["urgent", "normal", "digest"]


def about(item: RiskItem, to: str, title: str, text: str, urgency: Urgency, now: datetime) -> None:
    """Tell a role of an item; dropped when the item has moved on before it went out.

    `to`: a role, or role@unit for that role of the item's unit. What is only practised says so.
    """
    role, at, _unit = to.partition("@")
    audience = f"{role}@{item.unit}" if at and item.unit else role
    outbox.enqueue(
        now, item.no, audience, drilled(title, item.drill), text, urgency, version=item.version
    )


def of_key(key: str, to: str, title: str, text: str, urgency: Urgency, now: datetime) -> None:
    """Tell a role of something that is not one item."""
    outbox.enqueue(now, key, to, title, text, urgency)


def ended(item: RiskItem, now: datetime, why: str) -> None:
    """A matter is over: nothing more of it goes out."""
    outbox.resolve(item.no, now, why)


def drilled(title: str, drill: bool) -> str:
    return _("【演练】{title}").format(title=title) if drill else title
