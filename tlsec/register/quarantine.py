"""What could not be read: kept once a distinct text, counted, looked at, tried again or let go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from tlsec.ingest.event import Rejected
from tlsec.ingest.limits import Storm
from tlsec.ingest.reading import short
from tlsec.register import journal, rows
from tlsec.register.models_intake import Quarantine

if TYPE_CHECKING:
    from tlsec.ingest.parsing import Readers
    from tlsec.register.intake import Ground


def digest_of(rejected: Rejected) -> str:
    framed = f"{rejected.source}|".encode() + rejected.raw
    return hashlib.sha256(framed).hexdigest()


def put(rejected: Iterable[Rejected], limits: Storm, now: datetime) -> int:
    """Keep what could not be read, cut to a bound; beyond a number of rows a source is only counted."""
    held = list(rejected)
    keyed: dict[str, tuple[Rejected, int]] = {}
    for one in held:
        key = digest_of(one)
        keyed[key] = (one, keyed.get(key, (one, 0))[1] + 1)
    known: dict[str, tuple[int, int]] = {}
    for chunk in rows.chunks(keyed):
        found = Quarantine.objects.filter(digest__in=chunk).values_list("digest", "pk", "count")
        known.update((digest, (pk, count)) for digest, pk, count in found)
    rows.update(
        Quarantine,
        "id",
        [
            {"id": known[key][0], "count": known[key][1] + n, "last_seen": now}
            for key, (_one, n) in keyed.items()
            if key in known
        ],
    )
    rows.insert(Quarantine, _new(keyed, known, limits, now))
    return len(held)


def _new(
    keyed: dict[str, tuple[Rejected, int]], known: dict[str, tuple[int, int]], limits: Storm,
    now: datetime,
) -> list[dict[str, object]]:  # fmt: skip
    room: dict[str, int] = {}
    made: list[dict[str, object]] = []
    for key, (one, n) in keyed.items():
        if key in known:
            continue
        if one.source not in room:
            rows_there = Quarantine.objects.filter(source=one.source).count()
            room[one.source] = limits.quarantine_rows - rows_there
        if room[one.source] <= 0:
            continue
        room[one.source] -= 1
        made.append(
            {
                "digest": key,
                "source": one.source,
                "reason": short(one.reason, 300),
                "raw": one.raw[: limits.quarantine_bytes],
                "size": len(one.raw),
                "count": n,
                "first_seen": now,
                "last_seen": now,
            }
        )
    return made


@dataclass(frozen=True, slots=True)
class Retried:
    """`cut`: kept only in part, so they cannot be read again."""

    tried: int = 0
    read: int = 0
    failed: int = 0
    cut: int = 0


def retry(
    chosen: Iterable[Quarantine], readers: Readers, ground: Ground, actor: str, now: datetime
) -> Retried:
    """Read again with what the parsers and maps are now: what is understood leaves for the alerts."""
    from tlsec.register import intake

    tried = read = failed = cut = 0
    with transaction.atomic():
        for row in chosen:
            tried += 1
            raw = bytes(row.raw)
            if len(raw) < row.size:
                cut += 1
                continue
            if row.source not in readers.sources:
                failed += 1
                continue
            parsed = readers.parse(row.source, raw, row.last_seen, id=f"quarantine:{row.digest}")
            if any(isinstance(one, Rejected) for one in parsed):
                failed += 1
                continue
            intake.receive(parsed, now, ground)
            row.delete()
            read += 1
        if tried:
            after = {"tried": tried, "read": read, "failed": failed, "cut": cut}
            journal.append(now, actor, "quarantine.retry", "quarantine", after)
    return Retried(tried, read, failed, cut)


def drop(chosen: Iterable[Quarantine], actor: str, now: datetime, reason: str = "") -> int:
    """Let rows go for good; the record says which."""
    with transaction.atomic():
        held = list(chosen)
        Quarantine.objects.filter(pk__in=[row.pk for row in held]).delete()
        if held:
            after = {"dropped": [[row.source, row.digest[:16], row.count] for row in held[:1000]]}
            journal.append(now, actor, "quarantine.drop", "quarantine", after, reason)
    return len(held)
