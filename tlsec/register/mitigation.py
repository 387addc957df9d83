"""缓释: a control holds the risk down until the fix, until an end that the severity limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tlsec.register import held
from tlsec.register.call import Call
from tlsec.register.models import RiskItem
from tlsec.register.models_handling import Mitigation


def begin(item: RiskItem, call: Call) -> Mitigation:
    """The row of a mitigation; the guards have seen its end and its second person."""
    control = str(call.params["control"])[:1000]
    return Mitigation.objects.create(item=item, control=control, **held.columns(call))


def end(item: RiskItem, now: datetime, why: str) -> list[Mitigation]:
    """End what is in force on an item; the rows, for the journal."""
    return held.end(Mitigation.objects.filter(item=item, ended=None), now, why)


def live(item: RiskItem) -> Mitigation | None:
    """The mitigation in force."""
    return Mitigation.objects.filter(item=item, ended=None).order_by("-id").first()


def expired(now: datetime) -> Iterator[Mitigation]:
    """Mitigations whose end has come and that nobody has ended."""
    yield from Mitigation.objects.filter(ended=None, until__lte=now).select_related("item")
