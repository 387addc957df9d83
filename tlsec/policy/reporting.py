"""When an incident has to be reported, to whom, and how the clocks stand. Pure.

The limit depends on the kind of operator only; the level decides whether there is a duty at all (较大以上), never
how long it takes. There is no place in the data where hours by severity could be written. The clock starts at the
earlier of machine detection and a person's knowledge: the careful reading of 发现或者获知; both times are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from tlsec.i18n import N_, _
from tlsec.policy import ladder
from tlsec.policy.incident_level import Level
from tlsec.policy.ladder import Ladder, Named, Strict

FILE = "reporting-clocks"
REMIND_SHARES_END = 1.0  # the last rung: due


class State(StrEnum):
    WAITING = "waiting"  # its start has not come
    RUNNING = "running"
    OVERDUE = "overdue"
    MET = "met"
    LATE = "late"  # done, after the limit
    NOT_REQUIRED = "not_required"


STATE_NAMES = {
    State.WAITING: N_("未起算"),
    State.RUNNING: N_("计时中"),
    State.OVERDUE: N_("已超时"),
    State.MET: N_("按时完成"),
    State.LATE: N_("超时完成"),
    State.NOT_REQUIRED: N_("不要求"),
}


class Duty(Named):
    """A report to somebody. `minutes` 0: at once, no number is set."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    minutes: int = Field(ge=0)
    verify: str = ""


class Relay(Strict):
    """What the receiver has to pass on; its clock, shown only."""

    by: Named
    to: Named
    minutes: int = Field(gt=0)
    levels: list[Level]


class Operator(Named):
    id: str
    duties: list[Duty] = Field(min_length=1)
    relays: list[Relay] = Field(default_factory=list)


class Summary(Named):
    id: Literal["summary"]
    days: int = Field(gt=0)
    verify: str = ""


class Content(Named):
    """An item of a report. `required`: a first report is not sent without it."""

    id: str = Field(pattern=r"^[a-z]+$")
    required: bool = False
    hint: str = ""


class Contents(Strict):
    report: list[Content] = Field(min_length=1)
    summary: list[Content] = Field(min_length=1)
    verify: str = ""


class Reporting(Ladder):
    """reporting-clocks.yaml."""

    reportable: list[Level]
    alarm_shares: list[float]
    operators: list[Operator]
    inner: list[Duty] = Field(default_factory=list)
    crime: Duty
    summary: Summary
    contents: Contents

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Reporting:
        for operator in self.operators:
            ids = [d.id for d in (*operator.duties, *self.inner, self.crime)] + [self.summary.id]
            if len(set(ids)) != len(ids):
                raise ValueError(_("{operator} 的时限编号重复").format(operator=operator.id))
        if any(duty.minutes == 0 for o in self.operators for duty in o.duties):
            raise ValueError(_("法定时限要写分钟数"))
        return self

    def operator(self, id: str) -> Operator | None:
        return next((each for each in self.operators if each.id == id), None)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the clocks go by. `told`: when each duty was done, by its id. `level` None: not settled yet."""

    operator: str
    machine: datetime | None
    person: datetime | None
    level: Level | None = None
    crime: bool = False
    dismissed: bool = False
    handled: datetime | None = None
    told: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def start(self) -> datetime | None:
        """The earlier of the two discovery times."""
        known = [moment for moment in (self.machine, self.person) if moment is not None]
        return min(known, default=None)


@dataclass(frozen=True, slots=True)
class Clock:
    """A duty's clock. `due_by_person`: when it would be due by the person's time; shown, never driven by."""

    id: str
    to: str
    statutory: bool
    state: State
    start: datetime | None = None
    limit: timedelta | None = None
    due: datetime | None = None
    due_by_person: datetime | None = None
    done: datetime | None = None
    why: str = ""
    verify: str = ""

    def share(self, now: datetime) -> float | None:
        """Part of the limit that is used; None without a limit or a start."""
        if self.start is None or self.limit is None:
            return None
        return (now - self.start) / self.limit


def clocks(rules: Reporting, facts: Facts, now: datetime) -> tuple[Clock, ...]:
    """Every clock of a case: statutory ones of its operator kind, crime, the city's own, the summary.

    Raises ValueError for an operator kind that is not there.
    """
    operator = rules.operator(facts.operator)
    if operator is None:
        raise ValueError(_("没有运营者类别 {id}").format(id=facts.operator))
    made = [_clock(duty, True, rules, facts, now) for duty in operator.duties]
    if facts.crime:
        made.append(_clock(rules.crime, True, rules, facts, now, whatever_level=True))
    made += [_clock(duty, False, rules, facts, now, whatever_level=True) for duty in rules.inner]
    made.append(_summary(rules, facts, now))
    return tuple(made)


def relays(rules: Reporting, operator: str, level: Level | None) -> list[Relay]:
    """What others have to pass on at this level; at an unsettled level, all that may come."""
    found = rules.operator(operator)
    if found is None:
        return []
    return [relay for relay in found.relays if level is None or level in relay.levels]


def excused(rules: Reporting, facts: Facts) -> str:
    """Why nothing has to be reported by law, "" while it has to, or may have to."""
    if facts.dismissed:
        return _("研判为不构成事件")
    if facts.level is not None and facts.level not in rules.reportable:
        return _("定为一般事件，办法不要求上报")
    return ""


def _clock(
    duty: Duty,
    statutory: bool,
    rules: Reporting,
    facts: Facts,
    now: datetime,
    whatever_level: bool = False,
) -> Clock:
    limit = timedelta(minutes=duty.minutes) if duty.minutes else None
    start, done = facts.start, facts.told.get(duty.id)
    due = start + limit if start and limit else None
    person = facts.person + limit if facts.person and limit else None
    why = _("研判为不构成事件") if facts.dismissed else ""
    if not whatever_level:
        why = excused(rules, facts)
    state = _state(start, due, done, now, bool(why))
    return Clock(
        duty.id, duty.name, statutory, state, start, limit, due, person, done, why, duty.verify
    )


def _summary(rules: Reporting, facts: Facts, now: datetime) -> Clock:
    duty, done = rules.summary, facts.told.get(rules.summary.id)
    limit = timedelta(days=duty.days)
    due = facts.handled + limit if facts.handled else None
    why = excused(rules, facts)
    state = _state(facts.handled, due, done, now, bool(why))
    return Clock(
        duty.id, duty.name, True, state, facts.handled, limit, due, None, done, why, duty.verify
    )


def _state(
    start: datetime | None,
    due: datetime | None,
    done: datetime | None,
    now: datetime,
    excused: bool,
) -> State:
    if done is not None:
        return State.LATE if due is not None and done > due else State.MET
    if excused:
        return State.NOT_REQUIRED
    if start is None:
        return State.WAITING
    return State.OVERDUE if due is not None and now > due else State.RUNNING


def rung(rules: Reporting, clock: Clock, now: datetime) -> float:
    """The highest share of a running clock that was passed: 0 none, then alarm_shares, then 1 when due."""
    share = clock.share(now)
    if clock.state not in (State.RUNNING, State.OVERDUE) or share is None:
        return 0.0
    return max((s for s in (*rules.alarm_shares, REMIND_SHARES_END) if share >= s), default=0.0)


def load(folders: Sequence[Path]) -> Reporting:
    """The clocks in force, a workspace's own first. Raises Faulty with file:line."""
    return ladder.read(Reporting, FILE, folders)
