"""The register as one XLSX workbook that people fill in: notes under the headers, drop-downs, text cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import xlsxwriter

from tlsec.i18n import _
from tlsec.inventory.cells import cell_text
from tlsec.inventory.choices import words
from tlsec.inventory.columns import Column, Table, tables
from tlsec.inventory.fields import Kind
from tlsec.inventory.schema import Row
from tlsec.inventory.xlsx_read import COVER, NOTE

_SPARE = 500  # rows below the last that already have drop-downs
_MAX_LIST = 255  # characters Excel takes in a drop-down's list


def write_workbook(path: Path, rows: Callable[[str], Iterable[Row]]) -> None:
    """Write every table, streaming; `rows` gives a table's rows. The file appears whole or not at all."""
    partial = path.with_name(f".{path.name}.part")
    book = xlsxwriter.Workbook(
        str(partial),
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    formats = _formats(book)
    _cover(book, formats)
    for each in tables().values():
        _sheet(book, each, rows(each.name), formats)
    book.close()
    partial.replace(path)


def _formats(book: Any) -> dict[str, Any]:
    base = {"font_name": "等线", "font_size": 10, "valign": "top", "num_format": "@"}
    edge = {"border": 1, "border_color": "#B8C4D0"}
    return {
        "title": book.add_format({**base, "font_size": 16, "bold": True, "font_color": "#1F3A5F"}),
        "plain": book.add_format({**base, "text_wrap": True}),
        "head": book.add_format(
            {**base, **edge, "bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3A5F"}
        ),
        "must": book.add_format(
            {**base, **edge, "bold": True, "font_color": "#FFFFFF", "bg_color": "#9C2F2F"}
        ),
        "note": book.add_format(
            {
                **base,
                **edge,
                "font_size": 9,
                "italic": True,
                "font_color": "#5A6672",
                "bg_color": "#EEF2F6",
                "text_wrap": True,
            }
        ),
        # quote_prefix keeps Excel from taking a text that begins with = for a formula when it is edited
        "cell": book.add_format({**base, "text_wrap": True, "quote_prefix": True}),
    }


def _cover(book: Any, formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet(_(COVER))
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, _("资产台账"), formats["title"])
    lines = [
        (_("填写"), _("每张表第一行是列名，第二行是说明，从第三行起填写。标 * 的列必填。")),
        (_("下拉"), _("有固定取值或引用其他表的列可以下拉选择；多个值用空格或逗号隔开。")),
        (_("格式"), _("单元格都是文字；日期写 2026-10-12 或 2026-10-12 08:00；不要写公式。")),
        (
            _("导入"),
            _("tlsec inventory import 文件.xlsx：有一处错误就一行也不导入，并列出全部错误。"),
        ),
        *((each.title, each.note) for each in tables().values()),
    ]
    for number, (left, right) in enumerate(lines, 2):
        sheet.write_string(number, 0, left, formats["plain"])
        sheet.write_string(number, 1, right, formats["plain"])


def _sheet(book: Any, of: Table, rows: Iterable[Row], formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet(of.title)
    sheet.freeze_panes(2, len(of.model.key_fields))
    sheet.set_row(0, 20)
    sheet.set_row(1, 52)
    for position, column in enumerate(of.columns):
        sheet.set_column(position, position, _width(column), formats["cell"])
        style = formats["must" if column.required else "head"]
        sheet.write_string(0, position, column.title + ("*" if column.required else ""), style)
    for position, column in enumerate(of.columns):
        sheet.write_string(1, position, NOTE + column.explanation, formats["note"])
    number = 1
    for number, row in enumerate(chain(rows), 2):
        for position, column in enumerate(of.columns):
            text = cell_text(column, getattr(row, column.field))
            if text:
                sheet.write_string(number, position, text, formats["cell"])
    sheet.autofilter(0, 0, number, len(of.columns) - 1)
    for position, column in enumerate(of.columns):
        if rule := _drop_down(column):
            sheet.data_validation(2, position, number + _SPARE, position, rule)


def _width(column: Column) -> int:
    if column.name in ("note", "reason", "compensating", "purpose", "title"):
        return 36
    if column.cell.many or column.cell.kind in (Kind.PAGES, Kind.LOCATOR):
        return 28
    if column.cell.kind is Kind.FLAG:
        return 9
    return 24 if column.name == "name" else 15


def _drop_down(column: Column) -> dict[str, Any] | None:
    """What may be chosen in a column; nothing for lists, where several may be written."""
    if column.cell.many:
        return None
    if column.cell.refers:
        source: Any = f"='{tables()[column.cell.refers].title}'!$A$3:$A$20002"
    elif column.cell.choice is not None:
        source = list(words(column.cell.choice).values())
    elif column.cell.kind is Kind.FLAG:
        source = [_("是"), _("否")]
    else:
        return None
    if isinstance(source, list) and len(",".join(source)) > _MAX_LIST:
        return None
    return {
        "validate": "list",
        "source": source,
        "ignore_blank": True,
        "error_title": column.title[:32],
        "error_message": (_("允许：") + column.allowed)[:255],
    }
