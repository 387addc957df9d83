"""What is on record of an asset, an endpoint, an address: read when asked for, remembered in bounded caches."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Q, QuerySet

from tlsec.inventory import models, store
from tlsec.inventory.choices import SystemStatus

LIVE = (SystemStatus.IN_USE, SystemStatus.CHANGING)
_CACHE = 4096
_NEIGHBOURS = 200  # addresses read at once
_WINDOWS = 16  # such readings remembered


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """A declared endpoint with whose it is. `pages`: (path, internal)."""

    asset: str
    address: str
    port: int
    proto: str
    service: str
    tls: bool
    admin: bool
    exposure: str
    host: str
    pages: tuple[tuple[str, bool], ...]
    zone: str
    system: str
    unit: str
    county: str


@dataclass(frozen=True, slots=True)
class AssetRow:
    """An asset with what its system says where it is silent itself."""

    id: str
    name: str
    kind: str
    zone: str
    county: str
    addresses: tuple[str, ...]
    hosts: tuple[str, ...]
    system: str
    unit: str
    owner: str
    operator: str
    status: str
    last_visit: datetime | None
    level: int | None
    grade_s: int | None
    grade_a: int | None
    personal_data: bool | None
    display: bool | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is read of one address at once."""

    assets: tuple[AssetRow, ...]
    endpoints: tuple[EndpointRow, ...]
    allocation: str  # id of the live allocation that covers it most closely, "" for none


class _Window:
    """All that is on record from one address to another, both included."""

    def __init__(self, low: str, high: str, now: datetime) -> None:
        self.low, self.high = low, high
        self._assets: dict[str, list[AssetRow]] = defaultdict(list)
        self._endpoints: dict[str, list[EndpointRow]] = defaultdict(list)
        held = models.AssetAddress.objects.filter(hex__gte=low, hex__lte=high)
        wanted = held.values("asset_id")
        assets = {record.id: asset_row(record) for record in assets_query().filter(id__in=wanted)}
        for hex, asset in held.order_by("asset__ordinal", "asset_id").values_list(
            "hex", "asset_id"
        ):
            self._assets[hex].append(assets[asset])
        endpoints = models.Endpoint.objects.filter(hex__gte=low, hex__lte=high)
        for record in endpoints.select_related("asset__system").order_by("port", "pk"):
            self._endpoints[record.hex].append(endpoint_row(record))
        overlapping = live_blocks(now).filter(low__lte=high, high__gte=low)
        self._blocks = list(overlapping.values_list("low", "high", "allocation_id"))
        self._known: dict[str, Known] = {}

    def at(self, hex: str) -> Known:
        if hex not in self._known:
            if len(self._known) >= _CACHE:
                self._known.clear()
            covering = (each for each in self._blocks if each[0] <= hex <= each[1])
            narrowest = min(
                covering, key=lambda each: int(each[1], 16) - int(each[0], 16), default=None
            )
            self._known[hex] = Known(
                tuple(self._assets.get(hex, ())),
                tuple(self._endpoints.get(hex, ())),
                narrowest[2] if narrowest else "",
            )
        return self._known[hex]


class Holdings:
    """The register's assets and allocations as they stand at `now`.

    A scan goes from address to address, so what is read for one is read for its neighbours too.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._windows: deque[_Window] = deque(maxlen=_WINDOWS)
        self.by_id: Callable[[str], AssetRow | None] = lru_cache(_CACHE)(self._read_asset)
        self.by_host: Callable[[str], tuple[AssetRow, ...]] = lru_cache(_CACHE)(self._read_host)

    def at(self, address: str) -> Known:
        """What is on record of an address."""
        hex = store.hex_of(address)
        for window in self._windows:
            if window.low <= hex <= window.high:
                return window.at(hex)
        after = models.AssetAddress.objects.filter(hex__gte=hex).order_by("hex")
        edge = after.values_list("hex", flat=True)[_NEIGHBOURS : _NEIGHBOURS + 1].first()
        self._windows.appendleft(_Window(hex, edge or "f" * 32, self.now))
        return self._windows[0].at(hex)

    def _read_asset(self, id: str) -> AssetRow | None:
        record = assets_query().filter(id=id).first()
        return asset_row(record) if record else None

    def _read_host(self, host: str) -> tuple[AssetRow, ...]:
        ids = models.AssetHost.objects.filter(host=host).values("asset_id")
        return tuple(map(asset_row, assets_query().filter(id__in=ids).order_by("ordinal", "id")))


def live_blocks(now: datetime) -> QuerySet[models.AllocationBlock]:
    """Blocks of allocations in force."""
    return models.AllocationBlock.objects.filter(
        Q(allocation__until__isnull=True) | Q(allocation__until__gt=now),
        allocation__valid_from__lte=now,
        allocation__status__in=LIVE,
    )


def allocation_until(asset: AssetRow, now: datetime) -> datetime | None:
    """When the first of the live allocations of an asset's addresses ends; None: none ends, or none lives."""
    ends = [
        until
        for hex in map(store.hex_of, asset.addresses)
        for until in live_blocks(now)
        .filter(low__lte=hex, high__gte=hex)
        .values_list("allocation__until", flat=True)
        if until is not None
    ]
    return min(ends, default=None)


def assets_query() -> Any:
    return models.Asset.objects.select_related("system__operator")


def reclaimed() -> QuerySet[Any, Any]:
    """Ids of assets given back: their addresses may be somebody else's by now."""
    gone = SystemStatus.RECLAIMED
    found = models.Asset.objects.filter(Q(status=gone) | Q(status=None, system__status=gone))
    return found.values("id")


def asset_row(record: Any) -> AssetRow:
    system = record.system
    return AssetRow(
        id=record.id,
        name=record.name,
        kind=record.kind,
        zone=record.zone_id or "",
        county=record.county_id,
        addresses=tuple(record.addresses),
        hosts=tuple(record.hosts),
        system=record.system_id or "",
        unit=record.unit_id or (system.unit_id if system else "") or "",
        owner=record.owner_id or (system.owner_id if system else "") or "",
        operator=system.operator.name if system and system.operator else "",
        status=record.status or (system.status if system else SystemStatus.IN_USE),
        last_visit=record.last_visit or (system.last_visit if system else None),
        level=system.level if system else None,
        grade_s=system.grade_s if system else None,
        grade_a=system.grade_a if system else None,
        personal_data=system.personal_data if system else None,
        display=system.display if system else None,
    )


def endpoint_row(record: Any) -> EndpointRow:
    asset = record.asset
    system = asset.system
    return EndpointRow(
        asset=record.asset_id,
        address=record.address,
        port=record.port,
        proto=record.proto,
        service=record.service,
        tls=record.tls,
        admin=record.admin,
        exposure=record.exposure,
        host=record.host or "",
        pages=tuple((page["path"], page["internal"]) for page in record.pages),
        zone=asset.zone_id or "",
        system=asset.system_id or "",
        unit=asset.unit_id or (system.unit_id if system else "") or "",
        county=asset.county_id,
    )
