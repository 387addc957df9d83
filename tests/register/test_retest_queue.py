"""The retest queue: one look at a time, waits in rows, nothing lost by a kill, nothing closed without passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.register.working import DAY, NOW, an_entry, an_item, breaks, give, taken_to
from tlsec.facts import Scope
from tlsec.register.transitions import State

if TYPE_CHECKING:
    from tlsec.register.models import RiskItem
    from tlsec.scan.models_retest import Retest

MINUTE = timedelta(minutes=1)
SPACING = 600


@dataclass
class Lookup:
    blocks: tuple[Scope, ...]

    def scopes(self) -> tuple[Scope, ...]:
        return self.blocks


def permit(**more: Any) -> Scope:
    from ipaddress import ip_network

    values = {"valid_from": NOW - DAY, "until": NOW + 30 * DAY} | more
    return Scope(id="P1", blocks=(ip_network("203.0.113.0/24"),), **values)


@dataclass
class Desk:
    """A queue whose looks say what the test wants, at the time that the test says."""

    says: list[str] = field(default_factory=list)
    now: datetime = NOW
    scopes: tuple[Scope, ...] = (permit(),)
    during: Callable[[], None] | None = None
    looked: list[tuple[str, int]] = field(default_factory=list)
    runs: int = 0

    def look(
        self, ground: Any, item: RiskItem, heads: Sequence[Any], actor: str
    ) -> tuple[str, str, int]:
        assert item.state == State.VERIFYING or item.state == State.FIX_CLAIMED
        self.runs += 1
        self.looked.append((item.no, self.runs))
        if self.during:
            self.during()
        said = self.says.pop(0) if self.says else "pass"
        return said, {"pass": "", "fail": "仍有", "untested": "不可达"}[said], self.runs

    def sweep(self, now: datetime | None = None) -> int:
        from types import SimpleNamespace

        from tlsec.policy.bundle import Policy  # noqa: F401 - the ground's kind
        from tlsec.register.sla import Retest as Needed
        from tlsec.scan import retest_queue

        self.now = now or self.now
        bounds = retest_queue.limits()
        retest_queue.release(self.now, bounds)
        retest_queue.enqueue(self.now)
        check = SimpleNamespace(check=SimpleNamespace(probe_id="tls.handshake"))
        ground: Any = SimpleNamespace(
            lookup=Lookup(self.scopes),
            policy=SimpleNamespace(checks={"tls.cert-days": check}),
            sla=SimpleNamespace(retest=Needed(passes=2, spacing_seconds=SPACING)),
        )
        queue = retest_queue.Queue(ground, bounds, lambda: self.now, self.look)
        return queue.work(self.now)


@pytest.fixture
def desk(tables: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    from tlsec.scan import jobs, retest

    def job(ground: Any, head: Any) -> Any:
        place = head.locator
        return jobs.spec("tls.handshake", "z6", asset="A", address=place["address"], port=443)

    monkeypatch.setattr(retest, "job", job)
    return Desk()


def row_of(item: RiskItem) -> Retest:
    from tlsec.scan.models_retest import Retest

    found = Retest.objects.filter(item=item.no).order_by("-pk").first()
    assert found is not None
    return found


def state(item: RiskItem) -> str:
    item.refresh_from_db()
    return item.state


def claimed(port: int = 443, **more: Any) -> RiskItem:
    return taken_to(State.FIX_CLAIMED, an_item(port=port, **more))


def test_two_spaced_passes_close_an_item_with_their_record(desk: Desk) -> None:
    from tlsec.register.models_handling import EvidenceFile

    item = claimed()
    assert desk.sweep() == 1
    assert (state(item), row_of(item).passes) == (State.VERIFYING, 1)
    assert row_of(item).next_at == NOW + timedelta(seconds=SPACING)
    assert desk.sweep(NOW + 9 * MINUTE) == 0  # not before its time
    assert desk.sweep(NOW + 10 * MINUTE) == 1
    assert state(item) == State.CLOSED
    row = row_of(item)
    assert (row.state, row.rounds, row.next_at) == ("passed", [1, 2], None)
    proof = EvidenceFile.objects.get(item=item)
    assert (proof.kind, proof.passes) == ("retest", 2)
    assert desk.sweep(NOW + DAY) == 0 and breaks() == []


def test_a_kill_between_two_passes_loses_no_pass(desk: Desk) -> None:
    item = claimed()
    desk.sweep()
    another = Desk(runs=1)  # a process of its own, with nothing but the rows
    assert another.sweep(NOW + 10 * MINUTE) == 1
    assert state(item) == State.CLOSED and row_of(item).rounds == [1, 2]
    assert breaks() == []


def test_a_kill_within_a_look_has_that_look_done_again(desk: Desk) -> None:
    class Killed(BaseException): ...

    def kill() -> None:
        raise Killed

    item = claimed()
    desk.sweep()
    desk.during = kill
    with pytest.raises(Killed):
        desk.sweep(NOW + 10 * MINUTE)
    assert (state(item), row_of(item).passes) == (State.VERIFYING, 1)
    desk.during = None
    assert desk.sweep(NOW + 11 * MINUTE) == 0  # another may still be at it
    assert desk.sweep(NOW + 26 * MINUTE) == 1
    assert state(item) == State.CLOSED and row_of(item).rounds == [1, 3]
    assert breaks() == []


def test_a_fail_goes_back_to_the_unit_and_a_new_claim_is_a_new_row(desk: Desk) -> None:
    item = claimed()
    desk.says = ["pass", "fail"]
    desk.sweep()
    desk.sweep(NOW + 10 * MINUTE)
    assert state(item) == State.FIXING and item.retest_result == "仍有"
    assert (row_of(item).state, row_of(item).why) == ("failed", "仍有")
    assert desk.sweep(NOW + DAY) == 0
    give(item, "claim-fixed", NOW + DAY)
    desk.sweep(NOW + DAY)
    desk.sweep(NOW + DAY + 10 * MINUTE)
    assert state(item) == State.CLOSED and row_of(item).rounds == [3, 4]


def test_what_was_not_tested_waits_longer_each_time_with_its_reason(desk: Desk) -> None:
    item = claimed()
    desk.says = ["untested"] * 6
    waits = []
    for _try in range(6):
        assert desk.sweep(row_of(item).next_at if waits else NOW) == 1
        row = row_of(item)
        assert (state(item), row.why, row.state) == (State.FIX_CLAIMED, "不可达", "waiting")
        assert row.next_at is not None
        waits.append((row.next_at - desk.now) // MINUTE)
    assert waits == [10, 30, 120, 720, 720, 720]
    assert breaks() == []


def test_untested_between_passes_breaks_the_row_of_passes(desk: Desk) -> None:
    item = claimed()
    desk.says = ["pass", "untested", "pass", "pass"]
    at = NOW
    for _look in range(4):
        desk.sweep(at)
        at = row_of(item).next_at or at
    assert state(item) == State.CLOSED and row_of(item).rounds == [3, 4]


def test_quiet_hours_are_kept_and_end_is_known(desk: Desk) -> None:
    item = claimed()
    desk.scopes = (permit(quiet_hours=((time(11, 0), time(14, 30)),)),)  # NOW is noon here
    assert desk.sweep() == 1 and desk.looked == []
    row = row_of(item)
    assert (state(item), row.tries) == (State.FIX_CLAIMED, 0)
    assert "静默" in row.why and row.next_at == NOW + 150 * MINUTE
    desk.sweep(NOW + 150 * MINUTE)
    assert len(desk.looked) == 1


def test_quiet_hours_between_two_passes_keep_the_pass(desk: Desk) -> None:
    item = claimed()
    desk.sweep()
    desk.scopes = (permit(quiet_hours=((time(12, 5), time(13, 0)),)),)
    desk.sweep(NOW + 10 * MINUTE)
    assert (state(item), row_of(item).passes, len(desk.looked)) == (State.VERIFYING, 1, 1)
    desk.sweep(NOW + 60 * MINUTE)
    assert state(item) == State.CLOSED


def test_without_a_live_scope_nothing_is_sent(desk: Desk) -> None:
    item = claimed()
    desk.scopes = (permit(until=NOW - MINUTE),)
    desk.sweep()
    assert desk.looked == [] and "授权不在有效期内" in row_of(item).why
    assert row_of(item).next_at == NOW + 720 * MINUTE and state(item) == State.FIX_CLAIMED


def test_an_item_taken_elsewhere_is_left_alone(desk: Desk) -> None:
    waits, between = claimed(1), claimed(2)
    desk.sweep()  # both have passed once
    give(between, "retest-untested", NOW + MINUTE)  # as `register close` does when it takes over
    give(between, "retest", NOW + MINUTE)
    give(waits, "retest-failed", NOW + MINUTE)
    desk.sweep(NOW + 10 * MINUTE)
    assert [row_of(i).state for i in (waits, between)] == ["left", "left"]
    assert state(between) == State.VERIFYING and len(desk.looked) == 2


def test_a_command_during_the_look_wins(desk: Desk) -> None:
    item = claimed()
    desk.during = lambda: void(give(item, "retest-failed", NOW))
    desk.sweep()
    assert state(item) == State.FIXING and row_of(item).state == "left"
    desk.during = None
    other = claimed(2)
    desk.sweep()
    desk.during = lambda: void(give(other, "retest-failed", NOW + 10 * MINUTE))
    desk.sweep(NOW + 10 * MINUTE)
    assert state(other) == State.FIXING and row_of(other).state == "left"
    assert breaks() == []


def void(_value: object) -> None: ...


def test_only_what_a_check_can_retest_comes_in_once(desk: Desk) -> None:
    from tlsec.scan.models_retest import Retest

    claimed(1)
    taken_to(State.FIX_CLAIMED, an_entry())  # no check
    taken_to(State.FIX_CLAIMED, an_entry(drill=True, probed=True))
    taken_to(State.FIXING, an_item(port=3))
    desk.scopes = ()
    desk.sweep()
    desk.sweep()
    assert Retest.objects.count() == 1


def test_an_item_without_open_alerts_waits_and_says_so(desk: Desk) -> None:
    item = claimed()
    item.alerts.update(open=False)
    desk.sweep()
    assert row_of(item).why == "没有可复测的告警" and state(item) == State.FIX_CLAIMED


def test_a_retest_by_hand_that_was_killed_long_ago_comes_in(desk: Desk) -> None:
    item = taken_to(State.VERIFYING, an_item())
    desk.sweep(NOW + 119 * MINUTE)
    assert state(item) == State.VERIFYING and desk.looked == []
    desk.sweep(NOW + 120 * MINUTE)
    assert row_of(item).passes == 1 and breaks() == []


def test_the_serving_process_has_the_queue_as_a_duty(tables: Path) -> None:
    from tlsec.scan import retest_queue
    from tlsec.schedule.hooks import HOOKS

    (hook,) = [h for h in HOOKS if h.name == "retests"]
    assert hook.load() is retest_queue.work
    hook.load()(datetime.now(UTC))  # an empty register
