"""The catalogue: requirement lines as they strengthen through the levels, and their items per level."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.marked_yaml import Fault, Faulty, Marked

Attribute = Literal["S", "A", "G"]
Text = dict[Literal["zh", "en"], str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Point(_Strict):
    """A control point, e.g. 身份鉴别; its attribute says which axis of the grade selects its items."""

    id: str
    domain: str
    attr: Attribute
    zh: str
    en: str


class Line(_Strict):
    """One requirement through the levels, in our own words."""

    id: str
    point: str
    zh: str
    en: str


class Item(_Strict):
    """A line at one level: clause of GB/T 22239-2019 and evaluation unit of GB/T 28448-2019."""

    id: str  # 8.1.4.4-b
    level: Literal[1, 2, 3, 4]
    line: str
    extension: Literal["general", "cloud", "mobile", "iot", "ics"] = "general"
    unit: str = ""
    high_risk: bool = False


class _Points(_Strict):
    points: list[Point]


class _Lines(_Strict):
    lines: list[Line]


class _Items(_Strict):
    items: list[Item]


class _Head(_Strict):
    catalog: str
    version: int
    zh: str
    en: str
    published: dict[str, dict[str, int]] = {}  # extension → level → items of the standard


@dataclass(frozen=True)
class Catalog:
    """`published`: how many items the standard has, so that a part is never taken for the whole."""

    id: str
    version: int
    points: Mapping[str, Point]
    lines: Mapping[str, Line]
    items: Mapping[str, Item]
    published: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def item(self, line: str, s: int, a: int) -> Item | None:
        """The item of a line for a grade SxAy: the level its attribute selects; None when none is asked."""
        attribute = self.points[self.lines[line].point].attr
        level = {"S": s, "A": a, "G": max(s, a)}[attribute]
        found = [i for i in self.items.values() if i.line == line and i.level == level]
        return found[0] if found else None


R = TypeVar("R", Point, Line, Item)


def load(folder: Path) -> Catalog:
    """A catalogue folder: catalog.yaml, points.yaml, lines.yaml, items*.yaml. Raises Faulty."""
    head = marked_yaml.parse(_Head, marked_yaml.load(folder / "catalog.yaml"))
    faults: list[Fault] = []
    points = _table(
        folder / "points.yaml", "points", lambda m: marked_yaml.parse(_Points, m).points, faults
    )
    lines = _table(
        folder / "lines.yaml", "lines", lambda m: marked_yaml.parse(_Lines, m).lines, faults
    )
    items: dict[str, Item] = {}
    for file in sorted(folder.glob("items*.yaml")):
        items |= _table(file, "items", lambda m: marked_yaml.parse(_Items, m).items, faults)
    where = str(folder)
    for kind, references, known in (
        ("lines", {line.id: line.point for line in lines.values()}, points),
        ("items", {item.id: item.line for item in items.values()}, lines),
    ):
        for id_, target in references.items():
            if target not in known:
                message = _("{kind} 里 {id} 引用的 {target} 不存在")
                faults.append(Fault(where, message.format(kind=kind, id=id_, target=target)))
    if faults:
        raise Faulty(faults)
    return Catalog(head.catalog, head.version, points, lines, items, head.published)


def _table(
    file: Path, key: str, read: Callable[[Marked], list[R]], faults: list[Fault]
) -> dict[str, R]:
    """Rows by id; duplicate ids are added to the faults."""
    marked = marked_yaml.load(file)
    rows: dict[str, R] = {}
    for i, row in enumerate(read(marked)):
        if row.id in rows:
            faults.append(marked.fault((key, i, "id"), _("编号 {id} 重复").format(id=row.id)))
        rows[row.id] = row
    return rows
