"""The reporting clocks: by the kind of operator, never by severity; from the earlier of two discoveries."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tlsec import content
from tlsec.policy import reporting
from tlsec.policy.reporting import Facts, State

RULES = reporting.load(content.policies())
RAW = yaml.safe_load((content.policies()[0] / "ladders/reporting-clocks.yaml").read_text("utf-8"))
NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
REPORTABLE = ("larger", "major", "special")
times = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))
operators = st.sampled_from([operator.id for operator in RULES.operators])
levels: st.SearchStrategy[Any] = st.sampled_from((None, "general", *REPORTABLE))
facts = st.builds(
    Facts,
    operator=operators,
    machine=st.none() | times,
    person=times,
    level=levels,
    crime=st.booleans(),
    handled=st.none() | times,
)


def limits(kind: str) -> dict[str, timedelta | None]:
    made = reporting.clocks(RULES, Facts(kind, NOW, NOW, "major"), NOW)
    inner = {duty.id for duty in RULES.inner}
    return {c.id: c.limit for c in made if c.id not in {*inner, "summary"}}


def test_hours_by_kind_of_operator() -> None:
    hour = timedelta(hours=1)
    assert limits("cii") == {"department": hour, "police": hour}
    assert limits("central") == {"own": 2 * hour}
    assert limits("other") == {"province": 4 * hour}


def test_the_city_s_own_clocks_and_the_summary() -> None:
    made = {c.id: c for c in reporting.clocks(RULES, Facts("other", None, NOW, handled=NOW), NOW)}
    assert made["verbal"].limit == timedelta(minutes=30)
    assert made["written"].limit == timedelta(hours=2)
    assert not made["verbal"].statutory
    assert made["verbal"].verify
    assert made["summary"].due == NOW + timedelta(days=30)


@given(facts, st.sampled_from(REPORTABLE), st.sampled_from(REPORTABLE), times)
def test_severity_changes_no_clock(made: Facts, one: Any, other: Any, now: datetime) -> None:
    first = reporting.clocks(RULES, replace(made, level=one), now)
    assert first == reporting.clocks(RULES, replace(made, level=other), now)


@pytest.mark.parametrize("place", ["operators", "duties", "top"])
def test_there_is_no_place_for_hours_by_severity(place: str) -> None:
    raw = copy.deepcopy(RAW)
    target = {
        "top": raw,
        "operators": raw["operators"][2],
        "duties": raw["operators"][2]["duties"][0],
    }[place]
    target["by_level"] = {"special": 60, "major": 240, "larger": 1440}
    with pytest.raises(ValidationError, match="by_level"):
        reporting.Reporting.model_validate(raw)


@given(facts, times)
def test_the_earlier_discovery_drives_and_both_are_shown(made: Facts, now: datetime) -> None:
    for clock in reporting.clocks(RULES, made, now):
        if clock.id == "summary" or clock.limit is None:
            continue
        assert clock.due is not None and clock.due_by_person is not None
        assert clock.due <= clock.due_by_person
        assert clock.start == min(t for t in (made.machine, made.person) if t)


@given(facts, st.timedeltas(timedelta(), timedelta(days=3)), times)
def test_an_earlier_detection_is_never_due_later(
    made: Facts, earlier: timedelta, now: datetime
) -> None:
    assert made.person is not None
    before = {c.id: c for c in reporting.clocks(RULES, made, now)}
    moved = replace(made, machine=min(made.machine or made.person, made.person) - earlier)
    for clock in reporting.clocks(RULES, moved, now):
        old = before[clock.id].due
        assert clock.due is None or old is None or clock.due <= old


@given(facts, times, times)
def test_what_is_overdue_stays_overdue_until_done(
    made: Facts, one: datetime, two: datetime
) -> None:
    now, later = sorted((one, two))
    pairs = zip(
        reporting.clocks(RULES, made, now), reporting.clocks(RULES, made, later), strict=True
    )
    for before, after in pairs:
        if before.state == State.OVERDUE:
            assert after.state == State.OVERDUE
        assert reporting.rung(RULES, after, later) >= reporting.rung(RULES, before, now)


@given(facts, times, times)
def test_done_in_time_or_late_by_the_limit_alone(
    made: Facts, done: datetime, now: datetime
) -> None:
    ids = [c.id for c in reporting.clocks(RULES, made, now)]
    told = replace(made, told=dict.fromkeys(ids, done))
    for clock in reporting.clocks(RULES, told, now):
        late = clock.due is not None and done > clock.due
        assert clock.state == (State.LATE if late else State.MET)
        assert reporting.rung(RULES, clock, now) == 0


def test_an_ordinary_incident_need_not_go_out_but_the_city_still_hears_of_it() -> None:
    made = {c.id: c for c in reporting.clocks(RULES, Facts("other", NOW, NOW, "general"), NOW)}
    assert made["province"].state == State.NOT_REQUIRED
    assert made["summary"].state == State.NOT_REQUIRED
    assert made["verbal"].state == State.RUNNING
    assert "一般" in made["province"].why


def test_an_unsettled_level_does_not_stop_the_clock() -> None:
    made = {c.id: c for c in reporting.clocks(RULES, Facts("other", NOW, NOW, None), NOW)}
    assert made["province"].state == State.RUNNING


def test_a_suspected_crime_has_no_number_and_is_asked_for_at_any_level() -> None:
    made = reporting.clocks(RULES, Facts("other", NOW, NOW, "general", crime=True), NOW)
    crime = next(c for c in made if c.id == "crime")
    assert (crime.limit, crime.due, crime.state) == (None, None, State.RUNNING)


def test_relays_only_from_major_on() -> None:
    assert reporting.relays(RULES, "other", "larger") == []
    assert [r.minutes for r in reporting.relays(RULES, "cii", "special")] == [30]
    assert [r.minutes for r in reporting.relays(RULES, "other", None)] == [60]


def test_rungs() -> None:
    made = Facts("other", NOW, NOW, "major")

    def rung(minutes: int) -> float:
        now = NOW + timedelta(minutes=minutes)
        clock = next(c for c in reporting.clocks(RULES, made, now) if c.id == "province")
        return reporting.rung(RULES, clock, now)

    assert [rung(m) for m in (119, 120, 191, 192, 239, 240)] == [0, 0.5, 0.5, 0.8, 0.8, 1.0]


def test_unknown_operator() -> None:
    with pytest.raises(ValueError, match="运营者"):
        reporting.clocks(RULES, Facts("police", NOW, NOW), NOW)
