"""When a secret-graded system (分级保护) is due for its check, its risk assessment, its integrator's papers. Pure.

Dates only: nothing here says whether such a system is secure, and nothing ever gives it a score.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.marked_yaml import Fault, Faulty

Kind = Literal["check", "assess", "qualification", "approval"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Tier(_Strict):
    """Months between outside checks, and between the unit's own risk assessments."""

    check_months: int = Field(gt=0)
    assess_months: int = Field(gt=0)


class Intervals(_Strict):
    id: str
    version: int
    source: str
    date: str
    remind_days: list[int] = Field(min_length=1)
    tiers: dict[str, Tier]


@dataclass(frozen=True, slots=True)
class Dates:
    """What is on record of one system; None where it is not. `tier`: code, None when not disclosed."""

    alias: str
    tier: str | None
    approved: date | None = None
    checked: date | None = None
    assessed: date | None = None
    qualified_until: date | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """One date to keep. `on` None: it cannot be told, because `last` or the tier is not on record.

    `reminder`: the smallest reminder already reached (90, 30, 7 days), 0 when overdue, None when far off.
    """

    alias: str
    kind: Kind
    on: date | None
    last: date | None = None
    reminder: int | None = None


def load(folders: Iterable[Path]) -> Intervals:
    """The intervals of the last folder that has them. Raises Faulty."""
    files = [f for folder in folders if (f := folder / "ladders" / "secret-grading.yaml").is_file()]
    if not files:
        raise Faulty([Fault("secret-grading.yaml", _("没有分级保护周期表"))])
    return marked_yaml.parse(Intervals, marked_yaml.load(files[-1]))


def dues(system: Dates, intervals: Intervals, today: date) -> list[Due]:
    """Every date of one system, the soonest first; those that cannot be told come first of all."""
    tier = intervals.tiers.get(system.tier or "")
    found = [
        _due(system, "check", system.checked, tier.check_months if tier else None),
        _due(system, "assess", system.assessed, tier.assess_months if tier else None),
    ]
    if system.approved is None:  # it may not be in use without approval
        found.append(Due(system.alias, "approval", None))
    if system.qualified_until is not None:
        found.append(Due(system.alias, "qualification", system.qualified_until))
    placed = [
        Due(d.alias, d.kind, d.on, d.last, reminder(d.on, intervals.remind_days, today))
        for d in found
    ]
    return sorted(placed, key=lambda d: (d.on is not None, d.on or today))


def reminder(on: date | None, days: Iterable[int], today: date) -> int | None:
    """The smallest of the reminders that has been reached; 0 once the day is over, None before all."""
    if on is None:
        return None
    left = (on - today).days
    if left < 0:
        return 0
    return min((each for each in days if left <= each), default=None)


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it has no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _due(system: Dates, kind: Kind, last: date | None, months: int | None) -> Due:
    on = add_months(last, months) if last is not None and months else None
    return Due(system.alias, kind, on, last)
