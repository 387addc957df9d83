"""Which asset an event from outside is about, as the register says; what it does not know is u:<address>."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tlsec.ingest.event import Event
from tlsec.inventory.lookup import UNKNOWN, Lookup
from tlsec.inventory.models import AssetAddress, AssetHost
from tlsec.inventory.store import hex_of
from tlsec.register import rows

_FRESH = timedelta(seconds=60)  # how long the register's answers are remembered
_REMEMBERED = 50_000
_SUBJECT = 100  # characters of a subject
_BOTH_WAYS = ("ids", "waf", "edr")  # kinds whose two ends may stand either way round


@dataclass
class Linker:
    """Finds assets; remembers what it found for a minute, so that a storm asks once."""

    _lookup: Lookup | None = None
    _known: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def link(self, events: Sequence[Event], now: datetime) -> list[tuple[Event, str]]:
        """Each event the right way round, with its asset's reference.

        An alarm between a host outside and one of ours is about ours, whichever end the source named.
        """
        self._freshen(now)
        self._rule_out({name for event in events for name in _names(event)})
        return [self._link(event) for event in events]

    def _link(self, event: Event) -> tuple[Event, str]:
        asset = self._asset(event.address, event.host)
        if asset is not None:
            return event, asset
        if event.kind in _BOTH_WAYS and event.actors:
            ours = self._asset(event.actors[0], "")
            if ours is not None:
                others = (event.address,) if event.address else ()
                return replace(event, address=event.actors[0], host="", actors=others), ours
        return event, f"{UNKNOWN}{event.address or event.host}"[:_SUBJECT]

    def _freshen(self, now: datetime) -> None:
        lookup = self._lookup
        fresh = lookup is not None and timedelta(0) <= now - lookup.now < _FRESH
        if not fresh or len(self._known) > _REMEMBERED:
            self._lookup, self._known = Lookup(now), {}

    def _rule_out(self, names: set[tuple[str, str]]) -> None:
        """Most of a storm's ends are nobody's: two queries find those, where asking for each would be slow."""
        new = [name for name in names if name not in self._known]
        hexes = {address: hex_of(address) for address, _host in new if address}
        hosts = {host for _address, host in new if host}
        held: set[str] = set()
        for chunk in rows.chunks(set(hexes.values())):
            found = AssetAddress.objects.filter(hex__in=chunk)
            held.update(found.values_list("hex", flat=True))
        for chunk in rows.chunks(hosts):
            found_hosts = AssetHost.objects.filter(host__in=chunk)
            held.update(found_hosts.values_list("host", flat=True))
        for address, host in new:
            if hexes.get(address, "") not in held and host not in held:
                self._known[(address, host)] = None

    def _asset(self, address: str, host: str) -> str | None:
        if not address and not host:
            return None
        key = (address, host)
        if key not in self._known:
            assert self._lookup is not None  # made by _freshen
            self._known[key] = self._lookup.find_asset(address, host)
        return self._known[key]


def _names(event: Event) -> list[tuple[str, str]]:
    names = [(event.address, event.host)]
    if event.kind in _BOTH_WAYS and event.actors:
        names.append((event.actors[0], ""))
    return names
