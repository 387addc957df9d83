"""Ledger items for alerts from outside: opened by the register's own commands, a few with each batch.

A storm of new alerts is stored at once and its items follow at the pace of the journal; what waits is in
the database, so a killed process forgets none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from tlsec.inventory.lookup import UNKNOWN, Lookup
from tlsec.register import alerts
from tlsec.register.models import Alert
from tlsec.register.models_intake import Identity, ToOpen
from tlsec.register.rules import in_force


def open_waiting(now: datetime, most: int) -> int:
    """Open items of alerts that wait for one, the longest waiting first; how many."""
    waiting = list(ToOpen.objects.select_related("alert").order_by("queued", "pk")[:most])
    if not waiting:
        return 0
    rules = in_force()
    lookup = Lookup(now)
    with transaction.atomic():
        for row in waiting:
            alert = row.alert
            if alert.open and not alert.items.exists():
                earlier = Alert.objects.filter(
                    fingerprint=alert.fingerprint, episode__lt=alert.episode
                )
                before = earlier.order_by("-episode").first()
                alerts.item_for(
                    alert, before, rules.base, now, rules.sla.recurrence_days,
                    partial(_columns, alert, lookup),
                )  # fmt: skip
        ToOpen.objects.filter(pk__in=[row.pk for row in waiting]).delete()
    return len(waiting)


def _columns(alert: Alert, lookup: Lookup) -> Mapping[str, Any]:
    """What the ledger says of an alert from outside: its title by the source, who answers by the inventory."""
    known = Identity.objects.filter(fingerprint=alert.fingerprint).first()
    address = str(alert.locator.get("address", ""))
    nameless = (
        alert.subject.startswith(UNKNOWN) and not address
    )  # a host name is no address to ask by
    who = lookup.describe(UNKNOWN if nameless else alert.subject, address)
    return {
        "title": known.title if known else alert.message[:200],
        "category": known.kind if known else "",
        "address": _where(alert.locator),
        "unit": who.unit,
        "county": who.county,
        "system": who.system,
        "zone": who.zone or "",
        "source": "superior" if known and known.kind == "notice" else "import",
        "probed": False,
    }


def _where(locator: Mapping[str, Any]) -> str:
    address, port = locator.get("address") or locator.get("host") or "", locator.get("port")
    shown = f"[{address}]" if ":" in str(address) else str(address)
    place = f"{shown}:{port}" if port and address else str(address)
    return (place + str(locator.get("path", "")))[:300]
