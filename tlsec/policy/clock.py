"""Clocks that can always explain themselves: calendars, stretches of time, and when something is due. Pure.

A clock is a tuple of segments, oldest first. Each segment says under which calendar time counted from
its start, what the whole limit was and what was left of it then; so every due date of the past can be
worked out again from the rows alone. Limits, calendars and thresholds come from policies/ladders/.

No limit is not a limit of zero: such a clock is in the state "none" and is never due.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from tlsec.policy.calendar import ALWAYS, Calendar

PAUSED = "paused"  # instead of a calendar: no time counts
WARNED, DUE = 1, 2  # rungs; 2 + n is overdue n times the limit
_ZERO = timedelta()


class State(StrEnum):
    NONE = "none"
    RUNNING = "running"
    PAUSED = "paused"
    WARNED = "warned"
    DUE = "due"
    OVERDUE = "overdue"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time. `left` of `limit` was left at `start`; `stop` None while it goes on.

    `until`: when a pause ends by itself.
    """

    start: datetime
    calendar: str
    limit: timedelta | None
    left: timedelta | None
    reason: str
    stop: datetime | None = None
    until: datetime | None = None


Segments: TypeAlias = tuple[Segment, ...]
Calendars: TypeAlias = Mapping[str, Calendar]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clock says at a moment. `times`: how many whole limits it is overdue."""

    state: State
    due: datetime | None
    left: timedelta | None
    times: int = 0


def started(
    segments: Segments, at: datetime, calendar: str, limit: timedelta | None, reason: str
) -> Segments:
    """Start, or start anew, with the whole limit."""
    if limit is not None and limit <= _ZERO:
        raise ValueError("a limit is longer than nothing; no limit is None")
    return (*_ended(segments, at), Segment(at, calendar, limit, limit, reason))


def stopped(segments: Segments, at: datetime) -> Segments:
    """Stop; what is left stays as it is. A clock that is stopped already is left alone."""
    return _ended(segments, at)


def paused(
    segments: Segments, calendars: Calendars, at: datetime, reason: str, until: datetime | None
) -> Segments:
    """Stand still, at most until `until`. Only a running clock can."""
    last = segments[-1]
    if last.stop is not None or last.calendar == PAUSED:
        return segments
    at = max(at, last.start)
    still = Segment(at, PAUSED, last.limit, left(segments, calendars, at), reason, until=until)
    return (*_ended(segments, at), still)


def resumed(
    segments: Segments, calendars: Calendars, at: datetime, reason: str, gap_counts: bool = False
) -> Segments:
    """Go on after a pause or a stop with what was left, under the calendar it ran by before.

    `gap_counts`: the time between counts as if the clock had never stopped (a claim that proved false).
    """
    last = segments[-1]
    if last.stop is None and last.calendar != PAUSED:
        return segments
    ran = _running_calendar(segments)
    since = last.stop or last.start
    at = max(at, since)
    rest = left(segments, calendars, since)
    if gap_counts and rest is not None:
        rest -= calendars[ran].between(since, at)
    return (*_ended(segments, at), Segment(at, ran, last.limit, rest, reason))


def tightened(
    segments: Segments,
    calendars: Calendars,
    at: datetime,
    calendar: str,
    limit: timedelta,
    reason: str,
) -> Segments:
    """Shorter limits begin: due at min(old due, `at` + limit), never later. A stopped clock is left alone.

    A clock that pauses keeps pausing with the smaller rest; one without a limit gets this one.
    """
    last = segments[-1]
    if last.stop is not None:
        return segments
    at = max(at, last.start)
    rest = left(segments, calendars, at)
    if last.calendar == PAUSED:
        if rest is not None and rest <= limit:
            return segments
        return (*_ended(segments, at), replace(last, start=at, limit=limit, left=limit))
    old = due(segments, calendars)
    new = calendars[calendar].shift(at, limit)
    if old is not None and old <= new:
        return segments
    return (*_ended(segments, at), Segment(at, calendar, limit, limit, reason))


def relaxed(
    segments: Segments, calendars: Calendars, at: datetime, limit: timedelta | None, reason: str
) -> Segments:
    """A longer limit from the beginning (the severity was lowered): the time used stays used."""
    last = segments[-1]
    if last.stop is not None or last.limit is None:
        return segments
    at = max(at, last.start)
    rest = left(segments, calendars, at)
    assert rest is not None
    rest = None if limit is None else rest + (limit - last.limit)
    return (*_ended(segments, at), replace(last, start=at, limit=limit, left=rest, reason=reason))


def extended(
    segments: Segments, calendars: Calendars, at: datetime, to: datetime, reason: str
) -> Segments:
    """A new due date was approved: exactly that moment, whatever the calendar."""
    last = segments[-1]
    if last.stop is not None:
        return segments
    at = max(at, last.start)
    more = to - at
    limit = max((last.limit or _ZERO), more)
    return (*_ended(segments, at), Segment(at, ALWAYS, limit, more, reason))


def left(segments: Segments, calendars: Calendars, at: datetime) -> timedelta | None:
    """What is left at a moment not before the last segment; negative once overdue, None for no limit."""
    last = segments[-1]
    if last.left is None:
        return None
    if last.calendar == PAUSED:
        return last.left
    end = min(at, last.stop) if last.stop else at
    return last.left - calendars[last.calendar].between(last.start, max(end, last.start))


def due(segments: Segments, calendars: Calendars) -> datetime | None:
    """When a running clock is due; None without a limit, while it pauses and after it stopped."""
    last = segments[-1]
    if last.stop is not None or last.left is None or last.calendar == PAUSED:
        return None
    return calendars[last.calendar].shift(last.start, last.left)


def elapsed(segments: Segments, calendars: Calendars, at: datetime) -> timedelta:
    """All time that counted, up to a moment."""
    total = _ZERO
    for s in segments:
        end = min(at, s.stop) if s.stop else at
        if s.calendar != PAUSED and end > s.start:
            total += calendars[s.calendar].between(s.start, end)
    return total


def rung_at(segments: Segments, calendars: Calendars, rung: int, warn: float) -> datetime | None:
    """When a running clock reaches a rung: 1 warned (`warn` of the limit is used), 2 due, 2+n overdue n×."""
    last = segments[-1]
    moment = due(segments, calendars)
    if moment is None or last.limit is None or last.left is None:
        return None
    calendar = calendars[last.calendar]
    if rung == WARNED:
        return calendar.shift(last.start, last.left - last.limit * (1 - warn))
    return calendar.shift(moment, last.limit * (rung - DUE)) if rung > DUE else moment


def rung(segments: Segments, calendars: Calendars, now: datetime, warn: float, most: int) -> int:
    """The highest rung reached by now, at most `most`."""
    reached = 0
    while reached < most:
        moment = rung_at(segments, calendars, reached + 1, warn)
        if moment is None or moment > now:
            break
        reached += 1
    return reached


def read(segments: Segments, calendars: Calendars, now: datetime, warn: float) -> Reading:
    """The state of a clock."""
    last = segments[-1]
    rest = left(segments, calendars, now)
    if last.stop is not None:
        return Reading(State.STOPPED, None, rest)
    if last.left is None or last.limit is None or rest is None:
        return Reading(State.NONE, None, None)
    if last.calendar == PAUSED:
        return Reading(State.PAUSED, None, rest)
    moment = due(segments, calendars)
    assert moment is not None
    if moment <= now:
        times = int(calendars[last.calendar].between(moment, now) / last.limit)
        return Reading(State.OVERDUE if times else State.DUE, moment, rest, times)
    warned = rest <= last.limit * (1 - warn)
    return Reading(State.WARNED if warned else State.RUNNING, moment, rest)


@dataclass(frozen=True, slots=True)
class Line:
    """One stretch as it is explained: `given` at its beginning (a limit, an extension; negative where
    something was taken), `used` in it, `left` after it, and the due date as it stood then."""

    start: datetime
    stop: datetime | None
    calendar: str
    reason: str
    given: timedelta | None
    used: timedelta
    left: timedelta | None
    due: datetime | None


def explain(segments: Segments, calendars: Calendars, now: datetime) -> list[Line]:
    """How the clock came to say what it says; `replay` of it comes to the same due date."""
    lines: list[Line] = []
    before: timedelta | None = _ZERO
    for s in segments:
        end = max(s.start, min(now, s.stop) if s.stop else now)
        counts = s.calendar != PAUSED
        used = calendars[s.calendar].between(s.start, end) if counts else _ZERO
        given = None if s.left is None else s.left - (before or _ZERO)
        before = None if s.left is None else s.left - used
        at = calendars[s.calendar].shift(s.start, s.left) if counts and s.left is not None else None
        lines.append(Line(s.start, s.stop, s.calendar, s.reason, given, used, before, at))
    return lines


def replay(lines: list[Line], calendars: Calendars) -> datetime | None:
    """The due date again, from what was given and used alone."""
    rest: timedelta | None = _ZERO
    moment: datetime | None = None
    for line in lines:
        rest = None if line.given is None else (rest or _ZERO) + line.given
        running = line.stop is None and line.calendar != PAUSED
        moment = (
            calendars[line.calendar].shift(line.start, rest)
            if running and rest is not None
            else None
        )
        rest = None if rest is None else rest - line.used
    return moment


def _ended(segments: Segments, at: datetime) -> Segments:
    if not segments or segments[-1].stop is not None:
        return segments
    last = segments[-1]
    return (*segments[:-1], replace(last, stop=max(at, last.start)))


def _running_calendar(segments: Segments) -> str:
    return next((s.calendar for s in reversed(segments) if s.calendar != PAUSED), ALWAYS)
