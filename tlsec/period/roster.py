"""The duty roster (值班表): who stands where when, swaps, gaps, and who can be asked right now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tlsec.i18n import _
from tlsec.inventory import models as inventory
from tlsec.inventory.fields import LOCAL
from tlsec.period.definition import RosterSpec, ShiftSpec
from tlsec.period.models_duty import Shift
from tlsec.period.profile import role_names
from tlsec.register import journal, people
from tlsec.register.refused import Refused

ROLES = ("leader", "main", "backup", "support")
# roles of notices → places in a shift
_NOTICE_ROLES = {
    "duty": "main",
    "backup": "backup",
    "leader": "leader",
    "bureau-leader": "leader",
    "support": "support",
}
_COLUMNS = (
    "day", "name", "role", "seat", "start", "until", "person", "unit", "title", "phone", "mail",
    "place", "planned", "note", "version",
)  # fmt: skip


def on_duty(now: datetime, role: str = "") -> list[Shift]:
    """Those in the shifts of a moment, leader first; of one role, or of all for ""."""
    rows = Shift.objects.filter(start__lte=now, until__gt=now)
    if role:
        rows = rows.filter(role=role)
    return sorted(rows, key=lambda row: (ROLES.index(row.role), row.start, row.seat))


def source(
    now: datetime, role: str, units: tuple[str, ...], titles: tuple[str, ...]
) -> list[people.Person] | None:
    """For register/people.py: who stands watch. None where the roster has no say or nobody stands."""
    del titles
    place = _NOTICE_ROLES.get(role)
    if units or place is None:
        return None
    rows = on_duty(now, place)
    return [_person(row) for row in rows] or None


def _person(row: Shift) -> people.Person:
    known = inventory.Person.objects.filter(name=row.person, unit_id=row.unit).first()
    id_ = known.id if known else row.person
    return people.Person(id_, row.person, row.unit, role_names()[row.role], row.phone, row.mail)


def between(start: datetime, until: datetime) -> QuerySet[Shift]:
    """Shifts that touch a stretch of time."""
    rows = Shift.objects.filter(start__lt=until, until__gt=start)
    return rows.order_by("start", "name", "id")


def fill(spec: RosterSpec, first: datetime, last: datetime, now: datetime, actor: str) -> int:
    """Places in turn for every shift of a window; those that are filled stay. Returns how many were made."""
    rows = list(_turns(spec, first, last))
    taken = set(between(first, last).values_list("start", "name", "role", "seat"))
    fresh = [row for row in rows if (row.start, row.name, row.role, row.seat) not in taken]
    with transaction.atomic():
        Shift.objects.bulk_create(fresh)
        if fresh:
            after = {"from": first, "until": last, "seats": [_plain(row) for row in fresh]}
            journal.append(now, actor, "roster.fill", "roster", after)
    return len(fresh)


def times(spec: ShiftSpec, day: date) -> tuple[datetime, datetime]:
    """When a shift of a day begins and ends."""
    start = datetime.combine(day, time.fromisoformat(spec.start), LOCAL)
    until = datetime.combine(day, time.fromisoformat(spec.until), LOCAL)
    return start, until if until > start else until + timedelta(days=1)


def _turns(spec: RosterSpec, first: datetime, last: datetime) -> Iterator[Shift]:
    """The leader takes a whole day, all others a shift each."""
    known = {row.id: row for row in inventory.Person.objects.select_related("unit")}
    day, n, shift_no = first.astimezone(LOCAL).date(), 0, 0
    while datetime.combine(day, time(), LOCAL) < last:
        for shift in spec.shifts:
            start, until = times(shift, day)
            for role, names in spec.rotation.items():
                at = n if role == "leader" else shift_no
                yield _seat(spec, shift.name, start, until, role, known[names[at % len(names)]])
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


def place(
    row: Shift, now: datetime, actor: str, version: int | None = None, reason: str = ""
) -> Shift:
    """Put somebody in a seat, or change who is there. `row`: as it shall be. Raises Refused on a clash."""
    if row.role not in ROLES:
        raise Refused(_("没有岗位 {name}").format(name=row.role))
    if not row.person.strip() or row.until <= row.start:
        raise Refused(_("班次要有人，截止应晚于开始"))
    with transaction.atomic():
        key = {"start": row.start, "name": row.name, "role": row.role, "seat": row.seat}
        old = Shift.objects.select_for_update().filter(**key).first()
        if version is not None and (old is None or old.version != version):
            raise Refused(_("这个班位已被他人更新，请重新查看"))
        _free(row, old)
        if old is not None:
            row.pk, row.version = old.pk, old.version + 1
            row.planned = old.planned or old.person
        else:
            row.planned = row.planned or row.person
        row.save()
        journal.append(now, actor, "roster.set", f"shift:{row.pk}", _plain(row), reason)
    return row


def _free(row: Shift, old: Shift | None) -> None:
    """Nobody stands in two places at once; a leader may lead both shifts of a day."""
    rows = Shift.objects.filter(
        person=row.person, unit=row.unit, start__lt=row.until, until__gt=row.start
    )
    if old is not None:
        rows = rows.exclude(pk=old.pk)
    if (clash := rows.first()) is not None:
        text = _("{who} 在 {time} 已排在{shift}{role}")
        raise Refused(
            text.format(
                who=row.person, time=f"{clash.start.astimezone(LOCAL):%m-%d %H:%M}",
                shift=clash.name, role=role_names()[clash.role],
            )
        )  # fmt: skip


def swap(
    first: int, second: int, now: datetime, actor: str, reason: str,
    versions: tuple[int | None, int | None] = (None, None),
) -> tuple[Shift, Shift]:  # fmt: skip
    """Two people change places. Raises Refused where one would then stand twice, or without a reason."""
    if not reason.strip():
        raise Refused(_("换班要写明说明（--reason）"))
    with transaction.atomic():
        a, b = (_locked(id_, v) for id_, v in zip((first, second), versions, strict=True))
        if a.pk == b.pk or (a.person, a.unit) == (b.person, b.unit):
            raise Refused(_("换班要两个不同的人"))
        if min(a.until, b.until) <= now:
            raise Refused(_("已经结束的班不能换"))
        for column in ("person", "unit", "title", "phone", "mail"):
            one, other = getattr(a, column), getattr(b, column)
            setattr(a, column, other)
            setattr(b, column, one)
        for row in (a, b):
            row.note, row.version = reason[:300], row.version + 1
            row.save()
        for row in (a, b):
            _free(row, row)
        after = {"swapped": [_plain(a), _plain(b)]}
        journal.append(now, actor, "roster.swap", f"shift:{a.pk}", after, reason)
    return a, b


def stand_in(
    id_: int, person: inventory.Person, now: datetime, actor: str, reason: str,
    version: int | None = None,
) -> Shift:  # fmt: skip
    """Somebody else takes one place (替班)."""
    if not reason.strip():
        raise Refused(_("替班要写明说明（--reason）"))
    with transaction.atomic():
        row = _locked(id_, version)
        if row.until <= now:
            raise Refused(_("已经结束的班不能换"))
        row.person, row.unit, row.title = person.name, person.unit_id, person.role
        row.phone, row.mail, row.note = person.phone, person.mail, reason[:300]
        row.version += 1
        _free(row, row)
        row.save()
        journal.append(now, actor, "roster.stand-in", f"shift:{row.pk}", _plain(row), reason)
    return row


def _locked(id_: int, version: int | None) -> Shift:
    row = Shift.objects.select_for_update().filter(pk=id_).first()
    if row is None:
        raise Refused(_("值班表里没有第 {id} 个班位").format(id=id_))
    if version is not None and version != row.version:
        raise Refused(_("这个班位已被他人更新，请重新查看"))
    return row


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without anybody in a required role."""

    role: str
    start: datetime
    until: datetime


def gaps(start: datetime, until: datetime, required: Iterable[str]) -> list[Gap]:
    """Stretches of a window in which a required role is empty."""
    spans: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in between(start, until):
        spans[row.role].append((row.start, row.until))
    found = []
    for role in required:
        reached = start
        for begin, end in sorted(spans[role]):
            if begin > reached:
                found.append(Gap(role, reached, begin))
            reached = max(reached, end)
        if reached < until:
            found.append(Gap(role, reached, until))
    return found


def _plain(row: Shift) -> dict[str, Any]:
    return {column: getattr(row, column) for column in _COLUMNS} | {"id": row.pk}
