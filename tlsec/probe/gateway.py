"""The only place that opens a socket: scope guard, rates, connection limits, stop switch, traffic counts.

Addresses are paper addresses (what the inventory says). `translate` turns one into the pair that is
dialled; it is the identity in a real city and a mapping to loopback in the practice range.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from tlsec.facts import Failed, Reason, Scope, Traffic, Vantage

Translate: TypeAlias = Callable[[str, int], tuple[str, int]]
Now: TypeAlias = Callable[[], datetime]


class GatewayError(Exception):
    """A connection that did not come about, already translated to a reason of the closed list."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.failed = Failed(reason, detail)


class Stopped(Exception):
    """The stop switch was pulled; nothing more is sent."""


_ERRNO = {
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.ECONNRESET: Reason.PROTOCOL,
    errno.EPIPE: Reason.PROTOCOL,
    errno.ETIMEDOUT: Reason.TIMEOUT,
    errno.EACCES: Reason.ACCESS_DENIED,
    errno.EPERM: Reason.ACCESS_DENIED,
    errno.EHOSTUNREACH: Reason.UNREACHABLE,
    errno.ENETUNREACH: Reason.UNREACHABLE,
    errno.EADDRNOTAVAIL: Reason.LOST,
}


def translate_error(error: BaseException) -> GatewayError:
    """One place that turns what the system raises into a reason."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, TimeoutError):
        return GatewayError(Reason.TIMEOUT)
    if isinstance(error, OSError):
        return GatewayError(_ERRNO.get(error.errno or 0, Reason.UNREACHABLE), error.strerror or "")
    return GatewayError(Reason.BUG_IN_PROBE, type(error).__name__)


@dataclass
class Stream:
    """One connection with capped, timed reads."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    _count: Callable[[int], None]

    async def send(self, data: bytes, timeout: float = 5.0) -> None:
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), timeout)
        except (TimeoutError, OSError) as error:
            raise translate_error(error) from error

    async def receive(self, limit: int, timeout: float = 5.0) -> bytes:
        """Up to `limit` bytes, as soon as any arrive; b"" at the end of the stream."""
        try:
            data = await asyncio.wait_for(self.reader.read(limit), timeout)
        except (TimeoutError, OSError) as error:
            raise translate_error(error) from error
        self._count(len(data))
        return data

    def abort(self) -> None:
        self.writer.transport.abort()


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave to open sockets to one place, for a client that dials by itself (aiohttp)."""

    dial: str
    port: int
    source: tuple[str, int] | None
    _counts: list[int]

    def open_socket(self, family: int, sockaddr: Sequence[object]) -> socket.socket:
        """A fresh TCP socket, sent from the vantage's address. Any other peer is out of scope."""
        if (sockaddr[0], sockaddr[1]) != (self.dial, self.port):
            raise GatewayError(Reason.OUT_OF_SCOPE, str(sockaddr[0]))
        self._counts[0] += 1
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        if self.source:
            try:
                sock.bind(self.source)
            except OSError:
                sock.close()
                raise
        return sock

    def received(self, size: int) -> None:
        """Count bytes read."""
        self._counts[2] += size


@dataclass
class _Bucket:
    """Token bucket: `rate` starts a second, bursts of a tenth of it."""

    rate: float
    tokens: float = 1.0
    at: float = 0.0

    def delay(self, now: float) -> float:
        if self.at:
            self.tokens = min(max(1.0, self.rate / 10), self.tokens + (now - self.at) * self.rate)
        self.at = now
        self.tokens -= 1.0
        return 0.0 if self.tokens >= 0 else -self.tokens / self.rate


@dataclass
class Gateway:
    """Opens connections inside a live scope only. One gateway a run."""

    scopes: Sequence[Scope]
    now: Now
    translate: Translate = lambda address, port: (address, port)
    on_refusal: Callable[[str, int, str], None] = lambda address, port, why: None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _hosts: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _traffic: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))

    def stop(self) -> None:
        """Pull the stop switch: waiting starts are cancelled, nothing more is sent."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def traffic(self) -> list[Traffic]:
        return [Traffic(address, *counts) for address, counts in sorted(self._traffic.items())]

    def permit(self, address: str, port: int) -> Scope:
        """The live scope that covers the address, or GatewayError(out_of_scope)."""
        ip = ipaddress.ip_address(address)
        now = self.now()
        why = "没有覆盖该地址的授权范围"
        for scope in self.scopes:
            if not any(ip.version == block.version and ip in block for block in scope.blocks):
                continue
            if any(ip.version == block.version and ip in block for block in scope.excluded):
                why = "该地址明令不得探测"
                break
            if not scope.valid_from <= now < scope.until:
                why = "授权不在有效期内"
                continue
            if _quiet(scope, now):
                why = "处于静默时段"
                continue
            return scope
        self._traffic[address][3] += 1
        self.on_refusal(address, port, why)
        raise GatewayError(Reason.OUT_OF_SCOPE, why)

    @contextlib.asynccontextmanager
    async def _turn(self, address: str, port: int) -> AsyncIterator[tuple[str, int]]:
        """Wait for permission, the host's turn and the scope's rate; yields what to dial."""
        if self.stopped:
            raise Stopped
        scope = self.permit(address, port)
        host = self._hosts.setdefault(address, asyncio.Semaphore(scope.connections_per_host))
        async with host:
            bucket = self._buckets.setdefault(scope.id, _Bucket(scope.rate_per_second))
            delay = bucket.delay(asyncio.get_running_loop().time())
            if delay > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), delay)
            if self.stopped:
                raise Stopped
            yield self.translate(address, port)

    @contextlib.asynccontextmanager
    async def turn(self, address: str, port: int, vantage: Vantage) -> AsyncIterator[Turn]:
        """The turn of a client that dials by itself; sockets may be opened until the end."""
        async with self._turn(address, port) as (dial, dial_port):
            source = self._source(vantage, dial)
            yield Turn(dial, dial_port, source, self._traffic[address])

    async def stopping(self) -> None:
        """Returns when the stop switch is pulled."""
        await self._stop.wait()

    @contextlib.asynccontextmanager
    async def connect(
        self, address: str, port: int, vantage: Vantage, timeout: float = 3.0
    ) -> AsyncIterator[Stream]:
        """A TCP connection, closed hard at the end. GatewayError when it does not come about."""
        async with self._turn(address, port) as (dial, dial_port):
            counts = self._traffic[address]
            counts[0] += 1
            try:
                reader, writer = await asyncio.wait_for(
                    asyncio.open_connection(
                        dial, dial_port, local_addr=self._source(vantage, dial), limit=2**16
                    ),
                    timeout,
                )
            except (TimeoutError, OSError) as error:
                raise translate_error(error) from error

            def count(n: int) -> None:
                counts[2] += n

            stream = Stream(reader, writer, count)
            try:
                yield stream
            finally:
                stream.abort()

    async def port_state(
        self, address: str, port: int, vantage: Vantage, timeout: float = 1.0
    ) -> Literal["open", "closed", "no_answer"]:
        """One TCP connect, cheaper than `connect`. GatewayError for anything but the three answers."""
        async with self._turn(address, port) as (dial, dial_port):
            self._traffic[address][0] += 1
            family = socket.AF_INET6 if ":" in dial else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setblocking(False)
                # RST instead of FIN: no TIME_WAIT left on either side
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                if source := self._source(vantage, dial):
                    sock.bind(source)
                loop = asyncio.get_running_loop()
                await asyncio.wait_for(loop.sock_connect(sock, (dial, dial_port)), timeout)
            except TimeoutError:
                return "no_answer"
            except ConnectionRefusedError:
                return "closed"
            except OSError as error:
                raise translate_error(error) from error
            finally:
                sock.close()
            return "open"

    async def datagram(
        self, address: str, port: int, payload: bytes, vantage: Vantage, timeout: float = 2.0
    ) -> bytes:
        """Send one UDP datagram and wait for one from the same peer."""
        async with self._turn(address, port) as (dial, dial_port):
            counts = self._traffic[address]
            counts[1] += 1
            family = socket.AF_INET6 if ":" in dial else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_DGRAM)
            try:
                sock.setblocking(False)
                if source := self._source(vantage, dial):
                    sock.bind(source)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(sock, (dial, dial_port))
                await loop.sock_sendall(sock, payload)
                data = await asyncio.wait_for(loop.sock_recv(sock, 65535), timeout)
            except (TimeoutError, OSError) as error:
                raise translate_error(error) from error
            finally:
                sock.close()
            counts[2] += len(data)
            return data

    def _source(self, vantage: Vantage, dial: str) -> tuple[str, int] | None:
        if not vantage.source or (":" in dial) != (":" in vantage.source):
            return None
        return self.translate(vantage.source, 0)[0], 0


def _quiet(scope: Scope, now: datetime) -> bool:
    clock = now.time()
    for start, end in scope.quiet_hours:
        inside = start <= clock < end if start <= end else clock >= start or clock < end
        if inside:
            return True
    return False
