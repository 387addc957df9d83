"""The watch's loop: every spot looked at when it is due, whatever the others do.

Looks run beside each other in one event loop and share its gateway; what they bring is handed over in
batches to `keep`, in one thread beside the loop, which says where a second look is wanted. A look that is
due while the one before still goes on is skipped and counted; it never queues up.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from django.db import connection

from tlsec.facts import Done, Failed, Reason
from tlsec.i18n import _
from tlsec.probe.base import Probe, Result
from tlsec.probe.gateway import Gateway, GatewayError, Stopped
from tlsec.watch.ladder import Pace
from tlsec.watch.spots import Spot
from tlsec.watch.uplink import Lines

T = TypeVar("T")
LOOK_SECONDS = 100.0
MAX_FAILURES = 20  # of the store in a row, before what it refuses is dropped


@dataclass(frozen=True, slots=True)
class Second:
    """A second look wanted: for the suspicion of a check at a place that began at `since`."""

    spot: Spot
    check: str
    locator_key: str  # of the first look
    since: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """A finished look. `line` False: not begun, or not believed, because our own line was down."""

    spot: Spot
    due: datetime
    started: datetime
    ended: datetime
    results: list[Result]
    version: int = 1
    line: bool = True
    second: Second | None = None


@dataclass(slots=True)
class Beats:
    """How punctual the loop was since it was last asked."""

    looks: int = 0
    skipped: int = 0
    late: int = 0
    drift_sum: float = 0.0
    drift_max: float = 0.0
    line_down: int = 0

    def add(self, other: Beats) -> None:
        """Count another stretch in."""
        self.looks += other.looks
        self.skipped += other.skipped
        self.late += other.late
        self.drift_sum += other.drift_sum
        self.drift_max = max(self.drift_max, other.drift_max)
        self.line_down += other.line_down


@dataclass(frozen=True, slots=True)
class Timing:
    """Clock of the loop: `now` in seconds since 1970; `rate` of its seconds go by in one real one."""

    now: Callable[[], float] = time.time
    rate: float = 1.0

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)


@dataclass
class Loop:
    """`keep(looks, beats)` stores a batch and returns the second looks wanted."""

    probes: Mapping[str, Probe]
    gateway: Gateway
    lines: Lines
    pace: Pace
    keep: Callable[[list[Look], Beats, datetime], Sequence[Second]]
    second_after: float
    tell: Callable[[str], None] = lambda text: None
    timing: Timing = field(default_factory=Timing)
    _heap: list[tuple[float, int]] = field(default_factory=list)
    _spots: list[Spot] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _looks: list[Look] = field(default_factory=list)
    _beats: Beats = field(default_factory=Beats)
    _pending: set[tuple[str, str, str]] = field(default_factory=set)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _stopped: bool = False
    _begun_to: float = 0.0
    _failures: int = 0
    _db: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "tlsec-watch-db"))

    def take(self, spots: Sequence[Spot]) -> None:
        """Watch these from now on; those known already keep their rhythm. Call it within the loop."""
        since = self._begun_to or self.timing.now()  # what fell due since then is not passed over
        self._spots = list(spots)
        self._heap = [(spot.due_after(since), i) for i, spot in enumerate(self._spots)]
        heapq.heapify(self._heap)
        self._changed.set()

    def stop_soon(self) -> None:
        """End soon, from any thread: what has begun is cut short, what was brought is kept."""
        self._stopped = True
        self.gateway.stop()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    async def in_db(self, function: Callable[..., T], *arguments: object) -> T:
        """Call something beside the loop, in the one thread that uses the database."""
        here = copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._db, lambda: here.run(function, *arguments))

    async def run(self) -> None:
        """Until it is stopped."""
        self._loop = asyncio.get_running_loop()
        at_once = asyncio.Semaphore(self.pace.at_once)
        flusher = asyncio.create_task(self._flush_all_the_time())
        try:
            while not self._stopped:
                self._begin_due(at_once)
                await self._wait()
        finally:
            self._stopped = True
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await flusher
            await self._close()

    async def once(self, spots: Iterable[Spot]) -> None:
        """One look at each of the spots, with the second looks that they ask for."""
        at_once = asyncio.Semaphore(self.pace.at_once)
        now = self.timing.now()
        await asyncio.gather(*(self._look(spot, now, at_once) for spot in spots))
        await self._flush()
        while self._tasks:
            await asyncio.gather(*self._tasks)
            await self._flush()
        await self._close()

    async def _close(self) -> None:
        await self.in_db(lambda: connection.close())  # of that thread, not of this one
        self._db.shutdown()

    def _begin_due(self, at_once: asyncio.Semaphore) -> None:
        now = self._begun_to = self.timing.now()
        while self._heap and self._heap[0][0] <= now:
            due, i = self._heap[0]
            spot = self._spots[i]
            heapq.heapreplace(self._heap, (spot.due_after(max(due, now)), i))
            if spot.key in self._busy:
                self._beats.skipped += 1
                continue
            self._start(self._look(spot, due, at_once))

    def _start(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)  # type: ignore[arg-type]  # a coroutine
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait(self) -> None:
        """Until something is due, or the spots changed."""
        seconds = 3600.0
        if self._heap:
            seconds = max(0.0, (self._heap[0][0] - self.timing.now()) / self.timing.rate)
        self._changed.clear()
        if self._stopped:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _look(self, spot: Spot, due: float, at_once: asyncio.Semaphore) -> None:
        self._busy.add(spot.key)
        try:
            async with at_once:
                drift = max(0.0, self.timing.now() - due)
                self._beats.looks += 1
                self._beats.late += drift > self.pace.drift_seconds
                self._beats.drift_sum += drift
                self._beats.drift_max = max(self._beats.drift_max, drift)
                look = await self._seen(spot, datetime.fromtimestamp(due, UTC))
            if look is not None:
                self._beats.line_down += not look.line
                self._looks.append(look)
        finally:
            self._busy.discard(spot.key)

    async def _second(self, wanted: Second) -> None:
        """From the second vantage at once; from the same one after a moment."""
        try:
            spot = wanted.spot
            if spot.second is not None:
                spot = replace(spot, target=replace(spot.target, vantage=spot.second))
            else:
                await asyncio.sleep(self.second_after / self.timing.rate)
            look = await self._seen(spot, self.timing.moment())
            if look is not None:
                self._looks.append(replace(look, spot=wanted.spot, second=wanted))
        finally:
            self._pending.discard((wanted.spot.key, wanted.check, wanted.locator_key))

    async def _seen(self, spot: Spot, due: datetime) -> Look | None:
        """One look, believed only while the line is proved alive; None when the stop cut it short."""
        moment = self.timing.moment
        started = moment()
        vantage = spot.target.vantage
        try:
            if spot.target.address:
                self.gateway.permit(spot.target.address, spot.target.port)
            if not await self.lines.up(vantage, self.gateway):
                return Look(spot, due, started, moment(), [], line=False)
            results = await self._asked(spot)
            asked = asyncio.get_running_loop().time()
            if any(map(_in_doubt, results)) and not await self.lines.up(
                vantage, self.gateway, since=asked
            ):
                return Look(spot, due, started, moment(), [], line=False)
        except GatewayError as error:
            results = [Result({}, error.failed)]
        except Stopped:
            return None
        if self.gateway.stopped:
            return None
        return Look(spot, due, started, moment(), results, self.probes[spot.probe].version)

    async def _asked(self, spot: Spot) -> list[Result]:
        results: list[Result] = []
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                async for result in self.probes[spot.probe].run(spot.target, self.gateway):
                    results.append(result)
        except TimeoutError:
            results.append(Result({}, Failed(Reason.TIMEOUT, "look")))
        except (Stopped, GatewayError):
            raise
        except Exception as error:  # a probe's fault must not end the watch
            text = f"{type(error).__name__}: {error}"[:300]
            results.append(Result({}, Failed(Reason.BUG_IN_PROBE, text)))
        return results

    async def _flush_all_the_time(self) -> None:
        while not self._stopped:
            await asyncio.sleep(self.pace.flush_seconds)
            await self._flush()
        await self._flush()

    async def _flush(self) -> None:
        looks, self._looks = self._looks, []
        beats, self._beats = self._beats, Beats()
        try:
            wanted = await self.in_db(self.keep, looks, beats, self.timing.moment())
        except Exception as error:  # a store that is busy or full: what was seen waits for it
            self._kept_waiting(looks, beats, error)
            return
        self._failures = 0
        for second in wanted:
            key = (second.spot.key, second.check, second.locator_key)
            if key not in self._pending and not self._stopped:
                self._pending.add(key)
                self._start(self._second(second))

    def _kept_waiting(self, looks: list[Look], beats: Beats, error: Exception) -> None:
        """Try again with the next batch; given up only when it fails again and again."""
        self._failures += 1
        self.tell(
            _("监测结果入库失败（{error}），稍后再试").format(
                error=f"{type(error).__name__}: {error}"
            )
        )
        if self._failures < MAX_FAILURES:
            self._looks = looks + self._looks
            self._beats.add(beats)
        else:
            self._failures = 0
            self.tell(_("丢弃 {n} 次监测结果").format(n=len(looks)))


def _in_doubt(result: Result) -> bool:
    """Whether a dead line of ours would look the same."""
    if not isinstance(result.attempt, Done):
        return True
    facts = result.attempt.facts
    visit, port, led = (getattr(facts, name, None) for name in ("visit", "port", "led"))
    return bool(
        (visit is not None and not visit.opened)
        or (port is not None and port.state == "silent")
        or (led is not None and not led.answered)
    )
