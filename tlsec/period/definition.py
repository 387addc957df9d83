"""The file that a period is opened from: period.yaml of a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.inventory import models as inventory
from tlsec.inventory.fields import LOCAL
from tlsec.marked_yaml import Fault, Faulty
from tlsec.period.profile import PHASES, PhaseName, Role, Strict

FILE = "period.yaml"


def _moment(text: str) -> str:
    read(text)
    return text


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _clock(text: str) -> str:
    time.fromisoformat(text)
    return text


Moment = Annotated[str, AfterValidator(_moment)]
Day = Annotated[str, AfterValidator(_day)]
Clock = Annotated[str, AfterValidator(_clock)]


def read(text: str, end: bool = False) -> datetime:
    """ "2026-10-12" or "2026-10-12 08:00", Asia/Shanghai; a bare day as an `end` holds that whole day."""
    if len(text) == 10:
        day = datetime.combine(date.fromisoformat(text), time(), LOCAL)
        return day + timedelta(days=1) if end else day
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


class Window(Strict):
    """From and until, both ends as people write them; a bare day is whole."""

    start: Moment = Field(alias="from")
    until: Moment

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        if self.first >= self.last:
            raise ValueError(_("截止应晚于开始"))
        return self

    @property
    def first(self) -> datetime:
        return read(self.start)

    @property
    def last(self) -> datetime:
        return read(self.until, end=True)


class FreezeSpec(Window):
    rule: Literal["forbid", "approve", "allow"] = "approve"
    systems: list[str] = Field(default=[])
    number: str = ""
    note: str = ""


class ZeroUnits(Strict):
    """Who reports every day, besides the systems marked 零报告 in the register. `to`: where it goes on to."""

    units: list[str] = Field(default=[])
    to: str = ""


class ShiftSpec(Strict):
    """A shift of the day; one that ends before it begins runs into the next day."""

    name: str
    start: Clock = Field(alias="from")
    until: Clock


class RosterSpec(Strict):
    """Shifts, and who takes turns in each role: ids of the register of people, in their order."""

    place: str = ""
    phone: str = ""
    shifts: list[ShiftSpec] = Field(default=[])
    rotation: dict[Role, list[str]] = Field(default={})


class Definition(Strict):
    """period.yaml."""

    id: str = Field(pattern=r"^[\w-]{1,40}$")
    title: str
    kind: Literal["major", "exercise"] = Field(alias="type")
    profile: str
    number: str = ""  # 文号 of the work plan
    systems: list[str] = Field(default=[])  # empty: the key objects of the register
    phases: dict[PhaseName, Window]
    freeze: list[FreezeSpec] = Field(default=[])
    zero: ZeroUnits = ZeroUnits()
    roster: RosterSpec = RosterSpec()
    owners: dict[str, str] = Field(default={})  # checklist key → who answers for it

    @model_validator(mode="after")
    def _whole(self) -> Definition:
        missing = [name for name in PHASES if name not in self.phases]
        if missing:
            raise ValueError(_("四个阶段都要写：{names}").format(names=" ".join(missing)))
        starts = [self.phases[name].first for name in PHASES]
        if starts != sorted(starts):
            raise ValueError(_("各阶段应按备战、临战、实战、总结的先后"))
        return self


def load(file: Path) -> Definition:
    """A definition whose systems, units and people are in the register. Raises Faulty with file:line."""
    marked = marked_yaml.load(file, file.name)
    made = marked_yaml.parse(Definition, marked)
    faults = [
        marked.fault(path, _("台账里没有 {name}").format(name=name))
        for path, name, model in _references(made)
        if not model._default_manager.filter(pk=name).exists()
    ]
    if faults:
        raise Faulty(faults)
    if not protected(made):
        raise Faulty([Fault(file.name, _("没有保障对象：写明 systems，或在台账里标出重点对象"))])
    return made


def _references(
    made: Definition,
) -> Iterator[tuple[marked_yaml.Path_, str, type[inventory.Register]]]:
    for i, name in enumerate(made.systems):
        yield ("systems", i), name, inventory.System
    for i, freeze in enumerate(made.freeze):
        for j, name in enumerate(freeze.systems):
            yield ("freeze", i, "systems", j), name, inventory.System
    for i, name in enumerate(made.zero.units):
        yield ("zero", "units", i), name, inventory.Unit
    for role, people in made.roster.rotation.items():
        for i, name in enumerate(people):
            yield ("roster", "rotation", role, i), name, inventory.Person


def protected(made: Definition) -> list[str]:
    """Ids of the protected systems: those named, else the register's key objects and zero reporters."""
    if made.systems:
        return list(dict.fromkeys(made.systems))
    from django.db.models import Q

    rows = inventory.System.objects.filter(Q(key_object=True) | Q(zero_report=True))
    return list(
        rows.exclude(status__in=["stopped", "reclaimed"])
        .order_by("ordinal")
        .values_list("id", flat=True)
    )
