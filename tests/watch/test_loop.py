"""The loop: every look when it is due, a slow site holds nobody up, nothing seen is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from tlsec.facts import Done, Target, Vantage
from tlsec.probe.base import Result
from tlsec.probe.gateway import Gateway
from tlsec.probe.http_visit import Visit, VisitFacts

if TYPE_CHECKING:
    from tlsec.watch.loop import Beats, Look, Loop, Second, Timing
    from tlsec.watch.spots import Spot

PACE = {
    "at_once": 400, "flush_seconds": 0.05, "reload_seconds": 60, "drift_seconds": 5,
}  # fmt: skip


class Sites:
    """Stands for http.visit: every page opens at once, but for what `act` makes of its path."""

    id: ClassVar[str] = "http.visit"
    version: ClassVar[int] = 1
    facts: ClassVar[type[Any]] = VisitFacts
    locator: ClassVar[tuple[str, ...]] = ("path", "vantage")
    title: ClassVar[Mapping[str, str]] = {"zh": "", "en": ""}

    def __init__(self, act: Callable[[Target], Any] = lambda target: None) -> None:
        self.act = act
        self.seen: list[str] = []

    async def run(self, target: Target, gateway: Gateway) -> AsyncIterator[Result]:
        self.seen.append(target.path)
        if (waiting := self.act(target)) is not None:
            await waiting
        opened = Visit(True, 200, 0.0, 15.0, "")
        locator: dict[str, str | int] = {"path": target.path, "vantage": target.vantage.id}
        yield Result(locator, Done(VisitFacts(opened)))


def spot_of(n: int, every: float, phase: float) -> Spot:
    from tlsec.watch.monitors import Monitor
    from tlsec.watch.spots import Spot

    monitor = Monitor(
        id="m", title="试", every=every, vantage="z6", probes=["http.visit"],
        checks=["web.reachable"],
    )  # fmt: skip
    target = Target(asset=f"A{n}", vantage=Vantage("z6"), path=f"/{n}")
    return Spot(f"m|{n}", monitor, "http.visit", target, (), "", every, 3, phase, None)


@pytest.fixture
def loop_of(django: Path) -> Callable[..., tuple[Loop, list[Look], list[Beats]]]:
    def make(sites: Sites, timing: Timing | None = None, keep: Any = None) -> Any:
        from tlsec.watch.ladder import Pace, Uplink
        from tlsec.watch.loop import Loop, Timing
        from tlsec.watch.uplink import Lines

        looks: list[Look] = []
        beats: list[Beats] = []

        def usual(found: list[Look], beat: Beats, now: datetime) -> list[Second]:
            looks.extend(found)
            beats.append(beat)
            return []

        gateway = Gateway(scopes=[], now=lambda: datetime.now(UTC))
        measures = Uplink(fresh_seconds=5, wait_seconds=1, need=1, resume_seconds=5)
        loop = Loop(
            {"http.visit": sites}, gateway, Lines({}, measures), Pace(**PACE), keep or usual, 0.0,
            timing=timing or Timing(),
        )  # fmt: skip
        return loop, looks, beats

    return make


def fast(rate: float) -> Timing:
    """A clock of which `rate` seconds go by in one real one."""
    from tlsec.watch.loop import Timing

    began = time.time()
    return Timing(lambda: began + (time.time() - began) * rate, rate)


def run_for(loop: Loop, spots: list[Spot], seconds: float) -> None:
    async def work() -> None:
        loop.take(spots)
        running = asyncio.create_task(loop.run())
        await asyncio.sleep(seconds)
        loop.stop_soon()
        await running

    asyncio.run(work())


def test_each_spot_is_looked_at_once_a_cadence_at_its_own_moment(loop_of: Any) -> None:
    """Forty spots, ten minutes of a clock that runs three hundred times as fast."""
    loop, looks, beats = loop_of(Sites(), fast(300))
    spots = [spot_of(n, 60, (n * 0.618) % 1) for n in range(40)]
    run_for(loop, spots, 2.0)
    for spot in spots:
        dues = [look.due for look in looks if look.spot.key == spot.key]
        assert 8 <= len(dues) <= 11
        gaps = {round((b - a).total_seconds(), 3) for a, b in pairwise(dues)}
        assert gaps <= {60.0}  # none left out, none twice
    assert max(b.drift_max for b in beats) < 60  # 0.2 s of the real clock
    assert sum(b.skipped for b in beats) == 0


def test_a_site_that_hangs_is_skipped_and_holds_nobody_up(loop_of: Any) -> None:
    sites = Sites(lambda target: asyncio.sleep(60) if target.path == "/0" else None)
    loop, looks, beats = loop_of(sites)
    run_for(loop, [spot_of(n, 0.1, n / 10) for n in range(10)], 1.0)
    assert sites.seen.count("/0") == 1
    assert sum(b.skipped for b in beats) >= 5
    assert all(sites.seen.count(f"/{n}") >= 7 for n in range(1, 10))
    assert "m|0" not in {look.spot.key for look in looks}


def test_what_a_busy_store_refuses_waits_for_it(loop_of: Any) -> None:
    kept: list[str] = []
    told: list[str] = []
    refuse = [True, True, True]

    def keep(looks: list[Look], beats: Beats, now: datetime) -> list[Second]:
        if looks and refuse:
            refuse.pop()
            raise OSError("database is locked")
        kept.extend(look.spot.key for look in looks)
        return []

    loop, _looks, _beats = loop_of(Sites(), keep=keep)
    loop.tell = told.append
    run_for(loop, [spot_of(n, 0.3, n / 5) for n in range(5)], 0.7)
    assert set(kept) == {f"m|{n}" for n in range(5)} and len(told) == 3


def test_a_second_look_is_taken_once_at_a_time(loop_of: Any) -> None:
    from tlsec.watch.loop import Second

    seconds: list[Look] = []

    def keep(looks: list[Look], beats: Beats, now: datetime) -> list[Second]:
        seconds.extend(look for look in looks if look.second)
        return [
            Second(look.spot, "web.reachable", "p", look.ended) for look in looks if not look.second
        ]

    def slowly(target: Target) -> Any:
        return asyncio.sleep(0.3) if target.vantage.id == "second" else None

    from dataclasses import replace

    loop, _looks, _beats = loop_of(Sites(slowly), keep=keep)
    spot = replace(spot_of(0, 0.1, 0.0), second=Vantage("second"))
    run_for(loop, [spot], 0.9)
    assert 1 <= len(seconds) <= 3
    assert {look.second.spot.key for look in seconds if look.second} == {"m|0"}


def test_due_times_are_the_same_after_a_restart() -> None:
    spot = spot_of(1, 60, 0.25)
    due = spot.due_after(1_000_000.0)
    assert due % 60 == pytest.approx(15)
    assert spot.due_after(due - 0.001) == due
    assert spot.due_after(due) == due + 60
