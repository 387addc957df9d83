"""The systems that send to us: what they sent, how their clocks stand, and when they fall silent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from tlsec.ingest.event import Event, Left, Rejected
from tlsec.ingest.limits import Limits
from tlsec.register.models_intake import Source

_SMOOTH = 0.2  # weight of a new batch in the smoothed skew
_KINDS_LEFT = 50  # sorts of left messages that are counted by name


@dataclass
class _Counts:
    events: int = 0
    repeated: int = 0
    left: int = 0
    quarantined: int = 0
    what: Counter[str] = field(default_factory=Counter)
    skews: list[float] = field(default_factory=list)

    @property
    def all(self) -> int:
        return self.events + self.repeated + self.left + self.quarantined


class Tally:
    """What one batch brought, by source; stored with it."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._of: dict[str, _Counts] = defaultdict(_Counts)

    def event(self, event: Event) -> None:
        counts = self._of[event.source]
        counts.events += 1
        if event.at != event.received:
            counts.skews.append((event.received - event.at).total_seconds())

    def repeated(self, event: Event) -> None:
        self._of[event.source].repeated += 1

    def left(self, left: Left) -> None:
        self._of[left.source].left += 1
        self._of[left.source].what[left.what] += 1

    def rejected(self, rejected: Rejected) -> None:
        self._of[rejected.source].quarantined += 1

    def store(self, limits: Limits) -> None:
        rows = Source.objects.in_bulk(list(self._of))
        for id, counts in self._of.items():
            row = rows.get(id) or Source(id=id[:40], parser="", watched=False)
            self._add(row, counts, limits)
            row.save()

    def _add(self, row: Source, counts: _Counts, limits: Limits) -> None:
        hour = self._now.replace(minute=0, second=0, microsecond=0)
        if row.hour != hour:
            row.last_hour = row.in_hour if row.hour == hour - timedelta(hours=1) else 0
            row.hour, row.in_hour = hour, 0
        row.in_hour += counts.all
        row.first_seen = row.first_seen or self._now
        row.last_seen = max(row.last_seen or self._now, self._now)
        row.events += counts.events
        row.repeated += counts.repeated
        row.left += counts.left
        row.quarantined += counts.quarantined
        row.left_what = _named(row.left_what, counts.what)
        if counts.skews:
            skew = median(counts.skews)
            row.skew = skew if row.skew is None else row.skew + _SMOOTH * (skew - row.skew)


def _named(held: dict[str, int], more: Counter[str]) -> dict[str, int]:
    """Counts by name, the surplus of names under `~`."""
    counts = dict(held)
    for name, n in more.items():
        key = name if name in counts or len(counts) < _KINDS_LEFT else "~"
        counts[key] = counts.get(key, 0) + n
    return counts


def known(ids: Iterable[str]) -> list[Source]:
    return list(Source.objects.filter(pk__in=list(ids)))
