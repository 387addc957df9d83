"""Storms: few raw events kept, all of them counted, and places beyond number taken as one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Sum

from tlsec.ingest.identity import Identity as Who
from tlsec.ingest.limits import Storm
from tlsec.register import rows
from tlsec.register.models_intake import HourCount, Identity

_HOUR = timedelta(hours=1)
_REMEMBERED = 20_000  # (asset, check) pairs whose places are counted in memory


def hour_of(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class Hours:
    """The counts of one batch's fingerprints in their hours: asked for each event, stored at the end."""

    def __init__(self, limits: Storm, fingerprints: Iterable[str], hour: datetime) -> None:
        self._limits, self._hour = limits, hour
        self._held: dict[str, tuple[int, int]] = {}
        for chunk in rows.chunks(fingerprints):
            found = HourCount.objects.filter(fingerprint__in=chunk, hour=hour)
            for key, count, kept in found.values_list("fingerprint", "count", "kept"):
                self._held[key] = (count, kept)
        self._old = set(self._held)
        self._added: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()

    def keeps(self, fingerprint: str) -> bool:
        """Count one event; whether its raw text is one of those to keep."""
        count = self._held.get(fingerprint, (0, 0))[0] + self._added[fingerprint]
        self._added[fingerprint] += 1
        beyond = count - self._limits.first_raw
        keep = beyond < 0 or beyond % self._limits.then_one_in == 0
        self._kept[fingerprint] += keep
        return keep

    def store(self) -> None:
        changed: list[dict[str, Any]] = []
        made: list[dict[str, Any]] = []
        for key, added in self._added.items():
            count, kept = self._held.get(key, (0, 0))
            row = {
                "fingerprint": key,
                "hour": self._hour,
                "count": count + added,
                "kept": kept + self._kept[key],
            }
            (changed if key in self._old else made).append(row)
        rows.insert(HourCount, made)
        for chunk in rows.chunks(changed):
            ids = HourCount.objects.filter(
                fingerprint__in=[row["fingerprint"] for row in chunk], hour=self._hour
            ).values_list("fingerprint", "pk")
            by_key = dict(ids)
            rows.update(
                HourCount,
                "id",
                [
                    {"id": by_key[r["fingerprint"]], "count": r["count"], "kept": r["kept"]}
                    for r in chunk
                ],
            )


@dataclass
class Places:
    """How many new places of one check at one asset this hour has brought; kept between batches."""

    limits: Storm
    _hour: datetime | None = None
    _new: dict[tuple[str, str], int] = field(default_factory=dict)

    def recall(self, whos: Iterable[Who], now: datetime) -> None:
        """Count what the hour has brought already for the pairs that are not remembered."""
        hour = hour_of(now)
        if hour != self._hour or len(self._new) > _REMEMBERED:
            self._hour, self._new = hour, {}
        asked = {(who.asset, who.check) for who in whos} - set(self._new)
        self._new |= dict.fromkeys(asked, 0)
        for chunk in rows.chunks({asset for asset, _check in asked}):
            recent = Identity.objects.filter(asset_ref__in=chunk, first_seen__gte=hour)
            counted = recent.values_list("asset_ref", "check_ref").annotate(n=Count("pk"))
            for asset, check, n in counted:
                if (asset, check) in asked:
                    self._new[(asset, check)] = n

    def too_many(self, who: Who) -> bool:
        """Count one new place of a pair that was recalled; whether it is beyond what is told apart."""
        key = (who.asset, who.check)
        if self._new[key] >= self.limits.places_per_hour:
            return True
        self._new[key] += 1
        return False


@dataclass(frozen=True, slots=True)
class Banner:
    """What the last `hours` would have been without merging: `merged` events beyond one an alert."""

    events: int
    alerts: int
    merged: int
    kept: int
    worst: tuple[tuple[str, int], ...]  # fingerprints with the most events


def banner(now: datetime, hours: int = 1, most: int = 5) -> Banner:
    """True numbers of the last hours, for “合并 12,431 条”."""
    recent = HourCount.objects.filter(hour__gt=hour_of(now) - _HOUR * hours)
    sums = recent.aggregate(count=Sum("count"), kept=Sum("kept"))
    totals: dict[str, int] = defaultdict(int)
    grouped = recent.values("fingerprint").annotate(n=Sum("count")).order_by(F("n").desc())
    alerts = grouped.count()
    for row in grouped[:most]:
        totals[row["fingerprint"]] = row["n"]
    events = sums["count"] or 0
    return Banner(events, alerts, events - alerts, sums["kept"] or 0, tuple(totals.items()))
