"""`tlsec serve` and `tlsec plan` in processes of their own, over the running city."""

from __future__ import annotations

import signal
import time

import pytest

from tests.desk import Desk

LONG_AGO = "2026-01-01 00:00:00"


@pytest.fixture
def small(desk: Desk) -> Desk:
    """Two plans: one of a moment, one of a few seconds."""
    (desk.root / "monitors.yaml").unlink()  # the watch has tests of its own
    plans = desk.root / "plans.yaml"
    known = plans.read_text(encoding="utf-8").partition("  - id: known")[2]
    plans.write_text(
        "plans:\n  - id: known" + known + "  - id: short\n    title: 短的\n"
        '    cadence: "0 4 * * *"\n    steps: [{vantage: z6, probes: [http.page], systems: [S02]}]\n',
        encoding="utf-8",
    )
    desk.run("plan", "list")  # takes the plans into the database
    return desk


def plans_of(desk: Desk) -> dict[str, dict[str, object]]:
    return {plan["id"]: plan for plan in desk.json("plan", "list")["plans"]}


def runs(desk: Desk) -> list[tuple[str, str, int]]:
    return desk.rows("SELECT plan, state, late FROM scan_run ORDER BY id")


def test_once_runs_what_is_due_marks_it_late_and_ends(small: Desk) -> None:
    small.change("UPDATE scan_plan SET next_at = ? WHERE id = 'short'", LONG_AGO)
    done = small.run("serve", "--once")
    assert done.returncode == 0, done.stderr
    assert "补跑" in done.stderr
    assert runs(small) == [("short", "done", 1)]
    listed = plans_of(small)
    assert set(listed["short"]) >= {"id", "next", "last", "missed", "paused"}
    assert int(str(listed["short"]["missed"])) > 300
    assert listed["short"]["last"]
    assert small.rows("SELECT COUNT(*) FROM scan_lease") == [(0,)]


def test_pause_and_resume(small: Desk) -> None:
    assert small.run("plan", "pause", "short").returncode == 0
    small.change("UPDATE scan_plan SET next_at = ? WHERE id = 'short'", LONG_AGO)
    assert small.run("serve", "--once").returncode == 0
    assert runs(small) == []
    assert small.run("plan", "resume", "short").returncode == 0
    short = plans_of(small)["short"]
    assert short["paused"] is False
    assert str(short["next"]) > "2026-11"  # what fell into the pause is not caught up
    commands = small.rows("SELECT command FROM register_journal WHERE object = 'short'")
    assert commands == [("plan.pause",), ("plan.resume",)]


def test_a_killed_watch_leaves_a_run_to_be_resumed(small: Desk) -> None:
    small.change("UPDATE scan_plan SET next_at = ? WHERE id = 'known'", LONG_AGO)
    process = small.start("serve")
    small.wait(lambda: small.jobs(1).get("done", 0) > 0, process)
    process.kill()
    process.communicate()
    assert runs(small) == [("known", "running", 1)]
    resumed = small.json("scan", "resume")
    assert (resumed["run"], resumed["state"]) == (1, "done")
    assert list(resumed["jobs"]) == ["done"]


def test_a_watch_ends_with_its_run_at_ctrl_c_and_follows_an_edited_plan(small: Desk) -> None:
    process = small.start("serve")
    small.wait(lambda: bool(small.rows("SELECT 1 FROM scan_lease")), process)
    plans = small.root / "plans.yaml"
    text = plans.read_text(encoding="utf-8")
    plans.write_text("nonsense: [", encoding="utf-8")
    time.sleep(5.5)  # it looks at the clock every five seconds, and goes on over a bad file
    assert process.poll() is None
    plans.write_text(text.replace('cadence: "0 3 * * *"', 'cadence: "* * * * *"'), encoding="utf-8")
    soon = "SELECT 1 FROM scan_plan WHERE id = 'known' AND cadence = '* * * * *'"
    small.wait(lambda: bool(small.rows(soon)), process)
    small.change("UPDATE scan_plan SET next_at = ? WHERE id = 'known'", LONG_AGO)
    small.wait(lambda: small.jobs(1).get("done", 0) > 0, process)
    process.send_signal(signal.SIGINT)
    pulled = time.monotonic()
    _out, err = process.communicate(timeout=20)
    assert time.monotonic() - pulled < 3
    assert process.returncode == 0, err
    assert "Traceback" not in err and "plans.yaml:" in err
    assert runs(small) == [("known", "stopped", 1)]
    assert "leased" not in small.jobs(1)
    assert small.rows("SELECT COUNT(*) FROM scan_lease") == [(0,)]
