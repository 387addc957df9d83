"""The systems that send to us: what they sent, how their clocks stand, and when they fall silent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from django.db import transaction
from django.db.models import F

from tlsec.ingest.event import Event, Left, Rejected
from tlsec.ingest.limits import Limits
from tlsec.ingest.parsing import VERSIONS
from tlsec.ingest.settings import Settings, SourceSettings
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

    def left(self, left: Iterable[Left]) -> None:
        for one in left:
            self._of[one.source].left += 1
            self._of[one.source].what[one.what] += 1

    def rejected(self, rejected: Iterable[Rejected]) -> None:
        for one in rejected:
            self._of[one.source].quarantined += 1

    def store(self) -> None:
        rows = Source.objects.in_bulk(list(self._of))
        for id, counts in self._of.items():
            row = rows.get(id) or Source(id=id, parser="", watched=False)
            self._add(row, counts)
            row.save()

    def _add(self, row: Source, counts: _Counts) -> None:
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


def sync(settings: Settings, limits: Limits, now: datetime) -> None:
    """The table as ingest.yaml says it; sources that are no longer there are kept, watched no more."""
    with transaction.atomic():
        held = Source.objects.in_bulk(list(settings.sources))
        for id, said in settings.sources.items():
            row = held.get(id) or Source(id=id, watched=False)
            if not row.watched:
                row.watched_from = now
            row.watched = True
            row.title, row.parser = said.title or id, said.parser
            row.parser_version = VERSIONS[said.parser]
            row.expected_per_hour = said.expected_per_hour
            row.heartbeat_minutes = _heartbeat(said, limits)
            row.save()
        Source.objects.exclude(id__in=list(settings.sources)).update(watched=False)


def _heartbeat(said: SourceSettings, limits: Limits) -> int | None:
    """A source of files speaks when somebody brings one, so its silence says nothing unless it is asked to."""
    if said.heartbeat_minutes is not None:
        return said.heartbeat_minutes or None
    return None if said.parser == "table" else limits.sources.heartbeat_minutes


def lost(counts: Mapping[str, int]) -> None:
    """Messages that were dropped because the queue was full: counted, so that nobody takes it for calm."""
    for id, n in counts.items():
        Source.objects.filter(pk=id).update(lost=F("lost") + n)


def silent(row: Source, now: datetime) -> bool:
    """Whether a source has said nothing for its heartbeat limit."""
    heard = max(filter(None, (row.last_seen, row.watched_from)), default=None)
    if not row.watched or not row.heartbeat_minutes or heard is None:
        return False
    return now - heard >= timedelta(minutes=row.heartbeat_minutes)


def state(row: Source, now: datetime) -> str:
    """off (no longer in ingest.yaml), silent, never (nothing came yet), slow (less than expected) or well."""
    if not row.watched:
        return "off"
    if silent(row, now):
        return "silent"
    if row.last_seen is None:
        return "never"
    expected = row.expected_per_hour or 0
    return "slow" if row.last_hour is not None and row.last_hour < expected else "well"


def changes(now: datetime) -> list[tuple[Source, bool]]:
    """Sources that fell silent (True) or speak again (False) since this was last looked at."""
    found = []
    for row in Source.objects.filter(watched=True) | Source.objects.exclude(silent_since=None):
        if silent(row, now) != (row.silent_since is not None):
            found.append((row, row.silent_since is None))
    return found
