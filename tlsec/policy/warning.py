"""The colour of a warning: importance of what is threatened × damage it may suffer → a proposal. Pure.

The table is data (policies/ladders/warning-colour.yaml, after GB/T 32924-2016) and marked 待核 cell by cell. A
machine proposes and shows the rule; a person confirms. NONE is a colour of its own: no warning is issued.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from tlsec.i18n import N_, _, listed
from tlsec.policy import ladder
from tlsec.policy.ladder import Ladder, Named, Strict

FILE = "warning-colour"
Colour: TypeAlias = Literal["red", "orange", "yellow", "blue", "none"]
COLOURS: tuple[Colour, ...] = ("none", "blue", "yellow", "orange", "red")  # upward
NONE: Colour = "none"
COLOUR_NAMES: dict[str, str] = {
    "red": N_("红"),
    "orange": N_("橙"),
    "yellow": N_("黄"),
    "blue": N_("蓝"),
    "none": N_("不发布"),
}


class Step(Named):
    """A grade of importance or damage. `verify`: what of it has to be checked."""

    id: str
    verify: str = ""


class Shade(Named):
    id: Colour
    numeral: str


class Cell(Strict):
    importance: str
    damage: str
    colour: Colour
    verify: str = ""


class ImportanceFrom(Strict):
    cii: str
    levels: dict[str, str]
    verify: str = ""


class Limit(Strict):
    sign_minutes: int = Field(gt=0)
    feedback_minutes: int = Field(gt=0)


class Limits(Strict):
    red: Limit
    orange: Limit
    yellow: Limit
    blue: Limit
    verify: str = ""


class Duty(Named):
    """What a unit does from this colour upward."""

    since: Colour = Field(alias="from")


class Authority(Named):
    verify: str = ""


class Colours(Ladder):
    """warning-colour.yaml."""

    colours: list[Shade]
    importance: list[Step]
    damage: list[Step]
    importance_from: ImportanceFrom
    matrix: list[Cell]
    limits: Limits
    response: list[Duty]
    authority: dict[Literal["red", "orange", "yellow", "blue"], Authority]

    @model_validator(mode="after")
    def _is_whole_and_rises(self) -> Colours:
        rows, columns = [s.id for s in self.importance], [s.id for s in self.damage]
        cells = {(c.importance, c.damage): c for c in self.matrix}
        if len(cells) != len(self.matrix) or set(cells) != {(r, c) for r in rows for c in columns}:
            raise ValueError(_("矩阵应当每一格恰有一行"))
        for (row, column), cell in cells.items():
            at, to = rows.index(row), columns.index(column)
            lower = [(rows[i], column) for i in (at + 1,) if i < len(rows)]
            lower += [(row, columns[i]) for i in (to + 1,) if i < len(columns)]
            for key in lower:
                if rank(cells[key].colour) > rank(cell.colour):
                    message = _("{row} × {column} 的颜色低于 {other}，矩阵应当随程度升高")
                    raise ValueError(
                        message.format(row=row, column=column, other=listed(key, "，"))
                    )
        named = {self.importance_from.cii, *self.importance_from.levels.values()}
        if not named <= set(rows) or not set(self.importance_from.levels) <= set("12345"):
            raise ValueError(_("importance_from 用了没有的重要程度或等级"))
        return self

    def limit(self, colour: Colour) -> tuple[timedelta, timedelta] | None:
        """Time to sign and to answer in full; None for a warning that is not issued."""
        if colour == NONE:
            return None
        limit: Limit = getattr(self.limits, colour)
        return timedelta(minutes=limit.sign_minutes), timedelta(minutes=limit.feedback_minutes)

    def duties(self, colour: Colour) -> list[Duty]:
        """What units do at this colour: everything from lower colours, and what this one adds."""
        return [duty for duty in self.response if rank(duty.since) <= rank(colour)]

    def step(self, which: Literal["importance", "damage"], id: str) -> Step | None:
        steps: list[Step] = getattr(self, which)
        return next((step for step in steps if step.id == id), None)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A colour that the table proposes, with the rule in words and every 待核 mark of what it used."""

    colour: Colour
    importance: str
    damage: str
    rule: str
    marks: tuple[str, ...]


def rank(colour: str) -> int:
    """0 for no warning, then upward to red. Raises ValueError for what is no colour."""
    return COLOURS.index(colour)


def importance_of(table: Colours, level: int | None, cii: bool = False) -> str:
    """Importance by the grade of what is threatened; the least where nothing graded is."""
    if cii:
        return table.importance_from.cii
    return table.importance_from.levels.get(str(level), table.importance[-1].id)


def propose(table: Colours, importance: str, damage: str) -> Proposal:
    """The colour of one cell. Raises ValueError with a sentence for words that the table lacks."""
    row, column = table.step("importance", importance), table.step("damage", damage)
    if row is None:
        known = listed(step.id for step in table.importance)
        raise ValueError(_("没有重要程度 {id}，可用：{known}").format(id=importance, known=known))
    if column is None:
        known = listed(step.id for step in table.damage)
        raise ValueError(_("没有损害程度 {id}，可用：{known}").format(id=damage, known=known))
    cell = next(c for c in table.matrix if (c.importance, c.damage) == (importance, damage))
    rule = _("重要程度“{row}” × 损害程度“{column}” → {colour}").format(
        row=row.name, column=column.name, colour=_(COLOUR_NAMES[cell.colour])
    )
    marks = (cell.verify, row.verify, column.verify)
    return Proposal(cell.colour, importance, damage, rule, tuple(m for m in marks if m))


def load(folders: Sequence[Path]) -> Colours:
    """The table in force, a workspace's own first. Raises Faulty with file:line."""
    return ladder.read(Colours, FILE, folders)
