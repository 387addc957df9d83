"""Typed tables → .xlsx: frozen head, filters, wrapped text, print set-up, and cells that stay text.

Every value is written as what it is. A text that begins like a formula (= + - @) is a text for Excel
too, and carries the quote mark, so that editing it does not start a formula either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from math import ceil
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tlsec.i18n import _
from tlsec.report.words import clean, local, width

Cell: TypeAlias = str | int | float | datetime | date
LIMIT = 32_767  # characters of one cell (Excel)
ROWS = 1_048_575  # rows under one head (Excel)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LINE = 15.0  # points of one line of text
_TALLEST = 150.0
_FONT = "微软雅黑"
_NUMBER_FORMATS = {"text": "@", "time": "yyyy-mm-dd hh:mm", "day": "yyyy-mm-dd", "number": "0"}


@dataclass(frozen=True, slots=True)
class Tint:
    """Colours of a group of columns: head background, head text."""

    head: str
    text: str = "#FFFFFF"


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column. `choices` become a drop-down; `note` a comment on the head; `width` in characters."""

    title: str
    width: float = 12
    align: Literal["left", "center"] = "left"
    tint: Tint = Tint("#44546A")
    choices: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Conditional colour: cells of column `column` (from 0) that equal `value`, or exceed it."""

    column: int
    value: str | int
    fill: str
    text: str
    exceed: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet with a head row, filters and rows."""

    name: str
    columns: tuple[SheetColumn, ...]
    rows: Sequence[Sequence[Cell]]
    frozen: int = 1  # columns that stay in view
    marks: tuple[Mark, ...] = ()
    title: str = ""  # printed above every page
    paper: Literal["A3", "A4"] = "A3"
    pages_wide: int = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """A sheet of labelled facts, such as 说明."""

    name: str
    title: str
    rows: tuple[tuple[str, str], ...]
    swatches: tuple[tuple[str, Tint], ...] = ()


@dataclass(frozen=True, slots=True)
class Properties:
    """File properties; `made` fixes the bytes of the file."""

    title: str
    author: str
    made: datetime


def write(path: Path, sheets: Sequence[Grid | Facts], properties: Properties) -> None:
    """Write the workbook. Raises ValueError for more rows than a sheet holds."""
    import xlsxwriter

    # constant memory is not used: it cannot merge or comment; 20 000 rows take some 60 MB
    book = xlsxwriter.Workbook(
        str(path),
        {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "yyyy-mm-dd hh:mm",
        },
    )
    with book:
        book.set_properties(
            {
                "title": clean(properties.title),
                "author": clean(properties.author),
                "created": _naive_utc(properties.made),
            }
        )
        for sheet in sheets:
            if isinstance(sheet, Grid):
                _GridWriter(book, sheet).write()
            else:
                _write_facts(book, sheet)


def _naive_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def fit(text: str) -> str:
    """Text a cell can hold; a longer one ends with a remark that says how much is missing."""
    text = clean(text)
    if len(text) <= LIMIT:
        return text
    remark = _("…（已截断，原文{n}字）").format(n=len(text))
    return text[: LIMIT - len(remark)] + remark


class _GridWriter:
    """Writes one Grid; keeps the formats, of which Excel wants few."""

    def __init__(self, book: Any, grid: Grid) -> None:
        if len(grid.rows) > ROWS:
            raise ValueError(f"{len(grid.rows)} rows do not fit one sheet")
        self._book = book
        self._grid = grid
        self._sheet = book.add_worksheet(grid.name)
        self._formats: dict[tuple[str, str, bool], Any] = {}

    def write(self) -> None:
        """Head, rows, marks, filters, print set-up."""
        self._head()
        for number, row in enumerate(self._grid.rows, 1):
            self._row(number, row)
        self._marks()
        last = max(len(self._grid.rows), 1)
        self._sheet.freeze_panes(1, self._grid.frozen)
        self._sheet.autofilter(0, 0, last, len(self._grid.columns) - 1)
        self._choices(last)
        self._print()

    def _format(self, look: str, align: str = "center", quoted: bool = False) -> Any:
        """A cell format; Excel allows some 64 000, readers want few, so each is made once."""
        key = (look, align, quoted)
        if key not in self._formats:
            self._formats[key] = self._book.add_format(
                {
                    "font_name": _FONT,
                    "font_size": 10,
                    "num_format": _NUMBER_FORMATS[look],
                    "align": align,
                    "valign": "vcenter",
                    "text_wrap": True,
                    "border": 1,
                    "border_color": "#D0D5DD",
                    "quote_prefix": quoted,
                }
            )
        return self._formats[key]

    def _head(self) -> None:
        for at, column in enumerate(self._grid.columns):
            head = self._book.add_format(
                {
                    "font_name": _FONT,
                    "font_size": 10,
                    "bold": True,
                    "font_color": column.tint.text,
                    "bg_color": column.tint.head,
                    "align": "center",
                    "valign": "vcenter",
                    "text_wrap": True,
                    "border": 1,
                    "border_color": "#FFFFFF",
                }
            )
            self._sheet.write_string(0, at, fit(column.title), head)
            self._sheet.set_column(at, at, column.width, self._format("text", column.align))
            if column.note:
                self._sheet.write_comment(0, at, clean(column.note), {"x_scale": 1.6})
        self._sheet.set_row(0, 34)

    def _row(self, number: int, row: Sequence[Cell]) -> None:
        lines = 1
        for at, (column, value) in enumerate(zip(self._grid.columns, row, strict=True)):
            text = value if isinstance(value, str) else ""
            lines = max(lines, _lines(text, column.width))
            self._cell(number, at, value, column)
        self._sheet.set_row(number, min(max(lines * _LINE + 8, 24), _TALLEST))

    def _cell(self, number: int, at: int, value: Cell, column: SheetColumn) -> None:
        sheet = self._sheet
        if value == "":
            # an empty string would count as filled in filters and formulas
            sheet.write_blank(number, at, None, self._format("text", column.align))
        elif isinstance(value, str):
            look = self._format("text", column.align, value.startswith(_FORMULA))
            sheet.write_string(number, at, fit(value), look)
        elif isinstance(value, datetime):
            naive = local(value).replace(tzinfo=None, second=0, microsecond=0)
            sheet.write_datetime(number, at, naive, self._format("time"))
        elif isinstance(value, date):
            sheet.write_datetime(number, at, datetime.combine(value, time()), self._format("day"))
        else:
            sheet.write_number(number, at, value, self._format("number"))

    def _marks(self) -> None:
        last = max(len(self._grid.rows), 1)
        for mark in self._grid.marks:
            look = self._book.add_format(
                {"bg_color": mark.fill, "font_color": mark.text, "bold": True}
            )
            self._sheet.conditional_format(
                1,
                mark.column,
                last,
                mark.column,
                {
                    "type": "cell",
                    "criteria": ">" if mark.exceed else "==",
                    "value": _literal(mark.value),
                    "format": look,
                },
            )

    def _choices(self, last: int) -> None:
        for at, column in enumerate(self._grid.columns):
            if column.choices:
                rule = {"validate": "list", "source": list(column.choices), "error_type": "warning"}
                self._sheet.data_validation(1, at, last, at, rule)

    def _print(self) -> None:
        sheet = self._sheet
        sheet.set_landscape()
        sheet.set_paper(8 if self._grid.paper == "A3" else 9)
        sheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
        sheet.fit_to_pages(self._grid.pages_wide, 0)
        sheet.repeat_rows(0)
        if self._grid.pages_wide > 1:
            sheet.repeat_columns(0)
        title = fit(self._grid.title or self._grid.name).replace("&", "&&")[:200]
        sheet.set_header(f'&C&"{_FONT},Bold"&16{title}')
        sheet.set_footer(_("&L打印时间：&D &T&R第 &P 页，共 &N 页"))
        sheet.hide_gridlines(2)
        sheet.set_zoom(90)


def _literal(value: str | int) -> str | int:
    if isinstance(value, int):
        return value
    return '"' + value.replace('"', '""') + '"'


def _lines(text: str, columns: float) -> int:
    """Lines a text takes in a column; a full-width character takes two of its units."""
    if not text:
        return 1
    room = max(columns - 1, 1)
    return sum(ceil(2 * width(line) / room) or 1 for line in _first(text, 40))


def _first(text: str, most: int) -> Iterator[str]:
    for number, line in enumerate(text[:2000].split("\n")):
        if number == most:
            return
        yield line


def _write_facts(book: Any, facts: Facts) -> None:
    sheet = book.add_worksheet(facts.name)
    title = book.add_format(
        {"font_name": _FONT, "font_size": 16, "bold": True, "valign": "vcenter"}
    )
    base = {"font_name": _FONT, "font_size": 10, "valign": "vcenter", "text_wrap": True}
    rule = {"border": 1, "border_color": "#D0D5DD"}
    label = book.add_format({**base, **rule, "bold": True, "bg_color": "#F2F4F7"})
    value = book.add_format({**base, **rule, "num_format": "@"})
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 90)
    sheet.set_row(0, 34)
    sheet.write_string(0, 0, fit(facts.title), title)
    row = 2
    for name, text in facts.rows:
        sheet.write_string(row, 0, fit(name), label)
        sheet.write_string(row, 1, fit(text), value)
        sheet.set_row(row, max(_lines(text, 90) * _LINE + 8, 24))
        row += 1
    row += 1
    for text, tint in facts.swatches:
        colour = book.add_format(
            {**base, "bold": True, "font_color": tint.text, "bg_color": tint.head}
        )
        sheet.write_string(row, 0, fit(text), colour)
        row += 1
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
