"""分级保护: dates to keep, counted by the calendar; what is not on record is said, never guessed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec import content
from tlsec.policy import secret_dates
from tlsec.policy.secret_dates import Dates, add_months, dues, reminder

INTERVALS = secret_dates.load(content.policies())
TODAY = date(2026, 11, 24)
days = st.dates(date(2000, 1, 1), date(2090, 1, 1))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2025, 12, 31), 24, date(2027, 12, 31)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
    ],
)
def test_months(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@given(days, st.integers(1, 48))
def test_a_month_later_is_in_that_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day


@pytest.mark.parametrize(
    ("left", "expected"),
    [(91, None), (90, 90), (31, 90), (30, 30), (8, 30), (7, 7), (0, 7), (-1, 0), (-400, 0)],
)
def test_reminders(left: int, expected: int | None) -> None:
    assert reminder(TODAY + timedelta(days=left), INTERVALS.remind_days, TODAY) == expected


def test_the_highest_tier_is_checked_yearly() -> None:
    day = date(2026, 1, 10)
    for tier, on in (("mimi", date(2028, 1, 10)), ("juemi", date(2027, 1, 10))):
        found = {d.kind: d for d in dues(Dates("甲", tier, day, day, day), INTERVALS, TODAY)}
        assert found["check"].on == on
        assert found["assess"].on == date(2027, 1, 10)
        assert "approval" not in found


def test_what_is_not_on_record_comes_first_and_without_a_date() -> None:
    found = dues(Dates("甲", None, qualified_until=date(2026, 12, 1)), INTERVALS, TODAY)
    assert [(d.kind, d.on, d.reminder) for d in found] == [
        ("check", None, None),
        ("assess", None, None),
        ("approval", None, None),
        ("qualification", date(2026, 12, 1), 7),
    ]
