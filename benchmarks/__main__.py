"""Ours against a peer beside it, in turns A B A B, as the median of the ratios pair by pair.

Machines are shared and noisy, so single times are not shown; a ratio below 1 means that ours is quicker.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from benchmarks import assessing, ingesting, papers

ROUNDS = 5
HOSTS = [f"127.77.0.{n}" for n in range(1, 65)]
PORTS = tuple(range(20000, 20100))


def main() -> None:
    for title, ours, peer in (_ports(), *_tables(), *papers.cases()):
        if peer is None:
            print(f"{title}: peer not installed, skipped")
            continue
        ratios = [_seconds(ours) / _seconds(peer) for _round in range(ROUNDS)]
        low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
        print(f"{title}: {middle:.2f} (min {low:.2f}, max {high:.2f}, {ROUNDS} pairs)")


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _ports() -> tuple[str, Callable[[], object], Callable[[], object] | None]:
    """net.port with all its guards against `nmap -sT -T4`: 64 hosts × 100 ports, one open each."""
    from tlsec.facts import Scope, Target, Vantage
    from tlsec.probe.gateway import Gateway
    from tlsec.probe.net_port import NetPort

    listeners = [socket.create_server((host, PORTS[7])) for host in HOSTS]

    def ours() -> None:
        now = datetime.now(UTC)
        block = (ip_network("127.77.0.0/24"),)
        scope = Scope("bench", block, now, now + timedelta(hours=1), rate_per_second=10**6)

        async def scan() -> int:
            gateway, here = Gateway([scope], lambda: now), Vantage("here")

            async def one(host: str) -> int:
                target = Target(f"u:{host}", here, host, ports=PORTS)
                return sum([1 async for _ in NetPort().run(target, gateway)])

            return sum(await asyncio.gather(*map(one, HOSTS)))

        assert asyncio.run(scan()) == len(HOSTS) * len(PORTS) == len(listeners) * 100

    nmap = shutil.which("nmap")
    ports = f"{PORTS[0]}-{PORTS[-1]}"
    command = [str(nmap), "-sT", "-T4", "-n", "-Pn", "-p", ports, "127.77.0.1-64"]

    def peer() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own list

    return "TCP ports, net.port / nmap -sT -T4", ours, peer if nmap else None


def _tables() -> list[tuple[str, Callable[[], object], Callable[[], object]]]:
    """What works on a database: one workspace on SQLite for all of it."""
    root = workspace(Path(tempfile.mkdtemp(prefix="tlsec-bench-")))
    return [assessing.case(root), ingesting.case(root), _rows()]


def workspace(root: Path) -> Path:
    """An empty workspace with its tables, opened in this process."""
    (root / "tlsec.yaml").write_text("city: bench\nbureau: bench\n", encoding="utf-8")
    (root / "data").mkdir()
    os.environ |= {"TLSEC_WORKSPACE": str(root), "DJANGO_SETTINGS_MODULE": "tlsec.settings"}
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return root


def _rows() -> tuple[str, Callable[[], object], Callable[[], object]]:
    """20,000 observations by bulk.insert against the ORM's bulk_create, on SQLite."""
    from django.db import transaction

    from tlsec.scan import bulk
    from tlsec.scan.models import Observation, Run

    def rows() -> list[dict[str, object]]:
        now = datetime.now(UTC)
        run = Run.objects.create(kind="plan", title="bench", actor="bench", started=now)
        common = {
            "run_id": run.pk, "probe": "net.port", "probe_version": 1, "subject": "u:x",
            "vantage": "here", "started": now, "ended": now, "reason": "", "detail": "",
            "facts": {"port": {"number": 1, "state": "open"}},
        }  # fmt: skip
        return [common | {"locator_key": f"{n}"} for n in range(20_000)]

    def ours() -> None:
        with transaction.atomic():
            bulk.insert(Observation, rows())

    def peer() -> None:
        with transaction.atomic():
            made = [Observation(**row) for row in rows()]
            Observation.objects.bulk_create(made, batch_size=1000)

    return "rows in bulk, executemany / bulk_create", ours, peer


if __name__ == "__main__":
    main()
