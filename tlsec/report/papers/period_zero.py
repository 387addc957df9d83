"""零报告（平安报）: the form as a paper and as a workbook to fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from tlsec.i18n import _
from tlsec.report.blocks import Block, Document, Field, FieldGrid, Note
from tlsec.report.papers.period_data import ZeroForm
from tlsec.report.papers.period_parts import document, opening
from tlsec.report.words import clean, minute

_FONT = "微软雅黑"
_SHORT = 2  # boxes in a row


def build(data: ZeroForm) -> Document:
    """The form, blank or as it was reported. 有情况报情况，无情况报平安."""
    title = _("{period}每日零报告（平安报）").format(period=data.sender.period)
    body: list[Block] = [*opening(data.sender, title)]
    to = data.to or data.sender.bureau
    body.append(
        Note(_("报送：{to}　截止：{time}，逾时按未报计").format(to=to, time=minute(data.cutoff)))
    )
    body.append(FieldGrid(tuple(_rows(data))))
    body.append(
        Note(_("有情况报情况，无情况报平安。发生网络安全事件的，先电话报告，再填报事件报告单。"))
    )
    body.append(FieldGrid(((Field(_("单位盖章"), "", 3),),)))
    return document(data.sender, "form", title, body)


def _rows(data: ZeroForm) -> list[tuple[Field, ...]]:
    wide = {_("单位"), _("系统运行情况"), _("值守在岗情况"), _("需协调事项")}
    rows: list[tuple[Field, ...]] = []
    waiting: list[Field] = []
    for label in data.labels:
        field = Field(label, data.values.get(label, ""), 2 if label in wide else 1.4)
        if label in wide:
            if waiting:
                rows.append(tuple(waiting))
                waiting = []
            rows.append((field,))
        else:
            waiting.append(field)
            if len(waiting) == _SHORT:
                rows.append(tuple(waiting))
                waiting = []
    return [*rows, tuple(waiting)] if waiting else rows


def write_form(
    path: Path,
    period: str,
    cutoff: datetime,
    labels: Sequence[tuple[str, bool]],
    values: Mapping[str, str],
    choices: Mapping[str, tuple[str, ...]],
    made: datetime,
) -> None:
    """The form as a workbook: labels left, boxes right. `labels` with whether they have to be filled."""
    import xlsxwriter

    book = xlsxwriter.Workbook(
        str(path),
        {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    with book:
        book.set_properties({"title": clean(period), "created": made.replace(tzinfo=None)})
        sheet = book.add_worksheet(_("零报告"))
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 60)
        base = {"font_name": _FONT, "font_size": 11, "valign": "vcenter", "text_wrap": True}
        rule = {"border": 1, "border_color": "#D0D5DD"}
        head = book.add_format({**base, "font_size": 15, "bold": True, "align": "center"})
        label_look = book.add_format({**base, **rule, "bold": True, "bg_color": "#F2F4F7"})
        box_look = book.add_format({**base, **rule, "num_format": "@", "bg_color": "#FFFBEB"})
        title = _("{period}每日零报告（平安报）").format(period=period)
        sheet.merge_range(0, 0, 0, 1, clean(title), head)
        sheet.set_row(0, 36)
        hint = _("截止 {time}，逾时按未报计；带 * 的必填").format(time=minute(cutoff))
        sheet.merge_range(1, 0, 1, 1, hint, book.add_format({**base, "font_color": "#7A828C"}))
        for n, (label, required) in enumerate(labels, 2):
            sheet.write_string(n, 0, f"{label}*" if required else label, label_look)
            sheet.write_string(n, 1, clean(values.get(label, "")), box_look)
            sheet.set_row(n, 28)
            if label in choices:
                sheet.data_validation(
                    n, 1, n, 1, {"validate": "list", "source": list(choices[label])}
                )
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 1)
