"""What the ledger says of a firing: who answers for it, where it is, which items it touches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlsec.facts import Locator
from tlsec.i18n import _
from tlsec.inventory.lookup import Lookup
from tlsec.policy.catalog import Catalog
from tlsec.policy.check import Loaded
from tlsec.register.alerts import Firing

DEFAULT_PORTS = {"http": 80, "https": 443}


def columns(firing: Firing, loaded: Loaded, lookup: Lookup, catalog: Catalog) -> Mapping[str, Any]:
    """Columns of RiskItem that come from the check and the inventory."""
    check = loaded.check
    who = lookup.describe(firing.subject, str(firing.locator.get("address", "")))
    return {
        "title": check.title.zh,
        "probed": not check.probe_id.startswith("watch."),  # what the watch counts, no retest asks
        "category": check.category,
        "address": where(firing.locator),
        "unit": who.unit,
        "county": who.county,
        "system": who.system,
        "zone": who.zone or "",
        "remediation": check.remediation.zh,
        "items": items_of(loaded, catalog, who.grade_s, who.grade_a),
    }


def items_of(loaded: Loaded, catalog: Catalog, s: int | None, a: int | None) -> list[str]:
    """Clause ids a check touches for a grade; at level 2 where no grade is on record."""
    found = (catalog.item(m.line, s or 2, a or 2) for m in loaded.check.maps)
    return list(dict.fromkeys(item.id for item in found if item is not None))


def where(locator: Locator) -> str:
    """A place in one line: URL, address:port, or name."""
    address, port = locator.get("address"), locator.get("port")
    if "path" in locator:
        scheme = str(locator.get("scheme", "http"))
        shown = "" if port == DEFAULT_PORTS.get(scheme) else f":{port}"
        url = f"{scheme}://{locator.get('host') or address}{shown}{locator['path']}"
        return _("{name}（{note}）").format(name=url, note=address)
    if address and port:
        return f"{address}:{port}"
    return str(locator.get("name") or locator.get("asset") or address or "")
