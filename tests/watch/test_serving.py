"""`tlsec serve` keeps the watch; a killed one goes on where it was; `tlsec watch` shows it."""

from __future__ import annotations

import signal

import pytest

from tests.desk import Desk
from tests.watch.conftest import UPLINKS
from tlsec.range import control

MONITORS = """
monitors:
  - {id: open, title: 能打开, every: 1, vantage: z6, second: internet, probes: [http.visit],
     checks: [web.reachable], systems: [S02, S18], line: portal-city, confirm: 4}
"""


@pytest.fixture
def watching(desk: Desk) -> Desk:
    (desk.root / "plans.yaml").write_text("plans: []\n", encoding="utf-8")
    (desk.root / "monitors.yaml").write_text(UPLINKS + MONITORS, encoding="utf-8")
    return desk


def count_of(desk: Desk) -> int:
    rows = desk.rows("SELECT count FROM watch_standing WHERE subject = 'A-S02'")
    return int(rows[0][0]) if rows else 0


def test_kill_and_resume_lose_no_suspicion_clock_or_alert(
    watching: Desk, running_city: Desk
) -> None:
    data = running_city.root / "data"
    control.switch(data, "site-down", True)
    try:
        process = watching.start("serve")
        watching.wait(lambda: count_of(watching) >= 2, process)
        process.kill()
        process.communicate()
        (before,) = watching.rows(
            "SELECT failing_since, count, confirmed_at FROM watch_standing WHERE subject = 'A-S02'"
        )
        watching.change("UPDATE scan_lease SET until = '2026-01-01 00:00:00'")
        process = watching.start("serve")
        alerts = "SELECT check_id, count FROM register_alert WHERE open"
        watching.wait(lambda: bool(watching.rows(alerts)), process)
        (since,) = watching.rows("SELECT since FROM watch_spell")
        assert before[0] == since[0]  # the clock runs from the first failure, before the kill
        process.kill()
        process.communicate()
        control.switch(data, "site-down", False)
        watching.change("UPDATE scan_lease SET until = '2026-01-01 00:00:00'")
        process = watching.start("serve")
        ended = "SELECT 1 FROM watch_spell WHERE ended IS NOT NULL"
        watching.wait(lambda: bool(watching.rows(ended)), process)
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=20)
        assert process.returncode == 0 and "Traceback" not in err, err
        assert watching.rows("SELECT check_id, condition FROM register_alert") == [
            ("web.reachable", "clear")
        ]
        assert watching.run("audit", "verify").returncode == 0
    finally:
        control.switch(data, "site-down", False)


def test_the_command_line_shows_and_runs_it(watching: Desk) -> None:
    monitors = watching.json("watch", "list")["monitors"]
    assert [(m["id"], m["spots"], m["confirm"], m["second_tries"]) for m in monitors] == [
        ("open", 2, 4, 0)
    ]
    done = watching.run("watch", "run", "open")
    assert done.returncode == 0 and "2" in done.stdout, done.stderr
    status = watching.json("watch", "status")
    assert status["counts"] == {"ok": 2}
    assert [line["up"] for line in status["lines"]] == [True]
    assert status["beats"]["looks"] == 2 and status["beats"]["worst_ms"] >= 0
    assert watching.json("watch", "clocks") == {"clocks": []}
    assert watching.run("watch", "run", "nothing").returncode == 2


def test_a_faulty_file_is_told_with_its_line(watching: Desk) -> None:
    file = watching.root / "monitors.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("web.reachable", "web.reachabel"), encoding="utf-8")
    done = watching.run("watch", "list")
    assert done.returncode == 2
    assert "monitors.yaml:" in done.stderr and "web.reachable" in done.stderr
