"""Up, down, and everything that can go wrong in between."""

import os
import shutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.range.clients import Town
from tlsec.range import control, state
from tlsec.range.state import AddressTaken, AlreadyUp


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def sockets_of(pid: int) -> list[str]:
    fds = Path(f"/proc/{pid}/fd")
    return [s for s in (str(each.readlink()) for each in fds.iterdir()) if s.startswith("socket:")]


def listening(shift: int) -> list[str]:
    """Local TCP sockets in state LISTEN on the twins with this shift (proc(5), /proc/net/tcp)."""
    found = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, status = line.split()[1], line.split()[3]
        address, port = local.split(":")
        if (
            status == "0A"
            and address.endswith("7F")
            and int(port, 16) in (shift + 443, shift + 8443)
        ):
            found.append(local)
    return found


def ends(running: state.RangeState, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while state.birth_of(running.pid) == running.birth:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_up_is_quick_small_and_down_leaves_nothing(data: Path) -> None:
    begun = time.monotonic()
    running = control.up(data)
    took = time.monotonic() - begun
    try:
        assert took < 5 * (1 + os.getloadavg()[0] / (os.cpu_count() or 1))
        assert listening(running.port_shift)
        assert sockets_of(running.pid)
        for name in ("first", "second"):
            for _ in range(30):
                Town(data, running).get("203.0.113.10", 443, "www.lanze.test", f"/{name}")
        now = control.status(data)
        assert now is not None
        assert now.connections >= 60
        assert now.servers >= 40
        assert 0 < now.memory < 150 * 2**20
        assert not any(each.suffix == ".key" for each in data.rglob("*"))
    finally:
        assert control.down(data) is True
    assert not Path(f"/proc/{running.pid}").exists()
    assert listening(running.port_shift) == []
    assert [each.name for each in data.iterdir()] == ["receipts"]
    assert control.status(data) is None
    assert control.down(data) is False


def test_a_second_up_says_that_one_runs(town: Town) -> None:
    with pytest.raises(AlreadyUp, match=str(town.state.pid)):
        control.up(town.data)
    assert control.status(town.data) is not None


def test_two_workspaces_have_their_own_ranges(town: Town, data: Path) -> None:
    running = control.up(data)
    try:
        assert running.port_shift != town.state.port_shift
        assert Town(data, running).get("203.0.113.10", 443, "www.lanze.test").status == 200
    finally:
        control.down(data)
    assert town.get("203.0.113.10", 443, "www.lanze.test").status == 200


def test_a_taken_address_is_named_and_nothing_is_left(town: Town, data: Path) -> None:
    with pytest.raises(AddressTaken, match=r"127\.\d+\.0\.\d+:\d+ 已被占用"):
        control.up(data, port_shift=town.state.port_shift)
    assert list(data.iterdir()) == []


def test_a_trouble_whose_port_is_taken_changes_nothing(town: Town) -> None:
    with socket.socket() as other:
        other.bind(town.state.translate("198.51.100.10", 6379))
        other.listen()
        with pytest.raises(AddressTaken):
            town.switch("open-redis", True)
    now = control.status(town.data)
    assert now is not None
    assert not now.troubles["open-redis"]
    town.switch("open-redis", True)
    town.switch("open-redis", False)


def test_asked_to_end_it_ends_cleanly(data: Path) -> None:
    running = control.up(data)
    os.kill(running.pid, signal.SIGTERM)
    assert ends(running)
    assert [each.name for each in data.iterdir()] == ["receipts"]


def test_a_killed_range_is_cleared_up_and_can_start_again(data: Path) -> None:
    running = control.up(data)
    os.kill(running.pid, signal.SIGKILL)
    assert ends(running)
    assert control.status(data) is None
    again = control.up(data)
    try:
        assert again.pid != running.pid
        os.kill(again.pid, signal.SIGSTOP)  # it hangs: down does not
        threading.Timer(0.5, os.kill, (again.pid, signal.SIGCONT)).start()
    finally:
        control.down(data)
    assert not Path(f"/proc/{again.pid}").exists()
    assert [each.name for each in data.iterdir()] == ["receipts"]


def test_a_vanished_workspace_ends_the_range(tmp_path: Path) -> None:
    data = tmp_path / "workspace" / "data"
    data.mkdir(parents=True)
    running = control.up(data)
    shutil.rmtree(data.parent)
    assert ends(running)
    assert not data.parent.exists()


def test_a_very_long_path(tmp_path: Path) -> None:
    data = tmp_path.joinpath(*["很长的目录名" * 5] * 3) / "data"
    data.mkdir(parents=True)
    assert len(os.fsencode(data)) > 250
    control.up(data)
    try:
        control.switch(data, 12, False)
        now = control.status(data)
        assert now is not None
        assert not now.troubles["new-mongo"]
    finally:
        assert control.down(data)


def test_two_ups_at_once_make_one_range(data: Path) -> None:
    results: list[object] = []

    def start() -> None:
        try:
            results.append(control.up(data))
        except AlreadyUp as error:
            results.append(error)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    try:
        assert sorted(type(each).__name__ for each in results) == ["AlreadyUp", "RangeState"]
        assert control.status(data) is not None
    finally:
        control.down(data)
    assert [each.name for each in data.iterdir()] == ["receipts"]


def test_a_missing_part_is_named(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "shadow" / "asyncssh"
    empty.mkdir(parents=True)
    (empty / "__init__.py").write_text("raise ModuleNotFoundError(name='asyncssh')\n")
    monkeypatch.setenv("PYTHONPATH", str(empty.parent))
    with pytest.raises(state.RangeError, match=r"asyncssh.*tlsec\[range\]"):
        control.up(data)
    assert list(data.iterdir()) == []


def test_control_imports_no_server() -> None:
    import subprocess

    code = (
        "import sys, tlsec.range.control\n"
        "heavy = {'aiohttp', 'asyncssh', 'cryptography', 'jinja2', 'pydantic', 'django'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
