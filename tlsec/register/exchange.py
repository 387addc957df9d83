"""A unit's open items as a workbook, for units without access: one row an item, nothing that computes.

What went out is in the journal (`exchange.export`): number, version and what each row showed. The workbook
that comes back is compared with that record, not with what its own hidden cells claim.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter
from django.db import transaction

from tlsec.i18n import _
from tlsec.inventory.models import Unit
from tlsec.register import journal
from tlsec.register.exchange_layout import (
    COLUMNS,
    COVER,
    FORMAT,
    HIDDEN,
    KEYS,
    SHEET,
    TO_UNIT,
    Saying,
    written,
)
from tlsec.register.models import Journal, RiskItem
from tlsec.register.refused import Refused
from tlsec.register.transitions import STATE_NAMES, State
from tlsec.register.words import LOCAL, severity_word
from tlsec.report.words import clean, width

_FONT = "微软雅黑"
_NAVY, _FILL, _GREY, _EDGE = "#1F3A5F", "#FFFBEB", "#7A828C", "#C9D1DA"
_LINE, _SPARE, _TALLEST = 13.5, 6, 300.0  # points
_LONGEST = 8000  # characters of a cell


@dataclass(frozen=True, slots=True)
class Issue:
    """A workbook that went out. `waiting`: open items of the unit that were not dispatched to it yet."""

    id: str
    unit: str
    items: tuple[str, ...]
    waiting: int


def unit_named(name: str) -> str:
    """The unit as the ledger writes it, from its name or its id in the inventory. Raises Refused."""
    if RiskItem.objects.filter(unit=name).exists():
        return name
    row = Unit.objects.filter(id=name).first()
    if row is not None and RiskItem.objects.filter(unit=row.name).exists():
        return str(row.name)
    raise Refused(_("{unit} 没有任何台账事项").format(unit=name))


def write(unit: str, path: Path, by: str, now: datetime) -> Issue:
    """Write the workbook; it appears whole or not at all. Raises Refused when there is nothing to hand over."""
    own = RiskItem.objects.filter(unit=unit, drill=False)
    rows = list(own.filter(state__in=TO_UNIT).order_by("due", "pk"))
    waiting = own.filter(state__in=(State.NEW, State.CONFIRMED)).count()
    if not rows:
        text = _("{unit} 没有已下发的待办")
        more = _("；{n} 项尚未下发（tlsec register dispatch {unit}）") if waiting else ""
        raise Refused((text + more).format(unit=unit, n=waiting))
    shown = shown_in(rows)
    seed = f"{journal.head()}|{unit}|{now.isoformat()}"
    day = f"{now.astimezone(LOCAL):%Y%m%d}"
    issue = f"TZ-{day}-{hashlib.sha256(seed.encode()).hexdigest()[:8]}"
    partial = path.with_name(f".{path.name}.part")
    try:
        _Writer(issue, unit, rows, shown, now, partial).write()
        asked = {
            item.no: {"version": item.version, "shown": shown[item.no].data()} for item in rows
        }
        with transaction.atomic():
            digest = hashlib.sha256(partial.read_bytes()).hexdigest()
            after = {"unit": unit, "asked": asked, "sha256": digest}
            journal.append(now, by, "exchange.export", issue, after)
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return Issue(issue, unit, tuple(item.no for item in rows), waiting)


def shown_in(rows: Iterable[RiskItem]) -> dict[str, Saying]:
    """What is recorded of each item in the words of the fill-in cells: signature, measure, files."""
    items = {item.no: item for item in rows}
    signers = who_signed(items)
    return {no: _recorded(item, signers.get(no, "")) for no, item in items.items()}


def who_signed(nos: Iterable[str]) -> dict[str, str]:
    """Who signed last for each item."""
    found = Journal.objects.filter(object__in=list(nos), command="item.sign").order_by("seq")
    return dict(found.values_list("object", "actor"))


def _recorded(item: RiskItem, signer: str) -> Saying:
    signed = bool(item.signed) and item.state != State.DISPATCHED
    claimed = item.state in (State.FIX_CLAIMED, State.VERIFYING)
    return Saying(
        signer=signer if signed else "",
        signed=written(item.signed) if signed else "",
        measure=item.measure if claimed else "",
    )


class _Writer:
    """Writes one workbook; keeps the formats."""

    def __init__(
        self,
        issue: str,
        unit: str,
        rows: Sequence[RiskItem],
        shown: Mapping[str, Saying],
        now: datetime,
        path: Path,
    ) -> None:
        self._issue, self._unit, self._rows = issue, unit, rows
        self._shown, self._now = shown, now
        self._book = xlsxwriter.Workbook(
            str(path),
            {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
        )
        self._formats = {name: self._book.add_format(look) for name, look in _looks().items()}

    def write(self) -> None:
        with self._book:
            self._book.set_properties(
                {"title": _("网络安全隐患整改反馈表"), "comments": self._issue}
            )
            self._cover()
            self._sheet()
            self._hidden()

    def _cover(self) -> None:
        sheet = self._book.add_worksheet(_(COVER))
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 15)
        sheet.set_column(1, 1, 100)
        sheet.set_row(0, 34)
        sheet.write_string(0, 0, _("网络安全隐患整改反馈表"), self._formats["title"])
        for number, (label, text) in enumerate(self._explained(), 1):
            sheet.write_string(number, 0, label, self._formats["label"])
            sheet.write_string(number, 1, clean(text), self._formats["fact"])
            sheet.set_row(number, max(_lines(text, 100) * _LINE + 8, 24))
        sheet.protect()
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def _explained(self) -> list[tuple[str, str]]:
        return [
            (_("发给"), self._unit),
            (_("编号"), self._issue),
            (_("发出"), written(self._now)),
            (_("待办"), _("{n} 项").format(n=len(self._rows))),
            (_("签收"), _("写签收人姓名和签收时间，如 2026-11-24 09:30；时间空着按导入时算。")),
            (_("已整改"), _("写整改措施和完成时间，证据文件名一行一个；“未完成原因”要空着。")),
            (_("未完成"), _("写未完成原因和承诺期限；已采取的临时措施写在“整改措施”里。承诺期限要经批准才算延期。")),
            (_("证据"), _("证据文件与本表放在同一文件夹里一起交回，文件名与表中写的一致。")),
            (_("填多少"), _("可以只填一部分，先交回先导入；同一份表可以接着填、再交，导入过的不会重复。")),
            (_("不要"), _("不要改表名、列和锁定的单元格，不要写公式，不要另存为带宏的格式；不办的行留空，不必删除。")),
        ]  # fmt: skip

    def _sheet(self) -> None:
        sheet = self._book.add_worksheet(_(SHEET))
        for at, column in enumerate(COLUMNS):
            sheet.set_column(at, at, column.width)
            head = self._formats["head_fill" if column.fill else "head"]
            sheet.write_string(0, at, _(column.title), head)
        first = len(COLUMNS)
        sheet.set_column(first, first + len(KEYS) - 1, 10, None, {"hidden": True})
        for at, name in enumerate(KEYS, first):
            sheet.write_string(0, at, name, self._formats["key"])
        sheet.set_row(0, 30)
        for number, item in enumerate(self._rows, 1):
            self._row(sheet, number, item)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, len(self._rows), len(COLUMNS) - 1)
        allowed = {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True}
        sheet.protect("", allowed)
        sheet.set_landscape()
        sheet.set_paper(8)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.hide_gridlines(2)

    def _row(self, sheet: Any, number: int, item: RiskItem) -> None:
        said = self._shown[item.no]
        values = _told(item) | said.data()
        tallest = 1
        for at, column in enumerate(COLUMNS):
            text = clean(values.get(column.name, ""))[:_LONGEST]
            look = "plain" if not column.fill else "shown" if text else "fill"
            if text:
                sheet.write_string(number, at, text, self._formats[look])
            else:
                sheet.write_blank(number, at, None, self._formats[look])
            tallest = max(tallest, _lines(text, column.width))
        sheet.set_row(number, min(tallest * _LINE + _SPARE, _TALLEST))
        for at, text in enumerate((item.no, str(item.version), self._issue), len(COLUMNS)):
            sheet.write_string(number, at, text, self._formats["key"])

    def _hidden(self) -> None:
        sheet = self._book.add_worksheet(HIDDEN)
        facts = (("format", FORMAT), ("issue", self._issue), ("unit", self._unit))
        for number, (name, value) in enumerate(facts):
            sheet.write_string(number, 0, name)
            sheet.write_string(number, 1, value)
        sheet.protect()
        sheet.very_hidden()


def _told(item: RiskItem) -> dict[str, str]:
    where = "\n".join(filter(None, (item.system, item.address or item.subject)))
    return {
        "no": item.no,
        "severity": severity_word(item.severity),
        "what": item.description or item.title,
        "where": where,
        "advice": item.remediation,
        "due": written(item.due),
        "state": _(STATE_NAMES[State(item.state)]),
    }


def _lines(text: str, columns: float) -> int:
    """Lines a text takes in a column; a full-width character takes two of its units."""
    room = max(columns - 1, 1)
    return sum(ceil(2 * width(line) / room) or 1 for line in text.split("\n"))


def _looks() -> dict[str, dict[str, Any]]:
    base = {"font_name": _FONT, "font_size": 10, "valign": "top", "text_wrap": True}
    edge = {"border": 1, "border_color": _EDGE}
    # quote_prefix keeps Excel from taking a text that begins with = for a formula when it is edited
    fill = {**base, **edge, "num_format": "@", "quote_prefix": True, "locked": False}
    head = {
        **base, **edge, "bold": True, "font_color": "#FFFFFF", "valign": "vcenter",
        "align": "center",
    }  # fmt: skip
    return {
        "title": {**base, "text_wrap": False, "font_size": 16, "bold": True, "font_color": _NAVY},
        "label": {**base, **edge, "bold": True, "bg_color": "#EEF2F6", "valign": "vcenter"},
        "fact": {**base, **edge, "valign": "vcenter", "num_format": "@"},
        "head": {**head, "bg_color": _NAVY},
        "head_fill": {**head, "bg_color": "#9A6700"},
        "plain": {**base, **edge, "num_format": "@", "quote_prefix": True},
        "fill": {**fill, "bg_color": _FILL},
        "shown": {**fill, "font_color": _GREY},
        "key": {"num_format": "@", "font_color": _GREY},
    }
