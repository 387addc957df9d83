"""How the gateway keeps pace: token bucket, stop switch, quiet hours. Opens nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from types import TracebackType

from tlsec.facts import Scope

LOCAL = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991


class Stopped(Exception):
    """The stop switch was pulled; nothing more is sent."""


@dataclass(slots=True)
class Bucket:
    """Token bucket: `rate` starts a second, bursts of a tenth of it.

    Each caller takes its token at once, on credit if need be, and waits until that token exists:
    any number of waiters keep their order and the rate.
    """

    rate: float
    tokens: float = 1.0
    at: float | None = None

    def delay(self, now: float) -> float:
        """Take one token at monotonic time `now`; seconds to wait before using it."""
        if self.at is not None:
            burst = max(1.0, self.rate / 10)
            self.tokens = min(burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        self.tokens -= 1.0
        return 0.0 if self.tokens >= 0 else -self.tokens / self.rate


@dataclass(slots=True)
class StopSwitch:
    """Ends every wait of one event loop at once. `pull` may be called from any thread."""

    pulled: bool = False
    _limits: set[Limit] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop | None = None

    def pull(self) -> None:
        self.pulled = True
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_waits)

    def limit(self, seconds: float | None) -> Limit:
        """`async with`: TimeoutError after `seconds`, Stopped as soon as the switch is pulled."""
        return Limit(self, seconds)

    async def sleep(self, seconds: float | None) -> None:
        """Sleep, or without end for None; Stopped when the switch is pulled meanwhile."""
        async with self.limit(None):
            if seconds is None:
                await asyncio.get_running_loop().create_future()
            else:
                await asyncio.sleep(seconds)

    def _end_waits(self) -> None:
        for limit in list(self._limits):
            limit.expire()


class Limit:
    """A time limit that the stop switch can bring forward to now."""

    __slots__ = ("_seconds", "_switch", "_timeout")

    def __init__(self, switch: StopSwitch, seconds: float | None) -> None:
        self._switch = switch
        self._seconds = seconds

    def expire(self) -> None:
        if not self._timeout.expired():
            self._timeout.reschedule(0)  # a moment long past: the next turn of the loop

    async def __aenter__(self) -> None:
        if self._switch.pulled:
            raise Stopped
        self._switch._loop = asyncio.get_running_loop()
        self._timeout = asyncio.timeout(self._seconds)
        await self._timeout.__aenter__()
        self._switch._limits.add(self)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._switch._limits.discard(self)
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            if self._switch.pulled:
                raise Stopped from None
            raise


def quiet(scope: Scope, now: datetime) -> bool:
    """Whether `now` lies in the scope's quiet hours, which are wall-clock times of Asia/Shanghai.

    A range whose end is not after its start runs over midnight.
    """
    clock = now.astimezone(LOCAL).time()
    return any(
        start <= clock < end if start <= end else clock >= start or clock < end
        for start, end in scope.quiet_hours
    )
