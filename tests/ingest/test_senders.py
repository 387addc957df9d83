"""Real senders against `tlsec ingest serve`: logger, rsyslog, Suricata over a capture, Alertmanager."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk
from tests.ingest import capture
from tests.peers import LOOPBACK, free_port, need, start_alertmanager, start_rsyslog

pytestmark = pytest.mark.peer
TOKEN = "token-of-this-test-1"


@dataclass
class Counter:
    """A workspace whose ingest process is running."""

    desk: Desk
    process: subprocess.Popen[str]
    udp: int
    tcp: int
    http: int

    def alerts(self) -> dict[str, dict[str, Any]]:
        """Alerts by check."""
        found = self.desk.rows(
            "SELECT check_id, subject, severity, condition, count, open FROM register_alert"
        )
        names = ("check", "subject", "severity", "condition", "count", "open")
        return {row[0]: dict(zip(names, row, strict=True)) for row in found}

    def wait_for(self, *checks: str) -> dict[str, dict[str, Any]]:
        self.desk.wait(lambda: set(checks) <= set(self.alerts()), self.process)
        return self.alerts()


def workspace(root: Path, cache: Path, ingest: str) -> Desk:
    root.mkdir()
    (root / "tlsec.yaml").write_text("city: 岚泽市\nbureau: 岚泽市数据局\n", encoding="utf-8")
    (root / "ingest.yaml").write_text(ingest, encoding="utf-8")
    (root / "token").write_text(TOKEN)
    (root / "token").chmod(0o600)
    return Desk(root, cache)


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    udp, tcp, http = free_port(), free_port(), free_port()
    folder = tmp_path_factory.mktemp("senders")
    desk = workspace(
        folder / "workspace",
        folder / "cache",
        f"""sources:
  - {{id: hosts, title: 主机日志, parser: syslog}}
  - {{id: ids, title: 出口检测, parser: eve, tail: suricata/eve.json}}
  - {{id: prometheus, title: 监控, parser: alertmanager, token_file: token}}
listeners:
  - {{kind: syslog-udp, port: {udp}, sources: [hosts]}}
  - {{kind: syslog-tcp, port: {tcp}, sources: [hosts]}}
  - {{kind: http, port: {http}, sources: [prometheus]}}
""",
    )
    (desk.root / "suricata").mkdir()
    process = desk.start("ingest", "serve")
    try:
        desk.wait(lambda: _listens(tcp), process)
        yield Counter(desk, process, udp, tcp, http)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0 and out == "" and "Traceback" not in err, err
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), 0.2).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("udp3164", ["-d", "--rfc3164"]),
        ("udp5424", ["-d", "--rfc5424"]),
        ("tcp3164", ["-T", "--rfc3164"]),
        ("counted", ["-T", "--rfc5424", "--octet-count"]),
    ],
)
def test_logger(counter: Counter, name: str, options: list[str]) -> None:
    port = counter.udp if "-d" in options else counter.tcp
    command = [need("logger"), "-n", LOOPBACK, "-P", str(port), *options, "-p", "auth.crit"]
    subprocess.run([*command, "-t", name, "--", "登录失败 attempt 17"], check=True)
    found = counter.wait_for(f"{name}:登录失败 attempt #")[f"{name}:登录失败 attempt #"]
    assert found["severity"] == "critical" and found["count"] == 1
    host = socket.gethostname().lower().rstrip(".").partition(".")[0]
    assert found["subject"].startswith(f"u:{host}")


def test_rsyslog(counter: Counter, tmp_path: Path) -> None:
    rules = (
        'template(name="out" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% '
        '%APP-NAME% %PROCID% %MSGID% %STRUCTURED-DATA% %msg%")\n'
        f'action(type="omfwd" target="{LOOPBACK}" port="{counter.tcp}" protocol="tcp" '
        'TCP_Framing="octet-counted" template="out")'
    )
    with (
        start_rsyslog(tmp_path, rules) as (peer, _socket),
        socket.create_connection((peer.host, peer.port)) as sock,
    ):
        for n in range(300):
            sock.sendall(
                b"<35>Nov 24 12:00:00 core01 rsyslogd-test[%d]: link down port %d\n" % (n, n)
            )
        check = "rsyslogd-test:link down port #"
        counter.desk.wait(
            lambda: counter.alerts().get(check, {"count": 0})["count"] == 300, counter.process
        )
    assert counter.alerts()[check]["subject"] == "u:core01"


def test_suricata_reading_a_capture(counter: Counter, tmp_path: Path) -> None:
    suricata = need("suricata")
    rules, pcap = tmp_path / "own.rules", tmp_path / "own.pcap"
    rules.write_text(
        'alert http any any -> any any (msg:"own: backup file asked for"; http.uri; content:"/backup.sql"; '
        "classtype:web-application-attack; sid:9000001; rev:1;)\n"
    )
    request = b"GET /backup.sql?id=7 HTTP/1.1\r\nHost: www.lanze.test\r\n\r\n"
    answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    capture.write(pcap, "203.0.113.9", "198.51.100.20", 80, request, answer)
    logs = counter.desk.root / "suricata"
    command = [suricata, "-r", str(pcap), "-l", str(logs), "-S", str(rules), "-k", "none"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = counter.wait_for("1:9000001")["1:9000001"]
    assert found["subject"] == "u:198.51.100.20" and found["severity"] == "high"
    lines = [json.loads(line) for line in (logs / "eve.json").read_text().splitlines()]
    left = [line["event_type"] for line in lines if line["event_type"] != "alert"]
    counter.desk.wait(lambda: _source(counter, "ids")["left"] == len(left), counter.process)
    assert set(_source(counter, "ids")["left_what"]) == set(left)


def _source(counter: Counter, id: str) -> dict[str, Any]:
    told = counter.desk.json("ingest", "sources")["sources"]
    return next(source for source in told if source["id"] == id)


def test_alertmanager(counter: Counter, tmp_path: Path) -> None:
    url = f"http://{LOOPBACK}:{counter.http}/v1/prometheus"
    with start_alertmanager(tmp_path, url, TOKEN) as peer:
        labels = {
            "alertname": "OwnDiskFull",
            "instance": "198.51.100.20:9100",
            "severity": "critical",
        }

        def post(**times: str) -> None:
            alert = {"labels": labels, "annotations": {"summary": "磁盘将满"}} | times
            body = json.dumps([alert]).encode()
            request = urllib.request.Request(
                f"http://{peer.host}:{peer.port}/api/v2/alerts",
                body,
                {"Content-Type": "application/json"},
            )
            urllib.request.urlopen(request, timeout=5).close()

        _until_ready(peer.host, peer.port)
        started = datetime.now(UTC).isoformat()
        post(startsAt=started)
        found = counter.wait_for("OwnDiskFull")["OwnDiskFull"]
        assert (found["condition"], found["severity"]) == ("firing", "critical")
        post(startsAt=started, endsAt=datetime.now(UTC).isoformat())
        counter.desk.wait(
            lambda: counter.alerts()["OwnDiskFull"]["condition"] == "clear", counter.process
        )
        after = counter.alerts()["OwnDiskFull"]
        assert after["open"] == 1 and after["count"] == 1
        (state,) = counter.desk.rows(
            "SELECT state FROM register_riskitem WHERE check_id = 'OwnDiskFull'"
        )
        assert state == ("new",)


def _until_ready(host: str, port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            urllib.request.urlopen(f"http://{host}:{port}/-/ready", timeout=2).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
