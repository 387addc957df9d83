"""What the ledger says of a firing: who answers for it, where it is, which items it touches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlsec.facts import Locator
from tlsec.inventory.lookup import Lookup
from tlsec.inventory.models import System, Unit
from tlsec.policy.catalog import Catalog
from tlsec.policy.check import Loaded
from tlsec.register.alerts import Firing


def columns(firing: Firing, loaded: Loaded, lookup: Lookup, catalog: Catalog) -> Mapping[str, Any]:
    """Columns of RiskItem that come from the check and the inventory."""
    check = loaded.check
    asset = lookup.asset(firing.subject)
    address = str(firing.locator.get("address", ""))
    return {
        "title": check.title.zh,
        "category": check.category,
        "address": where(firing.locator),
        "unit": _unit_name(asset.unit) if asset else "",
        "county": _unit_name(asset.county) if asset else "",
        "system": _system_name(asset.system) or asset.name if asset else "",
        "zone": (asset.zone if asset else lookup.zone_of(address) if address else "") or "",
        "remediation": check.remediation.zh,
        "items": items_of(loaded, catalog, asset.grade_s, asset.grade_a)
        if asset
        else items_of(loaded, catalog, None, None),
    }


def _unit_name(id_: str) -> str:
    return Unit.objects.filter(id=id_).values_list("name", flat=True).first() or id_


def _system_name(id_: str) -> str:
    return System.objects.filter(id=id_).values_list("name", flat=True).first() or id_


def items_of(loaded: Loaded, catalog: Catalog, s: int | None, a: int | None) -> list[str]:
    """Clause ids a check touches for a grade; at level 2 where no grade is on record."""
    found = (catalog.item(m.line, s or 2, a or 2) for m in loaded.check.maps)
    return list(dict.fromkeys(item.id for item in found if item is not None))


def where(locator: Locator) -> str:
    """A place in one line: URL, address:port, or name."""
    address, port = locator.get("address"), locator.get("port")
    if "path" in locator:
        host = locator.get("host") or address
        return f"{locator.get('scheme', 'http')}://{host}:{port}{locator['path']}（{address}）"
    if address and port:
        return f"{address}:{port}"
    return str(locator.get("name") or locator.get("asset") or address or "")
