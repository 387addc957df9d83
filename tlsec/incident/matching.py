"""Which assets a warning concerns: product + version + zone, against what was observed and what is on record.

The newest observation of every place counts. A product whose version nobody saw is listed as one to check, and
so is an asset whose name or note alone speaks of the product: not knowing is not being safe.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from tlsec.i18n import N_, _
from tlsec.incident.words import LOCAL
from tlsec.inventory import models as inventory
from tlsec.inventory.lookup import Lookup
from tlsec.policy import product_match
from tlsec.policy.product_match import Certainty, Rule
from tlsec.register.refused import Refused
from tlsec.scan.models import Observation

PROBES = ("net.service", "http.page")
MOST = 5000  # matches kept with a warning
SURE: dict[str, str] = {
    "version": N_("版本在受影响范围内"),
    "unversioned": N_("版本不明，须核实"),
    "name": N_("台账名称或备注提到，须核实"),
}
_SERVER = re.compile(r"([A-Za-z][\w .-]*?)[/ ]v?(\d[\w.+~-]*)")


@dataclass(frozen=True, slots=True)
class Match:
    """One affected place. `sure`: a key of SURE. `why`: what was seen where and when, for people."""

    asset: str
    name: str
    unit: str
    county: str
    system: str
    zone: str
    owner: str
    place: str
    product: str
    version: str
    sure: Certainty
    why: str
    level: int | None = None

    def data(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Seen:
    subject: str
    address: str
    place: str
    product: str
    version: str
    why: str


def rules(products: Sequence[str]) -> list[Rule]:
    """Raises Refused for a rule that cannot be read."""
    try:
        return [product_match.parse(text) for text in products]
    except ValueError as error:
        raise Refused(str(error)) from error


def find(products: Sequence[str], zones: Collection[str], now: datetime) -> list[Match]:
    """Affected places in those zones (none: in all), the sure ones first. Raises Refused."""
    wanted = rules(products)
    known = set(inventory.Zone.objects.values_list("id", flat=True))
    if lost := [zone for zone in zones if zone not in known]:
        raise Refused(_("台账里没有区域 {zone}").format(zone=lost[0]))
    if not wanted:
        return _of_zones(Lookup(now), zones) if zones else []
    lookup = Lookup(now)
    found: dict[tuple[str, str, str], Match] = {}
    for seen in _observed():
        for rule in wanted:
            if not product_match.same_product(rule.name, seen.product):
                continue
            sure = product_match.affected(rule, seen.version)
            if sure is not None:
                match = _match(lookup, seen, sure)
                found.setdefault((match.asset, match.place, match.product.casefold()), match)
    observed = {asset for asset, _place, _product in found}
    for match in _named(lookup, wanted, observed):
        found.setdefault((match.asset, match.place, match.product.casefold()), match)
    order = list(SURE)
    kept = [m for m in found.values() if not zones or m.zone in zones]
    kept.sort(key=lambda m: (order.index(m.sure), m.unit, m.asset, m.place))
    return kept[:MOST]


def _observed() -> Iterator[_Seen]:
    rows = Observation.objects.filter(probe__in=PROBES)
    newest = rows.values("probe", "locator_key").annotate(last=Max("id")).values("last")
    for row in Observation.objects.filter(pk__in=newest).order_by("id").iterator(chunk_size=500):
        facts = row.facts if row.reason == "" and isinstance(row.facts, dict) else {}
        address, place = _place(row.locator_key)
        at = f"{row.ended.astimezone(LOCAL):%Y-%m-%d %H:%M}"
        for product, version, said in _products(row.probe, facts):
            why = _("{at} 观测到 {said}（{probe}，从 {vantage}）").format(
                at=at, said=said[:120], probe=row.probe, vantage=row.vantage
            )
            yield _Seen(row.subject, address, place, product, version, why)


def _place(locator_key: str) -> tuple[str, str]:
    place = json.loads(locator_key)
    address, port = str(place.get("address", "")), place.get("port")
    shown = f"[{address}]" if ":" in address else address
    return address, f"{shown}:{port}" if port else shown


def _products(probe: str, facts: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(product, version, what was seen) of an observation."""
    if probe == "net.service":
        service = facts.get("service") or {}
        product = str(service.get("product") or "")
        version, banner = str(service.get("version") or ""), str(service.get("banner") or "")
        if not product and (kind := str(service.get("kind") or "")) not in ("", "unknown", "tls"):
            product = kind  # a server that names no product is at least of its kind
        if product:
            yield product, version, " ".join(filter(None, (product, version))) or banner
        return
    page = facts.get("page") or {}
    headers = page.get("headers") or {}
    for text in (page.get("server_version"), headers.get("server"), headers.get("powered_by")):
        if isinstance(text, str) and text:
            parts = _SERVER.findall(text)
            for product, version in parts:
                yield product, version, text
            if not parts:
                yield text, "", text
    if isinstance(default := page.get("default_product"), str) and default:
        yield default, "", default


def _match(lookup: Lookup, seen: _Seen, sure: Certainty) -> Match:
    who = lookup.describe(seen.subject, seen.address)
    asset = lookup.asset(seen.subject)
    return Match(
        asset=seen.subject,
        name=asset.name if asset else seen.address,
        unit=who.unit,
        county=who.county,
        system=who.system,
        zone=who.zone,
        owner=who.owner,
        place=seen.place,
        product=seen.product,
        version=seen.version,
        sure=sure,
        why=seen.why,
        level=asset.level if asset else None,
    )


def _named(lookup: Lookup, wanted: Sequence[Rule], seen: Collection[str]) -> Iterator[Match]:
    """Assets whose name or note speaks of a product and that no observation spoke of."""
    rows = inventory.Asset.objects.order_by("ordinal", "id")
    for id, name, note in rows.values_list("id", "name", "note").iterator(chunk_size=500):
        text = f"{name} {note}"
        rule = next((r for r in wanted if product_match.same_product(r.name, text)), None)
        if rule is None or id in seen or (asset := lookup.asset(id)) is None:
            continue
        address = next(iter(asset.addresses), "")
        why = _("台账登记为“{text}”").format(text=" ".join(text.split())[:120])
        yield _match(lookup, _Seen(id, address, address, rule.name, "", why), "name")


def _of_zones(lookup: Lookup, zones: Collection[str]) -> list[Match]:
    """Without a product, everything on record in the zones has to be looked at."""
    made = []
    for asset in lookup.assets(zones=list(zones)):
        address = next(iter(asset.addresses), "")
        why = _("在预警所指区域 {zone}").format(zone=asset.zone)
        made.append(_match(lookup, _Seen(asset.id, address, address, "", "", why), "name"))
    return made[:MOST]


def by_unit(matches: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Number of affected assets a unit; "" for those without an owner."""
    assets: dict[str, set[str]] = {}
    for match in matches:
        assets.setdefault(str(match["unit"]), set()).add(str(match["asset"]))
    return {unit: len(found) for unit, found in assets.items()}


def level_of(matches: Sequence[dict[str, Any]]) -> int | None:
    """The highest grade among affected assets."""
    levels = [match["level"] for match in matches if match.get("level")]
    return max(levels, default=None)
