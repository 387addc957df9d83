"""What commands do to the four clocks, and what time alone brings about."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.register.working import (
    DAY,
    HOUR,
    NOW,
    an_entry,
    an_item,
    breaks,
    clocks,
    give,
    prove,
    taken_to,
)
from tlsec.register.transitions import State

if TYPE_CHECKING:
    from tlsec.register.models import Journal, RiskItem


def due(item: RiskItem) -> datetime | None:
    item.refresh_from_db()
    return item.due


def sweep(now: datetime) -> None:
    from tlsec.register import clocks

    clocks.sweep(now)


def reminders(item: RiskItem) -> list[Journal]:
    from tlsec.register.models import Journal

    return list(Journal.objects.filter(object=item.no, command="clock.remind").order_by("seq"))


def notices(item: RiskItem) -> list[str]:
    from tlsec.register.models_outbox import Notice

    return list(
        Notice.objects.filter(key=item.no).order_by("pk").values_list("audience", flat=True)
    )


def test_each_step_starts_and_stops_its_clock(tables: Path) -> None:
    item = an_item()
    said = []
    for n, name in enumerate(("", "confirm", "dispatch", "sign", "claim-fixed", "retest")):
        if name:
            give(item, name, NOW + n * timedelta(minutes=1))
        said.append(clocks(item, NOW + n * timedelta(minutes=1)))
    assert said == [
        {"judge": "running", "fix": "running"},
        {"judge": "stopped", "fix": "running"},
        {"judge": "stopped", "sign": "running", "fix": "running"},
        {"judge": "stopped", "sign": "stopped", "fix": "running"},
        {"judge": "stopped", "sign": "stopped", "fix": "stopped", "retest": "running"},
        {"judge": "stopped", "sign": "stopped", "fix": "stopped", "retest": "running"},
    ]
    prove(item, NOW + 5 * HOUR)
    give(item, "retest-passed", NOW + 5 * HOUR)
    assert set(clocks(item, NOW + 5 * HOUR).values()) == {"stopped"}


def test_the_fix_counts_from_the_first_dispatch_and_no_later_one(tables: Path) -> None:
    item = an_item()
    assert due(item) == NOW + 72 * HOUR
    give(item, "confirm", NOW + HOUR)
    give(item, "dispatch", NOW + 10 * HOUR)
    assert due(item) == NOW + 82 * HOUR
    give(item, "return", NOW + 20 * HOUR)
    give(item, "dispatch", NOW + 30 * HOUR)
    assert due(item) == NOW + 82 * HOUR


def test_a_false_claim_gains_no_time(tables: Path) -> None:
    item = taken_to(State.FIX_CLAIMED, an_item())
    give(item, "retest", NOW + DAY)
    give(item, "retest-failed", NOW + DAY)
    assert due(item) == NOW + 72 * HOUR


def test_reopening_restores_the_clock_without_the_closed_time(tables: Path) -> None:
    item = taken_to(State.CLOSED, an_item())
    give(item, "reopen", NOW + 9 * DAY)
    assert due(item) == NOW + 9 * DAY + 72 * HOUR
    assert clocks(item, NOW + 9 * DAY)["judge"] == "running"


def test_waiting_for_others_stands_still_and_ends_by_itself(tables: Path) -> None:
    item = taken_to(State.FIXING, an_item())
    give(item, "pause", NOW + HOUR, reason="等待第三方", params={"until": NOW + 25 * HOUR})
    assert clocks(item, NOW + 24 * HOUR)["fix"] == "paused" and due(item) is None
    sweep(NOW + 40 * HOUR)  # nobody looked at the end itself
    assert clocks(item, NOW + 40 * HOUR)["fix"] == "running"
    assert due(item) == NOW + (72 + 24) * HOUR
    give(item, "pause", NOW + 41 * HOUR, params={"until": NOW + 50 * HOUR})
    give(item, "resume", NOW + 42 * HOUR)
    assert due(item) == NOW + (72 + 25) * HOUR
    assert breaks() == []


def test_an_extension_moves_the_due_date_and_names_who_approved(tables: Path) -> None:
    item = taken_to(State.FIXING, an_item())
    give(item, "extend", NOW + DAY, params={"until": NOW + 10 * DAY}, approver="周若川")
    item.refresh_from_db()
    assert (item.due, item.extended_to, item.extended_by) == (NOW + 10 * DAY,) * 2 + ("周若川",)


def test_severity_up_is_never_later_and_down_gives_the_longer_limit(tables: Path) -> None:
    item = taken_to(State.FIXING, an_item("medium"))
    give(item, "raise", NOW + DAY, params={"severity": "high"})
    assert due(item) == NOW + DAY + 72 * HOUR
    give(item, "raise", NOW + 3 * DAY, params={"severity": "critical"})
    assert due(item) == NOW + DAY + 72 * HOUR  # a day from now would have been the same moment
    high = taken_to(State.FIXING, an_item("high", port=2))
    give(high, "lower", NOW + DAY, params={"severity": "medium"})
    assert due(high) == NOW + 336 * HOUR


def test_no_limit_is_no_clock_and_never_overdue(tables: Path) -> None:
    from tlsec.register.models_clocks import Clock

    item = an_item("info")
    assert clocks(item, NOW) == {"judge": "none", "fix": "none"}
    assert due(item) is None and not Clock.objects.exclude(next_at=None).exists()
    sweep(NOW + 900 * DAY)
    assert reminders(item) == []


def test_reminders_climb_the_rungs_and_each_is_given_once(tables: Path) -> None:
    item = taken_to(State.FIXING, an_item())  # 72 hours
    for hours, told in ((35, 0), (36, 1), (40, 1), (72, 2), (143, 2), (144, 3), (216, 4), (999, 4)):
        for _again in range(2):
            sweep(NOW + hours * HOUR)
        assert len(reminders(item)) == told, hours
    assert notices(item) == [
        "owner@市住房公积金中心",
        "leader@市住房公积金中心",
        "leader",
        "supervisor",
    ]
    assert not any(record.after["late"] for record in reminders(item)[:2])
    assert breaks() == []


def test_after_a_stop_what_was_missed_is_told_once_and_says_that_it_is_late(tables: Path) -> None:
    item = taken_to(State.FIXING, an_item())
    sweep(NOW + 150 * HOUR)
    sweep(NOW + 151 * HOUR)
    (record,) = reminders(item)
    assert (record.after["rung"], record.after["merged"], record.after["late"]) == (3, 3, True)
    assert notices(item) == ["leader"]


def test_an_item_that_has_moved_on_is_not_reminded_of(tables: Path) -> None:
    item = taken_to(State.FIXING, an_item())
    give(item, "claim-fixed", NOW + HOUR)
    sweep(NOW + 100 * DAY)
    assert [record.after["clock"] for record in reminders(item)] == ["retest"]


@pytest.mark.parametrize(("name", "state"), [("waive", "dispatched"), ("mitigate", "fixing")])
def test_the_end_of_an_exception_reopens_and_starts_the_clock_anew(
    tables: Path, name: str, state: str
) -> None:
    from tlsec.register.models_handling import ItemWaiver, Mitigation

    item = taken_to(State.FIXING, an_item())
    end = NOW + 20 * DAY
    give(item, name, NOW + 60 * HOUR, params={"until": end})
    assert due(item) is None and "running" not in clocks(item, NOW + 5 * DAY).values()
    for days in (5, 12.9, 13, 14, 18.9, 19, 19.5):
        sweep(NOW + days * DAY)
    (row,) = [*ItemWaiver.objects.all(), *Mitigation.objects.all()]
    assert (row.warned, row.ended) == (1, None)
    assert len(notices(item)) == 2  # seven days before and one
    sweep(end)
    sweep(end + HOUR)
    row.refresh_from_db()
    item.refresh_from_db()
    assert (item.state, item.due) == (state, end + 72 * HOUR)
    assert (row.ended, row.ended_why) == (end, "expired")
    assert breaks() == []


def test_an_exception_that_is_revoked_does_the_same_at_once(tables: Path) -> None:
    item = taken_to(State.WAIVED, an_item())
    give(item, "revoke", NOW + DAY)
    assert due(item) == NOW + DAY + 72 * HOUR
    sweep(NOW + 9 * DAY)
    item.refresh_from_db()
    assert item.state == State.DISPATCHED
    item = taken_to(State.MITIGATED, an_item(port=2, now=NOW + 9 * DAY), NOW + 9 * DAY)
    give(item, "claim-fixed", NOW + 10 * DAY)  # mended under the control
    from tlsec.register.models_handling import Mitigation

    assert Mitigation.objects.get().ended_why == "fixed"
    assert breaks() == []


def test_a_period_makes_due_dates_earlier_never_later_and_reviews_high_waivers(
    tables: Path,
) -> None:
    from tlsec.register import posture

    early = NOW - 60 * HOUR
    rows = {
        "nearly": taken_to(State.FIXING, an_item("high", port=2, now=early), early),
        "new": an_item("high", port=1),
        "free": an_item("info", port=3),
        "waived": taken_to(State.WAIVED, an_item("high", port=4)),
        "waived-low": taken_to(State.WAIVED, an_item("low", port=5)),
        "closed": taken_to(State.CLOSED, an_item("high", port=6)),
        "paused": taken_to(State.FIXING, an_item("high", port=7)),
    }
    give(rows["paused"], "pause", NOW)
    before = {name: due(item) for name, item in rows.items()}
    now = NOW + HOUR
    change = posture.raise_(now, "卫承泽", "ZB-2026-01", "period")
    after = {name: due(item) for name, item in rows.items()}
    assert after["new"] == now + 24 * HOUR < (before["new"] or NOW)
    assert after["nearly"] == before["nearly"] == NOW + 12 * HOUR
    assert after["free"] is None and after["closed"] == before["closed"]
    assert change.reviewed == (rows["waived"].no,)
    assert rows["waived"].state == State.NEW and rows["waived-low"].state == State.WAIVED
    assert set(change.earlier) == {rows["new"].no, rows["paused"].no}
    assert {i.period for name, i in rows.items() if name not in ("closed",)} == {"ZB-2026-01"}
    assert breaks() == []

    born = an_item("high", port=8, now=now)
    assert due(born) == now + 24 * HOUR and born.period == "ZB-2026-01"
    give(rows["paused"], "resume", now + HOUR)
    assert due(rows["paused"]) == now + 25 * HOUR
    assert posture.lower(now + DAY, "卫承泽", "ZB-2026-01") == 1
    assert due(born) == now + 24 * HOUR  # leaving makes nothing later
    assert due(an_item("high", port=9, now=now + 2 * DAY)) == now + 2 * DAY + 72 * HOUR
    assert breaks() == []


def test_a_period_raises_only_what_it_protects(tables: Path) -> None:
    from tlsec.register import posture

    posture.raise_(NOW, "卫承泽", "ZB-2026-01", "period", systems=["S01"], uplift=1)
    inside = an_entry("medium", system_id="S01")
    outside = an_entry("medium", system_id="S02")
    drill = an_entry("medium", system_id="S01", drill=True)
    assert [i.severity for i in (inside, outside, drill)] == ["high", "medium", "medium"]
    assert inside.machine_severity == "medium"
    assert [i.due for i in (inside, outside)] == [NOW + 24 * HOUR, NOW + 336 * HOUR]


def test_every_clock_explains_itself(tables: Path) -> None:
    from tlsec.policy.clock import replay
    from tlsec.register.clocks import explained
    from tlsec.register.rules import in_force

    item = taken_to(State.FIXING, an_item())
    give(item, "pause", NOW + HOUR, reason="等上级批复", params={"until": NOW + 9 * HOUR})
    give(item, "resume", NOW + 5 * HOUR)
    lines = explained(item, NOW + 10 * HOUR, in_force())["fix"]
    assert [line.reason for line in lines] == ["自发现起", "自首次下发起", "等上级批复", "恢复计时"]
    assert replay(lines, in_force().calendars) == due(item) == NOW + 76 * HOUR
