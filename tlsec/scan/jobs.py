"""From a step of a plan to its jobs: one probe on one target, in a stream, whatever the size of the city."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address, ip_network
from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from tlsec.facts import Network, Scope, Target, Vantage
from tlsec.inventory.lookup import EndpointRow, Lookup
from tlsec.inventory.models import Asset
from tlsec.scan.plans import Step

HTTP = ("http", "https")
PAGES = ("http.page", "http.visit", "led.status")  # probes that are asked of a page
WATCH_ONLY = ("http.visit", "led.status")  # of use to monitors, not to a scan of everything


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job before it has a row. `target` is plain JSON: the fields of facts.Target that are set."""

    key: str
    probe: str
    target: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would touch, for --dry-run."""

    probe: str
    vantage: str
    what: str
    ports: tuple[int, ...] = field(default=())


def spec(probe: str, vantage: str, **target: Any) -> JobSpec:
    """A job; its key is what makes it the same job when it is planned twice in a run."""
    parts = [probe, vantage, *(str(target.get(k, "")) for k in ("address", "port", "host", "path"))]
    if not target.get("address") and not target.get("host"):
        parts.append(target["asset"])
    key = "|".join(parts)
    if len(key) > 300:
        key = key[:230] + hashlib.sha256(key.encode()).hexdigest()
    return JobSpec(key, probe, {"vantage": vantage, **target})


def target(values: Mapping[str, Any], vantage: Vantage) -> Target:
    """What a probe is asked to look at, from a job's plain values."""
    return Target(
        asset=values["asset"],
        vantage=vantage,
        address=values.get("address", ""),
        port=values.get("port", 0),
        host=values.get("host", ""),
        path=values.get("path", "/"),
        tls=values.get("tls", False),
        ports=tuple(values.get("ports", ())),
        resolvers=tuple(values.get("resolvers", ())),
        own_domains=tuple(values.get("own_domains", ())),
    )


def build(
    step: Step, lookup: Lookup, ports: Mapping[str, Sequence[int]], now: datetime
) -> Iterator[JobSpec]:
    """The jobs of a step, grouped by address so that a host is finished before the next is begun."""
    listed = tuple(ports[step.ports]) if step.ports else ()
    wanted = set(step.probes)
    own = tuple(lookup.own_domains)
    for address, group in _by_address(step, lookup):
        rows = [row for row in group if row.proto == "tcp"]
        declared = tuple(sorted({row.port for row in rows}))
        asset = rows[0].asset if rows else lookup.find_asset(address=address) or f"u:{address}"
        if "net.port" in wanted and (asked := tuple(sorted({*declared, *listed}))):
            yield spec(
                "net.port", step.vantage, asset=asset, address=address, ports=asked,
                declared=declared, follow="net.service" in wanted,
            )  # fmt: skip
        for row in rows:
            yield from _of_endpoint(row, step, wanted, own)
    if step.discover and "net.port" in wanted and listed:
        yield from _discover(step, lookup, listed, "net.service" in wanted, now)
    yield from _without_socket(step, lookup, wanted)


def _by_address(step: Step, lookup: Lookup) -> Iterator[tuple[str, list[EndpointRow]]]:
    rows = lookup.endpoints(
        zones=step.zones or None, systems=step.systems or None, assets=step.assets or None
    )
    for address, group in groupby(rows, key=lambda row: row.address):
        yield address, list(group)


def _of_endpoint(
    row: EndpointRow, step: Step, wanted: set[str], own: tuple[str, ...]
) -> Iterator[JobSpec]:
    common = {"asset": row.asset, "address": row.address, "port": row.port}
    if "net.service" in wanted:
        yield spec("net.service", step.vantage, **common)
    if "tls.handshake" in wanted and row.tls:
        yield spec("tls.handshake", step.vantage, host=row.host, **common)
    if (asked := [probe for probe in PAGES if probe in wanted]) and row.service in HTTP:
        pages = row.pages or (("/", False),)
        for path, internal in pages:
            if step.pages == "all" or internal == (step.pages == "internal"):
                for probe in asked:
                    yield spec(
                        probe, step.vantage, host=row.host, path=path, tls=row.tls,
                        own_domains=own, **common,
                    )  # fmt: skip


def _discover(
    step: Step, lookup: Lookup, ports: tuple[int, ...], follow: bool, now: datetime
) -> Iterator[JobSpec]:
    """Every address of the blocks that no endpoint covers and that a live scope permits."""
    known = {row.address for row in lookup.endpoints()}
    blocks = [ip_network(block) for block in (*_zone_blocks(step, lookup), *step.blocks)]
    scopes = [s for s in lookup.scopes() if s.valid_from <= now < s.until]
    for address in _addresses(blocks):
        if address not in known and _permitted(address, scopes):
            asset = lookup.find_asset(address=address) or f"u:{address}"
            yield spec(
                "net.port", step.vantage, asset=asset, address=address, ports=ports, declared=(),
                follow=follow,
            )  # fmt: skip


def _zone_blocks(step: Step, lookup: Lookup) -> Iterator[str]:
    for zone in lookup.zones():
        if not step.zones or zone.id in step.zones:
            yield from zone.blocks


MAX_DISCOVERED = 65536  # larger blocks are for the fast engine, and for a person to narrow first


def _addresses(blocks: Iterable[Network]) -> Iterator[str]:
    seen: set[str] = set()
    for block in blocks:
        if block.version == 6 or block.num_addresses > MAX_DISCOVERED:
            continue
        for ip in block.hosts() if block.prefixlen < 31 else block:
            if (address := str(ip)) not in seen:
                seen.add(address)
                yield address


def _permitted(address: str, scopes: Sequence[Scope]) -> bool:
    ip = ip_address(address)
    return any(
        any(ip in block for block in scope.blocks if block.version == ip.version)
        and not any(ip in block for block in scope.excluded if block.version == ip.version)
        for scope in scopes
    )


def _without_socket(step: Step, lookup: Lookup, wanted: set[str]) -> Iterator[JobSpec]:
    """Names to resolve and records to read."""
    if not wanted & {"dns.records", "inventory.record"}:
        return
    resolvers = tuple(resolver.address for resolver in lookup.resolvers())
    for asset in _assets(step).iterator(chunk_size=1000):
        if "inventory.record" in wanted:
            yield spec("inventory.record", step.vantage, asset=asset.id)
        if "dns.records" in wanted and resolvers:
            for host in asset.hosts:
                yield spec(
                    "dns.records", step.vantage, asset=asset.id, host=host, resolvers=resolvers
                )


def _assets(step: Step) -> QuerySet[Asset]:
    found = Asset.objects.order_by("ordinal", "id")
    if step.zones:
        found = found.filter(zone__in=step.zones)
    if step.systems:
        found = found.filter(system__in=step.systems)
    if step.assets:
        found = found.filter(id__in=step.assets)
    return found


def preview(specs: Iterable[JobSpec]) -> Iterator[Preview]:
    """The same jobs as lines for a person: every address, port and probe."""
    for job in specs:
        target = job.target
        what = target.get("address") or target.get("host") or target["asset"]
        if target.get("port"):
            what = f"{what}:{target['port']}"
        if target.get("path", "/") != "/":
            what += target["path"]
        yield Preview(job.probe, target["vantage"], what, tuple(target.get("ports", ())))
