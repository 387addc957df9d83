"""One attacker over many assets: networks by family of checks and day, material for the list of 封禁."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from tlsec.ingest import identity
from tlsec.register import rows
from tlsec.register.identities import Group
from tlsec.register.models_intake import Actor

_Key: TypeAlias = tuple[str, str, str]


@dataclass
class _Seen:
    count: int = 0
    addresses: dict[str, None] = field(default_factory=dict)  # in the order they came
    assets: dict[str, None] = field(default_factory=dict)


def note(groups: Iterable[Group], now: datetime, most: int) -> None:
    """Count the attackers of a batch. `most`: addresses and assets kept by name."""
    seen: dict[_Key, _Seen] = {}
    for group in groups:
        for event in group.firing:
            for actor in event.actors:
                key = identity.actor_key(actor, group.who.check, now)
                if key is None:
                    continue
                one = seen.setdefault(key, _Seen())
                one.count += 1
                one.addresses[actor] = None
                one.assets[group.who.asset] = None
    held = _held(seen)
    made, changed = [], []
    for key, one in seen.items():
        row = held.get(key)
        values: dict[str, Any] = {
            "count": one.count + (row.count if row else 0),
            "addresses": _first(row.addresses if row else [], one.addresses, most),
            "assets": _first(row.assets if row else [], one.assets, most),
            "last_seen": now,
        }
        if row:
            changed.append(values | {"id": row.pk})
        else:
            network, family, day = key
            first = {"network": network, "family": family, "day": date.fromisoformat(day)}
            made.append(values | first | {"first_seen": now})
    rows.insert(Actor, made)
    rows.update(Actor, "id", changed)


def _held(seen: Iterable[_Key]) -> dict[_Key, Actor]:
    keys = set(seen)
    found: dict[_Key, Actor] = {}
    for chunk in rows.chunks({network for network, _family, _day in keys}):
        days = {date.fromisoformat(day) for _network, _family, day in keys}
        for row in Actor.objects.filter(network__in=chunk, day__in=days):
            key = (row.network, row.family, row.day.isoformat())
            if key in keys:
                found[key] = row
    return found


def _first(held: list[str], more: Iterable[str], most: int) -> list[str]:
    return list(dict.fromkeys([*held, *more]))[:most]
