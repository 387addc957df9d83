"""1,000 alerts a minute and a robot that bears 20: never more, urgent ones first, nothing untold."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.notify import robots
from tests.notify.conftest import NOW, Clock
from tlsec.notify.message import Message, Sent

ROBOT = """
channels:
  - {id: ding, kind: dingtalk, token: {env: TLSEC_T}, secret: {env: TLSEC_S}}
audiences:
  - {role: "*", channels: [ding]}
"""


class Direct:
    """The robot without a network between: what 10,000 requests would take is not what is measured."""

    def __init__(self, robot: robots.DingTalk, clock: Clock) -> None:
        self.id, self.robot, self.clock = "ding", robot, clock
        self.messages: list[tuple[float, Message]] = []

    def send(self, message: Message, now) -> Sent:
        recent = [at for at, _m in self.messages if at > now.timestamp() - 60]
        if len(recent) >= 20:
            self.robot.offences += 1
            return Sent(False, "130101", 600.0, throttled=True)
        self.messages.append((now.timestamp(), message))
        return Sent(True)


@pytest.fixture
def storm(tables: Path, configure, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    from tlsec.notify import channels

    monkeypatch.setenv("TLSEC_T", robots.TOKEN)
    monkeypatch.setenv("TLSEC_S", robots.SECRET)
    setup = configure(ROBOT)
    direct = Direct(robots.DingTalk(lambda: clock.now), clock)
    build = channels.build
    monkeypatch.setattr(
        channels, "build", lambda made, id_: direct if id_ == "ding" else build(made, id_)
    )
    return setup, direct


def fullest_minute(times: list[float]) -> int:
    return max(sum(1 for at in times if end - 60 < at <= end) for end in times)


def test_a_thousand_alerts_a_minute_never_exceed_the_robot(storm, clock: Clock) -> None:
    from django.db import transaction

    from tlsec.register import delivery, outbox
    from tlsec.register.models_outbox import Notice

    setup, direct = storm
    queued = 0
    for _tick in range(12):  # a minute, the worker every five seconds
        with transaction.atomic():  # as a batch of alerts comes in
            for n in range(84):
                urgency = "urgent" if n % 20 == 0 else "normal"
                outbox.enqueue(clock.now, f"k{queued}", "duty", f"第{queued}条", "", urgency)
                queued += 1
        delivery.deliver(clock.now, setup, clock.still)
        clock.forward(5)
    for _tick in range(30):
        delivery.deliver(clock.now, setup, clock.still)
        clock.forward(5)
    times = [at for at, _m in direct.messages]
    assert direct.robot.offences == 0 and fullest_minute(times) <= 15
    told = Notice.objects.filter(state__in=("sent", "digested"))
    assert told.count() == queued == Notice.objects.count()
    waits = [
        (end - made).total_seconds()
        for end, made in told.filter(rank=0).values_list("finished", "made")
    ]
    assert len(waits) == 12 * 5 and max(waits) <= 30
    assert len(direct.messages) < 40  # 1,008 alerts, and people can still read it


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 12), st.sampled_from([1, 5, 17, 61])),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_whatever_comes_the_limit_holds_and_urgent_ones_go_first(
    storm, clock: Clock, arrivals: list[tuple[int, int, int]]
) -> None:
    from tlsec.register import delivery, outbox
    from tlsec.register.models_outbox import ChannelState, Notice, SendLog

    setup, direct = storm
    for model in (SendLog, Notice, ChannelState):
        model.objects.all().delete()
    direct.messages.clear()
    clock.now = NOW
    made = 0
    for normal, urgent, pause in arrivals:
        for n in range(normal + urgent):
            kind = "urgent" if n >= normal else "normal"
            outbox.enqueue(clock.now, f"k{made}", "duty", f"{kind}{made}", "", kind)
            made += 1
        before = len(direct.messages)
        delivery.deliver(clock.now, setup, clock.still)
        order = [m.urgency for _at, m in direct.messages[before:]]
        assert order == sorted(order, key=["urgent", "normal"].index)
        waiting = Notice.objects.filter(state="queued", rank=0)
        if waiting.exists():  # no ordinary one took an urgent one's place
            assert "normal" not in order
        clock.forward(pause)
    for _n in range(5):
        clock.now += timedelta(seconds=61)
        delivery.deliver(clock.now, setup, clock.still)
    assert not Notice.objects.filter(state="queued").exists()
    assert not direct.messages or fullest_minute([at for at, _m in direct.messages]) <= 15
    assert direct.robot.offences == 0


def test_throttled_all_the_same_it_keeps_silent_for_ten_minutes(storm, clock: Clock) -> None:
    """Somebody else uses the robot too: one refusal, then nothing until the penalty is over."""
    from tlsec.register import delivery, outbox

    setup, direct = storm
    stranger = Message("x", "x", "x")
    direct.messages += [(clock.now.timestamp(), stranger)] * 20
    outbox.enqueue(clock.now, "n", "duty", "一般", "", "normal")
    outbox.enqueue(clock.now, "u", "duty", "紧急", "", "urgent")
    for _n in range(100):
        delivery.deliver(clock.now, setup, clock.still)
        clock.forward(5)
    assert direct.robot.offences == 1
    clock.forward(200)
    delivery.deliver(clock.now, setup, clock.still)
    assert [m.title for at, m in direct.messages if at > NOW.timestamp()] == ["紧急", "一般"]
