"""Which asset an event from outside is about, as the register says; what it does not know is u:<address>."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tlsec.ingest.event import Event
from tlsec.inventory.lookup import UNKNOWN, Lookup

_FRESH = timedelta(seconds=60)  # how long the register's answers are remembered
_REMEMBERED = 50_000
_SUBJECT = 100  # characters of a subject
_BOTH_WAYS = ("ids", "waf", "edr")  # kinds whose two ends may stand either way round


@dataclass
class Linker:
    """Finds assets; remembers what it found for a minute, so that a storm asks once."""

    _lookup: Lookup | None = None
    _known: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def link(self, event: Event, now: datetime) -> tuple[Event, str]:
        """The event the right way round, and its asset's reference.

        An alarm between a host outside and one of ours is about ours, whichever end the source named.
        """
        if event.address or event.host:
            asset = self._asset(event.address, event.host, now)
            if asset is not None:
                return event, asset
        if event.kind in _BOTH_WAYS and event.actors:
            ours = self._asset(event.actors[0], "", now)
            if ours is not None:
                others = (event.address,) if event.address else ()
                return replace(event, address=event.actors[0], host="", actors=others), ours
        return event, f"{UNKNOWN}{event.address or event.host}"[:_SUBJECT]

    def _asset(self, address: str, host: str, now: datetime) -> str | None:
        lookup = self._lookup
        fresh = lookup is not None and timedelta(0) <= now - lookup.now < _FRESH
        if lookup is None or not fresh or len(self._known) > _REMEMBERED:
            lookup = self._lookup = Lookup(now)
            self._known = {}
        key = (address, host)
        if key not in self._known:
            self._known[key] = lookup.find_asset(address, host)
        return self._known[key]
