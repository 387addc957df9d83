"""Confirm before alarm, over any run of looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from tlsec.watch.confirming import Mood, Outcome, Then, look, second

START = datetime(2026, 11, 24, tzinfo=UTC)
OUTCOMES = st.lists(st.sampled_from(["pass", "fail", "unknown"]), max_size=30)


def at(n: int) -> datetime:
    return START + timedelta(minutes=n)


@given(OUTCOMES, st.integers(1, 5), st.sampled_from(["pass", "fail", "unknown"]), st.booleans())
def test_an_alarm_has_its_failures_in_a_row_and_a_failed_second_look(
    outcomes: list[Outcome], confirm: int, said: Outcome, same: bool
) -> None:
    mood = Mood()
    told: list[Outcome] = []
    for n, outcome in enumerate(outcomes):
        mood, then = look(mood, outcome, at(n), confirm)
        if outcome != "unknown":
            told.append(outcome)
        if then is Then.SECOND:
            assert mood.failing_since is not None
            mood, then = second(mood, said, at(n), mood.failing_since, same)
            assert (then is Then.ALARM) == (said == "fail")
        if then is Then.ALARM:
            assert told[-confirm:] == ["fail"] * confirm
        if outcome == "pass":
            assert mood == Mood(last_success=at(n))  # one success ends a suspicion
        assert (mood.confirmed_at is not None) <= (said == "fail")


@given(OUTCOMES, st.integers(1, 5))
def test_what_could_not_be_told_changes_nothing(outcomes: list[Outcome], confirm: int) -> None:
    with_all = without = Mood()
    for n, outcome in enumerate(outcomes):
        with_all, _then = look(with_all, outcome, at(n), confirm)
        if outcome != "unknown":
            without, _then = look(without, outcome, at(n), confirm)
    assert with_all == without


@given(OUTCOMES)
def test_failing_since_is_the_first_failure_of_the_row(outcomes: list[Outcome]) -> None:
    mood = Mood()
    for n, outcome in enumerate(outcomes):
        mood, _then = look(mood, outcome, at(n), 3)
    told = [(n, o) for n, o in enumerate(outcomes) if o != "unknown"]
    rows = [list(group) for _outcome, group in groupby(told, key=lambda pair: pair[1])]
    failing = bool(rows) and rows[-1][0][1] == "fail"
    assert mood.failing_since == (at(rows[-1][0][0]) if failing else None)
    assert mood.count == (len(rows[-1]) if failing else 0)


def test_a_second_look_that_comes_too_late_says_nothing() -> None:
    mood, _then = look(Mood(), "fail", at(0), 1)
    mood, _then = look(mood, "pass", at(1), 1)
    mood, _then = look(mood, "fail", at(2), 1)
    assert second(mood, "fail", at(3), at(0), False) == (mood, Then.NOTHING)


def test_a_success_from_elsewhere_leaves_the_suspicion() -> None:
    mood, _then = look(Mood(), "fail", at(0), 1)
    mood, then = second(mood, "pass", at(1), at(0), False)
    assert (mood.suspicion, mood.second, then) == (True, "passed", Then.NOTHING)
    mood, then = look(mood, "fail", at(2), 1)
    assert then is Then.SECOND  # asked again as long as it fails


def test_a_confirmed_failure_goes_on_until_a_success() -> None:
    mood, _then = look(Mood(), "fail", at(0), 1)
    mood, _then = second(mood, "fail", at(1), at(0), False)
    assert look(mood, "fail", at(2), 1)[1] is Then.AGAIN
    assert look(mood, "unknown", at(3), 1) == (mood, Then.NOTHING)
    assert look(mood, "pass", at(4), 1)[1] is Then.CALM
