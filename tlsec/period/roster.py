"""The duty roster (值班表): who stands where when, swaps, and who can be asked right now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tlsec.inventory import models as inventory
from tlsec.inventory.fields import LOCAL
from tlsec.period.definition import RosterSpec, ShiftSpec
from tlsec.period.models_duty import Shift
from tlsec.register import journal

ROLES = ("leader", "main", "backup", "support")


def on_duty(now: datetime, role: str = "") -> list[Shift]:
    """Those in the shifts of a moment, leader first; of one role, or of all for ""."""
    rows = Shift.objects.filter(start__lte=now, until__gt=now)
    if role:
        rows = rows.filter(role=role)
    return sorted(rows, key=lambda row: (ROLES.index(row.role), row.start, row.seat))


def fill(spec: RosterSpec, first: datetime, last: datetime, now: datetime, actor: str) -> int:
    """Places in turn for every shift of a window; those that are filled stay. Returns how many were made."""
    rows = list(_turns(spec, first, last))
    taken = set(
        Shift.objects.filter(start__lt=last, until__gt=first).values_list(
            "start", "name", "role", "seat"
        )
    )
    fresh = [row for row in rows if (row.start, row.name, row.role, row.seat) not in taken]
    Shift.objects.bulk_create(fresh)
    if fresh:
        after = {"from": first, "until": last, "seats": len(fresh)}
        journal.append(now, actor, "roster.fill", "roster", after)
    return len(fresh)


def times(spec: ShiftSpec, day: datetime) -> tuple[datetime, datetime]:
    """When a shift of a day begins and ends."""
    from datetime import time

    at = day.astimezone(LOCAL).date()
    start = datetime.combine(at, time.fromisoformat(spec.start), LOCAL)
    until = datetime.combine(at, time.fromisoformat(spec.until), LOCAL)
    return start, until if until > start else until + timedelta(days=1)


def _turns(spec: RosterSpec, first: datetime, last: datetime) -> Iterator[Shift]:
    """The leader takes a whole day, all others a shift each."""
    people = {row.id: row for row in inventory.Person.objects.select_related("unit")}
    day, n, shift_no = first.astimezone(LOCAL), 0, 0
    while day < last:
        for shift in spec.shifts:
            start, until = times(shift, day)
            for role, names in spec.rotation.items():
                at = n if role == "leader" else shift_no
                yield _seat(spec, shift.name, start, until, role, people[names[at % len(names)]])
            shift_no += 1
        day, n = day + timedelta(days=1), n + 1


def _seat(
    spec: RosterSpec, name: str, start: datetime, until: datetime, role: str,
    person: inventory.Person,
) -> Shift:  # fmt: skip
    return Shift(
        day=start.astimezone(LOCAL).date(), name=name, role=role, seat=1, start=start, until=until,
        person=person.name, unit=person.unit.id, title=person.role, phone=person.phone,
        mail=person.mail, place=spec.place, planned=person.name,
    )  # fmt: skip
