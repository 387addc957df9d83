"""Events from other systems into alerts: some hundred in one transaction, each delivery once.

Absence closes nothing here: only what a source says itself changes an alert, and a source's "resolved"
makes its condition clear, never more.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from django.db import transaction

from tlsec import content
from tlsec.ingest import identity, limits, severity
from tlsec.ingest.event import Event, Left, Parsed, Rejected
from tlsec.ingest.identity import Identity as Who
from tlsec.ingest.limits import Limits
from tlsec.ingest.tail import Mark
from tlsec.register import (
    actors,
    identities,
    inhibition,
    opening,
    positions,
    quarantine,
    relink,
    rows,
    sources,
)
from tlsec.register.identities import Group, Placed, grouped
from tlsec.register.linking import Linker
from tlsec.register.models import Alert
from tlsec.register.models_intake import Identity, RawEvent, ToOpen
from tlsec.register.storm import Hours, Places, hour_of

_LOCK = "tlsec.intake"


@dataclass
class Ground:
    """What stays between batches: limits of the policy, the register's answers, counts of new places."""

    limits: Limits
    linker: Linker = field(default_factory=Linker)

    @classmethod
    def of(cls, root: Path) -> Ground:
        """Of a workspace. Raises Faulty for a faulty policy file."""
        return cls(limits.load(content.policies(root)))

    @cached_property
    def places(self) -> Places:
        return Places(self.limits.storm)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: events that opened an alert, that count on an open one, that said clear;
    deliveries that were there already; alerts whose severity rose; what could not be read; what is no alert."""

    new: int = 0
    again: int = 0
    cleared: int = 0
    repeated: int = 0
    worse: int = 0
    quarantined: int = 0
    left: int = 0
    opened: int = 0  # ledger items
    inhibited: int = 0  # new alerts that another one explains: shown under it, not told one by one

    def __add__(self, other: Taken) -> Taken:
        return Taken(*(getattr(self, n) + getattr(other, n) for n in Taken.__slots__))


def receive(
    parsed: Sequence[Parsed], now: datetime, ground: Ground, marks: Iterable[tuple[str, Mark]] = ()
) -> Taken:
    """Take a batch, whole or not at all. The caller may tell its senders so when this returns.

    `marks`: (source, how far) of the files that the batch is from; kept with it or not at all.
    """
    events = [one for one in parsed if isinstance(one, Event)]
    rejected = [one for one in parsed if isinstance(one, Rejected)]
    left = [one for one in parsed if isinstance(one, Left)]
    with transaction.atomic():
        rows.lock(_LOCK)
        tally = sources.Tally(now)
        tally.rejected(rejected)
        tally.left(left)
        quarantine.put(rejected, ground.limits.storm, now)
        fresh = _fresh(events, tally)
        placed = _placed(fresh, now, ground)
        groups = grouped(placed)
        new, again, cleared, worse = _alerts(groups, now, ground)
        inhibited = _inhibited(groups, now) if new else 0
        _keep(placed, groups, now, ground, tally)
        tally.store()
        positions.keep(marks)
        opened = opening.open_waiting(now, ground.limits.per_batch_items)
    return Taken(
        new=new, again=again, cleared=cleared, repeated=len(events) - len(fresh), worse=worse,
        quarantined=len(rejected), left=len(left), opened=opened, inhibited=inhibited,
    )  # fmt: skip


def _inhibited(groups: Iterable[str], now: datetime) -> int:
    fresh = Alert.objects.filter(open=True, first_seen=now, told_at=None)
    return sum(
        len(inhibition.causes(fresh.filter(fingerprint__in=chunk))) for chunk in rows.chunks(groups)
    )


def delivery_hash(event: Event) -> str:
    return hashlib.sha256(event.delivery_key.encode("utf-8", "replace")).hexdigest()


def _fresh(events: Iterable[Event], tally: sources.Tally) -> dict[str, Event]:
    """Deliveries that were not there before, by key."""
    keyed: dict[str, Event] = {}
    for event in events:
        key = delivery_hash(event)
        if key in keyed:
            tally.repeated(event)
        else:
            keyed[key] = event
    for chunk in rows.chunks(list(keyed)):
        found = RawEvent.objects.filter(delivery_key__in=chunk)
        for key in found.values_list("delivery_key", flat=True):
            tally.repeated(keyed.pop(key))
    return keyed


def _placed(fresh: Mapping[str, Event], now: datetime, ground: Ground) -> list[Placed]:
    """Events with their identities. Places that are new beyond number share one."""
    linked = ground.linker.link(list(fresh.values()), now)
    placed = [
        Placed(key, event, identity.identify(event, asset))
        for key, (event, asset) in zip(fresh, linked, strict=True)
    ]
    seen = _known({one.who.fingerprint for one in placed})
    seen |= relink.adopt((one for one in placed if one.who.fingerprint not in seen), now)
    ground.places.recall((one.who for one in placed if one.who.fingerprint not in seen), now)
    for index, one in enumerate(placed):
        if one.who.fingerprint in seen:
            continue
        if one.who.locus and ground.places.too_many(one.who):
            elsewhere = {"place": identity.ELSEWHERE}
            who = identity.identify(one.event, one.who.asset, elsewhere)
            placed[index] = Placed(one.key, one.event, who)
        seen.add(placed[index].who.fingerprint)
    return placed


def _known(fingerprints: set[str]) -> set[str]:
    found: set[str] = set()
    for chunk in rows.chunks(fingerprints):
        keys = Identity.objects.filter(fingerprint__in=chunk)
        found.update(keys.values_list("fingerprint", flat=True))
    return found


def _alerts(held: Mapping[str, Group], now: datetime, ground: Ground) -> tuple[int, int, int, int]:
    """Count events on open heads, open heads for the others. (new, again, cleared, worse)."""
    heads: dict[str, Alert] = {}
    for chunk in rows.chunks(list(held)):
        found = Alert.objects.filter(fingerprint__in=chunk, open=True)
        heads.update((head.fingerprint, head) for head in found)
    changes, fresh = [], []
    new = again = cleared = worse = 0
    for key, group in held.items():
        firing = group.firing
        cleared += len(group.events) - len(firing)
        if key in heads:
            changes.append(_change(heads[key], group, now))
            again += len(firing)
            worse += changes[-1]["severity"] != heads[key].severity
        elif firing:
            fresh.append(group)
            new, again = new + 1, again + len(firing) - 1
    rows.update(Alert, "id", changes)
    _open(fresh, now, ground)
    return new, again, cleared, worse


def _change(head: Alert, group: Group, now: datetime) -> dict[str, Any]:
    """An open head after some more events: only the worst severity of an episode is kept, and told anew."""
    last, firing = group.events[-1], group.firing
    worst = severity.worst(head.severity, *(event.severity for event in firing))  # type: ignore[arg-type]
    said = firing[-1] if firing else None
    return {
        "id": head.pk,
        "count": head.count + len(firing),
        "last_seen": max(now, head.last_seen),
        "condition": last.condition,
        "severity": worst,
        "message": _message(said) if said else head.message,
        "told_at": head.told_at if worst == head.severity else None,
    }


def _open(groups: Sequence[Group], now: datetime, ground: Ground) -> None:
    """New heads, each the next episode of its fingerprint, and the queue of items to open."""
    before: dict[str, int] = {}
    keys = [group.who.fingerprint for group in groups]
    for chunk in rows.chunks(keys):
        closed = Alert.objects.filter(fingerprint__in=chunk).order_by("episode")
        before.update(closed.values_list("fingerprint", "episode"))
    rows.insert(Alert, (_head(group, before, now) for group in groups))
    wanted = {
        group.who.fingerprint
        for group in groups
        if ground.limits.opens_item(group.who.kind, _worst(group))
    }
    for chunk in rows.chunks(wanted):
        ids = Alert.objects.filter(fingerprint__in=chunk, open=True).values_list("pk", flat=True)
        rows.insert(ToOpen, ({"alert_id": pk, "queued": now} for pk in ids))


def _head(group: Group, before: Mapping[str, int], now: datetime) -> dict[str, Any]:
    who, last = group.who, group.firing[-1]
    return {
        "fingerprint": who.fingerprint,
        "episode": before.get(who.fingerprint, 0) + 1,
        "check_id": who.check,
        "subject": who.asset,
        "locator": locator(last, who),
        "severity": _worst(group),
        "condition": group.events[-1].condition,
        "message": _message(last),
        "clauses": [],
        "first_seen": now,
        "last_seen": now,
        "count": len(group.firing),
        "run": 0,
    }


def _worst(group: Group) -> Any:
    return severity.worst(*(event.severity for event in group.firing))


def _message(event: Event) -> str:
    return (event.message or event.title)[:1000]


def locator(event: Event, who: Who) -> dict[str, str | int]:
    """Where it is, in the words of a locator, with the parts of the place that tell it from others."""
    parts: dict[str, str | int] = dict(who.locus)
    for key, value in (("address", event.address), ("host", event.host)):
        if value:
            parts[key] = value
    if event.port and "port" in parts:
        parts["port"] = event.port
    return parts


def _keep(
    placed: Sequence[Placed], groups: Mapping[str, Group], now: datetime, ground: Ground,
    tally: sources.Tally,
) -> None:  # fmt: skip
    """The deliveries with samples of their raw text, true counts, identities, attackers."""
    storm = ground.limits.storm
    hours = Hours(storm, groups, hour_of(now))
    trusted = timedelta(seconds=ground.limits.clocks.trusted_skew_seconds)
    kept = []
    for one in placed:
        event = one.event
        tally.event(event)
        keep = hours.keeps(one.who.fingerprint)
        believed = abs(event.received - event.at) <= trusted
        kept.append(
            {
                "delivery_key": one.key,
                "source": event.source,
                "received": event.received,
                "at": event.at if believed else event.received,
                "fingerprint": one.who.fingerprint,
                "content_hash": identity.content_hash(event),
                "raw": zlib.compress(event.raw, 6) if keep else None,
            }
        )
    rows.insert(RawEvent, kept)
    hours.store()
    identities.note(groups, now, storm.actors)
    actors.note(groups.values(), now, storm.actors)
