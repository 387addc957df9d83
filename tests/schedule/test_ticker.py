"""Who ticks, what is due, what was missed: by the clock that is passed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.schedule.conftest import NOW

if TYPE_CHECKING:
    from tlsec.scan.models import Plan

    MakePlan = Callable[..., Plan]

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
NOON = NOW.replace(second=0)


def test_one_of_two_ticks_until_its_lease_lapses(tables: Path) -> None:
    from tlsec.schedule import ticker

    assert ticker.elected("甲", NOW)
    assert not ticker.elected("乙", NOW + SECOND)
    assert ticker.elected("甲", NOW + 20 * SECOND)  # held on to
    assert not ticker.elected("乙", NOW + 20 * SECOND + ticker.HELD)
    assert ticker.elected("乙", NOW + 21 * SECOND + ticker.HELD)  # 甲 has died
    assert not ticker.elected("甲", NOW + 22 * SECOND + ticker.HELD)


def test_an_orderly_end_frees_the_place_and_only_ones_own(tables: Path) -> None:
    from tlsec.schedule import ticker

    assert ticker.elected("甲", NOW)
    ticker.resign("乙")
    assert not ticker.elected("乙", NOW + SECOND)
    ticker.resign("甲")
    assert ticker.elected("乙", NOW + SECOND)


def started(now: datetime, owner: str = "甲") -> list[tuple[str, bool]]:
    """Tick once; (plan, late) of what was started."""
    from tlsec.schedule import ticker

    found: list[tuple[str, bool]] = []
    ticker.tick(owner, now, lambda plan, late: found.append((plan.id, late)))
    return found


def test_a_due_plan_starts_once(plan: MakePlan) -> None:
    made = plan("p", 30 * SECOND)
    assert started(NOW) == [("p", False)]
    made.refresh_from_db()
    assert made.missed == 0
    assert made.next_at == NOON + 10 * MINUTE
    assert started(NOW + SECOND) == []
    assert started(NOON + 10 * MINUTE) == [("p", False)]


@pytest.mark.parametrize(
    ("ago", "missed"),
    [
        (timedelta(), 0),
        (30 * SECOND, 0),
        (20 * MINUTE + 30 * SECOND, 3),  # 11:40, 11:50 and 12:00
        (24 * HOUR + 30 * SECOND, 145),
    ],
)
def test_missed_times_are_counted_and_caught_up_once(
    plan: MakePlan, ago: timedelta, missed: int
) -> None:
    made = plan("p", ago)
    assert started(NOW) == [("p", missed > 0)]
    made.refresh_from_db()
    assert made.missed == missed
    assert made.next_at == NOON + 10 * MINUTE
    assert started(NOW + SECOND) == []


def test_a_paused_plan_rests(plan: MakePlan) -> None:
    plan("p", HOUR, paused=True)
    assert started(NOW) == []


def test_who_is_not_elected_starts_nothing(plan: MakePlan) -> None:
    plan("p", MINUTE)
    from tlsec.schedule import ticker

    assert ticker.elected("乙", NOW)
    assert started(NOW) == []


def test_a_process_that_dies_in_the_first_plan_loses_nothing_of_the_second(plan: MakePlan) -> None:
    from tlsec.schedule import ticker

    plan("a", 2 * HOUR)
    second = plan("b", HOUR)

    def dies(started: Plan, late: bool) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ticker.tick("甲", NOW, dies)
    second.refresh_from_db()
    assert second.next_at == NOW - HOUR
    assert ("b", True) in started(NOW + HOUR, "乙")


def test_a_process_that_is_stopped_leaves_the_rest_due(plan: MakePlan) -> None:
    from tlsec.schedule import ticker

    plan("a", 2 * HOUR)
    second = plan("b", HOUR)
    done: list[str] = []
    assert ticker.tick("甲", NOW, lambda p, _late: done.append(p.id), lambda: not done)
    second.refresh_from_db()
    assert done == ["a"]
    assert second.next_at == NOW - HOUR


def test_a_plan_moved_on_by_another_is_not_started_again(plan: MakePlan) -> None:
    from tlsec.schedule import ticker

    plan("a", 2 * HOUR)
    plan("b", HOUR)
    mine = ticker.due(NOW)
    assert next(mine)[0].id == "a"
    assert [p.id for p, _missed in ticker.due(NOW)] == ["b"]
    assert list(mine) == []


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))
def test_the_next_time_lies_strictly_ahead(now: datetime) -> None:
    from tlsec.scan.plans import next_time

    found = next_time("*/10 * * * *", now)
    assert found is not None
    assert now < found <= now + 10 * MINUTE
    assert found.minute % 10 == 0


def test_an_edited_file_takes_effect_and_keeps_the_state(tables: Path, tmp_path: Path) -> None:
    from tlsec.marked_yaml import Faulty
    from tlsec.scan import plans
    from tlsec.scan.models import Plan

    file = tmp_path / "plans.yaml"
    text = (
        "plans:\n  - id: a\n    title: 甲\n    cadence: '0 3 * * *'\n"
        "    steps: [{vantage: z6, probes: [net.port]}]\n"
    )
    file.write_text(text, encoding="utf-8")
    plans.sync(file, NOW)
    Plan.objects.update(missed=4, paused=True)
    at = Plan.objects.get().next_at
    plans.sync(file, NOW + 5 * MINUTE)
    assert Plan.objects.get().next_at == at

    file.write_text(text.replace("0 3", "30 13").replace("甲", "乙"), encoding="utf-8")
    plans.sync(file, NOW)
    row = Plan.objects.get()
    assert (row.title, row.missed, row.paused) == ("乙", 4, True)
    assert row.next_at == NOON + HOUR + 30 * MINUTE

    file.write_text(text.replace("0 3 *", "0 99 *"), encoding="utf-8")
    with pytest.raises(Faulty, match=r"plans\.yaml:4"):
        plans.sync(file, NOW)
    assert Plan.objects.get().title == "乙"
    file.write_text("plans: []\n", encoding="utf-8")
    plans.sync(file, NOW)
    assert not Plan.objects.exists()
