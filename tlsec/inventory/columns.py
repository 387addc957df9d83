"""How tables and columns are called and explained: titles of sheets, notes rows, comments at the head of files.

Texts are marked here and translated when shown, so that one process may speak both languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic.fields import FieldInfo

from tlsec.i18n import N_, _, in_every_language, listed
from tlsec.inventory.choices import words
from tlsec.inventory.fields import Cell, Kind
from tlsec.inventory.schema import TABLES, Row


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: `name` in YAML, `title` in sheets, `field` in the model."""

    name: str
    field: str
    cell: Cell
    required: bool
    words: str  # title, untranslated
    explained: str  # note, untranslated

    @property
    def title(self) -> str:
        return _(self.words)

    @property
    def note(self) -> str:
        return _(self.explained)

    @property
    def explanation(self) -> str:
        """What the column means and what may stand in it, for a notes row or a comment."""
        if self.note == self.title:
            return self.allowed
        return _("{note}。{allowed}").format(note=self.note, allowed=self.allowed)

    @property
    def allowed(self) -> str:
        """What may stand in the column, as a phrase."""
        return allowed(self.cell)


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `wide`: a row is written over several lines of YAML, else on one."""

    name: str
    model: type[Row]
    columns: tuple[Column, ...]
    wide: bool
    words: str
    explained: str

    @property
    def title(self) -> str:
        return _(self.words)

    @property
    def note(self) -> str:
        return _(self.explained)

    def column(self, name: str) -> Column | None:
        """The column that a key of a file or a title of a sheet (zh or translated) names."""
        for column in self.columns:  # by far the usual case, and asked for every value of a file
            if name == column.name:
                return column
        wanted = name.strip().rstrip("*").casefold()
        for column in self.columns:
            if wanted in map(str.casefold, in_every_language(column.words)):
                return column
        return None


def allowed(cell: Cell) -> str:
    """What a cell may hold, as a phrase in the language in force."""
    if cell.refers:
        return _("「{table}」表中的编号").format(table=table(cell.refers).title)
    if cell.choice is not None:
        named = (
            code if code == word else f"{word}({code})" for code, word in words(cell.choice).items()
        )
        return _several(listed(named)) if cell.many else listed(named)
    if cell.kind in (Kind.NUMBER, Kind.PORT):
        phrase = _("{low}–{high} 的整数").format(low=cell.low, high=cell.high)
    else:
        phrase = _(_PHRASES[cell.kind])
    return _several(phrase) if cell.many else phrase


def _several(phrase: str) -> str:
    return _("{what}，可多个，用空格或逗号隔开").format(what=phrase)


_PHRASES: dict[Kind, str] = {
    Kind.WORD: N_("一个词，不含空格、逗号、引号、括号"),
    Kind.TEXT: N_("文字"),
    Kind.FLAG: N_("是/否（true/false）"),
    Kind.START: N_("日期或日期时间，如 2026-10-12 或 2026-10-12 08:00"),
    Kind.END: N_("日期（含当日）或日期时间，如 2026-10-24 或 2026-10-24 18:00"),
    Kind.GRADE: N_("SxAyGz，x、y 为 1–5，z 取较高者，如 S3A2G3"),
    Kind.ADDRESS: N_("IPv4 或 IPv6 地址"),
    Kind.BLOCK: N_("网段或地址，如 203.0.113.0/26"),
    Kind.HOST: N_("域名"),
    Kind.PLACE: N_("区域编号、地址、网段或 any"),
    Kind.QUIET: N_("时段，如 22:00-06:00"),
    Kind.PAGES: N_("每行一个页面，如 /admin/ 内部"),
    Kind.LOCATOR: N_("如 port=443; path=/，项目有 address、port、host、name、path、vantage"),
}


def tables() -> Mapping[str, Table]:
    """Every table by name, in the order in which rows refer back."""
    return _tables()


def table(name: str) -> Table:
    return _tables()[name]


def table_named(name: str) -> Table | None:
    """The table that a file or sheet name means."""
    wanted = name.strip().casefold()
    for each in _tables().values():
        if wanted in (each.name, *map(str.casefold, in_every_language(each.words))):
            return each
    return None


@cache
def _tables() -> dict[str, Table]:
    from tlsec.inventory.titles import COLUMNS, SHARED, TITLES

    result = {}
    for name, model in TABLES.items():
        columns = []
        for field, info in model.model_fields.items():
            column = column_of(field, info)
            title, note = COLUMNS.get(f"{name}.{column}") or SHARED[column]
            columns.append(Column(column, field, cell_of(info), info.is_required(), title, note))
        title, note, wide = TITLES[name]
        result[name] = Table(name, model, tuple(columns), wide, title, note)
    return result


def column_of(field_name: str, info: FieldInfo) -> str:
    """The column's name in files."""
    return info.alias or field_name


def cell_of(info: FieldInfo) -> Cell:
    """What the column holds."""
    for item in reversed(info.metadata):
        if isinstance(item, Cell):
            return item
    many = False
    found: Cell | None = None
    pending: list[Any] = [info.annotation]
    while pending:
        part = pending.pop()
        metadata = getattr(part, "__metadata__", ())
        found = next((item for item in reversed(metadata) if isinstance(item, Cell)), found)
        many = many or getattr(part, "__origin__", None) is list
        if found is None or many is False:
            pending.extend(get_args(part))
    assert found is not None, info
    return Cell(found.kind, many, found.refers, found.choice, found.low, found.high)
