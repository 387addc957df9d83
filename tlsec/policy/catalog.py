"""The catalogue: requirement lines as they strengthen through the levels, and their items per level.

Source: GB/T 22239-2019 (clauses, letters, Appendix A attributes), GB/T 28448-2019 (evaluation units).
Texts are in our own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.marked_yaml import Fault, Faulty, Marked

Attribute = Literal["S", "A", "G"]
Extension = Literal["general", "cloud", "mobile", "iot", "ics"]
Method = Literal["interview", "examine", "test"]
Responsibility = Literal["provider", "customer", "shared"]
SubjectKind = Literal[
    "system", "room", "network_device", "security_device", "host", "terminal", "storage",
    "database", "middleware", "application", "data", "cloud_platform", "wireless", "sensor",
    "controller", "person", "document",
]  # fmt: skip
EXTENSIONS: tuple[Extension, ...] = ("general", "cloud", "mobile", "iot", "ics")
LEVELS = (1, 2, 3, 4)
# who can settle an item, best first: Network probe, Host login, management API (Cloud), Documents, People
By = Literal["N", "H", "C", "D", "P"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _ItemRow(_Strict):
    id: str = Field(pattern=r"^[6-9]\.[1-5]\.\d{1,2}\.\d{1,2}(-[a-z])?$")
    unit: str = Field(default="", pattern=r"^(L[1-4]-[A-Z]{3}[1-5]-\d\d)?$")
    zh: str
    en: str = ""  # "" where the line's name says it


class _LineRow(_Strict):
    id: str = Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")
    zh: str
    en: str
    methods: list[Method] = Field(min_length=1)
    subjects: list[SubjectKind] = Field(min_length=1)
    by: list[By] = Field(min_length=1)
    responsibility: Responsibility | None = None
    verify: str = ""  # what is still 待核 about it
    items: list[_ItemRow] = Field(min_length=1)


class _PointRow(_Strict):
    id: str = Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")
    domain: str = Field(pattern=r"^[A-Z]{3}$")
    attr: Attribute
    zh: str
    en: str
    lines: list[_LineRow] = Field(min_length=1)


class _File(_Strict):
    extension: Extension
    points: list[_PointRow]


class _Name(_Strict):
    zh: str
    en: str


class _Head(_Strict):
    catalog: str
    version: int
    zh: str
    en: str
    domains: dict[str, _Name]  # in the order of the standard
    extensions: dict[str, _Name]
    published: dict[str, dict[str, int]]  # level → items of the standard


@dataclass(frozen=True, slots=True)
class Domain:
    """One of the ten classes, e.g. CES 安全计算环境. `technical`: the first five of the standard."""

    id: str
    zh: str
    en: str
    technical: bool


@dataclass(frozen=True, slots=True)
class Point:
    """A control point, e.g. 身份鉴别; its attribute says which axis of the grade selects its items."""

    id: str
    domain: str
    attr: Attribute
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement through the levels, in our own words.

    `responsibility`: whose it is when the system stands on a cloud, None where it is the system's own.
    """

    id: str
    point: str
    zh: str
    en: str
    methods: tuple[Method, ...]
    subjects: tuple[SubjectKind, ...]
    by: tuple[By, ...]
    responsibility: Responsibility | None
    verify: str


@dataclass(frozen=True, slots=True)
class Item:
    """A line at one level: clause of GB/T 22239-2019 and evaluation unit of GB/T 28448-2019."""

    id: str  # 8.1.4.4-b
    level: int
    line: str
    extension: Extension
    unit: str
    zh: str
    en: str

    @property
    def clause(self) -> str:
        """8.1.4.4"""
        return self.id.split("-")[0]

    @property
    def letter(self) -> str:
        """b, or "" where the clause has one requirement."""
        return self.id.partition("-")[2]

    @property
    def order(self) -> tuple[Any, ...]:
        """Sorts items as the standard prints them."""
        return (*map(int, self.clause.split(".")), self.letter)


@dataclass(frozen=True)
class Catalog:
    """`published`: how many items the standard has, so that a part is never taken for the whole."""

    id: str
    version: int
    domains: Mapping[str, Domain]
    points: Mapping[str, Point]
    lines: Mapping[str, Line]
    items: Mapping[str, Item]
    published: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # id → {zh, en}

    @cached_property
    def by_line(self) -> Mapping[str, Mapping[int, Item]]:
        """line → level → item."""
        found: dict[str, dict[int, Item]] = {line: {} for line in self.lines}
        for item in self.items.values():
            found[item.line][item.level] = item
        return found

    def item(self, line: str, s: int, a: int) -> Item | None:
        """The item of a line for a grade SxAy: the level its attribute selects; None when none is asked."""
        return self.by_line[line].get(level_for(self.points[self.lines[line].point].attr, s, a))

    def select(self, s: int, a: int, extensions: Iterable[str] = ()) -> list[Item]:
        """All items of a graded object SxAy, in the standard's order (GB/T 22239-2019 Appendix A).

        The general part is always in; extensions are added at the overall level.
        """
        wanted = {"general", *extensions}
        found = (self.item(line, s, a) for line in self.lines)
        chosen = [item for item in found if item is not None and item.extension in wanted]
        return sorted(chosen, key=lambda item: (EXTENSIONS.index(item.extension), item.order[1:]))

    def point_of(self, item: Item) -> Point:
        return self.points[self.lines[item.line].point]

    def domain_of(self, item: Item) -> Domain:
        return self.domains[self.point_of(item).domain]


def level_for(attribute: Attribute, s: int, a: int) -> int:
    """The level an item's text comes from: S and A items from their own axis, G from the higher one."""
    return {"S": s, "A": a, "G": max(s, a)}[attribute]


def load(folder: Path) -> Catalog:
    """A catalogue folder: catalog.yaml and a file for each part of the standard. Raises Faulty."""
    head = marked_yaml.parse(_Head, marked_yaml.load(folder / "catalog.yaml"))
    faults: list[Fault] = []
    points: dict[str, Point] = {}
    lines: dict[str, Line] = {}
    items: dict[str, Item] = {}
    for file in sorted(folder.glob("*.yaml")):
        if file.name == "catalog.yaml":
            continue
        try:
            marked = marked_yaml.load(file)
            data = marked_yaml.parse(_File, marked)
        except Faulty as error:
            faults.extend(error.faults)
            continue
        _take(data, marked, head, (points, lines, items), faults)
    if faults:
        raise Faulty(faults)
    domains = {
        id_: Domain(id_, name.zh, name.en, technical=i < _TECHNICAL)
        for i, (id_, name) in enumerate(head.domains.items())
    }
    extensions: dict[str, Mapping[str, str]] = {
        id_: {"zh": n.zh, "en": n.en} for id_, n in head.extensions.items()
    }
    return Catalog(
        head.catalog, head.version, domains, points, lines, items, head.published, extensions
    )


_TECHNICAL = 5  # 安全物理环境 … 安全管理中心; the other five classes are management
_Tables = tuple[dict[str, Point], dict[str, Line], dict[str, Item]]


def _take(data: _File, marked: Marked, head: _Head, tables: _Tables, faults: list[Fault]) -> None:
    """Rows of one file into the tables; what is double or in the wrong place becomes a fault."""
    points, lines, items = tables

    def once(known: Mapping[str, object], id_: str, *path: str | int) -> None:
        if id_ in known:
            faults.append(marked.fault((*path, "id"), _("编号 {id} 重复").format(id=id_)))

    for i, row in enumerate(data.points):
        once(points, row.id, "points", i)
        if row.domain not in head.domains:
            message = _("没有层面 {name}").format(name=row.domain)
            faults.append(marked.fault(("points", i, "domain"), message))
        points[row.id] = Point(row.id, row.domain, row.attr, row.zh, row.en)
        for j, line in enumerate(row.lines):
            once(lines, line.id, "points", i, "lines", j)
            lines[line.id] = Line(
                line.id, row.id, line.zh, line.en, tuple(line.methods), tuple(line.subjects),
                tuple(line.by), line.responsibility, line.verify,
            )  # fmt: skip
            levels: set[int] = set()
            for k, item in enumerate(line.items):
                at = ("points", i, "lines", j, "items", k)
                once(items, item.id, *at)
                level = int(item.id[0]) - 5
                if level in levels:
                    message = _("要求线 {line} 在第 {n} 级有两个条款").format(line=line.id, n=level)
                    faults.append(marked.fault(at, message))
                levels.add(level)
                items[item.id] = Item(
                    item.id, level, line.id, data.extension, item.unit, item.zh, item.en or line.en
                )
