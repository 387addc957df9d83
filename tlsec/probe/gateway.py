"""The only place that opens a socket: scope guard, rates, connection limits, stop switch, traffic counts.

Addresses are paper addresses (what the inventory says). `translate` turns one into the pair that is
dialled; it is the identity in a real city and a mapping to loopback in the practice range.
"""

# ruff: noqa: ASYNC109 - each of these maps the end of its own limit to a reason; callers must not

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
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Literal, TypeAlias

from tlsec.facts import Failed, Reason, Scope, Traffic, Vantage
from tlsec.i18n import _
from tlsec.probe.pace import Bucket, Limit, Stopped, StopSwitch, quiet

__all__ = [
    "Gateway",
    "GatewayError",
    "Now",
    "Stopped",
    "Stream",
    "Translate",
    "Turn",
    "translate_error",
]

Translate: TypeAlias = Callable[[str, int], tuple[str, int]]
Now: TypeAlias = Callable[[], datetime]

MAX_BYTES = 16 * 2**20  # of one connection, unless the caller sets another cap
MAX_SECONDS = 60.0
_RESET_ON_CLOSE = b"\x01\0\0\0\0\0\0\0"  # struct linger{1, 0}: RST, no TIME_WAIT on either side


class GatewayError(Exception):
    """A connection that did not come about, already translated to a reason of the closed list."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.failed = Failed(reason, detail)


_ERRNO = {
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.ECONNRESET: Reason.PROTOCOL,
    errno.ECONNABORTED: Reason.PROTOCOL,
    errno.EPIPE: Reason.PROTOCOL,
    errno.ETIMEDOUT: Reason.TIMEOUT,
    errno.EACCES: Reason.ACCESS_DENIED,
    errno.EPERM: Reason.ACCESS_DENIED,
    errno.EHOSTUNREACH: Reason.UNREACHABLE,
    errno.ENETUNREACH: Reason.UNREACHABLE,
    # our own machine's trouble says nothing about the target
    errno.EADDRNOTAVAIL: Reason.LOST,
    errno.EADDRINUSE: Reason.LOST,
    errno.EMFILE: Reason.LOST,
    errno.ENFILE: Reason.LOST,
    errno.ENOBUFS: Reason.LOST,
    errno.ENOMEM: Reason.LOST,
}


def translate_error(error: BaseException) -> GatewayError:
    """One place that turns what the system raises into a reason."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, TimeoutError):
        return GatewayError(Reason.TIMEOUT)
    if isinstance(error, OSError):
        reason = _ERRNO.get(error.errno or 0)
        why = error.strerror or str(error)
        if reason is Reason.LOST:
            return GatewayError(reason, _("本机无法发出连接：{why}").format(why=why))
        # a known reason says it all; only an unknown one needs the system's own words
        return GatewayError(reason) if reason else GatewayError(Reason.UNREACHABLE, why)
    return GatewayError(Reason.BUG_IN_PROBE, type(error).__name__)


@dataclass
class Stream:
    """One connection with timed reads, capped in bytes and in total time.

    `deadline` is the moment (of the loop's clock) after which nothing is sent or read any more.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    _count: Callable[[int], None]
    _limit: Callable[[float | None], Limit]
    deadline: float
    bytes_left: int

    async def send(self, data: bytes, timeout: float = 5.0) -> None:
        try:
            async with self._limit(self._left(timeout)):
                self.writer.write(data)
                await self.writer.drain()
        except (TimeoutError, OSError) as error:
            raise translate_error(error) from error

    async def receive(self, limit: int, timeout: float = 5.0) -> bytes:
        """Up to `limit` bytes, as soon as any arrive; b"" at the end of the stream.

        GatewayError(timeout) when nothing came in time or the connection's deadline passed,
        GatewayError(protocol) when the peer said more than the connection's cap.
        """
        try:
            async with self._limit(self._left(timeout)):
                data = await self.reader.read(limit)
        except (TimeoutError, OSError) as error:
            raise translate_error(error) from error
        self._count(len(data))
        self.bytes_left -= len(data)
        if self.bytes_left < 0:
            raise GatewayError(Reason.PROTOCOL, _("对方发来的数据超过上限"))
        return data

    def abort(self) -> None:
        self.writer.transport.abort()

    def _left(self, timeout: float) -> float:
        left = self.deadline - asyncio.get_running_loop().time()
        if left <= 0:
            raise GatewayError(Reason.TIMEOUT, _("超过本次连接的总时限"))
        return min(timeout, left)


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave to open sockets to one place, for a client that dials by itself (aiohttp)."""

    dial: str
    port: int
    source: tuple[str, int] | None
    _counts: list[int]
    limit: Callable[[float | None], Limit]  # `async with`: TimeoutError, or Stopped at once

    def open_socket(self, family: int, sockaddr: Sequence[object]) -> socket.socket:
        """A fresh TCP socket, sent from the vantage's address. Any other peer is out of scope."""
        if (sockaddr[0], sockaddr[1]) != (self.dial, self.port):
            raise GatewayError(Reason.OUT_OF_SCOPE, str(sockaddr[0]))
        self._counts[0] += 1
        return _open_socket(family, socket.SOCK_STREAM, self.source)

    def received(self, size: int) -> None:
        """Count bytes read."""
        self._counts[2] += size


@dataclass(eq=False)
class Gateway:
    """Opens connections inside a live scope only. One gateway a run, used from one event loop."""

    scopes: Sequence[Scope]
    now: Now
    translate: Translate = lambda address, port: (address, port)
    on_refusal: Callable[[str, int, str], None] = lambda address, port, why: None
    _switch: StopSwitch = field(default_factory=StopSwitch)
    _hosts: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _traffic: dict[str, list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0])
    )
    _heard: dict[str, float] = field(default_factory=dict)

    def stop(self) -> None:
        """Pull the stop switch, from any thread: every wait ends with Stopped, nothing more is sent."""
        self._switch.pull()

    @property
    def stopped(self) -> bool:
        return self._switch.pulled

    def traffic(self) -> list[Traffic]:
        return [Traffic(address, *counts) for address, counts in sorted(self._traffic.items())]

    def heard_within(self, vantage: Vantage, seconds: float) -> bool:
        """Whether any host answered a TCP connect from this vantage (open or closed) that lately."""
        at = self._heard.get(vantage.id)
        return at is not None and asyncio.get_running_loop().time() - at <= seconds

    def permit(self, address: str, port: int) -> Scope:
        """The live scope that covers the address, or GatewayError(out_of_scope).

        An exclusion in any scope outweighs a permission in another.
        """
        scope, why = self._scope_of(_parse(address), self.now())
        if scope:
            return scope
        self._traffic[_canonical(address)][3] += 1
        self.on_refusal(address, port, why)
        raise GatewayError(Reason.OUT_OF_SCOPE, why)

    def _scope_of(
        self, ip: IPv4Address | IPv6Address | None, now: datetime
    ) -> tuple[Scope | None, str]:
        if ip is None:
            return None, _("不是 IP 地址")
        if any(
            ip.version == block.version and ip in block for s in self.scopes for block in s.excluded
        ):
            return None, _("该地址明令不得探测")
        why = _("没有覆盖该地址的授权范围")
        for scope in self.scopes:
            if not any(ip.version == block.version and ip in block for block in scope.blocks):
                continue
            if not scope.valid_from <= now < scope.until:
                why = _("授权不在有效期内")
            elif quiet(scope, now):
                why = _("处于静默时段")
            else:
                return scope, ""
        return None, why

    @contextlib.asynccontextmanager
    async def _turn(self, address: str, port: int) -> AsyncIterator[tuple[str, int]]:
        """Wait for permission, the host's turn and the scope's rate; yields what to dial."""
        if self.stopped:
            raise Stopped
        if not 0 < port < 65536:
            raise GatewayError(Reason.UNREACHABLE, _("端口号无效"))
        scope = self.permit(address, port)
        key = _canonical(address)
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = asyncio.Semaphore(scope.connections_per_host)
        waited = host.locked()
        async with self._switch.limit(None):
            await host.acquire()
        try:
            bucket = self._buckets.get(scope.id)
            if bucket is None:
                rate = max(scope.rate_per_second, 0.001)
                bucket = self._buckets[scope.id] = Bucket(rate)
            delay = bucket.delay(asyncio.get_running_loop().time())
            if delay > 0:
                await self._switch.sleep(delay)
            if waited or delay > 0:
                self.permit(address, port)  # the scope may have ended while this one waited
            if self.stopped:
                raise Stopped
            try:
                dial = self.translate(address, port)
            except ValueError as error:  # the practice range has no such place
                raise GatewayError(Reason.OUT_OF_SCOPE, str(error)) from error
            yield dial
        finally:
            host.release()

    @contextlib.asynccontextmanager
    async def turn(self, address: str, port: int, vantage: Vantage) -> AsyncIterator[Turn]:
        """The turn of a client that dials by itself; sockets may be opened until the end."""
        async with self._turn(address, port) as (dial, dial_port):
            source = self._source(vantage, dial)
            counts = self._traffic[_canonical(address)]
            yield Turn(dial, dial_port, source, counts, self._switch.limit)

    async def stopping(self) -> None:
        """Returns when the stop switch is pulled."""
        with contextlib.suppress(Stopped):
            await self._switch.sleep(None)

    @contextlib.asynccontextmanager
    async def connect(
        self,
        address: str,
        port: int,
        vantage: Vantage,
        timeout: float = 3.0,
        *,
        max_bytes: int = MAX_BYTES,
        deadline: float = MAX_SECONDS,
    ) -> AsyncIterator[Stream]:
        """A TCP connection, closed hard at the end. GatewayError when it does not come about.

        `timeout` is for the connect; the whole conversation may take `deadline` seconds and bring
        `max_bytes` bytes.
        """
        async with self._turn(address, port) as (dial, dial_port):
            counts = self._traffic[_canonical(address)]
            counts[0] += 1
            try:
                async with self._switch.limit(timeout):
                    reader, writer = await asyncio.open_connection(
                        dial, dial_port, local_addr=self._source(vantage, dial), limit=2**16
                    )
            except (TimeoutError, OSError) as error:
                if isinstance(error, ConnectionRefusedError):
                    self._note_answer(vantage)
                raise translate_error(error) from error
            self._note_answer(vantage)
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

            def count(n: int) -> None:
                counts[2] += n

            end = asyncio.get_running_loop().time() + deadline
            stream = Stream(reader, writer, count, self._switch.limit, end, max_bytes)
            try:
                yield stream
            finally:
                stream.abort()

    async def port_state(
        self, address: str, port: int, vantage: Vantage, timeout: float = 1.0
    ) -> Literal["open", "closed", "no_answer"]:
        """One TCP connect, cheaper than `connect`. GatewayError for anything but the three answers."""
        async with self._turn(address, port) as (dial, dial_port):
            self._traffic[_canonical(address)][0] += 1
            try:
                with self._socket(socket.SOCK_STREAM, vantage, dial) as sock:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                    async with self._switch.limit(timeout):
                        await asyncio.get_running_loop().sock_connect(sock, (dial, dial_port))
            except TimeoutError:
                return "no_answer"
            except ConnectionRefusedError:
                self._note_answer(vantage)
                return "closed"
            except OSError as error:
                raise translate_error(error) from error
            self._note_answer(vantage)
            return "open"

    async def datagram(
        self, address: str, port: int, payload: bytes, vantage: Vantage, timeout: float = 2.0
    ) -> bytes:
        """Send one UDP datagram and wait for one from the same peer."""
        async with self._turn(address, port) as (dial, dial_port):
            counts = self._traffic[_canonical(address)]
            counts[1] += 1
            loop = asyncio.get_running_loop()
            try:
                with self._socket(socket.SOCK_DGRAM, vantage, dial) as sock:
                    async with self._switch.limit(timeout):
                        await loop.sock_connect(sock, (dial, dial_port))
                        await loop.sock_sendall(sock, payload)
                        data = await loop.sock_recv(sock, 65535)
            except (TimeoutError, OSError) as error:
                raise translate_error(error) from error
            counts[2] += len(data)
            return data

    def _socket(self, kind: int, vantage: Vantage, dial: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in dial else socket.AF_INET
        return _open_socket(family, kind, self._source(vantage, dial))

    def _note_answer(self, vantage: Vantage) -> None:
        self._heard[vantage.id] = asyncio.get_running_loop().time()

    def _source(self, vantage: Vantage, dial: str) -> tuple[str, int] | None:
        if not vantage.source or (":" in dial) != (":" in vantage.source):
            return None
        return self.translate(vantage.source, 0)[0], 0


@lru_cache(maxsize=4096)
def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    # ::ffff:192.0.2.1 reaches 192.0.2.1: it is judged as that address
    return ip.ipv4_mapped or ip if ip.version == 6 else ip


def _canonical(address: str) -> str:
    """One text an address, so that limits and counts cannot be split by spelling."""
    ip = _parse(address)
    return str(ip) if ip else address


def _open_socket(family: int, kind: int, source: tuple[str, int] | None) -> socket.socket:
    sock = socket.socket(family, kind)
    try:
        sock.setblocking(False)
        if source:
            sock.bind(source)
    except OSError:
        sock.close()
        raise
    return sock
