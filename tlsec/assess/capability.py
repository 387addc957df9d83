"""安全防护能力评估 of the city, a county or a unit, from what the loop already knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from tlsec.assess.models import CapabilityReading, Conclusion
from tlsec.i18n import _
from tlsec.inventory.models import Asset, System, Unit
from tlsec.policy.capability import Capability, Count, Scheme, evaluate
from tlsec.policy.catalog import Catalog
from tlsec.register import journal
from tlsec.register.models import RiskItem
from tlsec.register.transitions import OPEN
from tlsec.scan import latest
from tlsec.scan.models import Observation

UNUSED = ("stopped", "reclaimed")


class NoSuch(Exception):
    """A unit or county that the register does not have; the text is for the user."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose capability: `level` is city, county or unit; `ids` the units that belong to it."""

    level: str
    name: str
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """A holder's capability now, and the stored one before it."""

    holder: Holder
    capability: Capability
    before: CapabilityReading | None


def holder(level: str, name: str) -> Holder:
    """The unit or county of that name or id, or the city. Raises NoSuch."""
    if level == "city":
        return Holder("city", name, frozenset(Unit.objects.values_list("id", flat=True)))
    found = Unit.objects.filter(name=name).first() or Unit.objects.filter(pk=name).first()
    if found is None:
        raise NoSuch(_("台账里没有单位 {name}").format(name=name))
    if level == "county":
        inside = set(Unit.objects.filter(county_id=found.pk).values_list("id", flat=True))
        return Holder("county", found.name, frozenset({found.pk, *inside}))
    return Holder("unit", found.name, frozenset({found.pk}))


def holders() -> list[Holder]:
    """Every unit that answers for an asset or a system, by name."""
    ids = set(System.objects.values_list("unit_id", flat=True))
    ids |= set(Asset.objects.exclude(unit=None).values_list("unit_id", flat=True))
    units = Unit.objects.filter(pk__in=ids).order_by("ordinal", "id")
    return [Holder("unit", unit.name, frozenset({unit.pk})) for unit in units]


def read(who: Holder, scheme: Scheme, catalog: Catalog, now: datetime) -> Reading:
    """The capability of a holder at `now`."""
    counts = _counts(who, scheme, catalog, now)
    before = CapabilityReading.objects.filter(level=who.level, name=who.name).order_by("-id")
    return Reading(who, evaluate(scheme, counts), before.first())


def keep(readings: Iterable[Reading], scheme: Scheme, actor: str, now: datetime) -> None:
    """Store readings, so that the next ones can be compared with them."""
    with transaction.atomic():
        for reading in readings:
            numbers = numbers_of(reading.capability) | {"scheme": f"{scheme.id}@{scheme.version}"}
            CapabilityReading.objects.create(
                level=reading.holder.level, name=reading.holder.name,
                numbers=numbers, by=actor, at=now,
            )  # fmt: skip
            journal.append(now, actor, "capability.keep", reading.holder.name[:100], numbers)


def numbers_of(capability: Capability) -> dict[str, Any]:
    """What is stored and printed as JSON: points 0-100, cut to two decimals."""
    return {
        "low": _cut(capability.low),
        "high": _cut(capability.high),
        "measured": _cut(100 * capability.known),
        "abilities": {
            each.ability.id: {
                "low": _cut(each.low),
                "high": _cut(each.high),
                "measures": {
                    m.measure.id: {
                        "done": _cut(m.count.done), "open": _cut(m.count.open),
                        "total": _cut(m.count.total),
                    }
                    for m in each.measured
                },
            }
            for each in capability.abilities
        },
    }  # fmt: skip


def _cut(value: float | None) -> float | None:
    """Two decimals, never rounded up."""
    return None if value is None else int(value * 100 + 1e-9) / 100


def _counts(who: Holder, scheme: Scheme, catalog: Catalog, now: datetime) -> dict[str, Count]:
    systems = list(System.objects.filter(unit_id__in=who.ids).exclude(status__in=UNUSED))
    if who.level == "county":  # a county answers for what lies in it, whoever runs it
        near = System.objects.filter(county_id__in=who.ids).exclude(status__in=UNUSED)
        systems = list({each.pk: each for each in (*systems, *near)}.values())
    assets = _assets(who, [system.pk for system in systems])
    states = Counter(
        latest.verdicts(assets).exclude(state="not_applicable").values_list("state", flat=True)
    )
    tested = states["pass"] + states["fail"]
    total = states.total()
    seen = Observation.objects.filter(
        subject__in=assets, reason="", ended__gte=now - timedelta(days=scheme.fresh_days)
    )
    watched = seen.values("subject").distinct().count()
    return {
        "checks": Count(states["pass"], total - tested, total),
        "items": _items(systems, catalog),
        "watched": Count(watched, 0, len(assets)),
        "tested": Count(tested, 0, total),
        **_handling(_ledger(who), scheme, now),
    }


def _assets(who: Holder, systems: list[str]) -> set[str]:
    """Assets in use that the holder answers for, in its own right or through a system."""
    rows = Asset.objects.exclude(status__in=UNUSED)
    own = rows.filter(unit_id__in=who.ids) | rows.filter(unit=None, system_id__in=systems)
    if who.level == "county":
        own = own | rows.filter(county_id__in=who.ids)
    return set(own.values_list("id", flat=True))


def _items(systems: list[System], catalog: Catalog) -> Count:
    """Item states of the newest conclusions; a graded system without one is open as a whole."""
    done = open_ = total = 0.0
    ids = [system.pk for system in systems]
    newest = Conclusion.objects.filter(system__in=ids).values("system").annotate(last=Max("id"))
    rows = {
        row.system: row
        for row in Conclusion.objects.filter(pk__in=[each["last"] for each in newest])
    }
    for system in systems:
        if (row := rows.get(system.pk)) is not None:
            applicable = [i for i in row.items if i["state"] != "not_applicable"]
            done += sum(i["low"] for i in applicable)
            open_ += sum(i["high"] - i["low"] for i in applicable)
            total += len(applicable)
        elif system.grade_s and system.grade_a:
            n = len(catalog.select(min(system.grade_s, 4), min(system.grade_a, 4)))
            open_ += n
            total += n
    return Count(done, open_, total)


def _ledger(who: Holder) -> QuerySet[RiskItem]:
    if who.level == "city":
        return RiskItem.objects.all()
    return RiskItem.objects.filter(**{who.level: who.name})


def _handling(items: QuerySet[RiskItem], scheme: Scheme, now: datetime) -> dict[str, Count]:
    since = now - timedelta(days=scheme.window_days)
    limit = timedelta(hours=scheme.sign_hours)
    sent = items.filter(dispatched__gte=since)
    in_time = waiting = 0
    for row in sent.only("dispatched", "signed"):
        assert row.dispatched is not None
        in_time += row.signed is not None and row.signed <= row.dispatched + limit
        waiting += row.signed is None and now <= row.dispatched + limit
    still = list(items.filter(state__in=OPEN).only("due"))
    closed = list(items.filter(closure_reason="fixed", closed__gte=since))
    again = set(
        RiskItem.objects.filter(recurrence_of__in=[row.no for row in closed]).values_list(
            "recurrence_of", flat=True
        )
    )
    return {
        "signed": Count(in_time, 0, sent.count() - waiting),
        "not_overdue": Count(sum(not _late(row, now) for row in still), 0, len(still)),
        "fixed_in_time": Count(
            sum(row.closed is not None and not _late(row, row.closed) for row in closed),
            0,
            len(closed),
        ),
        "lasting": Count(
            sum(not row.reopened and row.no not in again for row in closed), 0, len(closed)
        ),
    }


def _late(row: RiskItem, at: datetime) -> bool:
    return row.due is not None and at > row.due


def counties() -> list[str]:
    """Names of the counties, as the register has them."""
    rows = Unit.objects.filter(kind="county").order_by("ordinal", "id")
    return list(rows.values_list("name", flat=True))
