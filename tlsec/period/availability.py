"""How protected systems ran in a stretch of time: by the watch's spells and tallies, else by observations.

A system that nobody could look at has no availability; it is never taken for up (未测≠正常).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from tlsec.inventory import models as inventory
from tlsec.inventory.fields import LOCAL
from tlsec.period.models import Period
from tlsec.scan.models import Observation

_DOWN = ("unreachable", "refused", "timeout")
_PROBES = ("http.page", "net.service", "tls.handshake")  # what has to speak, not only be open
_ZERO = timedelta()


@dataclass(frozen=True, slots=True)
class Running:
    """One system. `share`: looks that found it up ÷ looks that could tell; None: nobody could tell.

    `down`: time in outages; `longest`: the longest of them; `now_down`: it is down at the end.
    """

    system: str
    name: str
    looks: int
    failed: int
    untold: int
    down: timedelta
    longest: timedelta
    now_down: bool

    @property
    def share(self) -> float | None:
        told = self.looks - self.untold
        return (told - self.failed) / told if told else None


@dataclass
class _Sum:
    looks: int = 0
    failed: int = 0
    untold: int = 0
    watched: bool = False


def of(period: Period, start: datetime, until: datetime) -> list[Running]:
    """Every protected system in the period's order."""
    systems = {row.id: row for row in inventory.System.objects.filter(id__in=period.systems)}
    owner = dict(
        inventory.Asset.objects.filter(system__in=period.systems).values_list("id", "system_id")
    )
    sums: dict[str, _Sum] = defaultdict(_Sum)
    spans: dict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    _watched(owner, sums, spans, start, until)
    _observed(owner, sums, spans, start, until)
    made = []
    for id_ in period.systems:
        if id_ in systems:
            down, longest, now_down = _clipped(spans[id_], start, until)
            s = sums[id_]
            made.append(
                Running(
                    id_, systems[id_].name, s.looks, s.failed, s.untold, down, longest, now_down
                )
            )
    return made


def _watched(
    owner: dict[str, str], sums: dict[str, _Sum],
    spans: dict[str, list[tuple[datetime, datetime | None]]], start: datetime, until: datetime,
) -> None:  # fmt: skip
    """What the watch counted: visits by whole days, outages to the second."""
    from tlsec.watch.models import Spell, Tally

    last = (until - timedelta(microseconds=1)).astimezone(LOCAL).date()
    tallies = Tally.objects.filter(day=last, subject__in=owner)
    for tally in tallies.iterator(chunk_size=1000):
        s = sums[owner[tally.subject]]
        s.looks += tally.visits + tally.untold
        s.failed += tally.failed
        s.untold += tally.untold
        s.watched = True
    spells = Spell.objects.filter(kind="outage", subject__in=owner, since__lt=until)
    for spell in spells.exclude(ended__lte=start).iterator(chunk_size=1000):
        spans[owner[spell.subject]].append((spell.since, spell.ended))


def _observed(
    owner: dict[str, str], sums: dict[str, _Sum],
    spans: dict[str, list[tuple[datetime, datetime | None]]], start: datetime, until: datetime,
) -> None:  # fmt: skip
    """What scans saw of systems that the watch does not watch."""
    rows = Observation.objects.filter(
        probe__in=_PROBES, subject__in=owner, ended__gte=start, ended__lt=until
    )
    since: dict[tuple[str, str], datetime] = {}
    for subject, place, ended, reason in (
        rows.order_by("ended", "id").values_list("subject", "locator_key", "ended", "reason")
    ).iterator(chunk_size=2000):
        system = owner[subject]
        s = sums[system]
        if s.watched:
            continue
        s.looks += 1
        if not reason:
            if begun := since.pop((system, place), None):
                spans[system].append((begun, ended))
        elif reason in _DOWN:
            s.failed += 1
            since.setdefault((system, place), ended)
        else:
            s.untold += 1
    for (system, _place), begun in since.items():
        spans[system].append((begun, None))


def _clipped(
    spans: list[tuple[datetime, datetime | None]], start: datetime, until: datetime
) -> tuple[timedelta, timedelta, bool]:
    """Time down, longest stretch and whether it is down at the end; places that are down together count once."""
    cut = sorted((max(a, start), min(b or until, until)) for a, b in spans)
    down = longest = _ZERO
    begun: datetime | None = None
    reached = start
    for a, b in cut:
        if begun is None or a > reached:
            begun, reached = a, b
            down += b - a
        elif b > reached:
            down += b - reached
            reached = b
        longest = max(longest, reached - begun)
    return down, longest, any(b is None or b >= until for _a, b in spans)
