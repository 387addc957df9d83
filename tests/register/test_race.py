"""Two people on one item, and fifty at once: one wins, each of the others is told who and what."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.peers import start_postgres
from tests.register.working import NOW, an_item, breaks, taken_to
from tlsec.register.transitions import State

MANY = 50


def race(no: str, version: int | None) -> list[str]:
    """What each of fifty people was told; "" for the one that won."""
    from django.db import connection

    from tlsec.register import items

    said: list[str] = []
    start = threading.Barrier(MANY)

    def one(n: int) -> None:
        try:
            start.wait(timeout=30)
            items.command(no, "sign", f"单位{n}号", NOW, version=version)
            said.append("")
        except items.Refused as error:
            said.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    return said


@pytest.mark.parametrize("named", [True, False])
def test_fifty_at_once_have_one_winner(tables: Path, named: bool) -> None:
    from tlsec.register.models import Journal

    item = taken_to(State.DISPATCHED, an_item())
    said = race(item.no, item.version if named else None)
    winner = Journal.objects.get(object=item.no, command="item.sign").actor
    assert len(said) == MANY and said.count("") == 1
    for text in filter(None, said):
        assert winner in text and "签收" in text
    item.refresh_from_db()
    assert (item.state, item.version) == (State.FIXING, 4)
    assert breaks() == []


@pytest.mark.peer
def test_the_same_on_postgresql(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with start_postgres(tmp_path) as peer:
        root = tmp_path / "city"
        (root / "data").mkdir(parents=True)
        url = f"postgresql://postgres@{peer.host}:{peer.port}/postgres"
        text = f"city: 岚泽市\nbureau: 岚泽市数据局\ndatabase: {url}\n"
        (root / "tlsec.yaml").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "tests.register.race_process", str(root)],
            capture_output=True, text=True, check=False, timeout=110,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
    assert told["winners"] == 1 and told["others_told_who"] == MANY - 1
    assert told["version"] == 4 and told["breaks"] == []
