"""What every server stands on: its place in the city, its certificate, its counters."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from tlsec.range.ca import Authority, Identity
from tlsec.range.city import City, Host, Service

Stop: TypeAlias = Callable[[], Awaitable[None]]
Talk: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

TALK_SECONDS = 30.0  # no conversation with a plain server lasts longer


@dataclass
class Tally:
    """Connections and datagrams served since the start, by "address:port" on paper."""

    served: dict[str, int] = field(default_factory=dict)

    def add(self, place: str) -> None:
        self.served[place] = self.served.get(place, 0) + 1

    @property
    def total(self) -> int:
        return sum(self.served.values())


@dataclass(frozen=True, slots=True)
class Ground:
    """One service of one host, in the city as it stands now."""

    city: City
    host: Host
    service: Service
    authority: Authority
    tally: Tally
    port_shift: int

    @property
    def place(self) -> str:
        return f"{self.host.address}:{self.service.port}"

    def count(self) -> None:
        self.tally.add(self.place)

    def identity(self) -> Identity:
        """A certificate as the service's `tls` asks for. Only for services that have one."""
        tls = self.service.tls
        if tls is None:
            raise ValueError(self.place)
        own = [self.city.full_name(self.host), self.host.address]
        names = tls.names or [name for name in own if name]
        return self.authority.issue(names, days=tls.days, age=tls.age, self_signed=tls.self_signed)


async def serve_streams(sock: socket.socket, ground: Ground, talk: Talk) -> Stop:
    """Hold `talk` with everyone who connects; ends each conversation in time and at the stop."""
    open_now: set[asyncio.Task[None]] = set()

    async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ground.count()
        task = asyncio.current_task()
        if task is not None:
            open_now.add(task)
            task.add_done_callback(open_now.discard)
        try:
            async with asyncio.timeout(TALK_SECONDS):
                await talk(reader, writer)
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the visitor left, fell silent or spoke nonsense
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    server = await asyncio.start_server(conversation, sock=sock, limit=2**16)

    async def stop() -> None:
        server.close()
        for task in list(open_now):
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)

    return stop
