"""What the watch's clocks know of a case: since when something is out or tampered with, and for how long."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tlsec.policy import incident_level
from tlsec.policy.thresholds import Thresholds
from tlsec.register.models import Alert
from tlsec.watch.models import Spell

CLOCK = "watch.clock"  # alerts of the clocks themselves
_OF_CLOCK = ("clock", "mark")


def of_alerts(alerts: Iterable[Alert]) -> list[Spell]:
    """The spells that alerts speak of: same subject, place and, but for alerts of a clock, same check."""
    found: dict[int, Spell] = {}
    for alert in alerts:
        place = {k: v for k, v in alert.locator.items() if k not in _OF_CLOCK}
        spells = Spell.objects.filter(subject=alert.subject, since__lte=alert.last_seen)
        if alert.check_id.startswith(CLOCK):
            spells = spells.filter(kind=str(alert.locator.get("clock", "")))
        else:
            spells = spells.filter(check_id=alert.check_id)
        for spell in spells.order_by("-since")[:50]:
            over = spell.ended is not None and spell.ended < alert.first_seen
            if not over and _same(spell.locator_key, place):
                found[spell.pk] = spell
    return sorted(found.values(), key=lambda spell: spell.since)


def _same(locator_key: str, place: dict[str, Any]) -> bool:
    try:
        return bool(json.loads(locator_key) == place)
    except ValueError:
        return False


def measured(table: Thresholds, spells: Iterable[Spell], now: datetime) -> dict[str, float]:
    """Whole minutes by measure, the longest of each; only what a line speaks of."""
    known = incident_level.scales(table)
    made: dict[str, float] = {}
    for spell in spells:
        key = f"{spell.kind}.{spell.line}"
        if key in known:
            minutes = int(((spell.ended or now) - spell.since).total_seconds() // 60)
            made[key] = max(made.get(key, 0.0), float(max(minutes, 0)))
    return made
