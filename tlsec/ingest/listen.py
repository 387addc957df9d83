"""Listeners for syslog by UDP, TCP and TLS. Bounded in lines, connections and time; only named addresses."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tlsec.i18n import _
from tlsec.ingest.frames import Frames
from tlsec.ingest.inbox import Delivery, Inbox
from tlsec.ingest.limits import Limits
from tlsec.ingest.reading import address_of
from tlsec.ingest.settings import Listener, SourceSettings, source_of
from tlsec.marked_yaml import Fault, Faulty

_CHUNK = 65_536
_RECEIVE_BUFFER = 8 * 2**20  # of the kernel, for bursts of datagrams
_HANDSHAKE_SECONDS = 10


class CannotListen(Exception):
    """An address that cannot be had; the text is for the user."""


class Listening:
    """What all listeners share. `clock` gives the time of receipt."""

    def __init__(
        self,
        inbox: Inbox,
        sources: Mapping[str, SourceSettings],
        limits: Limits,
        clock: Callable[[], datetime],
    ) -> None:
        self.inbox, self.sources, self.limits, self.clock = inbox, sources, limits, clock
        self.strangers: Counter[str] = Counter()  # refused senders, by listener
        self._closers: list[Callable[[], Awaitable[None]]] = []

    async def open(self, listener: Listener, root: Path) -> None:
        """Begin to listen. Raises CannotListen, or Faulty for certificates that cannot be read."""
        try:
            if listener.kind == "syslog-udp":
                await self._open_udp(listener)
            else:
                await self._open_stream(listener, context(listener, root))
        except OSError as error:
            text = _("不能监听 {name}（{error}）")
            raise CannotListen(text.format(name=listener.name, error=error.strerror)) from error

    def closes(self, close: Callable[[], Awaitable[None]]) -> None:
        self._closers.append(close)

    async def close(self) -> None:
        """Stop listening. What was received stays in the inbox."""
        for close in self._closers:
            await close()

    def source(self, listener: Listener, sender: str) -> str | None:
        """The source of a peer; a stranger is counted and gets None."""
        found = source_of(listener, self.sources, sender) if sender else None
        if found is None:
            self.strangers[listener.name] += 1
        return found

    async def _open_udp(self, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in listener.address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        try:
            sock.bind((listener.address, listener.port))
        except OSError:
            sock.close()
            raise
        transport, _protocol = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self, listener), sock=sock
        )

        async def close() -> None:
            transport.close()

        self.closes(close)

    async def _open_stream(self, listener: Listener, tls: ssl.SSLContext | None) -> None:
        streams = _Streams(self, listener)
        extra: dict[str, Any] = (
            {"ssl": tls, "ssl_handshake_timeout": _HANDSHAKE_SECONDS} if tls else {}
        )
        server = await asyncio.start_server(
            streams.serve, listener.address, listener.port, limit=_CHUNK, **extra
        )

        async def close() -> None:
            server.close()
            await streams.end()

        self.closes(close)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, shared: Listening, listener: Listener) -> None:
        self._shared, self._listener = shared, listener

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        sender = address_of(addr[0])
        source = self._shared.source(self._listener, sender)
        if source is not None:
            self._shared.inbox.offer(Delivery(source, data, self._shared.clock(), sender))


class _Streams:
    """The connections of one listener."""

    def __init__(self, shared: Listening, listener: Listener) -> None:
        self._shared, self._listener = shared, listener
        self._open: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # called by the server in a task of its own
        sender = address_of((writer.get_extra_info("peername") or ("",))[0])
        source = self._shared.source(self._listener, sender)
        limits = self._shared.limits.listening
        full = self._open.total() >= limits.connections
        if source is None or full or self._open[sender] >= limits.connections_per_sender:
            writer.close()
            return
        self._open[sender] += 1
        self._tasks.add(task)
        try:
            await self._read(reader, source, sender)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the peer is gone; what it sent whole was taken
        finally:
            self._tasks.discard(task)
            self._open[sender] -= 1
            if not self._open[sender]:
                del self._open[sender]
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, source: str, sender: str) -> None:
        frames = Frames(self._shared.limits.reading.line_bytes)
        idle = self._shared.limits.listening.idle_seconds
        try:
            while True:
                async with asyncio.timeout(idle):
                    data = await reader.read(_CHUNK)
                if not data:
                    break
                for message in frames.feed(data):
                    await self._take(source, message, sender)
        except TimeoutError:
            pass  # too long without a word
        finally:
            for message in frames.end():
                self._shared.inbox.offer(Delivery(source, message, self._shared.clock(), sender))

    async def _take(self, source: str, message: bytes, sender: str) -> None:
        await self._shared.inbox.put(Delivery(source, message, self._shared.clock(), sender))

    async def end(self) -> None:
        """Read what the kernel still holds of each connection, for a moment; then end them."""
        if not self._tasks:
            return
        _done, going = await asyncio.wait(self._tasks, timeout=0.2)
        for task in going:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*going, return_exceptions=True)


def context(listener: Listener, root: Path) -> ssl.SSLContext | None:
    """The TLS of a listener; None for one without. Raises Faulty for files that cannot be used."""
    if not listener.certificate or listener.kind == "syslog-tcp":
        return None
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        tls.load_cert_chain(
            root / listener.certificate, root / (listener.key or listener.certificate)
        )
        if listener.clients:
            tls.load_verify_locations(root / listener.clients)
            tls.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        text = _("{name} 的证书或密钥不能用（{error}）").format(name=listener.name, error=error)
        raise Faulty([Fault("ingest.yaml", text)]) from error
    return tls
