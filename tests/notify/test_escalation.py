"""Nobody answers: the next one is told, in time, once, also after a standstill; somebody answers: all is quiet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.conftest import NOW, Clock
from tlsec.notify.hours import Hours
from tlsec.notify.steps import Policy, Step

POLICY = """
source: test
date: "2026-11-24"
policies:
  fire:
    zh: 急
    en: Urgent
    lapse_minutes: 60
    grace_minutes: 10
    steps:
      - {notify: [duty], wait_minutes: 5, repeat: 1}
      - {notify: [backup], wait_minutes: 5}
      - {notify: [leader, duty], at: unit, wait_minutes: 10, paper: true}
      - {notify: [supervisor], wait_minutes: 0, letter: true}
"""


@pytest.fixture
def ladder(tables: Path):
    file = tables / "policies" / "ladders" / "escalation.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(POLICY, encoding="utf-8")
    yield tables
    file.unlink()


def told() -> list[tuple[str, str]]:
    from tlsec.register.models_outbox import Notice

    rows = Notice.objects.order_by("id").values_list("audience", "title")
    return [(audience, title) for audience, title in rows]


def run_():
    from tlsec.register.models_outbox import EscalationRun

    return EscalationRun.objects.order_by("-id").first()


def begin(version: int | None = None):
    from tlsec.register import escalation

    return escalation.start(NOW, "k", "fire", "首页被改", "正文", unit="市人社局", version=version)


def test_it_climbs_in_time_and_ends_at_the_top(ladder: Path, clock: Clock) -> None:
    from tlsec.register import escalation
    from tlsec.register.models import Journal
    from tlsec.register.models_outbox import Notice

    begin()
    seen: list[tuple[int, str]] = []
    for minute in range(40):
        before = len(told())
        escalation.sweep(clock.now)
        escalation.sweep(clock.now)  # twice does nothing more
        seen += [(minute, audience) for audience, _title in told()[before:]]
        Notice.objects.update(state="sent")  # what still waits is not queued twice
        clock.forward(60)
    assert seen == [
        (0, "duty"), (5, "duty"), (10, "backup"), (15, "leader@市人社局"), (15, "duty@市人社局"),
        (15, "paper"), (25, "supervisor"),
    ]  # fmt: skip
    assert told()[0][1] == "【第1级】首页被改"
    assert run_().state == "ended" and "无人确认" in run_().ended_why
    commands = list(Journal.objects.order_by("seq").values_list("command", flat=True))
    assert commands == ["notice.letter-due", "notice.unanswered"]


def test_an_acknowledgement_stops_it_and_all_that_is_queued(ladder: Path, clock: Clock) -> None:
    from tlsec.register import escalation, outbox

    begin()
    other = escalation.start(NOW, "other", "fire", "别的", "")
    escalation.sweep(NOW)
    assert outbox.acknowledge("k", "王五", NOW) == 1
    clock.forward(59 * 60)
    escalation.sweep(clock.now)
    assert [title for _a, title in told() if "首页被改" in title] == ["【第1级】首页被改"]
    other.refresh_from_db()
    assert other.state == "ended" or other.step > 0  # nothing else was held


def test_an_acknowledgement_lapses_unless_renewed(ladder: Path, clock: Clock) -> None:
    from tlsec.register import escalation, outbox
    from tlsec.register.models import Journal

    begin()
    escalation.sweep(clock.now)
    outbox.acknowledge("k", "王五", clock.now)
    clock.forward(3600)
    escalation.sweep(clock.now)
    assert told()[-1] == ("duty", "仍在处理吗？首页被改")
    outbox.acknowledge("k", "王五", clock.now)  # still working
    clock.forward(3599)
    escalation.sweep(clock.now)
    assert len(told()) == 2
    clock.forward(1)
    escalation.sweep(clock.now)  # asked again
    clock.forward(600)
    escalation.sweep(clock.now)  # no answer: lapsed
    escalation.sweep(clock.now)  # and begun anew
    assert told()[-1] == ("duty", "【第1级】首页被改")
    assert run_().climbs == 2 and run_().acked_by == ""
    assert Journal.objects.filter(command="notice.lapse").count() == 1


def test_late_timers_run_once_merged_and_marked(ladder: Path, clock: Clock) -> None:
    from tlsec.register import escalation
    from tlsec.register.models_outbox import Notice

    begin()
    escalation.sweep(clock.now)
    clock.forward(17 * 60)  # switched off over the second call, the backup and the leader
    escalation.sweep(clock.now)
    late = told()[1:]
    assert [audience for audience, _t in late] == [
        "duty", "backup", "leader@市人社局", "duty@市人社局", "paper",
    ]  # fmt: skip
    text = Notice.objects.get(audience="backup").text
    assert text.startswith("【迟发】应于 11-24 12:05 发出，合并 3 次。")
    assert run_().late == 3
    clock.forward(9 * 60)
    escalation.sweep(clock.now)
    assert len(told()) == 6  # the supervisor waits his full time from the late call on
    clock.forward(60)
    escalation.sweep(clock.now)
    assert told()[-1][0] == "supervisor"


def test_a_timer_of_a_state_gone_by_tells_nobody(ladder: Path, clock: Clock) -> None:
    from tlsec.register import escalation
    from tlsec.register.models import RiskItem

    item = RiskItem.objects.create(
        no="k", state="new", version=1, check_id="c", title="t", subject="s",
        machine_severity="high", severity="high", description="d", opened=NOW,
    )  # fmt: skip
    begin(version=1)
    escalation.sweep(clock.now)
    RiskItem.objects.filter(pk=item.pk).update(version=2)
    clock.forward(86400 * 60)  # two months later
    escalation.sweep(clock.now)
    assert len(told()) == 1 and run_().ended_why == "事项已有新进展"


def test_one_climb_a_key(ladder: Path) -> None:
    from tlsec.register import outbox

    first = begin()
    assert begin().pk == first.pk
    outbox.resolve("k", NOW, "已销号")
    first.refresh_from_db()
    assert first.state == "ended" and first.next_at is None
    assert begin().pk != first.pk


def test_a_policy_that_names_an_unknown_role_is_told_with_its_place(ladder: Path) -> None:
    from tlsec.marked_yaml import Faulty
    from tlsec.register import escalation

    file = ladder / "policies" / "ladders" / "escalation.yaml"
    file.write_text(POLICY.replace("[backup]", "[bakcup]"), encoding="utf-8")
    begin()
    with pytest.raises(Faulty, match=r"escalation\.yaml:12:.*bakcup"):
        escalation.sweep(NOW)
    assert run_().next_at == NOW  # not lost


def test_shipped_policies_load() -> None:
    from tlsec import content
    from tlsec.notify import ladder, steps

    roles = ladder.load(content.policies()).roles
    assert {"urgent", "normal", "overdue"} <= set(steps.load(content.policies(), roles))


waits = st.integers(0, 90)
policies = st.lists(
    st.builds(
        Step,
        notify=st.just(("duty",)),
        wait_minutes=waits,
        repeat=st.integers(0, 3),
        hours=st.none() | st.just(Hours.model_validate({"since": "08:30", "until": "18:00"})),
    ),
    min_size=1,
    max_size=4,
).map(lambda steps: Policy(zh="x", en="x", lapse_minutes=0, grace_minutes=1, steps=tuple(steps)))


@given(policies, st.lists(st.integers(0, 5000), min_size=1, max_size=12))
def test_however_it_is_swept_no_step_is_left_out_and_none_comes_early(
    policy: Policy, sweeps: list[int]
) -> None:
    now = at = datetime(2026, 11, 24, 4, tzinfo=UTC)
    step = round_ = 0
    reached: list[int] = []
    for minutes in sweeps:
        if at > now:
            now += timedelta(minutes=minutes)
        if at > now or step >= len(policy.steps):
            continue
        due = policy.due(step, round_, at, now)
        for number in due.steps:
            hours = policy.steps[number].hours
            assert hours is None or due.timers > 1 or hours.hold(max(at, now)) or hours.hold(at)
        reached += due.steps
        assert (due.step, due.round) >= (step, round_)
        assert due.timers == 0 or due.step > step or due.round > round_
        step, round_, at = due.step, due.round, due.next_at
    assert sorted(set(reached)) == list(range(len(set(reached))))


def test_hours_over_midnight() -> None:
    night = Hours.model_validate({"since": "22:00", "until": "06:00"})
    noon = datetime(2026, 11, 24, 4, tzinfo=UTC)
    assert not night.hold(noon) and night.opening(noon) == noon + timedelta(hours=10)
    two = noon + timedelta(hours=14)
    assert night.hold(two) and night.closing(two) == noon + timedelta(hours=18)
