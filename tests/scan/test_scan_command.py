"""`tlsec scan` against the running city: again, killed, interrupted, shared, refused."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk

KEYS = {"run", "targets", "jobs", "observations", "verdicts", "alerts", "duration_s"}


@pytest.fixture(scope="module")
def scanned(
    running_city: Desk, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Desk, dict[str, Any]]]:
    """A workspace in which the plan ran once, unbroken, and what the command said of it."""
    desk = running_city.copy(tmp_path_factory.mktemp("scanned") / "workspace")
    yield desk, desk.json("scan", "known")


def killed_in_the_middle(desk: Desk, *arguments: str, done: int) -> None:
    """Start a scan and kill it when so many jobs are settled."""
    process = desk.start(*arguments)
    desk.wait(lambda: desk.jobs(1).get("done", 0) >= done, process)
    process.kill()
    process.communicate()
    assert desk.jobs(1).get("leased", 0) + desk.jobs(1).get("waiting", 0) > 0, "it was too quick"


def assert_whole(desk: Desk, said: dict[str, Any], unbroken: tuple[Desk, dict[str, Any]]) -> None:
    """A broken run brought what an unbroken one brings, and nothing twice."""
    other, first = unbroken
    observed = desk.observed(1)
    assert observed == other.observed(first["run"])
    assert len(observed) == len(set(observed))
    assert said["state"] == "done"
    assert said["jobs"] == first["jobs"]
    assert said["ports_asked"] == first["ports_asked"]
    assert desk.judged(1) == other.judged(first["run"])
    # not the states: on a busy machine the city may miss a deadline here and there
    assert desk.json("audit", "verify")["audit"] == "ok"


def test_a_second_scan_of_an_unchanged_city_raises_nothing_new(
    scanned: tuple[Desk, dict[str, Any]],
) -> None:
    desk, first = scanned
    assert set(first) >= KEYS
    assert set(first["alerts"]) == {"new", "again"}
    assert first["jobs"] == {"done": sum(first["jobs"].values())}
    assert first["observations"] == len(desk.observed(first["run"]))
    items = desk.json("register", "list")["items"]
    second = desk.json("scan", "known")
    assert second["alerts"] == {"new": 0, "again": first["alerts"]["new"]}
    assert first["alerts"]["new"] > 0
    assert desk.json("register", "list")["items"] == items
    assert desk.observed(second["run"]) == desk.observed(first["run"])


def test_killed_twice_and_resumed(desk: Desk, scanned: tuple[Desk, dict[str, Any]]) -> None:
    killed_in_the_middle(desk, "scan", "known", done=1)
    before = desk.jobs(1)["done"]
    killed_in_the_middle(desk, "scan", "resume", done=before + 1)
    assert_whole(desk, desk.json("scan", "resume", "1"), scanned)


def test_two_processes_share_a_run(desk: Desk, scanned: tuple[Desk, dict[str, Any]]) -> None:
    killed_in_the_middle(desk, "scan", "known", done=1)
    both = [desk.start("scan", "resume", "1", "--json") for _n in range(2)]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    last = max((json.loads(out) for out, _err in said), key=lambda summary: summary["duration_s"])
    assert_whole(desk, last, scanned)
    ended = desk.rows("SELECT COUNT(*) FROM register_journal WHERE command = 'run.done'")
    assert ended == [(1,)]


def test_ctrl_c_stops_at_once_says_so_and_can_be_resumed(
    desk: Desk, scanned: tuple[Desk, dict[str, Any]]
) -> None:
    process = desk.start("scan", "known")
    desk.wait(lambda: desk.jobs(1).get("done", 0) > 0, process)
    pulled = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - pulled < 3
    assert process.returncode == 130, err
    assert "已停止" in out
    assert "tlsec scan resume 1" in out
    assert "Traceback" not in err
    jobs = desk.jobs(1)
    assert "leased" not in jobs and jobs["waiting"] > 0
    assert desk.rows("SELECT state FROM scan_run") == [("stopped",)]
    assert desk.rows("SELECT MAX(tries) FROM scan_job WHERE state = 'waiting'") == [(0,)]
    assert_whole(desk, desk.json("scan", "resume"), scanned)


@pytest.mark.parametrize("target", ["192.0.2.241", "2001:db8:1::1", "192.0.2.241:443"])
def test_outside_every_scope_is_refused_and_journalled(
    running_city: Desk, tmp_path: Path, target: str
) -> None:
    desk = running_city.copy(tmp_path / "workspace")
    done = desk.run("scan", "--target", target)
    assert done.returncode == 3
    assert "授权" in done.stderr and "Traceback" not in done.stderr
    records = desk.rows(
        "SELECT object, reason, after FROM register_journal WHERE command = 'probe.refused'"
    )
    assert [record[0] for record in records] == [target.removesuffix(":443")]
    assert records[0][1]
    assert desk.rows("SELECT COUNT(*) FROM scan_observation") == [(0,)]
    assert desk.run("scan", "resume").returncode == 2  # nothing of it is left to be done


def test_nonsense_is_a_sentence_and_not_a_traceback(desk: Desk) -> None:
    plans = desk.root / "plans.yaml"
    text = plans.read_text(encoding="utf-8")
    plans.write_text(text.replace("vantage: z7", "vantage: z77"), encoding="utf-8")
    for arguments in (["scan", "--target", "没有的"], ["scan", "nope"], ["scan", "daily"]):
        done = desk.run(*arguments)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr and done.stderr.strip()
    assert "z77" in done.stderr
    assert desk.rows("SELECT COUNT(*) FROM scan_run") == [(0,)]
    assert not list((desk.root / "papers").iterdir())
