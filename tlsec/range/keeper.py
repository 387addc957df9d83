"""The range's process: opens the city, listens on the control socket, ends without a trace."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tlsec.i18n import _
from tlsec.range import receipts, state
from tlsec.range.ca import Authority
from tlsec.range.city import City, load
from tlsec.range.state import AddressTaken, AlreadyUp, RangeError, RangeState, UnknownTrouble
from tlsec.range.streets import Streets
from tlsec.range.troubles import all_troubles, built_in, find, with_troubles

# Added to every port, so that no privilege is needed. Several, so that two workspaces can each
# have their range; no two ports of one address lie a multiple of the step apart.
PORT_SHIFTS = range(20000, 30000, 700)
_WATCH_SECONDS = 0.5
_LONGEST_ORDER = 4096


class Keeper:
    """One running range."""

    def __init__(self, data_dir: Path, port_shift: int | None) -> None:
        self._data = data_dir
        self._shifts = PORT_SHIFTS if port_shift is None else (port_shift,)
        self._started = datetime.now(UTC)
        self._authority = Authority(self._started)
        self._broken = set(built_in())
        self._switching = asyncio.Lock()
        self._over = asyncio.Event()
        self._control: asyncio.Server | None = None
        self._streets = Streets(self._authority, self._shifts[0])
        self._port_shift = self._shifts[0]

    async def open(self) -> RangeState:
        """Everything up and written down. RangeError when that cannot be; then call `close`."""
        folder = state.folder(self._data)
        for name in ("range.json", "control.sock", "ca.pem"):
            (folder / name).unlink(missing_ok=True)
        city = self._city(self._broken)
        await self._open_streets(city)
        (folder / "ca.pem").write_bytes(self._authority.root_pem)
        receipts.write(self._data / "receipts", city, datetime.now(UTC))
        self._control = await asyncio.start_unix_server(
            self._order, sock=_control_socket(folder), limit=_LONGEST_ORDER
        )
        now = self.state()
        state.write(self._data, now)
        return now

    async def _open_streets(self, city: City) -> None:
        for last, shift in zip(
            [*[False] * (len(self._shifts) - 1), True], self._shifts, strict=True
        ):
            self._port_shift = shift
            self._streets = Streets(self._authority, shift)
            try:
                await self._streets.match(city)
                return
            except AddressTaken:
                await self._streets.close()
                if last:
                    raise

    async def close(self) -> None:
        """Close every socket and remove every file but the receipts."""
        if self._control is not None:
            self._control.close()
        await self._streets.close()
        state.clear(self._data)

    def end(self) -> None:
        """Ask the range to end; `watch` returns soon after."""
        self._over.set()

    async def watch(self) -> None:
        """Wait for the end: `end` was called, or the workspace's folder is gone."""
        folder = state.folder(self._data)
        inode = folder.stat().st_ino
        day = receipts.day(datetime.now(UTC))
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), _WATCH_SECONDS)
            try:
                if folder.stat().st_ino != inode:
                    return
            except OSError:
                return
            now = datetime.now(UTC)
            if receipts.day(now) != day:
                day = receipts.day(now)
                receipts.write(self._data / "receipts", self._city(self._broken), now)

    def state(self) -> RangeState:
        pid = os.getpid()
        return RangeState(
            pid=pid,
            birth=state.birth_of(pid) or 0,
            port_shift=self._port_shift,
            started=self._started,
            ca=state.folder(self._data) / "ca.pem",
            servers=len(self._streets),
            connections=self._streets.tally.total,
            memory=state.memory_of_self(),
            troubles={each.name: each.name in self._broken for each in all_troubles()},
        )

    def _city(self, broken: set[str]) -> City:
        return with_troubles(load(), [each for each in all_troubles() if each.name in broken])

    async def _switch(self, name: str, broken: bool) -> None:
        try:
            trouble = find(name)
        except KeyError:
            raise UnknownTrouble(name) from None
        async with self._switching:
            wanted = self._broken | {trouble.name} if broken else self._broken - {trouble.name}
            try:
                city = self._city(wanted)
            except (KeyError, ValueError) as error:
                raise RangeError(
                    _("{name} 与已有的故障冲突，请先修复其中之一").format(name=trouble.name)
                ) from error
            try:
                await self._streets.match(city)
            except RangeError:
                await self._streets.match(self._city(self._broken))
                raise
            receipts.write(self._data / "receipts", city, datetime.now(UTC))
            self._broken = wanted

    async def _order(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One JSON line in, one out."""
        with contextlib.suppress(OSError, TimeoutError, asyncio.LimitOverrunError, ValueError):
            async with asyncio.timeout(20):
                answer = await self._obey(json.loads(await reader.readline() or b"{}"))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _obey(self, order: Any) -> dict[str, Any]:
        try:
            match order:
                case {"do": "status"}:
                    pass
                case {"do": "switch", "name": str(name), "broken": bool(broken)}:
                    await self._switch(name, broken)
                case {"do": "down"}:
                    self.end()
                case _:
                    raise RangeError(_("听不懂的指令"))
        except RangeError as error:
            return {"error": str(error), "kind": type(error).__name__}
        return {"state": self.state().as_json()}


def _control_socket(folder: Path) -> socket.socket:
    """Bound below /proc/self/fd: a socket's path holds 107 bytes only, a workspace's may be longer."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with state.opened(folder) as descriptor:
        sock.bind(f"/proc/self/fd/{descriptor}/control.sock")
    sock.listen(8)
    sock.setblocking(False)
    return sock


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One range a workspace, whoever starts them at the same time."""
    with state.opened(folder) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyUp(_("靶场已在运行")) from None
        yield


async def _live(data_dir: Path, port_shift: int | None, ready_fd: int) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_unhandled)
    keeper = Keeper(data_dir, port_shift)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, keeper.end)
    try:
        opened = await keeper.open()
        if _say(ready_fd, {"state": opened.as_json()}):
            await keeper.watch()
    finally:
        await keeper.close()


def _unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if not isinstance(context.get("exception"), OSError):  # what visitors do is no fault of ours
        loop.default_exception_handler(context)


def _say(ready_fd: int, message: dict[str, Any]) -> bool:
    """False when whoever started the range is gone: nobody would know of it, so it must not stay."""
    try:
        os.write(ready_fd, json.dumps(message).encode() + b"\n")
    except BrokenPipeError:
        return False
    finally:
        os.close(ready_fd)
    return True


def run(data_dir: Path, port_shift: int | None, ready_fd: int) -> int:
    """Be the range until told to end. Says on `ready_fd`, in one JSON line, how the start went."""
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL)
    os.umask(0o077)
    try:
        with _alone(state.folder(data_dir)):
            asyncio.run(_live(data_dir, port_shift, ready_fd))
    except RangeError as error:
        _say(ready_fd, {"error": str(error), "kind": type(error).__name__})
        return 3
    except OSError as error:  # a full disk, a folder that cannot be written
        text = _("靶场没有启动：{why}").format(why=error)
        _say(ready_fd, {"error": text, "kind": RangeError.__name__})
        return 3
    return 0
