"""What the register says, asked the way a scan asks: permits, vantages, endpoints, the facts of one locator.

Zones, flows and vantages are small and kept; assets are read by address when asked for (holdings.py), so
that a large register does not sit in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from ipaddress import ip_address, ip_network
from typing import Any

from django.db.models import Q

from tlsec import facts
from tlsec.facts import AssetFacts, Flow, Locator, ZoneRole
from tlsec.inventory import models, store
from tlsec.inventory.flows import Matrix, Point, ZoneMap
from tlsec.inventory.holdings import (
    AssetRow,
    EndpointRow,
    Holdings,
    Known,
    asset_row,
    assets_query,
    endpoint_row,
    reclaimed,
)
from tlsec.inventory.schema import FlowRule, Waiver

__all__ = ["AssetRow", "EndpointRow", "Lookup", "Who"]

UNKNOWN = "u:"  # subject of an address that no asset has: u:<address>


@dataclass(frozen=True, slots=True)
class Who:
    """Who answers for a subject and where it is, by name; "" where the register does not say."""

    unit: str
    county: str
    system: str
    zone: str
    owner: str
    grade_s: int | None
    grade_a: int | None


class Lookup:
    """The register as it stands at `now`. Make a new one for each run; it does not see later changes.

    `vantages`: every vantage by id, in the order of the file.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._held = Holdings(now)
        # read now: an executor asks for vantages from its event loop, where no query may be made
        self.vantages: Mapping[str, facts.Vantage] = {
            row.id: facts.Vantage(row.id, row.zone_id, row.source)
            for row in models.Vantage.objects.order_by("ordinal", "id")
        }

    # --- permits and places ---

    def scopes(self) -> list[facts.Scope]:
        """Permits live now, with the blocks of secret-graded systems taken out of each."""
        secret = [ip_network(block) for block in self.secret_blocks]
        found = models.Scope.objects.filter(valid_from__lte=self.now, until__gt=self.now)
        return [
            facts.Scope(
                id=row.id,
                blocks=tuple(map(ip_network, row.blocks)),
                valid_from=row.valid_from,
                until=row.until,
                rate_per_second=row.rate,
                connections_per_host=row.connections,
                quiet_hours=tuple(_hours(span) for span in row.quiet_hours),
                excluded=(*map(ip_network, row.excluded), *secret),
            )
            for row in found.order_by("ordinal", "id")
        ]

    @cached_property
    def secret_blocks(self) -> list[str]:
        """Blocks of secret-graded systems: never probed, whatever a permit says."""
        return [
            block
            for blocks in models.SecretSystem.objects.values_list("blocks", flat=True)
            for block in blocks
        ]

    def vantage(self, id: str) -> facts.Vantage:
        """Raises KeyError for a vantage that is not on record."""
        return self.vantages[id]

    @cached_property
    def _zones(self) -> dict[str, models.Zone]:
        return {zone.id: zone for zone in models.Zone.objects.order_by("ordinal", "id")}

    @cached_property
    def _zone_map(self) -> ZoneMap:
        return ZoneMap({zone.id: zone.blocks for zone in self._zones.values()})

    def zones(self) -> list[models.Zone]:
        """Every zone, in the order of the file."""
        return list(self._zones.values())

    def zone_of(self, address: str) -> str | None:
        """The zone whose blocks hold the address."""
        return self._zone_map.of(address)

    @cached_property
    def _matrix(self) -> Matrix:
        return Matrix(row for row in store.rows("flows") if isinstance(row, FlowRule))

    def flow(self, vantage: str | facts.Vantage, address: str, port: int) -> Flow:
        """What the flow matrix says of reaching address:port from a vantage."""
        at = self.vantages.get(vantage) if isinstance(vantage, str) else vantage
        if at is None:
            return Flow.UNSPECIFIED
        source = Point(at.zone, ip_address(at.source) if at.source else None)
        target = Point(self.zone_of(address) or "", ip_address(address))
        return self._matrix.decide(source, target, port, self.now)

    def resolvers(self) -> list[models.Resolver]:
        """The resolvers to compare."""
        return list(models.Resolver.objects.order_by("ordinal", "id"))

    @cached_property
    def own_domains(self) -> list[str]:
        """Domains that links of the city's pages may point to."""
        return list(models.Domain.objects.order_by("ordinal", "id").values_list("id", flat=True))

    def waivers(self) -> list[Waiver]:
        """Approved exceptions in force now."""
        found = store.rows("waivers", Q(valid_from__lte=self.now, until__gt=self.now))
        return [row for row in found if isinstance(row, Waiver)]

    # --- assets ---

    def asset(self, id: str) -> AssetRow | None:
        return self._held.by_id(id)

    def assets(
        self,
        zones: Sequence[str] | None = None,
        systems: Sequence[str] | None = None,
        assets: Sequence[str] | None = None,
    ) -> Iterator[AssetRow]:
        """Assets in use, streaming, in the order of the file. None: no limit."""
        found = assets_query().exclude(id__in=reclaimed())
        if zones is not None:
            found = found.filter(zone__in=zones)
        if systems is not None:
            found = found.filter(system__in=systems)
        if assets is not None:
            found = found.filter(id__in=assets)
        for record in found.order_by("ordinal", "id").iterator(chunk_size=store.CHUNK):
            yield asset_row(record)

    def describe(self, subject: str, address: str = "") -> Who:
        """Who answers for an asset, or else whoever its address was allocated to."""
        address = address or _unknown_address(subject)
        asset = self._held.by_id(subject)
        if asset is not None:
            address = address or next(iter(asset.addresses), "")
        known = self._held.at(str(ip_address(address))) if address else None
        allocated = known.allocation if known else ""
        allocation = models.Allocation.objects.filter(id=allocated).first()
        unit = (asset.unit if asset else "") or (allocation.unit_id if allocation else "")
        county = asset.county if asset else (allocation.county_id if allocation else "")
        owner = (asset.owner if asset else "") or (
            (allocation.contact_id or "") if allocation else ""
        )
        zone = (self.zone_of(address) if address else None) or (asset.zone if asset else "")
        return Who(
            unit=self._name(models.Unit, unit),
            county=self._name(models.Unit, county),
            system=(self._name(models.System, asset.system) or asset.name) if asset else "",
            zone=zone,
            owner=self._name(models.Person, owner),
            grade_s=asset.grade_s if asset else None,
            grade_a=asset.grade_a if asset else None,
        )

    def _name(self, model: Any, id: str) -> str:
        return (id and model.objects.filter(id=id).values_list("name", flat=True).first()) or ""

    def find_asset(self, address: str = "", host: str = "") -> str | None:
        """Id of the asset that has the address, or else the host name. With both, one that has both first."""
        held = list(self._held.at(str(ip_address(address))).assets) if address else []
        named = list(self._held.by_host(host.lower().rstrip("."))) if host else []
        both = [asset for asset in held if asset in named]
        return next((asset.id for asset in (*both, *held, *named)), None)

    def endpoints(
        self,
        zones: Sequence[str] | None = None,
        systems: Sequence[str] | None = None,
        assets: Sequence[str] | None = None,
        address: str | None = None,
    ) -> Iterator[EndpointRow]:
        """Declared endpoints of assets in use, streaming, ordered by address and port. None: no limit."""
        found = models.Endpoint.objects.select_related("asset__system")
        found = found.exclude(asset__in=reclaimed())
        if zones is not None:
            found = found.filter(asset__zone__in=zones)
        if systems is not None:
            found = found.filter(asset__system__in=systems)
        if assets is not None:
            found = found.filter(asset__in=assets)
        if address is not None:
            found = found.filter(hex=store.hex_of(address))
        for record in found.order_by("hex", "port", "pk").iterator(chunk_size=store.CHUNK):
            yield endpoint_row(record)

    def asset_facts(self, locator: Locator, subject: str, vantage: str = "") -> AssetFacts:
        """What the register says of a locator (keys address, port, host, name, path, vantage).

        `subject` is an asset's id, or u:<address>; `vantage` counts where the locator names none.
        What cannot be said of such a locator stays None.
        """
        address = str(locator.get("address", "")) or _unknown_address(subject)
        port = int(locator.get("port", 0))
        name = str(locator.get("name") or locator.get("host") or "")
        known = self._held.at(str(ip_address(address))) if address else None
        asset = self._subject(subject, known, name)
        values: dict[str, Any] = {}
        if address and known is not None:
            values.update(self._of_address(address, known))
            zone = values["zone"]
            if port and (vantage := str(locator.get("vantage", vantage))):
                values["flow"] = self.flow(vantage, address, port)
        else:
            zone = (asset.zone or None) if asset else None
            values.update(registered=asset is not None, zone=zone)
        if zone in self._zones:
            values["zone_role"] = ZoneRole(self._zones[zone].role)
        elif address and zone is None:
            values["zone_role"] = ZoneRole.NONE  # known to lie outside every zone
        if known is not None and port:
            values.update(_of_port(known, asset, port, str(locator.get("path", ""))))
        if asset is not None:
            values.update(_of_asset(asset))
            values["addresses"] = self._addresses(name, asset)
            values["own_domains"] = self.own_domains
        return AssetFacts(**values)

    def _subject(self, subject: str, known: Known | None, name: str) -> AssetRow | None:
        held = known.assets if known else ()
        asset = next((asset for asset in held if asset.id == subject), None)
        if asset is None and not subject.startswith(UNKNOWN):
            asset = self._held.by_id(subject)
        if asset is not None:
            return asset
        named = [asset for asset in held if name and name in asset.hosts]
        if named or held:
            return (*named, *held)[0]
        return next(iter(self._held.by_host(name)), None) if name and known is None else None

    def _of_address(self, address: str, known: Known) -> dict[str, Any]:
        return {
            "registered": bool(known.assets),
            "allocated": bool(known.allocation),
            "declared_ports": sorted({row.port for row in known.endpoints if row.proto == "tcp"}),
            "zone": self.zone_of(address),
        }

    def _addresses(self, name: str, asset: AssetRow) -> list[str]:
        """Addresses on record for the name; without a name, those of the asset."""
        holders = self._held.by_host(name) if name else ()
        listed = {address for holder in holders for address in holder.addresses}
        return sorted(listed) if holders else sorted(asset.addresses)


def _unknown_address(subject: str) -> str:
    """The address of an u:<address>; "" for anything else, such as u:uplink."""
    try:
        return str(ip_address(subject.removeprefix(UNKNOWN)))
    except ValueError:
        return ""


def _of_asset(asset: AssetRow) -> Mapping[str, Any]:
    return {
        "has_owner": bool(asset.unit and asset.owner),
        "operator": asset.operator or None,
        "last_visit": asset.last_visit,
        "status": asset.status,
        "level": asset.level,
        "grade_s": asset.grade_s,
        "grade_a": asset.grade_a,
        "personal_data": asset.personal_data,
        "display": asset.display,
    }


def _of_port(known: Known, asset: AssetRow | None, port: int, path: str) -> Mapping[str, Any]:
    """What is declared of one port: by the asset itself first, else by another of the same address."""
    declared = [row for row in known.endpoints if row.port == port and row.proto == "tcp"]
    declared = declared or [row for row in known.endpoints if row.port == port]
    own = [row for row in declared if asset is not None and row.asset == asset.id]
    row = next(iter(own or declared), None)
    if row is None:
        return {}
    values = {"tls_declared": row.tls, "admin_port": row.admin, "exposure": row.exposure}
    if path:
        values["internal_page"] = any(
            internal and (path == at or (at.endswith("/") and f"{path}/".startswith(at)))
            for at, internal in row.pages
        )
    return values


def _hours(span: str) -> tuple[time, time]:
    start, end = span.split("-")
    return time.fromisoformat(start), time.fromisoformat(end)
