"""Quantitative thresholds of incidents (ladders/incident-thresholds.yaml), and when to warn before them. Pure.

The watch's clocks go by the marks; incident_level.py proposes a level from the same lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tlsec import marked_yaml
from tlsec.i18n import _

FILE = "incident-thresholds.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Level(_Strict):
    id: str
    zh: str
    en: str


class Line(_Strict):
    """Minutes from which on an incident of one kind reaches a level. `verify`: what is unsettled, by level."""

    zh: str
    en: str
    minutes: dict[str, int]
    verify: dict[str, str] = Field(default_factory=dict)
    note: str = ""


class Count(_Strict):
    """As Line, for what is counted and not timed."""

    zh: str
    minimum: dict[str, int]
    verify: dict[str, str] = Field(default_factory=dict)


class Thresholds(_Strict):
    """The whole file. `levels` from the lightest to the gravest."""

    source: str
    date: str
    alarm_shares: list[float] = Field(min_length=1)
    levels: list[Level] = Field(min_length=1)
    outage: dict[str, Line]
    tamper: dict[str, Line]
    counts: dict[str, Count]

    @model_validator(mode="after")
    def _known_levels(self) -> Thresholds:
        known = [level.id for level in self.levels]
        steps = [line.minutes for line in (*self.outage.values(), *self.tamper.values())]
        steps += [count.minimum for count in self.counts.values()]
        for step in steps:
            values = [step[name] for name in known if name in step]
            if not step or set(step) - set(known) or sorted(set(values)) != values:
                raise ValueError(_("门槛须按 levels 由轻到重递增"))
        if any(not 0 < share <= 1 for share in self.alarm_shares):
            raise ValueError(_("alarm_shares 须大于 0、不超过 1"))
        return self

    def level(self, id: str) -> Level:
        return next(level for level in self.levels if level.id == id)

    def marks(self, line: Line) -> tuple[Mark, ...]:
        """When to warn on the way to each threshold, soonest first, the threshold itself included.

        A share of a threshold that lies before the one below it is due when that one is reached: until
        then it is not the next one.
        """
        found: list[Mark] = []
        before = timedelta()
        for level in self.levels:
            if (minutes := line.minutes.get(level.id)) is None:
                continue
            limit = timedelta(minutes=minutes)
            found += [
                Mark(level.id, share, max(limit * share, before), limit)
                for share in sorted({*self.alarm_shares, 1.0})
            ]
            before = limit
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Mark:
    """After `after` of an incident, `share` of the way to `level`, which begins at `limit`, is used."""

    level: str
    share: float
    after: timedelta
    limit: timedelta

    @property
    def id(self) -> str:
        return f"{self.level}-{round(self.share * 100)}"


def reached(marks: tuple[Mark, ...], since: datetime, now: datetime) -> tuple[Mark, ...]:
    """The marks that a stretch from `since` has passed by now."""
    return tuple(mark for mark in marks if now - since >= mark.after)


def upcoming(marks: tuple[Mark, ...], since: datetime, now: datetime) -> Mark | None:
    """The threshold that comes next, as its mark of the whole way."""
    ahead = (mark for mark in marks if now - since < mark.limit)
    return next((m for m in ahead if m.after == m.limit), None)


def load(folders: list[Path]) -> Thresholds:
    """The file of the last folder that has it. Raises Faulty."""
    file = next(f for folder in reversed(folders) if (f := folder / "ladders" / FILE).is_file())
    return marked_yaml.parse(Thresholds, marked_yaml.load(file))
