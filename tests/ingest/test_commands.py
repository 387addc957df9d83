"""`tlsec alert ingest` and `tlsec ingest …` as a person uses them; and killed in the middle."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.ingest.lines import mixed
from tests.ingest.test_mapping import ROWS, SCANNER, xlsx
from tests.ingest.test_senders import workspace

INGEST = """sources:
  - {id: hosts, parser: syslog}
  - {id: ids, parser: eve, tail: eve.json}
  - {id: scanner, parser: table, map: scanner}
"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A workspace with its tables made and nothing in them."""
    folder = tmp_path_factory.mktemp("place")
    desk = workspace(folder / "workspace", folder / "cache", INGEST)
    (desk.root / "ingest").mkdir()
    (desk.root / "ingest" / "scanner.yaml").write_text(SCANNER, encoding="utf-8")
    assert desk.run("ingest", "sources").returncode == 0
    return desk


@pytest.fixture
def place(empty: Desk, tmp_path: Path) -> Desk:
    return empty.copy(tmp_path / "workspace")


def counted(desk: Desk) -> int:
    return int(desk.rows("SELECT COALESCE(SUM(count), 0) FROM register_alert")[0][0])


def test_a_report_tried_first_and_then_taken_once(place: Desk) -> None:
    report = str(xlsx(place.root / "漏扫.xlsx", ROWS))
    tried = place.json("alert", "ingest", report, "--source", "scanner", "--dry-run")
    assert (tried["new"], tried["dry_run"]) == (3, True) and place.json("alert", "list")[
        "alerts"
    ] == []
    taken = place.json("alert", "ingest", report, "--source", "scanner")
    assert (taken["new"], taken["opened"]) == (3, 3)
    again = place.json("alert", "ingest", report, "--source", "scanner")
    assert (again["new"], again["again"], again["repeated"]) == (0, 0, 3)
    items = place.rows("SELECT DISTINCT severity FROM register_riskitem")
    assert {severity for (severity,) in items} == {"critical", "medium", "low"}
    # the next report lacks two findings: nothing is closed by that
    shorter = str(xlsx(place.root / "复扫.xlsx", ROWS[:2]))
    assert place.json("alert", "ingest", shorter, "--source", "scanner")["again"] == 1
    assert place.rows("SELECT state FROM register_riskitem") == [("new",)] * 3
    assert place.rows("SELECT DISTINCT open, condition FROM register_alert") == [(1, "firing")]


def test_faults_of_a_report_take_nothing(place: Desk) -> None:
    bad = xlsx(place.root / "r.xlsx", [*ROWS, ["CVE-9", "x", 5, "=A1", "七", "", ""]])
    done = place.run("alert", "ingest", str(bad), "--source", "scanner")
    assert done.returncode == 2 and "!D5" in done.stderr and "!E5" in done.stderr
    assert counted(place) == 0
    done = place.run("alert", "ingest", str(bad), "--source", "nobody")
    assert done.returncode == 2 and "hosts" in done.stderr


def test_quarantine_is_listed_shown_retried_and_dropped(place: Desk) -> None:
    log = place.root / "some.log"
    log.write_bytes(
        b"<10>Nov 24 11:59:58 fw su: x\nno header here\n<999>bad\n" + b"<13>1 - broken \xff\n"
    )
    taken = place.json("alert", "ingest", str(log), "--source", "hosts")
    assert (taken["new"], taken["quarantined"]) == (1, 3)
    assert [line["line"] for line in taken["refused"]] == [2, 3, 4]
    rows = place.json("ingest", "quarantine", "list")["quarantine"]
    assert len(rows) == 3 and all(row["reason"] for row in rows)
    first = min(row["id"] for row in rows)
    assert "no header here" in place.run("ingest", "quarantine", "show", str(first)).stdout
    retried = place.json("ingest", "quarantine", "retry", "--all")
    assert (retried["tried"], retried["failed"]) == (3, 3)
    assert place.run("ingest", "quarantine", "drop", str(first), "--reason", "试发").returncode == 0
    assert place.rows("SELECT COUNT(*) FROM register_quarantine") == [(2,)]
    (source,) = (s for s in place.json("ingest", "sources")["sources"] if s["id"] == "hosts")
    assert (source["events"], source["quarantined"], source["state"]) == (1, 3, "well")
    assert place.run("audit", "verify").returncode == 0


def test_killed_while_following_a_file_nothing_is_lost_or_doubled(place: Desk) -> None:
    lines = [line for line in mixed(8_000, seed=3, hosts=10) if line.startswith(b"{")]
    (place.root / "eve.json").write_bytes(b"\n".join(lines) + b"\n")
    for part in (1, 2, 3):
        process = place.start("ingest", "serve")
        wanted = len(lines) * part // 3 - 300
        place.wait(lambda n=wanted: counted(place) >= n, process)  # type: ignore[misc]
        if part < 3:
            process.kill()  # in the middle of a batch, more likely than not
            process.communicate()
        else:
            place.wait(lambda: counted(place) >= len(lines), process)
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=20)[0] == "" and process.returncode == 0
    assert counted(place) == len(lines)
    assert place.rows("SELECT COUNT(*) FROM register_rawevent") == [(len(lines),)]
    doubled = (
        "SELECT fingerprint FROM register_alert WHERE open GROUP BY fingerprint HAVING COUNT(*) > 1"
    )
    assert place.rows(doubled) == []


def test_killed_while_importing_a_file_the_second_time_brings_the_rest(place: Desk) -> None:
    lines = list(mixed(3_000, seed=4, hosts=10))
    log = place.root / "mixed.log"
    log.write_bytes(b"\n".join(lines) + b"\n")
    process = place.start("alert", "ingest", str(log), "--source", "hosts")
    place.wait(lambda: counted(place) > 500, process)
    process.kill()
    process.communicate()
    before = place.rows("SELECT COUNT(*) FROM register_rawevent")[0][0]
    done = place.run("alert", "ingest", str(log), "--source", "hosts", "--json")
    taken = json.loads(done.stdout)
    assert taken["repeated"] == before and taken["quarantined"] == 0
    assert counted(place) == taken["new"] + taken["again"] + before
    assert taken["new"] + taken["again"] + taken["repeated"] + taken["left"] == len(lines)
    waiting = place.rows("SELECT COUNT(*) FROM register_toopen")
    assert waiting == [(0,)]
