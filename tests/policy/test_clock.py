"""Clocks: what is left, when it is due, and that an explanation comes to the same end."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec import content, marked_yaml
from tlsec.policy import clock
from tlsec.policy.calendar import LOCAL, CalendarFile, NeverOpen, Office
from tlsec.policy.clock import Segments, State

FILE = content.policies()[0] / "ladders" / "calendars.yaml"
CALENDARS = marked_yaml.parse(CalendarFile, marked_yaml.load(FILE)).made()
START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

moments = st.integers(0, 350 * 24 * 60).map(lambda n: START + timedelta(minutes=n))
spans = st.integers(1, 60 * 24 * 30).map(lambda n: timedelta(minutes=n))
names = st.sampled_from(["always", "work", "period"])


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-23 10:00", 1, "2026-11-23 11:00"),
        ("2026-11-23 11:30", 1, "2026-11-23 13:30"),  # over noon
        ("2026-11-20 17:00", 2, "2026-11-23 10:00"),  # over a weekend
        ("2026-09-30 17:00", 2, "2026-10-08 10:00"),  # over the National Day
        ("2026-10-10 08:00", 1, "2026-10-10 10:00"),  # a Saturday that is worked
        (
            "2026-02-14 18:00",
            1,
            "2026-02-24 10:00",
        ),  # the last hour before the Spring Festival is gone
        ("2026-11-22 03:00", 8, "2026-11-23 18:00"),
    ],
)
def test_office_hours_know_noon_weekends_holidays_and_make_up_days(
    start: str, hours: int, due: str
) -> None:
    begun = clock.started((), here(start), "work", hours * HOUR, "")
    assert clock.due(begun, CALENDARS) == here(due)


@given(names, moments, spans)
def test_a_calendar_counts_open_time_only_and_both_ways_agree(
    name: str, at: datetime, span: timedelta
) -> None:
    calendar = CALENDARS[name]
    due = calendar.shift(at, span)
    assert calendar.between(at, due) == span
    assert due - at >= span
    assert calendar.between(calendar.shift(due, -span), due) == span


@given(names, moments, spans, spans)
def test_open_time_adds_up(name: str, at: datetime, one: timedelta, two: timedelta) -> None:
    calendar, middle, end = CALENDARS[name], at + one, at + one + two
    assert calendar.between(at, middle) + calendar.between(middle, end) == calendar.between(at, end)


def test_what_never_opens_says_so() -> None:
    with pytest.raises(NeverOpen):
        Office(frozenset(), ()).shift(START, HOUR)


@given(names, moments, spans, spans, spans)
def test_a_pause_takes_nothing_and_gives_nothing(
    name: str, at: datetime, limit: timedelta, before: timedelta, long: timedelta
) -> None:
    begun = clock.started((), at, name, limit, "")
    still = clock.paused(begun, CALENDARS, at + before, "等上级", None)
    left = clock.left(begun, CALENDARS, at + before)
    assert clock.left(still, CALENDARS, at + before + long) == left
    assert clock.due(still, CALENDARS) is None
    again = clock.resumed(still, CALENDARS, at + before + long, "")
    assert clock.left(again, CALENDARS, at + before + long) == left
    due, old = clock.due(again, CALENDARS), clock.due(begun, CALENDARS)
    assert due is not None and old is not None and due >= old


@given(names, names, moments, spans, spans, spans)
def test_a_period_is_never_later(
    everyday: str, raised: str, at: datetime, limit: timedelta, after: timedelta, short: timedelta
) -> None:
    begun = clock.started((), at, everyday, limit, "")
    now = at + after
    tight = clock.tightened(begun, CALENDARS, now, raised, short, "重保")
    old, new = clock.due(begun, CALENDARS), clock.due(tight, CALENDARS)
    assert old is not None and new == min(old, CALENDARS[raised].shift(now, short))


@given(names, moments, spans, spans, spans)
def test_a_period_over_a_pause_leaves_no_more_than_its_limit(
    name: str, at: datetime, limit: timedelta, after: timedelta, short: timedelta
) -> None:
    begun = clock.started((), at, name, limit, "")
    still = clock.paused(begun, CALENDARS, at + after, "等", None)
    left = clock.left(still, CALENDARS, at + after)
    tight = clock.tightened(still, CALENDARS, at + after, name, short, "重保")
    assert left is not None
    assert clock.left(tight, CALENDARS, at + after) == min(left, short)


@given(moments, spans, spans, spans)
def test_a_false_claim_gains_no_time_and_a_closed_time_costs_none(
    at: datetime, limit: timedelta, used: timedelta, gap: timedelta
) -> None:
    begun = clock.started((), at, "work", limit, "")
    ended = clock.stopped(begun, at + used)
    assert clock.read(ended, CALENDARS, at + used, 0.5).state is State.STOPPED
    counted = clock.resumed(ended, CALENDARS, at + used + gap, "", gap_counts=True)
    assert clock.due(counted, CALENDARS) == clock.due(begun, CALENDARS) or (
        # due at the end of a morning is the beginning of the afternoon: no open time lies between
        clock.left(counted, CALENDARS, at + used + gap)
        == clock.left(begun, CALENDARS, at + used + gap)
    )
    spared = clock.resumed(ended, CALENDARS, at + used + gap, "")
    assert clock.left(spared, CALENDARS, at + used + gap) == clock.left(begun, CALENDARS, at + used)


steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["start", "pause", "resume", "stop", "tighten", "relax", "extend", "go-on"]
        ),
        st.integers(1, 60 * 24 * 5),
        spans,
        names,
    ),
    max_size=12,
)


def walked(
    path: list[tuple[str, int, timedelta, str]], limit: timedelta | None
) -> tuple[Segments, datetime]:
    now = START
    made = clock.started((), now, "work", limit, "开始")
    for name, minutes, span, calendar in path:
        now += timedelta(minutes=minutes)
        if name == "start":
            made = clock.started(made, now, calendar, span, name)
        elif name == "pause":
            made = clock.paused(made, CALENDARS, now, name, None)
        elif name in ("resume", "go-on"):
            made = clock.resumed(made, CALENDARS, now, name, gap_counts=name == "go-on")
        elif name == "stop":
            made = clock.stopped(made, now)
        elif name == "tighten":
            made = clock.tightened(made, CALENDARS, now, calendar, span, name)
        elif name == "relax":
            made = clock.relaxed(made, CALENDARS, now, span, name)
        else:
            made = clock.extended(made, CALENDARS, now, now + span, name)
    return made, now


@given(steps, st.one_of(st.none(), spans), spans)
def test_an_explanation_replays_to_the_same_due(
    path: list[tuple[str, int, timedelta, str]], limit: timedelta | None, later: timedelta
) -> None:
    made, now = walked(path, limit)
    lines = clock.explain(made, CALENDARS, now + later)
    assert len(lines) == len(made)
    assert clock.replay(lines, CALENDARS) == clock.due(made, CALENDARS)
    for segment, following in itertools.pairwise(made):
        assert segment.stop is not None and segment.start <= segment.stop <= following.start
    assert sum((line.used for line in lines), timedelta()) == clock.elapsed(
        made, CALENDARS, now + later
    )


@given(steps, spans, spans)
def test_rungs_only_rise_with_time(
    path: list[tuple[str, int, timedelta, str]], limit: timedelta, later: timedelta
) -> None:
    made, now = walked(path, limit)
    moments_ = [clock.rung_at(made, CALENDARS, n, 0.5) for n in range(1, 5)]
    known = [m for m in moments_ if m is not None]
    assert len(known) in (0, 4) and known == sorted(known)
    first = clock.rung(made, CALENDARS, now, 0.5, 4)
    assert first <= clock.rung(made, CALENDARS, now + later, 0.5, 4)


def test_no_limit_is_not_a_limit_of_nothing() -> None:
    free = clock.started((), START, "always", None, "")
    read = clock.read(free, CALENDARS, START + 1000 * HOUR, 0.5)
    assert (read.state, read.due, read.left) == (State.NONE, None, None)
    assert clock.rung(free, CALENDARS, START + 1000 * HOUR, 0.5, 4) == 0
    with pytest.raises(ValueError):
        clock.started((), START, "always", timedelta(), "")


@pytest.mark.parametrize(
    ("hours", "state", "times"),
    [
        (0, State.RUNNING, 0), (4.9, State.RUNNING, 0), (5, State.WARNED, 0), (9.9, State.WARNED, 0),
        (10, State.DUE, 0), (19.9, State.DUE, 0), (20, State.OVERDUE, 1), (45, State.OVERDUE, 3),
    ],
)  # fmt: skip
def test_what_a_clock_says(hours: float, state: State, times: int) -> None:
    begun = clock.started((), START, "always", 10 * HOUR, "")
    read = clock.read(begun, CALENDARS, START + hours * HOUR, 0.5)
    assert (read.state, read.times) == (state, times)
    assert (
        clock.read(clock.paused(begun, CALENDARS, START, "", None), CALENDARS, START, 0.5).state
        is State.PAUSED
    )
    reached = clock.rung(begun, CALENDARS, START + hours * HOUR, 0.5, 9)
    assert reached == {State.RUNNING: 0, State.WARNED: 1, State.DUE: 2}.get(state, 2 + times)


def test_an_extension_is_due_exactly_when_it_says() -> None:
    begun = clock.started((), here("2026-11-23 10:00"), "work", 8 * HOUR, "")
    sunday = here("2026-11-29 12:00")
    longer = clock.extended(begun, CALENDARS, here("2026-11-23 15:00"), sunday, "延期")
    assert clock.due(longer, CALENDARS) == sunday
