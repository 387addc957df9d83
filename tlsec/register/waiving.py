"""接受: the risk of an item is borne until an end that the severity limits, with two people's names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tlsec.register import held
from tlsec.register.call import Call
from tlsec.register.models import RiskItem
from tlsec.register.models_handling import ItemWaiver


def begin(item: RiskItem, call: Call) -> ItemWaiver:
    """The row of a waiver; the guards have seen its end and its second person."""
    return ItemWaiver.objects.create(item=item, **held.columns(call))


def end(item: RiskItem, now: datetime, why: str) -> list[ItemWaiver]:
    """End what is in force on an item; the rows, for the journal."""
    return held.end(ItemWaiver.objects.filter(item=item, ended=None), now, why)


def live(item: RiskItem) -> ItemWaiver | None:
    """The waiver in force."""
    return ItemWaiver.objects.filter(item=item, ended=None).order_by("-id").first()


def expired(now: datetime) -> Iterator[ItemWaiver]:
    """Waivers whose end has come and that nobody has ended."""
    yield from ItemWaiver.objects.filter(ended=None, until__lte=now).select_related("item")
