"""Between listeners and the register: what came in and waits to be stored, bounded in number and bytes."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime

from tlsec.ingest.limits import Listening
from tlsec.ingest.tail import Mark


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it came. `id`: of a signed delivery. `mark`: where its file goes on.

    `done` is set by the register: True once it is stored, an exception when it cannot be.
    """

    source: str
    raw: bytes
    received: datetime
    sender: str = ""
    id: str = ""
    mark: Mark | None = None
    done: asyncio.Future[bool] | None = None


class Inbox:
    """First in, first out. Streams wait while it is full; datagrams that find it full are counted lost."""

    def __init__(self, limits: Listening) -> None:
        self._limits = limits
        self._waiting: deque[Delivery] = deque()
        self._bytes = 0
        self._filled, self._room = asyncio.Event(), asyncio.Event()
        self._closed = False
        self._lost: Counter[str] = Counter()
        self._room.set()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def busy(self) -> bool:
        """Whether something waits, or the end was asked for."""
        return bool(self._waiting) or self._closed

    def offer(self, delivery: Delivery) -> bool:
        """Take a datagram, or count it lost."""
        if self._full():
            self._lost[delivery.source] += 1
            return False
        self._add(delivery)
        return True

    async def put(self, delivery: Delivery) -> None:
        """Take a message of a stream, when there is room: its sender is not read from meanwhile."""
        while self._full():
            self._room.clear()
            await self._room.wait()
        self._add(delivery)

    async def batch(self) -> list[Delivery]:
        """What waits, at most a batch, a moment after the first came; empty once closed and empty."""
        while not self._waiting and not self._closed:
            self._filled.clear()
            await self._filled.wait()
        if len(self._waiting) < self._limits.batch_events and not self._closed:
            await asyncio.sleep(self._limits.batch_wait_ms / 1000)
        found = [
            self._waiting.popleft()
            for _n in range(min(len(self._waiting), self._limits.batch_events))
        ]
        self._bytes -= sum(len(one.raw) for one in found)
        if not self._full():
            self._room.set()
        return found

    def lost(self) -> dict[str, int]:
        """What was lost since this was last asked, by source."""
        lost, self._lost = dict(self._lost), Counter()
        return lost

    def close(self) -> None:
        """Nothing more comes: `batch` gives out what waits without delay, then nothing."""
        self._closed = True
        self._filled.set()

    def _full(self) -> bool:
        return (
            len(self._waiting) >= self._limits.queued_events
            or self._bytes >= self._limits.queued_bytes
        )

    def _add(self, delivery: Delivery) -> None:
        self._waiting.append(delivery)
        self._bytes += len(delivery.raw)
        self._filled.set()
