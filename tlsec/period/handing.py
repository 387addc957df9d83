"""交接班: the desk is frozen by the one who goes, and taken by the one who comes. Two people, two signatures."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count

from tlsec.i18n import _
from tlsec.inventory.fields import LOCAL
from tlsec.period import counting, periods, zero
from tlsec.period.models import Period, TemporaryControl
from tlsec.period.models_duty import Handover
from tlsec.period.models_freeze import Block, FreezeException
from tlsec.period.numbers import rows as asked
from tlsec.register import journal
from tlsec.register.models import Alert, RiskItem
from tlsec.register.refused import Refused
from tlsec.register.transitions import allowed

_AHEAD = timedelta(hours=24)
_MOST_ITEMS = 500


def give(
    incoming: str, now: datetime, actor: str, focus: str = "", period: Period | None = None
) -> Handover:
    """Freeze the desk and sign it; `incoming` has to take it. Raises Refused for one and the same person."""
    if not incoming.strip() or incoming.strip() == actor:
        raise Refused(_("接班人不能是交班人本人"))
    with transaction.atomic():
        waiting = Handover.objects.filter(taken=None).order_by("-id").first()
        if waiting is not None:
            text = _("{a} 交给 {b} 的班还没有签收（第 {id} 号）")
            raise Refused(text.format(a=waiting.outgoing, b=waiting.incoming, id=waiting.pk))
        period = period or periods.current()
        last = Handover.objects.order_by("-id").first()
        since = last.at if last else (period.opened if period else now - _AHEAD)
        frozen = snapshot(period, since, now, focus)
        row = Handover.objects.create(
            period=period, at=now, since=since, outgoing=actor[:100], incoming=incoming.strip()[:100],
            snapshot=frozen, digest=digest(frozen), head=journal.head(),
        )  # fmt: skip
        _record(row, "handover.give", now, actor)
    return row


def take(id_: int, now: datetime, actor: str, note: str = "") -> Handover:
    """Sign for the desk as it was frozen. Only the one it was given to can."""
    with transaction.atomic():
        row = Handover.objects.select_for_update().filter(pk=id_).first()
        if row is None:
            raise Refused(_("没有第 {id} 号交接班记录").format(id=id_))
        if row.taken is not None:
            raise Refused(_("第 {id} 号已由 {who} 签收").format(id=id_, who=row.incoming))
        if actor == row.outgoing:
            raise Refused(_("交班人不能替接班人签收"))
        if actor != row.incoming:
            raise Refused(_("这个班是交给 {who} 的").format(who=row.incoming))
        if digest(row.snapshot) != row.digest:
            raise Refused(_("第 {id} 号的交接内容与签字时不符，不能签收").format(id=id_))
        row.taken, row.taken_note = now, note[:500]
        row.save()
        _record(row, "handover.take", now, actor)
    return row


def withdraw(id_: int, now: datetime, actor: str, reason: str) -> None:
    """Take back a handover that nobody signed for: the incoming one did not come."""
    with transaction.atomic():
        row = Handover.objects.select_for_update().filter(pk=id_, taken=None).first()
        if row is None:
            raise Refused(_("没有等待签收的第 {id} 号交接班记录").format(id=id_))
        if actor != row.outgoing:
            raise Refused(_("只有交班人 {who} 能撤回").format(who=row.outgoing))
        if not reason.strip():
            raise Refused(_("请写明为什么撤回（--reason）"))
        _record(row, "handover.withdraw", now, actor, reason)
        row.delete()


def digest(frozen: dict[str, Any]) -> str:
    """SHA-256 over a snapshot."""
    return hashlib.sha256(journal.canonical(frozen).encode()).hexdigest()


def intact(row: Handover) -> bool:
    """Whether the snapshot still is what was signed."""
    return digest(row.snapshot) == row.digest


def snapshot(period: Period | None, since: datetime, now: datetime, focus: str) -> dict[str, Any]:
    """The desk at a moment, as plain data."""
    return {
        "at": _when(now),
        "since": _when(since),
        "period": period.id if period else "",
        "items": _items(now),
        "alerts": _alerts(since, now),
        "blocks": _blocks(since, now),
        "controls": _controls(now),
        "exceptions": _exceptions(now),
        "zero": _zero(period, now),
        "devices": _devices(),
        "focus": focus[:1000],
    }


def _when(value: datetime | None) -> str:
    return f"{value.astimezone(LOCAL):%Y-%m-%d %H:%M}" if value else ""


def _items(now: datetime) -> list[dict[str, Any]]:
    rows = asked(counting.open_at(now)).order_by("due", "no")
    return [_item(row, now) for row in rows[:_MOST_ITEMS]]


def _item(row: RiskItem, now: datetime) -> dict[str, Any]:
    following = allowed(row.state)
    return {
        "number": row.no, "state": row.state, "severity": row.severity, "unit": row.unit,
        "system": row.system, "what": row.title, "due": _when(row.due),
        "overdue": bool(row.due and row.due < now),
        "next": following[0].name if following else "",
    }  # fmt: skip


def _alerts(since: datetime, now: datetime) -> dict[str, int]:
    """Of this shift: how many came, how many of them are done with, how many are left."""
    rows = Alert.objects.filter(drill=False, first_seen__gte=since, first_seen__lt=now)
    total = rows.count()
    left = rows.filter(open=True).count()
    return {"new": total, "handled": total - left, "left": left}


def _blocks(since: datetime, now: datetime) -> dict[str, Any]:
    added = Block.objects.filter(start__gte=since, start__lt=now)
    lifted = Block.objects.filter(lifted__gte=since, lifted__lt=now)
    return {
        "added": list(added.order_by("id").values_list("network", flat=True)),
        "lifted": list(lifted.order_by("id").values_list("network", flat=True)),
        "on": asked(counting.blocks_at(now)).count(),
    }


def _controls(now: datetime) -> list[dict[str, Any]]:
    rows = TemporaryControl.objects.filter(ended=None, until__lt=now + _AHEAD).order_by("until")
    return [
        {"id": row.pk, "target": row.target, "what": row.what, "until": _when(row.until)}
        for row in rows
    ]


def _exceptions(now: datetime) -> list[dict[str, Any]]:
    rows = FreezeException.objects.filter(
        state="approved", start__lt=now + _AHEAD, until__gt=now
    ).order_by("start")
    return [
        {
            "number": row.number, "systems": row.systems, "what": row.what,
            "start": _when(row.start), "until": _when(row.until),
        }
        for row in rows
    ]  # fmt: skip


def _zero(period: Period | None, now: datetime) -> dict[str, Any]:
    day = now.astimezone(LOCAL).date()
    if period is None or day not in zero.days(period, periods.profile_of(period)):
        return {}
    made = zero.standings(period, day, now)
    absent = [each.duty.name for each in made if each.state not in ("safe", "event")]
    return {"day": day.isoformat(), **zero.counts(made), "absent": absent}


def _devices() -> dict[str, Any]:
    """Our own means: sources that fell silent, lines that are down, alerts nobody was told of."""
    from tlsec.register.models_intake import Source
    from tlsec.watch.models import Uplink

    silent = Source.objects.filter(watched=True).exclude(silent_since=None)
    condition = Alert.objects.filter(open=True).values("condition").annotate(n=Count("id"))
    return {
        "silent": list(silent.order_by("id").values_list("id", flat=True)),
        "lines_down": list(
            Uplink.objects.filter(up=False).order_by("vantage").values_list("vantage", flat=True)
        ),
        "alerts": {row["condition"]: row["n"] for row in condition.order_by("condition")},
    }


def _record(row: Handover, command: str, now: datetime, actor: str, reason: str = "") -> None:
    after = {
        "id": row.pk, "outgoing": row.outgoing, "incoming": row.incoming, "at": row.at,
        "digest": row.digest, "head": row.head, "taken": row.taken,
    }  # fmt: skip
    journal.append(now, actor, command, f"handover:{row.pk}", after, reason)
