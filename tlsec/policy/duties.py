"""Who must do what by when once a system is graded: dated facts in, duties with their state out. Pure.

The duties, intervals and limits are data (`policies/ladders/grading-duties.yaml`), each with basis and date.
Nothing is done without a record of it; without a record to count from, a duty is unknown, never overdue.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty, Marked
from tlsec.policy.question import Text

FILE = "ladders/grading-duties.yaml"
Level: TypeAlias = Literal[1, 2, 3, 4, 5]
StateId: TypeAlias = Literal["overdue", "due", "unknown", "done", "not_required"]
STATES: tuple[StateId, ...] = ("overdue", "due", "unknown", "done", "not_required")  # by urgency


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class MilestoneKind(Text):
    """A kind of dated fact."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")


class Duty(Text):
    """One duty; grading-duties.yaml explains the fields. Dates are YYYY-MM-DD, "" for none."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    who: Text
    levels: list[Level] = Field(min_length=1)
    rule: Literal["once", "every", "validity"]
    done_by: str
    starts: list[str] = Field(default_factory=list)
    within_days: int = Field(default=0, ge=0, le=3660)
    due_on: str = ""
    before: str = ""
    done_since: str = ""
    applies_to: str = ""
    renewed_by: list[str] = Field(default_factory=list)
    every_months: dict[Literal["1", "2", "3", "4", "5"], int] = Field(default_factory=dict)
    remind_days: int = Field(default=30, ge=0, le=366)
    valid_months: int = Field(default=0, ge=0, le=600)
    counts_from: str = ""
    prolonged_by: str = ""
    prolong_months: int = Field(default=0, ge=0, le=600)
    prolong_each: bool = True
    window_months: int = Field(default=0, ge=0, le=60)
    basis: str = Field(min_length=1)
    date: str
    verify: str = ""

    @field_validator("due_on", "done_since", "counts_from", "date")
    @classmethod
    def _is_day(cls, value: str) -> str:
        try:
            if value:
                date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(_("应为日期，如 2026-03-05")) from error
        return value

    @model_validator(mode="after")
    def _fits_its_rule(self) -> Duty:
        if self.rule == "every" and {int(n) for n in self.every_months} != set(self.levels):
            raise ValueError(_("周期性职责要为每一级写明周期（every_months）"))
        if any(months < 1 for months in self.every_months.values()):
            raise ValueError(_("周期至少为 1 个月"))
        if self.rule == "validity" and not self.valid_months:
            raise ValueError(_("有效期要写明月数（valid_months）"))
        if self.within_days and not self.starts:
            raise ValueError(_("写了期限日数就要写明从何时起算（starts）"))
        return self


class _File(_Strict):
    id: str
    version: int
    date: str
    milestones: list[MilestoneKind] = []
    duties: list[Duty] = []


@dataclass(frozen=True)
class Ladder:
    """Kinds of dated facts and duties, both in the order of the file."""

    kinds: Mapping[str, MilestoneKind]
    duties: Mapping[str, Duty]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened on a day; `until`: the end of validity that it states, if any."""

    kind: str
    on: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class State:
    """How a duty stands. `days`: overdue by, or left, where there is a due day.

    `window`: from when to when an extension may be asked for. `why`: what it rests on, in words.
    """

    duty: Duty
    state: StateId
    due: date | None = None
    done: date | None = None
    window: tuple[date, date] | None = None
    why: str = ""
    days: int | None = None


def add_months(day: date, months: int) -> date:
    """The same day so many months on; the month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def states(ladder: Ladder, level: int | None, facts: Iterable[Fact], today: date) -> list[State]:
    """Every duty of the ladder for a system of a level (None: not graded). Facts to come do not count."""
    past = [fact for fact in facts if fact.on <= today]
    return [_state(duty, level, _Past(past), today) for duty in ladder.duties.values()]


class _Past:
    """What has happened, by kind."""

    def __init__(self, facts: list[Fact]) -> None:
        self._by_kind: dict[str, list[Fact]] = {}
        for fact in sorted(facts, key=lambda fact: fact.on):
            self._by_kind.setdefault(fact.kind, []).append(fact)

    def all(self, kind: str) -> list[Fact]:
        return self._by_kind.get(kind, [])

    def last(self, *kinds: str) -> Fact | None:
        """The newest of several kinds."""
        found = [fact for kind in kinds for fact in self.all(kind)[-1:]]
        return max(found, key=lambda fact: fact.on, default=None)


def _state(duty: Duty, level: int | None, past: _Past, today: date) -> State:
    if level is None:
        return State(duty, "unknown", why=_("尚未定级"))
    if level not in duty.levels:
        return State(duty, "not_required", why=_("第{level}级不要求").format(level=level))
    if duty.applies_to and not past.all(duty.applies_to):
        return State(duty, "not_required", why=_("没有发生需要它的事"))
    if duty.rule == "once":
        return _once(duty, past, today)
    if duty.rule == "every":
        return _every(duty, level, past, today)
    return _validity(duty, past, today)


def _dated(duty: Duty, due: date, today: date, done: date | None = None, why: str = "") -> State:
    """Overdue from the day after the due day."""
    if today > due:
        return State(duty, "overdue", due, done, why=why, days=(today - due).days)
    return State(duty, "due", due, done, why=why, days=(due - today).days)


def _once(duty: Duty, past: _Past, today: date) -> State:
    done = past.last(duty.done_by)
    asked = _asked_again(duty, past)
    since = date.fromisoformat(duty.done_since) if duty.done_since else date.min
    if done is not None and done.on >= max(asked, since):
        return State(duty, "done", done=done.on)
    earlier = done.on if done else None
    why = _("{day} 的那一次早于需要它的变更").format(day=done.on) if done else ""
    if (start := past.last(*duty.starts)) is not None:
        if duty.within_days:
            return _dated(duty, start.on + timedelta(days=duty.within_days), today, earlier, why)
        if duty.due_on and start.on <= date.fromisoformat(duty.due_on):
            return _dated(duty, date.fromisoformat(duty.due_on), today, earlier, why)
    if duty.done_since:
        return State(duty, "due", done=earlier, why=_("没有明确的截止日期"))
    if done is not None or duty.applies_to or start is not None:
        return State(duty, "due", done=earlier, why=why or _("没有明确的截止日期"))
    return State(duty, "unknown", why=_nothing_known(duty))


def _asked_again(duty: Duty, past: _Past) -> date:
    """From which day on doing it counts.

    A change of grade is the second `graded` on record; the review before the first grade is that grade's own,
    and so is one between the last grade but one and the last: work precedes the decision that it is for.
    """
    asked = date.min
    for kind in duty.renewed_by:
        found = past.all(kind)
        if kind == "graded" and duty.before:
            found = found[:-1]
            asked = max([asked, *(fact.on + timedelta(days=1) for fact in found[-1:])])
        elif found:
            asked = max(asked, found[-1].on)
    return asked


def _nothing_known(duty: Duty) -> str:
    if duty.before:
        return _("没有记录；应在备案之前完成") if duty.before == "filed" else _("没有记录")
    if duty.starts:
        return _("没有起算日期的记录，算不出期限")
    return _("没有记录")


def _every(duty: Duty, level: int, past: _Past, today: date) -> State:
    months = duty.every_months[str(level)]  # type: ignore[index]  # the levels are the keys
    last = past.last(duty.done_by)
    start = last or past.last(*duty.starts)
    if start is None:
        return State(duty, "unknown", why=_("没有起算日期的记录，算不出期限"))
    why = "" if last else _("没有做过的记录，从 {day} 起算").format(day=start.on)
    state = _dated(duty, add_months(start.on, months), today, last.on if last else None, why)
    left = state.days or 0
    if last is not None and state.state == "due" and left > duty.remind_days:
        return State(duty, "done", state.due, last.on, days=left)
    return state


def expiry(duty: Duty, certificate: Fact, prolonging: Iterable[date]) -> date:
    """The last day of a certificate's validity.

    Counted in whole months from its start, prolonged by what was done while it was valid. An end that the
    certificate itself states already holds what was done before it was given.
    """
    start = certificate.on
    if certificate.until is None and duty.counts_from:
        start = max(start, date.fromisoformat(duty.counts_from))
    base, months = (certificate.until, 0) if certificate.until else (start, duty.valid_months)
    end = add_months(base, months)
    for day in sorted(prolonging):
        if certificate.on < day <= end:
            months += duty.prolong_months
            end = add_months(base, months)
            if not duty.prolong_each:
                break
    return end


def _validity(duty: Duty, past: _Past, today: date) -> State:
    certificate = past.last(duty.done_by)
    if certificate is None:
        return State(duty, "unknown", why=_("没有记录"))
    prolonging = [fact.on for fact in past.all(duty.prolonged_by)] if duty.prolonged_by else []
    end = expiry(duty, certificate, prolonging)
    opens = add_months(end, -duty.window_months)
    state = _dated(duty, end, today, certificate.on)
    if state.state == "due" and today < opens:
        kind: StateId = "done"
        why = _("有效期至 {day}").format(day=end)
    elif state.state == "due":
        kind, why = (
            "due",
            _("已进入延期申请窗口（{first} 至 {last}）").format(first=opens, last=end),
        )
    else:
        kind, why = "overdue", _("已过有效期 {day}").format(day=end)
    return State(duty, kind, end, certificate.on, (opens, end), why, state.days)


def load(folders: Iterable[Path]) -> Ladder:
    """The ladder of the policy folders in order. A later file may add, and replace a duty by a stricter one.

    Raises Faulty with all faults of all files.
    """
    kinds: dict[str, MilestoneKind] = {}
    duties: dict[str, Duty] = {}
    faults: list[Fault] = []
    for file in (file for root in folders if (file := root / FILE).is_file()):
        marked = marked_yaml.load(file)
        data = marked_yaml.parse(_File, marked)
        for i, kind in enumerate(data.milestones):
            if kind.id in kinds:
                message = _("{id} 重复").format(id=kind.id)
                faults.append(marked.fault(("milestones", i, "id"), message))
            kinds.setdefault(kind.id, kind)
        own: set[str] = set()
        for i, duty in enumerate(data.duties):
            faults += _problems(duty, duties.get(duty.id), marked, i, kinds, own)
            own.add(duty.id)
            duties[duty.id] = duty
    if not duties and not faults:
        faults.append(Fault(FILE, _("没有定级备案的职责表")))
    if faults:
        raise Faulty(faults)
    return Ladder(kinds, duties)


def _problems(
    duty: Duty,
    before: Duty | None,
    marked: Marked,
    i: int,
    kinds: Mapping[str, Any],
    own: set[str],
) -> list[Fault]:
    named = [duty.done_by, duty.before, duty.applies_to, duty.prolonged_by]
    unknown = [k for k in (*named, *duty.starts, *duty.renewed_by) if k and k not in kinds]
    faults = [
        marked.fault(
            ("duties", i),
            _("没有 {kind} 这种记录，只有 {known}").format(kind=k, known=listed(kinds)),
        )
        for k in unknown
    ]
    if duty.id in own:
        faults.append(marked.fault(("duties", i, "id"), _("{id} 重复").format(id=duty.id)))
    elif before is not None and (what := _looser(before, duty)):
        message = _("{id} 只能比原来的更严：{what} 放宽了").format(id=duty.id, what=what)
        faults.append(marked.fault(("duties", i), message))
    return faults


def _looser(old: Duty, new: Duty) -> str:
    """What a replacement loosens, "" for nothing."""
    if old.rule != new.rule or old.done_by != new.done_by:
        return "rule"
    if not set(old.levels) <= set(new.levels):
        return "levels"
    if any(new.every_months.get(k, 999) > n for k, n in old.every_months.items()):
        return "every_months"
    for name in ("within_days", "valid_months", "prolong_months"):
        was, now = getattr(old, name), getattr(new, name)
        if now > was if name == "prolong_months" else was and not 0 < now <= was:
            return name
    if old.due_on and not "" < new.due_on <= old.due_on:
        return "due_on"
    return ""
