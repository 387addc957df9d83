"""Start, ask, switch and end a range from another process. Light: imports no server."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlsec.i18n import _, language
from tlsec.range import state
from tlsec.range.state import (
    AddressTaken,
    AlreadyUp,
    NotUp,
    RangeError,
    RangeState,
    UnknownTrouble,
)

if TYPE_CHECKING:
    from tlsec.range.troubles import Trouble

START_SECONDS = 30.0
_ERRORS = {each.__name__: each for each in (AddressTaken, AlreadyUp, NotUp, UnknownTrouble)}
_children: dict[int, subprocess.Popen[bytes]] = {}  # started by this process, to be reaped by it


def up(data_dir: Path, port_shift: int | None = None) -> RangeState:
    """Start the range of a workspace's data folder and wait until every server answers.

    `port_shift` is added to every port; None takes the first that is free. Raises AlreadyUp,
    AddressTaken (a given shift, or all, are in use) or RangeError with a sentence for a person.
    """
    data_dir = data_dir.resolve()
    running = state.read(data_dir)
    if running is not None:
        raise AlreadyUp(
            _("靶场已在运行（进程 {pid}），先运行：tlsec range down").format(pid=running.pid)
        )
    folder = state.folder(data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    ready, said = os.pipe()
    try:
        try:
            child = _spawn(data_dir, said, port_shift)
        finally:
            os.close(said)
        try:
            message = _first_line(ready)
        except BaseException:
            # Ctrl-C while it starts: nobody would know of it, so nobody would end it
            child.terminate()
            child.wait()
            state.clear(data_dir)
            raise
    finally:
        os.close(ready)
    if "state" in message:
        _children[child.pid] = child
        return state.from_json(message["state"])
    return _failed(data_dir, child, message)


def _spawn(data_dir: Path, said: int, port_shift: int | None) -> subprocess.Popen[bytes]:
    import tlsec

    home = str(Path(tlsec.__file__).resolve().parents[1])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    shift = [] if port_shift is None else [str(port_shift)]
    with (state.folder(data_dir) / "range.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-m", "tlsec.range", str(data_dir), str(said), *shift],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[said],
            start_new_session=True,
            cwd="/",
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(paths),
                "TLSEC_LANG": language(),
            },
        )


def _first_line(descriptor: int) -> dict[str, Any]:
    """The JSON line a starting range says; {} when it says nothing in time."""
    deadline = time.monotonic() + START_SECONDS
    text = b""
    while not text.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return {}
        part = os.read(descriptor, 65536)
        if not part:
            return {}
        text += part
    message: dict[str, Any] = json.loads(text)
    return message


def _failed(data_dir: Path, child: subprocess.Popen[bytes], message: dict[str, Any]) -> RangeState:
    child.kill()
    child.wait()
    error = _error(message)
    if isinstance(error, AlreadyUp):
        raise error
    last = ""
    with contextlib.suppress(FileNotFoundError):  # a range that ended by itself took it along
        log = state.folder(data_dir) / "range.log"
        last = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
    state.clear(data_dir)
    if "error" in message:
        raise error
    raise RangeError(_("靶场没有启动：{why}").format(why=last or _("启动超时")))


def _error(message: dict[str, Any]) -> RangeError:
    return _ERRORS.get(message.get("kind", ""), RangeError)(message.get("error", ""))


def down(data_dir: Path) -> bool:
    """End the range and wait until it is gone; also clears up after one that was killed.

    False when none was running.
    """
    data_dir = data_dir.resolve()
    running = state.read(data_dir)
    if running is not None:
        try:
            _ask(data_dir, {"do": "down"})
        except NotUp:
            _signal(running, signal.SIGTERM)
        if not _gone(running, 8.0):
            _signal(running, signal.SIGKILL)
            _gone(running, 3.0)
    state.clear(data_dir)
    return running is not None


def _signal(running: RangeState, number: signal.Signals) -> None:
    if state.birth_of(running.pid) == running.birth:
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, number)


def _gone(running: RangeState, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while state.birth_of(running.pid) == running.birth:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    child = _children.pop(running.pid, None)
    if child is not None:
        child.wait()
    return True


def status(data_dir: Path) -> RangeState | None:
    """The running range as it is now, or None."""
    data_dir = data_dir.resolve()
    if state.read(data_dir) is None:
        return None
    try:
        return _ask(data_dir, {"do": "status"})
    except NotUp:  # it ended in between
        return None


def switch(data_dir: Path, name: str | int, broken: bool) -> RangeState:
    """Break or mend one trouble, by name or number; it is so when this returns.

    Raises NotUp, UnknownTrouble, or RangeError when it clashes with what is already broken.
    """
    data_dir = data_dir.resolve()
    known = trouble(name)
    if state.read(data_dir) is None:
        raise NotUp(_("靶场没有运行，先运行：tlsec range up"))
    return _ask(data_dir, {"do": "switch", "name": known.name, "broken": broken})


def trouble(name: str | int) -> Trouble:
    """One trouble by name or number. Raises UnknownTrouble."""
    from tlsec.range import troubles as content

    try:
        return content.find(str(name))
    except KeyError:
        raise UnknownTrouble(
            _("没有名为 {name} 的故障，可用的见：tlsec range list").format(name=name)
        ) from None


def troubles() -> list[Trouble]:
    """All that can be broken: the built-in ones by number, then the extras."""
    from tlsec.range import troubles as content

    return list(content.all_troubles())


def _ask(data_dir: Path, order: dict[str, Any]) -> RangeState:
    """One order to the running range. NotUp when it does not answer."""
    try:
        with (
            state.opened(state.folder(data_dir)) as descriptor,
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock,
        ):
            sock.settimeout(25)
            sock.connect(f"/proc/self/fd/{descriptor}/control.sock")
            sock.sendall(json.dumps(order).encode() + b"\n")
            with sock.makefile("rb") as answers:
                message = json.loads(answers.readline())
    except (OSError, ValueError) as error:
        raise NotUp(_("靶场没有应答")) from error
    if "error" in message:
        raise _error(message)
    return state.from_json(message["state"])
