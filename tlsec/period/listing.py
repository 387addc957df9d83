"""The lists of a report: who, where and what stands behind its numbers, as plain data to be frozen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from tlsec.i18n import _, listed
from tlsec.inventory import models as inventory
from tlsec.inventory.fields import LOCAL
from tlsec.period import availability, counting, periods, roster, zero
from tlsec.period.models import ChecklistItem, Period, TemporaryControl
from tlsec.period.models_duty import Shift
from tlsec.period.models_freeze import Block, FreezeException
from tlsec.period.numbers import rows
from tlsec.period.profile import Profile
from tlsec.register.models import RiskItem
from tlsec.scan.models import Observation

_MOST = 200  # rows of one list; the paper says how many are left out


def facts(
    period: Period, profile: Profile, start: datetime, until: datetime, day: date, now: datetime
) -> dict[str, Any]:
    """Everything that the daily report shows besides its numbers."""
    return {
        "running": _running(period, start, until),
        "untested": _untested(period, start, until),
        "by_unit": _by(rows(counting.found(start, until)), rows(counting.open_at(until)), "unit"),
        "by_class": _by(rows(counting.found(start, until)), rows(counting.open_at(until)), "title"),
        "found": [_item(row, until) for row in _first(rows(counting.found(start, until)))],
        "overdue": [_item(row, until) for row in _first(rows(counting.overdue_at(until)))],
        "zero": _zero(period, profile, day, until, now),
        "cases": _cases(start, until),
        "warnings": _warnings(start, until),
        "blocks": _blocks(start, until),
        "exceptions": _exceptions(period, start, until),
        "focus": _focus(period, until, until + timedelta(hours=profile.daily.focus_hours)),
        "duty": duty(start, until),
    }


def _first(found: Any) -> Iterable[RiskItem]:
    made: Iterable[RiskItem] = found.order_by("due", "no")[:_MOST]
    return made


def _running(period: Period, start: datetime, until: datetime) -> list[dict[str, Any]]:
    return [
        {
            "system": each.system,
            "name": each.name,
            "looks": each.looks,
            "failed": each.failed,
            "untold": each.untold,
            "share": each.share,
            "now_down": each.now_down,
            "down_minutes": round(each.down.total_seconds() / 60, 1),
            "longest_minutes": round(each.longest.total_seconds() / 60, 1),
        }
        for each in availability.of(period, start, until)
    ]


def _untested(period: Period, start: datetime, until: datetime) -> list[dict[str, str]]:
    """Places that should have been looked at and were not, with the reason of the last try."""
    done = set(rows(counting.tested(period, start, until)).values_list("subject", flat=True))
    wanted = set(rows(counting.assets(period)).values_list("asset_id", flat=True)) - done
    why: dict[str, str] = {}
    tries = Observation.objects.filter(subject__in=wanted, ended__gte=start, ended__lt=until)
    for subject, reason in tries.order_by("ended", "id").values_list("subject", "reason"):
        why[subject] = reason
    assets = (
        inventory.Asset.objects.filter(id__in=wanted).select_related("system").order_by("ordinal")
    )
    return [
        {
            "asset": a.id,
            "name": a.name,
            "system": a.system.name if a.system else "",
            "reason": why.get(a.id, ""),
        }
        for a in assets[:_MOST]
    ]


def _by(found: Any, left: Any, column: str) -> list[list[Any]]:
    """New and open ones by a column, the most open first."""
    new: Counter[str] = Counter(found.values_list(column, flat=True))
    still: Counter[str] = Counter(left.values_list(column, flat=True))
    keys = sorted({*new, *still}, key=lambda key: (-still[key], -new[key], key))
    return [[key, new[key], still[key]] for key in keys[:_MOST]]


def _item(row: RiskItem, until: datetime) -> dict[str, Any]:
    late = (until - row.due).days if row.due and row.due < until else 0
    return {
        "number": row.no,
        "unit": row.unit,
        "county": row.county,
        "system": row.system,
        "what": row.title,
        "severity": row.severity,
        "state": row.state,
        "due": _when(row.due),
        "days_late": late,
    }


def _zero(
    period: Period, profile: Profile, day: date, until: datetime, now: datetime
) -> dict[str, Any]:
    """As of now: the report is drawn up after the last cut-off, and later ones count as late anyway."""
    if day not in zero.days(period, profile):
        return {}
    made = zero.standings(period, day, max(until, now))
    absent = [
        {
            "unit": each.duty.name,
            "state": each.state,
            "contact": each.duty.contact,
            "phone": each.duty.phone,
            "received": _when(each.received),
        }
        for each in made
        if each.state in ("late", "missing")
    ]
    events = [each.duty.name for each in made if each.state == "event"]
    return {**zero.counts(made), "absent": absent, "events": events}


def _cases(start: datetime, until: datetime) -> list[dict[str, str]]:
    from tlsec.incident.states import CaseState, name

    return [
        {
            "number": row.no,
            "title": row.title,
            "unit": row.unit,
            "system": row.system,
            "state": name(CaseState, row.state),
            "level": row.level,
            "opened": _when(row.opened),
        }
        for row in rows(counting.cases(start, until)).order_by("id")[:_MOST]
    ]


def _warnings(start: datetime, until: datetime) -> list[dict[str, Any]]:
    made = []
    for row in rows(counting.issued(start, until)).order_by("id")[:_MOST]:
        receipts = row.receipts.count()
        signed = row.receipts.filter(signed__lt=until).count()
        made.append(
            {
                "number": row.number or row.no,
                "title": row.title,
                "colour": row.colour,
                "sent": receipts,
                "signed": signed,
            }
        )
    return made


def _blocks(start: datetime, until: datetime) -> list[dict[str, str]]:
    found = Block.objects.filter(start__gte=start, start__lt=until).order_by("id")
    return [
        {"network": row.network, "point": row.point, "basis": row.basis, "until": _when(row.until)}
        for row in found[:_MOST]
    ]


def _exceptions(period: Period, start: datetime, until: datetime) -> list[dict[str, Any]]:
    found = FreezeException.objects.filter(
        freeze__period=period, state="approved", start__lt=until, until__gt=start
    )
    return [_exception(row) for row in found.order_by("start", "id")[:_MOST]]


def _exception(row: FreezeException) -> dict[str, Any]:
    return {
        "number": row.number,
        "systems": row.systems,
        "what": row.what,
        "start": _when(row.start),
        "until": _when(row.until),
        "approved_by": row.decided_by,
    }


def _focus(period: Period, start: datetime, until: datetime) -> list[str]:
    """What falls due in the time to come, drawn from the register and the checklist."""
    due = rows(counting.open_at(start, due__gte=start, due__lt=until)).order_by("due", "no")
    said = [
        _("{no} {system} 于 {time} 到期").format(
            no=r.no, system=r.system or r.unit, time=_when(r.due)
        )
        for r in due[:10]
    ]
    for change in FreezeException.objects.filter(
        freeze__period=period, state="approved", start__lt=until, until__gt=start
    ).order_by("start"):
        text = _("{systems} 批准变更 {window}：{what}")
        said.append(
            text.format(
                systems=listed(change.systems),
                what=change.what,
                window=f"{_when(change.start)}—{_when(change.until)[-5:]}",
            )
        )
    for control in TemporaryControl.objects.filter(period=period, ended=None, until__lt=until):
        text = _("临时措施 {target} 应于 {time} 前恢复")
        said.append(text.format(target=control.target, time=_when(control.until)))
    for task in ChecklistItem.objects.filter(
        period=period, done=None, required=True, due__lt=until, control=None
    ).order_by("due")[:10]:
        text = _("{task}（{owner}，{time} 前）")
        owner = task.owner or _("未定责任人")
        said.append(text.format(task=task.text, owner=owner, time=_when(task.due)))
    return said


def duty(start: datetime, until: datetime) -> list[dict[str, str]]:
    """The shifts that touch a stretch of time, in their order."""
    found = Shift.objects.filter(start__lt=until, until__gt=start)
    order = list(roster.ROLES)
    made = sorted(found, key=lambda s: (s.start, order.index(s.role), s.seat))
    return [
        {
            "day": s.day.isoformat(),
            "shift": s.name,
            "role": s.role,
            "person": s.person,
            "unit": s.unit,
            "phone": s.phone,
        }
        for s in made
    ]


def _when(value: datetime | None) -> str:
    return f"{value.astimezone(LOCAL):%Y-%m-%d %H:%M}" if value else ""


def summary(period: Period, until: datetime) -> dict[str, Any]:
    """Lists of the summary report, over the whole period."""
    since = periods.begun(period)
    profile = periods.profile_of(period)
    return {
        "running": _running(period, since, until),
        "by_unit": _by(rows(counting.found(since, until)), rows(counting.open_at(until)), "unit"),
        "left": [_item(row, until) for row in _first(rows(counting.open_at(until)))],
        "cases": _cases(since, until),
        "warnings": _warnings(since, until),
        "zero": _zero_days(period, profile, until),
        "controls": _controls(period),
        "tasks": _tasks(period),
    }


def _zero_days(period: Period, profile: Profile, until: datetime) -> list[list[Any]]:
    last = until.astimezone(LOCAL).date()
    made = []
    for day in zero.days(period, profile):
        if day <= last:
            counts = zero.counts(zero.standings(period, day, until))
            made.append(
                [day.isoformat(), counts["required"], counts["reported"], counts["missing"]]
            )
    return made


def _controls(period: Period) -> list[dict[str, str]]:
    return [
        {
            "target": row.target,
            "what": row.what,
            "until": _when(row.until),
            "ended": _when(row.ended),
        }
        for row in TemporaryControl.objects.filter(period=period).order_by("id")
    ]


def _tasks(period: Period) -> list[dict[str, str]]:
    found = ChecklistItem.objects.filter(period=period).order_by("due", "id")
    return [
        {"phase": t.phase, "text": t.text, "owner": t.owner, "done": _when(t.done)} for t in found
    ]
