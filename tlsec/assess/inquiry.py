"""What a system is asked: its grade selects the items, their lines have questions, decisions take some away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db.models import Q

from tlsec import content
from tlsec.assess.evidence import Refused, Store
from tlsec.facts import ZoneRole
from tlsec.i18n import _, listed
from tlsec.inventory import models as inventory
from tlsec.marked_yaml import Fault, Faulty
from tlsec.policy import catalog as catalogs
from tlsec.policy import question as questions_
from tlsec.policy.catalog import Catalog, Item
from tlsec.policy.question import Question, Questions

LOCAL = ZoneInfo("Asia/Shanghai")
CATALOG = "gbt22239-2019"
_CLOUD = (ZoneRole.CLOUD_FRONT, ZoneRole.CLOUD_INNER)


@dataclass(frozen=True, slots=True)
class Posed:
    """One question to a system, about the item that its grade selects."""

    item: Item
    question: Question


@dataclass(frozen=True)
class Inquiry:
    """The content that answers are checked against, and where their evidence is kept."""

    catalog: Catalog
    questions: Questions
    store: Store
    folders: tuple[Path, ...] = ()

    @classmethod
    def of(cls, root: Path) -> Inquiry:
        """Of a workspace folder: shipped content with its own laid over. Raises Faulty."""
        folders = tuple(content.policies(root))
        places = [f / "catalogs" / CATALOG for f in folders]
        place = next((each for each in places if each.is_dir()), None)
        if place is None:
            raise Faulty([Fault(CATALOG, _("没有这个条款目录"))])
        catalog = catalogs.load(place)
        store = Store(root / "data" / "evidence")
        return cls(catalog, questions_.load(folders, catalog), store, folders)

    def items(self, system: inventory.System) -> list[Item]:
        """The items of a system's grade. Raises Refused for a system without one."""
        s, a = _axes(system)
        return self.catalog.select(s, a, extensions_of(system))

    def posed(self, system: inventory.System) -> list[Posed]:
        """Every question to a system in the standard's order; a platform is not asked a customer's."""
        side = "provider" if system.cloud_role == "provider" else ""
        return [
            Posed(item, question)
            for item in self.items(system)
            for question in self.questions.of(item.line, side)
        ]

    def item_of(self, system: inventory.System, line_or_item: str) -> Item:
        """The item of a system that a line's or an item's id means. Raises Refused."""
        meant = self.catalog.items.get(line_or_item)
        line = meant.line if meant else line_or_item
        if line not in self.catalog.lines:
            raise Refused(_("没有条款或要求线 {item}").format(item=line_or_item))
        s, a = _axes(system)
        own = self.catalog.item(line, s, a)
        if own is None or own.extension not in ("general", *extensions_of(system)):
            message = _("{item} 不在 {system}（{grade}）的条款之内")
            raise Refused(message.format(item=line_or_item, system=system.id, grade=system.grade))
        if meant is not None and meant.id != own.id:
            message = _("{item} 不是 {system}（{grade}）的条款，同一要求在该系统是 {own}")
            raise Refused(
                message.format(item=meant.id, system=system.id, grade=system.grade, own=own.id)
            )
        return own


def _axes(system: inventory.System) -> tuple[int, int]:
    if not system.grade_s or not system.grade_a:
        message = _("{system} 还没有定级，先在台账 systems.yaml 写明 grade")
        raise Refused(message.format(system=system.id))
    return system.grade_s, system.grade_a


def find_system(id_: str) -> inventory.System:
    """A system of the register by id or full name. Raises Refused."""
    found = inventory.System.objects.filter(id=id_).first()
    if found is None:
        found = inventory.System.objects.filter(name=id_).order_by("ordinal").first()
    if found is None:
        some = listed(
            inventory.System.objects.order_by("ordinal", "id").values_list("id", flat=True)[:8]
        )
        message = _("台账里没有系统 {id}；有 {some} 等")
        raise Refused(message.format(id=id_, some=some or _("无")))
    return found


def extensions_of(system: inventory.System) -> Sequence[str]:
    """Parts of the catalogue that a system adds: those on record for it, and cloud where it has a side on
    one, stands in a cloud zone or is one side of an inheritance."""
    from tlsec.assess.models import Inheritance

    either = Q(system=system.id) | Q(platform=system.id)
    in_cloud = (
        system.cloud_role is not None
        or (system.zone is not None and system.zone.role in _CLOUD)
        or Inheritance.objects.filter(either).exists()
    )
    wanted = {*system.extensions, *(["cloud"] if in_cloud else [])}
    return [each for each in catalogs.EXTENSIONS if each in wanted]


def local_day(moment: datetime) -> str:
    """The city's day of a moment, 2026-03-05."""
    return moment.astimezone(LOCAL).date().isoformat()
