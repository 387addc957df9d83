"""Servers that misbehave on purpose, on loopback, inside the test's own event loop.

    async with hostile.silent() as (host, port): ...

Each accepts any number of connections and counts them in `Hostile.connections`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Talk: TypeAlias = Callable[[Reader, Writer], Awaitable[None]]


@dataclass
class Hostile:
    """Where the server listens; unpacks to (host, port)."""

    host: str
    port: int
    connections: int = 0

    def __iter__(self) -> Iterator[str | int]:
        return iter((self.host, self.port))


Server: TypeAlias = contextlib.AbstractAsyncContextManager[Hostile]


@contextlib.asynccontextmanager
async def serve(talk: Talk, host: str = "127.0.0.1") -> AsyncIterator[Hostile]:
    """A server that holds `talk` with everybody who connects."""
    hostile = Hostile(host, 0)
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: Reader, writer: Writer) -> None:
        hostile.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await talk(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(handle, host, 0)
    hostile.port = server.sockets[0].getsockname()[1]
    try:
        yield hostile
    finally:
        server.close()
        await asyncio.sleep(0.001)  # those just accepted begin, so that they can be ended properly
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def silent(host: str = "127.0.0.1") -> Server:
    """Accepts, reads, and never says a word."""

    async def talk(reader: Reader, writer: Writer) -> None:
        while await reader.read(65536):
            pass

    return serve(talk, host)


def drip(
    data: bytes = b"\x16\x03\x03" + b"A" * 60, every: float = 1.0, first: float = 0.0
) -> Server:
    """Says one byte of `data` every `every` seconds."""

    async def talk(reader: Reader, writer: Writer) -> None:
        await asyncio.sleep(first)
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(every)

    return serve(talk)


def garbage(block: bytes = bytes(range(256)) * 64) -> Server:
    """Talks endlessly and never listens."""

    async def talk(reader: Reader, writer: Writer) -> None:
        while True:
            writer.write(block)
            await writer.drain()

    return serve(talk)


def reset(after: int = 1) -> Server:
    """Resets the connection (RST) once it has read `after` bytes."""

    async def talk(reader: Reader, writer: Writer) -> None:
        if after:
            await reader.readexactly(after)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return serve(talk)


def closing() -> Server:
    """Closes every connection at once, without a word."""

    async def talk(reader: Reader, writer: Writer) -> None:
        await reader.read(1)

    return serve(talk)


def answer(data: bytes, *, keep_open: bool = True) -> Server:
    """Answers the first bytes with `data`, whatever they were."""

    async def talk(reader: Reader, writer: Writer) -> None:
        if await reader.read(65536):
            writer.write(data)
            await writer.drain()
            if keep_open:
                await reader.read(1)

    return serve(talk)


def greeting(data: bytes) -> Server:
    """Speaks first: says `data`, then listens."""

    async def talk(reader: Reader, writer: Writer) -> None:
        writer.write(data)
        await writer.drain()
        while await reader.read(65536):
            pass

    return serve(talk)


@contextlib.contextmanager
def unanswered_port(host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port that drops every SYN: its backlog is full, nobody accepts. Yields the port."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
        server.listen(0)
        port = server.getsockname()[1]
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((host, port))
        yield port
