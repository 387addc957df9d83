"""What a key period raises, as the register sees it. The period room raises and lowers it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from tlsec.i18n import _
from tlsec.register import journal
from tlsec.register.models import RiskItem
from tlsec.register.models_muting import Posture
from tlsec.register.rules import SEVERITIES, Rules, below, in_force, rank
from tlsec.register.sla import Sla
from tlsec.register.transitions import OPEN, State


def current(now: datetime, system: str = "") -> Posture | None:
    """The posture in force for a system (id), the highest uplift first; "" for what has no system."""
    for row in live(now).order_by("-uplift", "-id"):
        if not row.systems or system in row.systems:
            return row
    return None


def live(now: datetime) -> QuerySet[Posture]:
    """Every posture in force."""
    return Posture.objects.filter(Q(until=None) | Q(until__gt=now), start__lte=now)


def limits(item: RiskItem, now: datetime, rules: Rules) -> Sla:
    """The limits that an item goes by now."""
    raised = current(now, item.system_id)
    return rules.profile(raised.profile if raised else "")


def uplifted(severity: str, raised: Posture | None) -> str:
    """A severity raised by the posture's steps, at most to the highest."""
    steps = raised.uplift if raised else 0
    return SEVERITIES[min(rank(severity) + steps, len(SEVERITIES) - 1)] if steps else severity


@dataclass(frozen=True, slots=True)
class Change:
    """What raising a posture changed: items with an earlier due date, and waivers back to review."""

    posture: Posture
    earlier: tuple[str, ...]
    reviewed: tuple[str, ...]


def raise_(
    now: datetime,
    actor: str,
    period: str,
    profile: str,
    systems: Iterable[str] = (),
    uplift: int = 0,
    silence_hours: int | None = None,
    two_person: bool = True,
    until: datetime | None = None,
) -> Change:
    """Begin a posture: open items get min(old due, now + its limit), high waivers go back to review (G5).

    Raises Faulty for a profile that ladders/sla.yaml lacks.
    """
    rules = in_force()
    rules.profile(profile)
    with transaction.atomic():
        row = Posture.objects.create(
            period=period, profile=profile, systems=sorted(set(systems)), uplift=uplift,
            silence_hours=silence_hours, two_person=two_person, start=now, until=until,
        )  # fmt: skip
        journal.append(now, actor, "posture.raise", period, {"rows": [journal.tracked(row)]})
        reviewed = tuple(_review(row, now))
        earlier = tuple(_tighten(row, actor, now, rules))
    return Change(row, earlier, reviewed)


def lower(now: datetime, actor: str, period: str) -> int:
    """End the postures of a period. Due dates stay as they are: nothing becomes later by it."""
    with transaction.atomic():
        rows = list(live(now).filter(period=period))
        for row in rows:
            row.until = now
            row.save()
        if rows:
            after = {"rows": [journal.tracked(row) for row in rows]}
            journal.append(now, actor, "posture.lower", period, after)
    return len(rows)


def _protected(row: Posture) -> QuerySet[RiskItem]:
    found = RiskItem.objects.filter(state__in=OPEN, drill=False)
    return found.filter(system_id__in=row.systems) if row.systems else found


def _review(row: Posture, now: datetime) -> Iterable[str]:
    from tlsec.register import items

    waived = _protected(row).filter(state=State.WAIVED)
    for no, severity in list(waived.order_by("id").values_list("no", "severity")):
        if not below(severity, "high"):
            reason = _("{period} 开始，高等级以上的接受须重新审查").format(period=row.period)
            items.command(no, "review", items.MACHINE, now, reason, machine=True)
            yield no


def _tighten(row: Posture, actor: str, now: datetime, rules: Rules) -> Iterable[str]:
    from tlsec.register.clocks import Clocks

    text = _("{period} 开始，按重保时限").format(period=row.period)
    for item in list(_protected(row).select_for_update().order_by("id")):
        clocks = Clocks(item, rules, limits(item, now, rules), now)
        clocks.tighten(text)
        changed = clocks.segments != clocks.was
        if not changed and item.period:
            continue
        item.period = item.period or row.period
        item.version += 1
        clocks.save()
        item.due = clocks.fix_due()
        item.save()
        journal.append(now, actor, "item.period", item.no, journal.snapshot(item), text)
        if changed:
            yield item.no
