"""Dated facts of a system's grading life, and the duties that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from tlsec.assess.models import Grading, Milestone
from tlsec.i18n import _, language, listed
from tlsec.inventory.choices import SystemStatus
from tlsec.inventory.fields import LOCAL
from tlsec.inventory.models import System
from tlsec.policy import duties
from tlsec.policy.duties import Fact, Ladder, State
from tlsec.register import journal


class Refused(Exception):
    """What was asked for cannot be recorded; the text says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A dated fact as somebody reports it."""

    kind: str
    on: date
    until: date | None = None
    number: str = ""
    party: str = ""
    result: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class SystemDuties:
    """The duties of one system, the most urgent first. `level` is the inventory's."""

    system: System
    level: int | None
    states: tuple[State, ...]


def record(system: System, entry: Entry, ladder: Ladder, actor: str, now: datetime) -> Milestone:
    """Add a dated fact and its journal record. The same fact twice is one. Raises Refused."""
    _check(entry, ladder, now.astimezone(LOCAL).date())
    facts = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    with transaction.atomic():
        if (known := Milestone.objects.filter(system=system.id, **facts).first()) is not None:
            return known
        row = Milestone.objects.create(system=system.id, by=actor, at=now, **facts)
        after = {"system": system.id, **facts}
        journal.append(now, actor, "assess.dates", system.id, after, entry.note)
    return row


def _check(entry: Entry, ladder: Ladder, today: date) -> None:
    if entry.kind not in ladder.kinds:
        known = listed(
            _("{id}（{name}）").format(id=kind.id, name=getattr(kind, language()))
            for kind in ladder.kinds.values()
        )
        raise Refused(_("没有 {kind} 这种记录，可用：{known}").format(kind=entry.kind, known=known))
    if entry.on > today:
        raise Refused(_("日期 {day} 还没有到，只记录已经发生的事").format(day=entry.on))
    if entry.until is not None and entry.until <= entry.on:
        raise Refused(_("有效期至 {until} 应晚于 {day}").format(until=entry.until, day=entry.on))


def of(system: str) -> list[Milestone]:
    """What is recorded of a system, oldest first."""
    return list(Milestone.objects.filter(system=system).order_by("on", "id"))


def facts_of(systems: Iterable[System]) -> Mapping[str, list[Fact]]:
    """Facts by system: recorded ones, and the days on which a grade was set or changed here."""
    by_id = {system.id: system for system in systems}
    found: dict[str, list[Fact]] = {id: [] for id in by_id}
    for row in Milestone.objects.filter(system__in=by_id).order_by("on", "id"):
        found[row.system].append(Fact(row.kind, row.on, row.until))
    versions: dict[str, list[Grading]] = {id: [] for id in by_id}
    for version in Grading.objects.filter(system__in=by_id).order_by("system", "version"):
        versions[version.system].append(version)
    for id, rows in versions.items():
        found[id] += [Fact("graded", day) for day in _graded_on(by_id[id], rows)]
    return found


def _graded_on(system: System, rows: list[Grading]) -> list[date]:
    """Days on which the grade became another one that the inventory then took over.

    A questionnaire that only writes down the grade of a filed system sets no new grade, and one that the
    inventory has not followed has not set one yet.
    """
    followed = [n for n, row in enumerate(rows, 1) if row.grade == system.grade]
    return [
        row.at.astimezone(LOCAL).date()
        for row in rows[: max(followed, default=0)]
        if row.grade != row.before or (row.version == 1 and not system.filing)
    ]


def duties_of(systems: Iterable[System], ladder: Ladder, today: date) -> list[SystemDuties]:
    """The duties of graded objects in use, each list by urgency. `today`: day in Asia/Shanghai."""
    gone = (SystemStatus.STOPPED, SystemStatus.RECLAIMED)
    live = [system for system in systems if system.status not in gone]
    facts = facts_of(live)
    result = []
    for system in live:
        found = duties.states(ladder, system.level, facts[system.id], today)
        result.append(SystemDuties(system, system.level, tuple(sorted(found, key=urgency))))
    return result


def urgency(state: State) -> tuple[int, date]:
    """To sort by: overdue first, then by day."""
    return duties.STATES.index(state.state), state.due or date.max
