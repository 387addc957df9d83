"""Zero reports (零报告): who has to report which day, what came, what is missing, and who is told of it.

有情况报情况，无情况报平安. One that comes after its cut-off counts as missing (未报) and is kept all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db import transaction

from tlsec.i18n import _, pick
from tlsec.inventory import models as inventory
from tlsec.inventory.fields import LOCAL
from tlsec.period import periods, telling
from tlsec.period.definition import Definition
from tlsec.period.models import Period
from tlsec.period.models_daily import ZeroReminder, ZeroReport
from tlsec.period.profile import Profile, Rung, clock
from tlsec.register import journal
from tlsec.register.refused import Refused

State = Literal["safe", "event", "late", "missing", "waiting", "part"]


@dataclass(frozen=True, slots=True)
class Duty:
    """A unit that reports. `systems`: whose receipts together make its report; empty: one form of the unit."""

    unit: str
    name: str
    county: str
    systems: tuple[str, ...]
    contact: str
    phone: str
    in_county: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a unit stands on a day. `missing`: of which systems nothing came in time."""

    duty: Duty
    day: date
    cutoff: datetime
    state: State
    received: datetime | None
    reporter: str
    source: str
    missing: tuple[str, ...]


def duties(period: Period) -> list[Duty]:
    """Units with systems marked 零报告, and those that the period names, in the register's order."""
    made: Definition = periods.definition_of(period)
    systems: dict[str, list[str]] = defaultdict(list)
    marked = inventory.System.objects.filter(zero_report=True, id__in=period.systems)
    for system in marked.order_by("ordinal"):
        systems[system.unit_id].append(system.id)
    wanted = {*systems, *made.zero.units}
    units = inventory.Unit.objects.filter(id__in=wanted).select_related("contact", "county")
    return [_duty(unit, tuple(systems.get(unit.id, ()))) for unit in units.order_by("ordinal")]


def _duty(unit: inventory.Unit, systems: tuple[str, ...]) -> Duty:
    county = unit.county
    person = unit.contact
    return Duty(
        unit.id, unit.name, county.id if county else "", systems,
        person.name if person else "", (person.phone if person else "") or unit.phone,
        county is not None and county.kind == "county",
    )  # fmt: skip


def cutoff(duty: Duty, day: date, profile: Profile) -> datetime:
    """Until when a unit's report of a day has to be here."""
    rule = profile.zero
    at = clock(rule.county_cutoff if duty.in_county else rule.cutoff)
    return datetime.combine(day, at, LOCAL)


def days(period: Period, profile: Profile) -> list[date]:
    """The days that are reported on."""
    found = {day for phase in profile.zero.phases for day in periods.days(period, phase)}
    return sorted(found)


def standings(period: Period, day: date, now: datetime) -> list[Standing]:
    """Every unit's standing on a day, as of a moment."""
    profile = periods.profile_of(period)
    rows: dict[str, dict[str, ZeroReport]] = defaultdict(dict)
    for row in ZeroReport.objects.filter(period=period, day=day, received__lte=now):
        rows[row.unit][row.system] = row
    return [_standing(duty, day, rows[duty.unit], now, profile) for duty in duties(period)]


def _standing(
    duty: Duty, day: date, rows: Mapping[str, ZeroReport], now: datetime, profile: Profile
) -> Standing:
    until = cutoff(duty, day, profile)
    whole = rows.get("")
    parts = [whole] if whole else [rows[s] for s in duty.systems if s in rows]
    covered = whole is not None or (bool(duty.systems) and len(parts) == len(duty.systems))
    in_time = [row for row in parts if not row.late]
    timely = (whole is not None and not whole.late) or (
        bool(duty.systems) and all(s in rows and not rows[s].late for s in duty.systems)
    )
    state: State
    if timely:
        state = "event" if any(row.event for row in parts) else "safe"
    elif covered:
        state = "late"
    elif now < until:
        state = "part" if in_time else "waiting"
    else:
        state = "missing"
    last = max(parts, key=lambda row: row.received) if parts else None
    absent = tuple(s for s in duty.systems if s not in rows) if whole is None else ()
    return Standing(
        duty, day, until, state, last.received if last else None,
        last.reporter if last else "", last.source if last else "", absent,
    )  # fmt: skip


def counts(made: list[Standing]) -> dict[str, int]:
    """Required, reported in time, missing (late ones with them), and those whose cut-off is to come."""
    in_time = sum(each.state in ("safe", "event") for each in made)
    missing = sum(each.state in ("late", "missing") for each in made)
    return {
        "required": len(made), "reported": in_time, "missing": missing,
        "waiting": len(made) - in_time - missing,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Came:
    """A report as it came in. `content`: the boxes of the form."""

    unit: str
    day: date
    event: bool
    reporter: str
    received: datetime
    source: Literal["file", "xlsx", "form"]
    system: str = ""
    content: Mapping[str, Any] | None = None
    origin: str = ""
    sha256: str = ""


def receive(
    period: Period, came: Came, now: datetime, actor: str, version: int | None = None
) -> ZeroReport:
    """Keep a report. One that is there already is replaced only where `version` names it.

    Raises Refused for a unit that does not report, a day outside the period, or a clash.
    """
    duty = next((each for each in duties(period) if each.unit == came.unit), None)
    if duty is None:
        raise Refused(_("{unit} 不在零报告单位之列").format(unit=came.unit))
    profile = periods.profile_of(period)
    if came.day not in days(period, profile):
        raise Refused(_("{day} 不在要报零报告的日期内").format(day=came.day))
    if came.received > now:
        raise Refused(_("报送时间 {time} 在将来").format(time=came.received.astimezone(LOCAL)))
    until = cutoff(duty, came.day, profile)
    with transaction.atomic():
        key = {"period": period, "unit": came.unit, "system": came.system, "day": came.day}
        row = ZeroReport.objects.select_for_update().filter(**key).first()
        if row is not None and version != row.version:
            text = _("{unit} {day} 的零报告已经收到（第 {n} 版），更正请写明版本")
            raise Refused(text.format(unit=duty.name, day=came.day, n=row.version))
        # a correction of what came in time stays in time
        received = row.received if row else came.received
        row = row or ZeroReport(**key)
        row.cutoff, row.received, row.late = until, received, received > until
        row.event, row.reporter, row.source = came.event, came.reporter[:100], came.source
        row.content, row.origin = dict(came.content or {}), came.origin[:300]
        row.sha256, row.version = came.sha256, (version or 0) + 1
        row.save()
        after = {
            "period": period.id, "unit": row.unit, "system": row.system, "day": row.day,
            "received": row.received, "late": row.late, "event": row.event,
            "source": row.source, "sha256": row.sha256, "version": row.version,
        }  # fmt: skip
        journal.append(now, actor, "zero.receive", f"zero:{row.unit}:{row.day}", after)
        telling.settled(now, _key(period, row.unit, row.day), _("已报"))
    return row


def remind(now: datetime) -> int:
    """Climb the missing ladder for every unit that owes a report; returns how many notices went out.

    After a stop, the rungs that were missed are climbed at once and only the highest of them is told,
    marked late. A rung is told once.
    """
    period = periods.current()
    if period is None:
        return 0
    profile = periods.profile_of(period)
    today = now.astimezone(LOCAL).date()
    first = today - timedelta(days=profile.zero.look_back_days)
    told = 0
    for day in days(period, profile):
        if first <= day <= today:
            for each in standings(period, day, now):
                if each.state == "missing":
                    told += _climb(period, each, profile, now)
    return told


def _climb(period: Period, each: Standing, profile: Profile, now: datetime) -> int:
    due = [
        n
        for n, rung in enumerate(profile.zero.ladder)
        if each.cutoff + timedelta(minutes=rung.minutes) <= now
    ]
    with transaction.atomic():
        seen = set(
            ZeroReminder.objects.filter(
                period=period, unit=each.duty.unit, day=each.day
            ).values_list("rung", flat=True)
        )
        fresh = [n for n in due if n not in seen]
        if not fresh:
            return 0
        late = len(fresh) > 1
        for n in fresh:
            ZeroReminder.objects.create(
                period=period, unit=each.duty.unit, day=each.day, rung=n, at=now,
                late=late, told=n == fresh[-1],
            )  # fmt: skip
        _notify(period, each, profile.zero.ladder[fresh[-1]], late, now)
    return 1


def _notify(period: Period, each: Standing, rung: Rung, late: bool, now: datetime) -> None:
    title = pick({"zh": rung.zh, "en": rung.en})
    text = _("{unit}：{day} 的零报告应在 {time} 前报送，至今未到。联系人 {contact} {phone}").format(
        unit=each.duty.name, day=each.day, time=f"{each.cutoff.astimezone(LOCAL):%H:%M}",
        contact=each.duty.contact or "—", phone=each.duty.phone,
    )  # fmt: skip
    if late:
        text += _("（补发）")
    telling.tell(
        now, _key(period, each.duty.unit, each.day), rung.to, each.duty.unit, title, text,
        rung.urgency,
    )  # fmt: skip


def _key(period: Period, unit: str, day: date) -> str:
    """What the notices of one unit and day go by."""
    return f"zero:{period.id}:{unit}:{day}"
