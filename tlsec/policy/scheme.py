"""Schemes: from item states to a number and a conclusion, one versioned file a report template. Pure.

The number is an interval, because what is untested counts once as the worst and once as the best. It is
kept as an exact fraction, compared unrounded, and shown with two decimals that are cut, never rounded up.
Sources and what is still 待核 stand in the files of policies/schemes/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _, listed, pick
from tlsec.marked_yaml import Fault, Faulty, Marked
from tlsec.policy.item_state import Result as State

Formula = Literal["mean", "deduction", "rate"]
Decisive = Literal["high", "major"]  # which risk decides whatever the number says


def _fraction(value: object) -> Fraction:
    """Numbers of a file as they are written: 0.1 is one tenth."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("number")
    return Fraction(str(value))


Number = Annotated[Fraction, BeforeValidator(_fraction), Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Note(_Strict):
    """A remark that is shown; "" for none."""

    zh: str = ""
    en: str = ""

    def __bool__(self) -> bool:
        return bool(self.zh)

    def __str__(self) -> str:
        return pick(self.model_dump())


class Class(_Strict):
    """A conclusion, as 优 or 基本符合. Classes stand from the best to the worst."""

    id: str
    zh: str
    en: str


class Band(_Strict):
    """What a number from `from` on gives. `at`: whether a number exactly there is in.

    `with_risk`: what it gives beside a decisive risk; `with_medium`: beside a medium one, "" for no matter.
    """

    start: Number = Field(alias="from")
    at: Literal["included", "excluded"]
    gives: str
    with_risk: str
    with_medium: str = ""
    source: str = ""
    verify: Note = Note()

    def holds(self, number: Fraction) -> bool:
        return number > self.start or (self.at == "included" and number == self.start)


class _Dates(_Strict):
    """Cover dates of reports that the scheme is for: later than `after`, up to and with `until`."""

    after: str = ""
    until: str = ""
    source: str = ""
    verify: Note = Note()

    def hold(self, day: date) -> bool:
        text = day.isoformat()
        return (not self.after or text > self.after) and (not self.until or text <= self.until)


class _Attention(_Strict):
    value: Number = Field(le=1)
    source: str = ""
    verify: Note = Note()


class _Importance(_Strict):
    """How much items weigh: `items` has ids of lines or items, all others are `default`."""

    weights: dict[str, Number]
    default: str
    items: dict[str, str] = {}
    verify: Note = Note()


class Scheme(_Strict):
    """A file of policies/schemes/. `partly`: what a partly met item is worth; `attention`: y of 2021."""

    scheme: str
    version: int
    zh: str
    en: str
    source: Note
    verify: Note = Note()
    formula: Formula
    report_dates: _Dates | None
    partly: Number = Field(le=1)
    partly_verify: Note = Note()
    attention: _Attention | None = None
    importance: _Importance
    decisive: Decisive
    classes: list[Class] = Field(min_length=2)
    bands: list[Band] = Field(min_length=2)

    @property
    def id(self) -> str:
        return self.scheme

    @property
    def versioned(self) -> str:
        """2021@1"""
        return f"{self.scheme}@{self.version}"

    @cached_property
    def order(self) -> Mapping[str, int]:
        """Class → its place, 0 the best."""
        return {each.id: i for i, each in enumerate(self.classes)}

    def named(self, id_: str) -> Class:
        return self.classes[self.order[id_]]

    def weight(self, line: str, item: str = "") -> Fraction:
        """f(w) of an item; what the file says of the item itself goes before what it says of its line."""
        named = self.importance.items
        return self.importance.weights[
            named.get(item) or named.get(line) or self.importance.default
        ]

    def value(self, x: float) -> Fraction:
        """What an item state's 0, ½ or 1 is worth."""
        return self.partly if x == 0.5 else Fraction(int(x))


@dataclass(frozen=True, slots=True)
class Scored:
    """An item as a scheme sees it. `low`, `high` 0, ½ or 1: with exceptions; the raw ones without."""

    item: str
    line: str
    point: str
    domain: str
    technical: bool
    state: State
    low: float
    high: float
    raw_low: float
    raw_high: float
    weight: Fraction = Fraction(1)

    @property
    def applicable(self) -> bool:
        return self.state != "not_applicable"

    @property
    def tested(self) -> bool:
        return self.state not in ("untested", "not_applicable")


def load(folders: Iterable[Path]) -> dict[str, Scheme]:
    """`schemes/` of the policy folders; a later folder's file replaces one of the same id. Raises Faulty."""
    found: dict[str, Scheme] = {}
    faults: list[Fault] = []
    for file in (f for folder in folders for f in sorted((folder / "schemes").glob("*.yaml"))):
        try:
            marked = marked_yaml.load(file)
            scheme = marked_yaml.parse(Scheme, marked)
        except Faulty as error:
            faults.extend(error.faults)
            continue
        faults.extend(_problems(scheme, marked))
        found[scheme.id] = scheme
    if faults:
        raise Faulty(faults)
    return dict(sorted(found.items()))


def _problems(scheme: Scheme, marked: Marked) -> list[Fault]:
    faults = []
    for i, band in enumerate(scheme.bands):
        for name in sorted({band.gives, band.with_risk, band.with_medium} - {""}):
            if name not in scheme.order:
                faults.append(marked.fault(("bands", i), _("没有结论 {id}").format(id=name)))
    starts = [band.start for band in scheme.bands]
    if starts != sorted(starts, reverse=True) or starts[-1] != 0:
        faults.append(marked.fault(("bands",), _("各档须从高到低，最低一档从 0 起")))
    weights = scheme.importance.weights
    named = {("items", key): name for key, name in scheme.importance.items.items()}
    for path, name in (named | {("default",): scheme.importance.default}).items():
        if name not in weights:
            message = _("没有重要程度 {name}，可用：{known}").format(
                name=name, known=listed(weights)
            )
            faults.append(marked.fault(("importance", *path), message))
    if scheme.formula == "deduction" and scheme.attention is None:
        faults.append(marked.fault((), _("缺陷扣分法要写明关注系数 attention")))
    return faults


def choose(schemes: Mapping[str, Scheme], day: date) -> Scheme:
    """The scheme for a report with this cover date. Raises LookupError where none is."""
    for scheme in schemes.values():
        if scheme.report_dates is not None and scheme.report_dates.hold(day):
            return scheme
    raise LookupError(_("没有适用于 {day} 的计分方案").format(day=day.isoformat()))
