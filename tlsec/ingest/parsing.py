"""Which parser reads a source, and one delivery read by it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from tlsec.ingest import alertmanager, cef, eve, syslog, webhook
from tlsec.ingest.event import Event, Parsed
from tlsec.ingest.limits import ReadingLimits
from tlsec.ingest.mapping import Map
from tlsec.ingest.reading import Parser, Reading
from tlsec.ingest.settings import Settings, SourceSettings
from tlsec.ingest.severity import Table

PARSERS: Mapping[str, tuple[Parser, int]] = {
    "syslog": (syslog.parse, syslog.VERSION),
    "cef": (cef.parse, cef.VERSION),
    "eve": (eve.parse, eve.VERSION),
    "alertmanager": (alertmanager.parse, alertmanager.VERSION),
    "webhook": (webhook.parse, webhook.VERSION),
}
VERSIONS = {name: version for name, (_parser, version) in PARSERS.items()} | {"table": 1}


@dataclass(frozen=True, slots=True)
class Readers:
    """How each source is read. `severities`, `limits`: of the policy."""

    severities: Mapping[str, Table]
    limits: ReadingLimits
    sources: Mapping[str, SourceSettings]
    maps: Mapping[str, Map]

    @classmethod
    def of(
        cls, settings: Settings, severities: Mapping[str, Table], limits: ReadingLimits
    ) -> Readers:
        return cls(severities, limits, settings.sources, settings.maps)

    def reading(self, source: str, received: datetime, sender: str = "") -> Reading:
        """What a delivery of a source is read with. KeyError for a source that is not in the settings."""
        said = self.sources[source]
        return Reading(
            source=source,
            received=received,
            severities=self.severities,
            limits=self.limits,
            kind=said.kind,
            zone=ZoneInfo(said.timezone),
            sender=sender,
            map=self.maps.get(said.map),
        )

    def parse(
        self, source: str, raw: bytes, received: datetime, sender: str = "", id: str = ""
    ) -> list[Parsed]:
        """One delivery. `id`: of the delivery; events without an id of their own take it with their number."""
        parser: Callable[[bytes, Reading], list[Parsed]] = PARSERS[self.sources[source].parser][0]
        parsed = parser(raw, self.reading(source, received, sender))
        return numbered(parsed, id) if id else parsed


def numbered(parsed: list[Parsed], id: str) -> list[Parsed]:
    """Events that have no id of their own, by their number within a delivery that has one."""
    return [
        replace(one, event_id=f"{id}#{number}")
        if isinstance(one, Event) and not one.event_id
        else one
        for number, one in enumerate(parsed)
    ]
