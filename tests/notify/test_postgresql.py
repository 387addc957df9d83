"""Three workers at once on PostgreSQL: each notice once, the limit held over all of them."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.notify import servers
from tests.notify.conftest import NOW
from tests.peers import start_postgres

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(
        importlib.util.find_spec("psycopg") is None, reason="psycopg is not installed"
    ),
]

# three connections of one process, so that Django is started once
WORK = """
import json, sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from tlsec.cli import context
context.open_root(Path(sys.argv[1]))
from django.db import connections
from tlsec.register import delivery, outbox
from tlsec.register.models_outbox import Notice
now = datetime.fromisoformat(sys.argv[2])
for n in range(60):
    outbox.enqueue(now, f"k{n}", "duty", f"{n}", "", "urgent" if n % 2 else "normal")
outbox.acknowledge("k7", "王五", now)
def work(_n):
    try:
        delivery.deliver(now, elapsed=lambda: 0.0)
    finally:
        connections.close_all()
with ThreadPoolExecutor(3) as pool:
    list(pool.map(work, range(3)))
print(json.dumps(Counter(Notice.objects.values_list("state", flat=True))))
"""


def test_three_workers_share_the_queue_and_the_limit(tmp_path: Path) -> None:
    root = tmp_path / "w"
    root.mkdir()
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TLSEC", "DJANGO"))}
    with start_postgres(tmp_path) as peer, servers.web() as web:
        url = f"postgresql://postgres@{peer.host}:{peer.port}/postgres"
        (root / "tlsec.yaml").write_text(
            f"city: 岚泽市\nbureau: 局\ndatabase: {url}\n", encoding="utf-8"
        )
        (root / "notify.yaml").write_text(
            f"channels:\n  - {{id: h, kind: webhook, url: '{web.url}', cleartext: true,"
            " per_minute: 20, reserved: 5}\naudiences:\n  - {role: '*', channels: [h]}\n",
            encoding="utf-8",
        )
        done = subprocess.run(
            [sys.executable, "-c", WORK, str(root), NOW.isoformat()],
            capture_output=True, text=True, env=clean, timeout=110, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    states = json.loads(done.stdout)
    assert sum(states.values()) == 60 and states["cancelled"] == 1
    assert states["digested"] >= 29  # the urgent ones at least
    assert len(web.got) <= 20
    assert max(Counter(r.json["id"] for r in web.got).values()) == 1
    assert web.got[0].json["urgency"] == "urgent"
