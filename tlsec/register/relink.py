"""Alerts of an address that nobody had on record, once the inventory knows whose it is.

The fingerprint is made of the asset, so with the asset it changes: the open alert, its item and what was
judged of it go over to the new one, instead of a second alert beside the first. The old key stays on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from tlsec.ingest import identity
from tlsec.ingest.identity import Identity as Who
from tlsec.inventory.lookup import UNKNOWN, Lookup
from tlsec.register import items, journal, memory, rows
from tlsec.register.identities import Placed
from tlsec.register.models import Alert, RiskItem
from tlsec.register.models_intake import FingerprintAlias, HourCount, Identity, RawEvent
from tlsec.register.transitions import FINAL


def adopt(placed: Iterable[Placed], now: datetime) -> set[str]:
    """Take over what is known of the same places as nobody's; the fingerprints that are known by it."""
    before: dict[str, Who] = {}
    for one in placed:
        stranger = f"{UNKNOWN}{one.event.address or one.event.host}"
        if not one.who.asset.startswith(UNKNOWN):
            locus = dict(one.who.locus)
            before[identity.identify(one.event, stranger, locus).fingerprint] = one.who
    taken: set[str] = set()
    for chunk in rows.chunks(before):
        for old in Identity.objects.filter(fingerprint__in=chunk):
            _move(old, before[old.fingerprint], now)
            taken.add(before[old.fingerprint].fingerprint)
    return taken


def _move(old: Identity, who: Who, now: datetime) -> None:
    key, new = old.fingerprint, who.fingerprint
    alerts = list(Alert.objects.filter(fingerprint=key).values_list("pk", flat=True))
    Alert.objects.filter(pk__in=alerts).update(fingerprint=new, subject=who.asset)
    Identity.objects.filter(pk=key).update(fingerprint=new, asset_ref=who.asset)
    HourCount.objects.filter(fingerprint=key).update(fingerprint=new)
    RawEvent.objects.filter(fingerprint=key, raw__isnull=False).update(fingerprint=new)
    judged = memory.live([key], now)
    for verdict in judged.values():
        verdict.fingerprint = new
        verdict.save()
    FingerprintAlias.objects.create(old=key, new=new, at=now, why="asset")
    found = RiskItem.objects.filter(alerts__in=alerts, subject=old.asset_ref)
    for item in found.exclude(state__in=FINAL).distinct():
        for column, value in _answers(who.asset, item, now).items():
            setattr(item, column, value)
        item.version += 1
        item.save()
        after = journal.recorded(item, list(judged.values()))
        journal.append(now, items.MACHINE, "item.relink", item.no, after)
        judged = {}
    if judged:
        record = {"rows": [journal.tracked(verdict) for verdict in judged.values()]}
        journal.append(now, items.MACHINE, "alert.relink", new, record)


def _answers(asset: str, item: RiskItem, now: datetime) -> Mapping[str, str]:
    """Who answers for it, as far as nobody wrote it down by hand."""
    lookup = Lookup(now)
    who, row = lookup.describe(asset), lookup.asset(asset)
    known = {
        "unit": who.unit, "county": who.county, "system": who.system, "zone": who.zone or "",
        "system_id": row.system if row else "",
    }  # fmt: skip
    return {"subject": asset} | {key: getattr(item, key) or value for key, value in known.items()}
