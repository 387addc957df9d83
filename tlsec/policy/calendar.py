"""Calendars: when time counts. Office hours with holidays and make-up days, or every hour. Pure.

Days and hours are of Asia/Shanghai, moments are aware. Data: policies/ladders/calendars.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

ALWAYS = "always"
LOCAL = ZoneInfo("Asia/Shanghai")
_MOST_DAYS = 3660  # a calendar that does not open for so long never opens
_ZERO = timedelta()


class NeverOpen(Exception):
    """A calendar without open time, or a limit beyond ten years of it."""


class Calendar(Protocol):
    """When time counts."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Open time from `start` to `end`, which is not before it."""
        ...

    def shift(self, moment: datetime, by: timedelta) -> datetime:
        """The moment after `by` of open time; before it for a negative one. Raises NeverOpen."""
        ...


@dataclass(frozen=True, slots=True)
class Always:
    """7×24: every hour counts."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        return end - start

    def shift(self, moment: datetime, by: timedelta) -> datetime:
        return moment + by


@dataclass(frozen=True, slots=True)
class Office:
    """Hours of working days. A make-up day (调休上班) works whatever day of the week it is."""

    weekdays: frozenset[int]  # 1 Monday … 7 Sunday
    hours: tuple[tuple[time, time], ...]  # in order, not overlapping
    holidays: frozenset[date] = frozenset()
    makeup: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        if day in self.makeup:
            return True
        return day.isoweekday() in self.weekdays and day not in self.holidays

    def _hours(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if self.works(day):
            for begin, end in self.hours:
                yield datetime.combine(day, begin, LOCAL), datetime.combine(day, end, LOCAL)

    def between(self, start: datetime, end: datetime) -> timedelta:
        total, day, last = _ZERO, start.astimezone(LOCAL).date(), end.astimezone(LOCAL).date()
        while day <= last:
            for opens, closes in self._hours(day):
                total += max(_ZERO, min(closes, end) - max(opens, start))
            day += timedelta(days=1)
        return total

    def shift(self, moment: datetime, by: timedelta) -> datetime:
        return self._forward(moment, by) if by >= _ZERO else self._back(moment, -by)

    def _forward(self, moment: datetime, rest: timedelta) -> datetime:
        if not rest:
            return moment
        first = moment.astimezone(LOCAL).date()
        for n in range(_MOST_DAYS):
            for opens, closes in self._hours(first + timedelta(days=n)):
                begin = max(opens, moment)
                if begin < closes:
                    if rest <= closes - begin:
                        return (begin + rest).astimezone(moment.tzinfo)
                    rest -= closes - begin
        raise NeverOpen

    def _back(self, moment: datetime, rest: timedelta) -> datetime:
        first = moment.astimezone(LOCAL).date()
        for n in range(_MOST_DAYS):
            for opens, closes in reversed(list(self._hours(first - timedelta(days=n)))):
                end = min(closes, moment)
                if opens < end:
                    if rest <= end - opens:
                        return (end - rest).astimezone(moment.tzinfo)
                    rest -= end - opens
        raise NeverOpen


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Holiday(_Strict):
    """Days off in a row, both ends included, ISO dates."""

    zh: str
    en: str
    first: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    last: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")


class Hours(_Strict):
    """A calendar in the file; without `weekdays` every hour counts."""

    zh: str
    en: str
    weekdays: list[int] = []
    hours: list[Annotated[list[str], Field(min_length=2, max_length=2)]] = []  # HH:MM, from and to

    @model_validator(mode="after")
    def _in_order(self) -> Hours:
        flat = [time.fromisoformat(moment) for pair in self.hours for moment in pair]
        if flat != sorted(set(flat)) or bool(self.weekdays) != bool(self.hours):
            raise ValueError("weekdays and hours belong together, hours in order without overlap")
        if not set(self.weekdays) <= set(range(1, 8)):
            raise ValueError("weekdays are 1 (Monday) to 7")
        return self


class CalendarFile(_Strict):
    """policies/ladders/calendars.yaml. `known_until`: last day for which the holidays are known."""

    source: str
    date: str
    known_until: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    calendars: dict[str, Hours]
    holidays: list[Holiday]
    makeup: list[str]

    @model_validator(mode="after")
    def _has_always(self) -> CalendarFile:
        if ALWAYS not in self.calendars or self.calendars[ALWAYS].weekdays:
            raise ValueError("the calendar `always` has to be there, with every hour open")
        return self

    def made(self) -> Mapping[str, Calendar]:
        """The calendars by their ids."""
        off = frozenset(day for holiday in self.holidays for day in _days(holiday))
        extra = frozenset(date.fromisoformat(day) for day in self.makeup)
        return {
            id: Office(
                frozenset(c.weekdays),
                tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in c.hours),
                off,
                extra,
            )
            if c.weekdays
            else Always()
            for id, c in self.calendars.items()
        }


def _days(holiday: Holiday) -> Iterator[date]:
    day, last = date.fromisoformat(holiday.first), date.fromisoformat(holiday.last)
    while day <= last:
        yield day
        day += timedelta(days=1)
