"""Contact check (通讯录核验): who on the roster was reached lately, and who was not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from tlsec.i18n import _
from tlsec.period.models_duty import Contact, Shift
from tlsec.register import journal
from tlsec.register.refused import Refused


@dataclass(frozen=True, slots=True)
class Reachable:
    """One person of the roster. `fresh`: reached within the days that count."""

    person: str
    unit: str
    phone: str
    last: datetime | None
    reached: bool
    fresh: bool


def note(person: str, reached: bool, now: datetime, actor: str, how: str = "") -> Contact:
    """Somebody was called. Raises Refused for one who is on no roster."""
    if not Shift.objects.filter(person=person).exists():
        raise Refused(_("值班表里没有 {name}").format(name=person))
    with transaction.atomic():
        row = Contact.objects.create(
            person=person, at=now, by=actor, reached=reached, how=how[:100]
        )
        after = {"person": person, "reached": reached, "how": row.how}
        journal.append(now, actor, "roster.contact", f"contact:{person}", after)
    return row


def of(start: datetime, until: datetime, now: datetime, days: int) -> list[Reachable]:
    """Everybody on the roster of a window, those not reached first."""
    people: dict[str, Shift] = {}
    for shift in Shift.objects.filter(start__lt=until, until__gt=start).order_by("start", "id"):
        people.setdefault(shift.person, shift)
    made = []
    for name, shift in people.items():
        last = Contact.objects.filter(person=name, at__lte=now).order_by("-at", "-id").first()
        fresh = bool(last and last.reached and now - last.at <= timedelta(days=days))
        made.append(
            Reachable(
                name,
                shift.unit,
                shift.phone,
                last.at if last else None,
                bool(last and last.reached),
                fresh,
            )
        )
    return sorted(made, key=lambda each: each.fresh)
