"""Rules between rows and tables: what is referred to exists, addresses lie where they are said to. Pure.

Rows are added one at a time and let go; only what the rules need of them is kept.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address, ip_network
from typing import TypeAlias

from tlsec.facts import Network
from tlsec.i18n import _
from tlsec.inventory.choices import CloudRole, UnitKind
from tlsec.inventory.columns import Column, table, tables
from tlsec.inventory.schema import (
    Asset,
    Endpoint,
    FlowRule,
    Resolver,
    Row,
    SecretSystem,
    System,
    Unit,
    Vantage,
    Zone,
)
from tlsec.inventory.sources import Steps

Origin: TypeAlias = tuple[str, int, str]  # table, row number (0: already in the register), key
_COUNTY_COLUMNS = ("county",)


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule at a column of a row. `number` 0: a row that the register already holds."""

    table: str
    number: int
    key: str
    steps: Steps
    message: str


@dataclass
class Rules:
    """Feed it every row with `add`, then ask `finish`. `present`: tables whose rows are all fed."""

    present: frozenset[str]
    _keys: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    _pending: list[tuple[Origin, Steps, str, str]] = field(default_factory=list)
    _units: dict[str, tuple[UnitKind, str | None, Origin]] = field(default_factory=dict)
    _zones: dict[str, list[Network]] = field(default_factory=dict)
    _zone_origins: dict[str, Origin] = field(default_factory=dict)
    _secret: list[Network] = field(default_factory=list)
    _places: list[tuple[Origin, str, str | None, tuple[str, ...]]] = field(default_factory=list)
    _assets: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    _ends: list[tuple[Origin, str, str, str | None]] = field(default_factory=list)
    _counties: list[tuple[Origin, Steps, str]] = field(default_factory=list)
    _operators: list[tuple[Origin, str]] = field(default_factory=list)
    _clouds: dict[str, bool] = field(default_factory=dict)  # system: is a cloud platform
    _tenants: list[tuple[Origin, str]] = field(default_factory=list)
    _findings: list[Finding] = field(default_factory=list)

    def seen(self, name: str, key: str) -> bool:
        """Whether a row of that key has been added."""
        return key in self._keys[name]

    def excuse(self, name: str, key: str) -> None:
        """A row of that key is there but does not read: others that refer to it are not to blame."""
        self._keys[name].setdefault(key, 0)

    def add(self, row: Row, number: int) -> bool:
        """Take one row; False when its key was there before."""
        keys = self._keys[row.table]
        key = row.key
        origin = (row.table, number, key)
        if key in keys:
            first_column = table(row.table).columns[0].name
            message = _("“{key}”重复，前面已有一行").format(key=key)
            self._find(origin, (first_column,), message)
            return False
        keys[key] = number
        for column in _references(row.table):
            value = getattr(row, column.field)
            if value is not None and value not in self._keys[column.cell.refers]:
                self._pending.append((origin, (column.name,), column.cell.refers, value))
            if value is not None and column.name in _COUNTY_COLUMNS:
                self._counties.append((origin, (column.name,), value))
        self._keep(row, origin)
        return True

    def _keep(self, row: Row, origin: Origin) -> None:
        match row:
            case Unit():
                self._units[row.id] = (row.kind, row.parent, origin)
            case Zone():
                self._zones[row.id] = [ip_network(block) for block in row.blocks]
                self._zone_origins[row.id] = origin
            case FlowRule():
                self._flow(row, origin)
            case System():
                self._system(row, origin)
            case Asset():
                self._assets[row.id] = (tuple(row.addresses), tuple(row.hosts))
                self._places.append((origin, "addresses", row.zone, tuple(row.addresses)))
            case Endpoint():
                self._ends.append((origin, row.asset, row.address, row.host))
            case Vantage():
                self._places.append((origin, "source", row.zone, (row.source,)))
            case Resolver():
                self._places.append((origin, "address", None, (row.address,)))
            case SecretSystem():
                self._secret.extend(ip_network(block) for block in row.blocks)

    def _system(self, row: System, origin: Origin) -> None:
        self._clouds[row.id] = row.cloud_role is CloudRole.PROVIDER
        if row.operator is not None:
            self._operators.append((origin, row.operator))
        if row.platform is not None:
            self._tenants.append((origin, row.platform))

    def _flow(self, row: FlowRule, origin: Origin) -> None:
        for name in ("source", "target"):
            end = getattr(row, name)
            if end != "any" and "/" not in end and not _is_address(end):
                self._pending.append((origin, (name,), "zones", end))

    def finish(self) -> list[Finding]:
        """Everything that is wrong between the rows."""
        for origin, steps, refers, value in self._pending:
            if refers in self.present and value not in self._keys[refers]:
                title = table(refers).title
                self._find(
                    origin,
                    steps,
                    _("“{value}”不在「{table}」表中").format(value=value, table=title),
                )
        self._check_units()
        self._check_platforms()
        self._check_zones()
        for origin, column, zone, addresses in self._places:
            for i, address in enumerate(addresses):
                at: Steps = (column, i) if column == "addresses" else (column,)
                self._check_place(origin, at, zone, address)
        for origin, asset, address, host in self._ends:
            self._check_endpoint(origin, asset, address, host)
        return self._findings

    def _check_units(self) -> None:
        for origin, steps, value in self._counties:
            unit = self._units.get(value)
            if unit and unit[0] not in (UnitKind.CITY, UnitKind.COUNTY):
                self._find(origin, steps, _("“{value}”不是市或县区").format(value=value))
        for origin, value in self._operators:
            unit = self._units.get(value)
            if unit and unit[0] is not UnitKind.PROVIDER:
                self._find(origin, ("operator",), _("“{value}”不是服务商").format(value=value))
        for name, (_kind, parent, origin) in self._units.items():
            walked = {name}
            while parent in self._units and parent not in walked:
                walked.add(parent)
                parent = self._units[parent][1]
            if parent == name:
                self._find(origin, ("parent",), _("上级绕回到了自己"))

    def _check_platforms(self) -> None:
        for origin, value in self._tenants:
            if self._clouds.get(value) is False:
                message = _("“{value}”不是云平台（它的云上角色应为 provider）")
                self._find(origin, ("platform",), message.format(value=value))

    def _check_zones(self) -> None:
        blocks = sorted(
            ((block, zone) for zone, listed in self._zones.items() for block in listed),
            key=lambda item: (item[0].version, item[0].network_address, item[0].prefixlen),
        )
        reaching: tuple[Network, str] | None = None  # the block that reaches furthest so far
        for block, zone in blocks:
            if reaching and reaching[0].version == block.version and reaching[0].overlaps(block):
                message = _("网段 {block} 与区域 {zone} 的 {other} 重叠")
                text = message.format(block=block, zone=reaching[1], other=reaching[0])
                self._find(self._zone_origins[zone], ("blocks",), text)
            else:
                reaching = (block, zone)

    def _check_place(self, origin: Origin, steps: Steps, zone: str | None, address: str) -> None:
        ip = ip_address(address)
        blocks = self._zones.get(zone or "")
        if blocks is not None and not any(ip in block for block in blocks):
            listed = " ".join(map(str, blocks))
            message = _("{address} 不在区域 {zone} 的网段 {blocks} 之内")
            self._find(origin, steps, message.format(address=address, zone=zone, blocks=listed))
        if any(ip in block for block in self._secret):
            message = _("{address} 属于分级保护系统，不得登记为探测对象")
            self._find(origin, steps, message.format(address=address))

    def _check_endpoint(self, origin: Origin, asset: str, address: str, host: str | None) -> None:
        if asset not in self._assets:
            return
        addresses, hosts = self._assets[asset]
        if address not in addresses:
            message = _("{address} 不是资产 {asset} 的地址（登记的是 {listed}）")
            listed = " ".join(addresses) or _("无")
            self._find(
                origin, ("address",), message.format(address=address, asset=asset, listed=listed)
            )
        if host is not None and host not in hosts:
            message = _("{host} 不是资产 {asset} 的域名（登记的是 {listed}）")
            listed = " ".join(hosts) or _("无")
            self._find(origin, ("host",), message.format(host=host, asset=asset, listed=listed))

    def _find(self, origin: Origin, steps: Steps, message: str) -> None:
        self._findings.append(Finding(*origin, steps, message))


@cache
def _references(name: str) -> tuple[Column, ...]:
    return tuple(column for column in tables()[name].columns if column.cell.refers)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
