"""The same register on PostgreSQL by one setting: import, scan of one system, ledger, audit chain."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers import start_postgres

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(
        importlib.util.find_spec("psycopg") is None, reason="psycopg is not installed"
    ),
]
TLSEC = str(Path(sys.executable).with_name("tlsec"))


def tlsec(workspace: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TLSEC, "--workspace", str(workspace), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@contextmanager
def city(root: Path, database: str) -> Iterator[Path]:
    """The sample city on a database, with its range up."""
    made = subprocess.run(
        [TLSEC, "init", str(root), "--sample"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    config = root / "tlsec.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('database: ""', f"database: {database}", 1), encoding="utf-8")
    assert tlsec(root, "range", "up").returncode == 0
    try:
        yield root
    finally:
        tlsec(root, "range", "down")


def test_the_loop_runs_on_postgresql(tmp_path: Path) -> None:
    with start_postgres(tmp_path) as peer:
        url = f"postgresql://postgres@{peer.host}:{peer.port}/postgres"
        with city(tmp_path / "lanze", url) as root:
            assert tlsec(root, "inventory", "import", str(root / "inventory")).returncode == 0
            first, again = (
                json.loads(tlsec(root, "scan", "--target", "S05", "--json").stdout)
                for _round in range(2)
            )
            items = json.loads(tlsec(root, "register", "list", "--json").stdout)["items"]
            audit = json.loads(tlsec(root, "audit", "verify", "--json").stdout)
    assert first["verdicts"]["fail"] == first["alerts"]["new"] == 2
    assert again["alerts"] == {"new": 0, "again": 2}
    assert {item["check"] for item in items} == {"tls.versions", "web.headers"}
    assert audit["audit"] == "ok"
