"""A workspace of the sample city as a person uses it: `tlsec` in processes of its own, and its database."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HIDDEN = ("TLSEC_WORKSPACE", "TLSEC_LANG", "DJANGO_SETTINGS_MODULE", "PYTHONDONTWRITEBYTECODE")

# a plan of a few seconds: a part of the registered places, nothing discovered
KNOWN = """
  - id: known
    title: 登记在册的
    cadence: "0 3 * * *"
    steps:
      - vantage: z6
        probes: [net.port, net.service, tls.handshake, http.page, dns.records, inventory.record]
        zones: [Z1, Z3, Z4, Z5]
        ports: high-risk
"""


@dataclass(frozen=True)
class Desk:
    """One workspace folder."""

    root: Path
    cache: Path  # compiled modules of the processes, so that only the first of them compiles

    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in _HIDDEN}
        return kept | {"COLUMNS": "200", "PYTHONPYCACHEPREFIX": str(self.cache)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", "from tlsec.cli import main; main()", *arguments],
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=seconds)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def rows(self, sql: str, *values: object) -> list[Any]:
        with sqlite3.connect(self.root / "data" / "tlsec.sqlite3", timeout=20) as connection:
            found = connection.execute(sql, values).fetchall()
        connection.close()
        return found

    def change(self, sql: str, *values: object) -> None:
        connection = sqlite3.connect(self.root / "data" / "tlsec.sqlite3", timeout=20)
        with connection:
            connection.execute(sql, values)
        connection.close()

    def copy(self, root: Path) -> Desk:
        """The same city for another story: its own database, the same running range."""
        shutil.copytree(self.root, root, ignore=shutil.ignore_patterns("*.sock"))
        return Desk(root, self.cache)

    def jobs(self, run: int) -> dict[str, int]:
        """Jobs of a run by state."""
        found = self.rows(
            "SELECT state, COUNT(*) FROM scan_job WHERE run_id = ? GROUP BY state", run
        )
        return dict(found)

    def observed(self, run: int) -> list[tuple[str, str]]:
        """(probe, locator) of every observation of a run, sorted."""
        return sorted(
            self.rows("SELECT probe, locator_key FROM scan_observation WHERE run_id = ?", run)
        )

    def judged(self, run: int) -> list[tuple[str, str]]:
        """(check, locator) of every verdict of a run, sorted."""
        return sorted(
            self.rows("SELECT check_id, locator_key FROM scan_verdict WHERE run_id = ?", run)
        )

    def wait(self, true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
        """Until something is true; fails when the process ends before or half a minute has passed."""
        deadline = time.monotonic() + 30
        while not true():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)


def make(root: Path, cache: Path) -> Desk:
    """A new workspace with the sample city in its database; its range is not up."""
    desk = Desk(root, cache)
    root.mkdir()
    done = desk.run("init", str(root), "--sample")
    assert done.returncode == 0, done.stderr
    plans = root / "plans.yaml"
    plans.write_text(plans.read_text(encoding="utf-8") + KNOWN, encoding="utf-8")
    return desk
