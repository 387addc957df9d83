"""Who is to be told: people by role and unit. A roster may take the place of the register of people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from django.db.models import Q

from tlsec.notify.config import Audience, Setup


@dataclass(frozen=True, slots=True)
class Person:
    """As far as telling somebody goes."""

    id: str
    name: str
    unit: str = ""
    role: str = ""
    phone: str = ""
    mail: str = ""


# now, role, units (empty: no unit was named), words of 职责 that stand for the role
Source: TypeAlias = Callable[[datetime, str, tuple[str, ...], tuple[str, ...]], list[Person] | None]

_source: list[Source] = []


def use(source: Source | None) -> None:
    """Ask `source` first from now on (the roster); where it gives None, the register of people answers."""
    _source[:] = [source] if source else []


def on_duty(
    now: datetime, role: str, units: Iterable[str] = (), titles: Iterable[str] = ()
) -> list[Person]:
    """The people of a role at that time, of those units; without units nobody is guessed."""
    wanted, words = tuple(units), tuple(titles)
    for source in _source:
        if (found := source(now, role, wanted, words)) is not None:
            return found
    return _registered(wanted, words)


def person(id_: str) -> Person | None:
    """One person of the register."""
    from tlsec.inventory import models

    row = models.Person.objects.filter(id=id_).first()
    return _person(row) if row else None


def of(audience: str, setup: Setup, now: datetime) -> list[Person]:
    """Who an audience (`role`, `role@unit`, `person:id`) is at that time."""
    who = Audience.of(audience)
    if who.person:
        one = person(who.person)
        return [one] if one else []
    role = setup.ladder.roles.get(who.role)
    units = (who.unit,) if who.unit else setup.home
    return on_duty(now, who.role, units, role.titles if role else ())


def _registered(units: tuple[str, ...], titles: tuple[str, ...]) -> list[Person]:
    from tlsec.inventory import models

    if not units or not titles:
        return []
    there = Q(unit_id__in=units) | Q(unit__name__in=units)  # the ledger has names, the register ids
    rows = models.Person.objects.filter(there, role__in=titles).order_by("ordinal")
    return [_person(row) for row in rows]


def _person(row: object) -> Person:
    from tlsec.inventory import models

    assert isinstance(row, models.Person)
    return Person(row.id, row.name, row.unit_id, row.role, row.phone, row.mail)
