"""Verdict memory: what was judged a false positive stays judged for its fingerprint, until it ends.

The alert goes on being counted and shown; nobody is told. When the memory ends and the trouble still
fires, the item comes back to be judged again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from tlsec.register.call import Call
from tlsec.register.models import Alert, RiskItem
from tlsec.register.models_muting import VerdictMemory
from tlsec.register.rules import Rules


def remember(item: RiskItem, call: Call, rules: Rules) -> list[VerdictMemory]:
    """Remember the judgement for every open alert of an item; the rows, for the journal."""
    longest = rules.exceptions.longest(call.name, item.severity) or timedelta(days=1)
    until = call.params.get("until") or call.now + longest
    heads = item.alerts.filter(open=True)
    rows = []
    for key in heads.values_list("fingerprint", flat=True).order_by("id"):
        for old in VerdictMemory.objects.filter(fingerprint=key, ended=None):
            old.ended, old.ended_why = call.now, "replaced"
            old.save()
            rows.append(old)
        rows.append(
            VerdictMemory.objects.create(
                fingerprint=key, verdict=call.name, item=item.no, by=call.actor,
                reason=call.reason[:1000], start=call.now, until=until,
            )
        )  # fmt: skip
    return rows


def forget(item: RiskItem, now: datetime, why: str) -> list[VerdictMemory]:
    """End what is remembered from an item. Its open alerts count as not told: they are told anew."""
    rows = list(VerdictMemory.objects.filter(item=item.no, ended=None))
    for row in rows:
        row.ended, row.ended_why = now, ("expired" if why == "expire" else why)[:40]
        row.save()
    if rows:
        item.alerts.filter(open=True).update(told_at=None, told_severity="")
    return rows


def live(fingerprints: Collection[str], now: datetime) -> dict[str, VerdictMemory]:
    """The judgement in force for each fingerprint that has one."""
    found = VerdictMemory.objects.filter(fingerprint__in=fingerprints, ended=None, until__gt=now)
    return {row.fingerprint: row for row in found}


def expired(now: datetime) -> Iterator[VerdictMemory]:
    """Judgements whose end has come."""
    yield from VerdictMemory.objects.filter(ended=None, until__lte=now).order_by("id")


def fires(item: RiskItem) -> bool:
    """Whether anything of an item fires at the moment."""
    return item.alerts.filter(open=True, condition=Alert.Condition.FIRING).exists()
