"""What is known of each fingerprint from outside: its parts, the rule that made it, what it said last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tlsec.ingest import identity
from tlsec.ingest.event import Event
from tlsec.ingest.identity import Identity as Who
from tlsec.register import rows
from tlsec.register.models_intake import Identity


@dataclass(frozen=True, slots=True)
class Placed:
    """One delivery with the identity of its event."""

    key: str
    event: Event
    who: Who


@dataclass(slots=True)
class Group:
    """The events of one fingerprint within a batch, in the order they came."""

    who: Who
    events: list[Event] = field(default_factory=list)

    @property
    def firing(self) -> list[Event]:
        return [event for event in self.events if event.condition == "firing"]


def grouped(placed: Iterable[Placed]) -> dict[str, Group]:
    groups: dict[str, Group] = {}
    for one in placed:
        groups.setdefault(one.who.fingerprint, Group(one.who)).events.append(one.event)
    return groups


def note(groups: Mapping[str, Group], now: datetime, actors: int) -> None:
    """Keep or renew the identities of a batch. `actors`: how many attackers are kept by address."""
    known: dict[str, Identity] = {}
    for chunk in rows.chunks(groups):
        known |= Identity.objects.in_bulk(chunk)
    made, changed = [], []
    for key, group in groups.items():
        row = known.get(key)
        told = identity.content_hash(group.events[-1])
        seen, more = with_actors(row.actors if row else [], group.firing, actors)
        values = {
            "fingerprint": key,
            "content_hash": told,
            "revision": row.revision + (row.content_hash != told) if row else 1,
            "total": (row.total if row else 0) + len(group.firing),
            "actors": seen,
            "actors_more": (row.actors_more if row else 0) + more,
            "last_seen": now,
            "title": group.events[-1].title[:200],
        }
        if row:
            changed.append(values)
        else:
            made.append(values | _first(group, now))
    rows.insert(Identity, made)
    rows.update(Identity, "fingerprint", changed)


def _first(group: Group, now: datetime) -> dict[str, Any]:
    event = group.events[0]
    return {
        "rule": identity.RULE,
        "rule_version": identity.RULE_VERSION,
        "source": event.source,
        "kind": group.who.kind,
        "asset_ref": group.who.asset,
        "check_ref": group.who.check,
        "locus": dict(group.who.locus),
        "address": event.address,
        "host": event.host,
        "first_seen": now,
    }


def with_actors(
    held: list[list[Any]], events: Iterable[Event], most: int
) -> tuple[list[list[Any]], int]:
    """[address, count] pairs with those of the events, at most so many; and how often others were seen."""
    counts: dict[str, int] = {str(address): int(n) for address, n in held}
    more = 0
    for event in events:
        for actor in event.actors:
            if actor in counts or len(counts) < most:
                counts[actor] = counts.get(actor, 0) + 1
            else:
                more += 1
    return [[address, n] for address, n in counts.items()], more
