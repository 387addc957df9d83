"""Alerts from outside: batches against one row at a time; and by itself, a minute of a thousand a second.

`python -m benchmarks.ingesting` sends 60,000 mixed lines over TCP to the ingest process's own code and says
what share of a minute it took to store them (below 1: it holds a thousand a second), then replays 100,000
lines twice and compares every count.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any

from tests.ingest.lines import mixed

LINES = 2000
INGEST = """sources: [{id: hosts, parser: syslog}]
listeners: [{kind: syslog-tcp, port: %d, sources: [hosts]}]
"""


def case(root: Path) -> tuple[str, Callable[[], object], Callable[[], object]]:
    """On a workspace whose Django is set up: the same 2,000 lines, each time as new deliveries."""
    from tlsec.register import intake

    ground, readers = _opened(root)
    lines, turns = list(mixed(LINES)), count(1)

    def events() -> list[Any]:
        now = datetime.now(UTC)
        id = f"turn {next(turns)}"
        parsed = (readers.parse("hosts", line, now, id=f"{id}:{n}") for n, line in enumerate(lines))
        return [one for each in parsed for one in each]

    def ours() -> None:
        held = iter(events())
        while batch := list(islice(held, ground.limits.listening.batch_events)):
            intake.receive(batch, datetime.now(UTC), ground)

    def peer() -> None:
        for event in events():
            _one_at_a_time(event, datetime.now(UTC))

    return "2,000 mixed lines into alerts, in batches / one row at a time", ours, peer


def _one_at_a_time(event: Any, now: datetime) -> None:
    """What the ORM's users write: each event in a transaction of its own."""
    from django.db import transaction

    from tlsec.ingest import identity
    from tlsec.ingest.event import Event
    from tlsec.register import intake
    from tlsec.register.models import Alert
    from tlsec.register.models_intake import HourCount, RawEvent
    from tlsec.register.storm import hour_of

    if not isinstance(event, Event):
        return
    who = identity.identify(event, f"u:peer.{event.address or event.host}")
    with transaction.atomic():
        _row, new = RawEvent.objects.get_or_create(
            delivery_key=intake.delivery_hash(event)[:-1] + "p",
            defaults={
                "source": event.source, "received": now, "at": now, "raw": event.raw,
                "fingerprint": who.fingerprint, "content_hash": identity.content_hash(event),
            },
        )  # fmt: skip
        if not new:
            return
        head, made = Alert.objects.get_or_create(
            fingerprint=who.fingerprint,
            open=True,
            defaults={
                "check_id": who.check, "subject": who.asset, "locator": {}, "severity": event.severity,
                "condition": "firing", "message": event.message, "clauses": [], "first_seen": now,
                "last_seen": now, "run": 0,
            },
        )  # fmt: skip
        if not made:
            head.count += 1
            head.last_seen = now
            head.save()
        hour, _new = HourCount.objects.get_or_create(fingerprint=who.fingerprint, hour=hour_of(now))
        hour.count += 1
        hour.save()


def _opened(root: Path, port: int = 1514) -> tuple[Any, Any]:
    from tlsec import content
    from tlsec.ingest import settings, severity
    from tlsec.ingest.parsing import Readers
    from tlsec.register import sources
    from tlsec.register.intake import Ground

    (root / "ingest.yaml").write_text(INGEST % port)
    tables, ground = severity.load(content.policies(root)), Ground.of(root)
    said = settings.read(root, tables)
    sources.sync(said, ground.limits, datetime.now(UTC))
    return ground, Readers.of(said, tables, ground.limits.reading)


def minute(root: Path, lines: int = 60_000) -> float:
    """Seconds from the first byte sent until the last line is stored, over those of a thousand a second."""
    from tlsec import content
    from tlsec.ingest import settings, severity
    from tlsec.ingest.station import Station
    from tlsec.register import feed, opening, positions
    from tlsec.register.models_intake import Source

    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    ground, readers = _opened(root, port)
    said = settings.read(root, severity.load(content.policies(root)))
    stored, done = 0, asyncio.Event()
    loop: asyncio.AbstractEventLoop

    def store(batch: Any, lost: Any) -> None:
        nonlocal stored
        taken = feed.store(batch, lost, datetime.now(UTC), ground, readers)
        stored += taken.new + taken.again + taken.left + taken.repeated + taken.quarantined
        if stored >= lines:
            loop.call_soon_threadsafe(done.set)

    def idle() -> bool:
        return opening.open_waiting(datetime.now(UTC), ground.limits.per_batch_items) > 0

    station = Station(
        said, ground.limits, root, store, idle, positions.of, lambda: datetime.now(UTC), print
    )

    def send() -> None:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            for line in mixed(lines, seed=9):
                sock.sendall(line + b"\n")

    async def run() -> float:
        nonlocal loop
        loop = asyncio.get_running_loop()
        ending, ready = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(station.run(ending, ready.set))
        await ready.wait()
        start = time.perf_counter()
        threading.Thread(target=send).start()
        await done.wait()
        took = time.perf_counter() - start
        ending.set()
        await running
        return took

    took = asyncio.run(run())
    row = Source.objects.get(pk="hosts")
    if (row.events + row.left, row.quarantined + row.lost + row.repeated) != (lines, 0):
        raise SystemExit(f"lost or doubled: {row.events} + {row.left} of {lines}")
    return took / (lines / 1000)


def replay(root: Path, lines: int = 100_000) -> int:
    """Alerts of a replay; ends the program when a count of the second pass is not twice the first's."""
    from tlsec.register import intake
    from tlsec.register.models import Alert

    ground, readers = _opened(root)
    passes: list[dict[str, int]] = []
    begun = dict(Alert.objects.values_list("fingerprint", "count"))
    for turn in range(2):
        now = datetime.now(UTC) + timedelta(minutes=turn)
        held = _events(readers, lines, now)
        while batch := list(islice(held, ground.limits.listening.batch_events)):
            intake.receive(batch, now, ground)
        counts = dict(Alert.objects.values_list("fingerprint", "count"))
        passes.append({key: n - begun.get(key, 0) for key, n in counts.items()})
    first, second = passes
    if first.keys() != second.keys() or any(second[key] != 2 * n for key, n in first.items()):
        raise SystemExit("a replay changed more than the counts")
    return len(first)


def _events(readers: Any, lines: int, now: datetime) -> Iterator[Any]:
    for line in mixed(lines, seed=5):
        yield from readers.parse("hosts", line, now)


def main() -> None:
    from benchmarks.__main__ import workspace

    root = workspace(Path(tempfile.mkdtemp(prefix="tlsec-bench-")))
    print(f"60,000 lines over TCP, time taken / a minute: {minute(root):.2f}")
    print(f"100,000 lines replayed twice: {replay(root)} alerts, every count doubled, none lost")


if __name__ == "__main__":
    main()
