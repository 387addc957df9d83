"""The receipts of a warning as a workbook: one row a unit, what it owes in sight, and the counts."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from tlsec.i18n import _
from tlsec.report import sheet, words
from tlsec.report.papers.incident_data import Affected, ReceiptRow, ReceiptTable
from tlsec.report.sheet import Facts, Grid, Mark, SheetColumn, Tint

UNIT, SENT, SIGNED, ANSWER = Tint("#1F4E79"), Tint("#6D4C8F"), Tint("#0F766E"), Tint("#2F7D4F")


def columns() -> tuple[SheetColumn, ...]:
    """The columns in their order, one for every field of ReceiptRow."""
    return (
        SheetColumn(_("单位"), 28, tint=UNIT),
        SheetColumn(_("状态"), 12, "center", UNIT),
        SheetColumn(_("还欠"), 18, "center", UNIT),
        SheetColumn(_("联系人"), 10, "center", UNIT),
        SheetColumn(_("电话"), 14, "center", UNIT),
        SheetColumn(
            _("匹配资产数"), 10, "center", SENT, note=_("发布时按台账和监测匹配到的资产数")
        ),
        SheetColumn(_("送达时间"), 16, "center", SENT),
        SheetColumn(_("签收时限"), 16, "center", SIGNED),
        SheetColumn(_("签收时间"), 16, "center", SIGNED),
        SheetColumn(_("签收人"), 10, "center", SIGNED),
        SheetColumn(_("反馈时限"), 16, "center", ANSWER),
        SheetColumn(_("首次反馈"), 16, "center", ANSWER),
        SheetColumn(_("完成反馈"), 16, "center", ANSWER),
        SheetColumn(_("是否涉及"), 10, "center", ANSWER, (_("涉及"), _("无涉及"))),
        SheetColumn(_("涉及数"), 8, "center", ANSWER),
        SheetColumn(_("已处置数"), 9, "center", ANSWER),
        SheetColumn(_("反馈内容"), 36, tint=ANSWER),
    )


def write(table: ReceiptTable, affected: tuple[Affected, ...], path: Path) -> None:
    """The workbook: receipts, the list of affected assets, and 说明 with the counts."""
    names = [field.name for field in fields(ReceiptRow)]
    rows = [tuple(getattr(row, name) for name in names) for row in table.rows]
    title = _("{number} {title} 签收反馈统计").format(number=table.number, title=table.title)
    late = [row.owed for row in table.rows if row.owed.startswith(_("逾期"))]
    marks = tuple(
        Mark(names.index("owed"), owed, "#FEE4E2", "#B42318") for owed in dict.fromkeys(late)
    )
    grid = Grid(_("签收反馈"), columns(), rows, 1, marks, title, "A3", pages_wide=1)
    sheets: list[Grid | Facts] = [grid, _assets(affected), _about(table, title)]
    sheet.write(path, sheets, sheet.Properties(title, table.issuer, table.made))


def _assets(affected: tuple[Affected, ...]) -> Grid:
    heads = (
        SheetColumn(_("单位"), 28, tint=UNIT),
        SheetColumn(_("系统"), 20, tint=UNIT),
        SheetColumn(_("资产"), 20, tint=UNIT),
        SheetColumn(_("位置"), 22, tint=SENT),
        SheetColumn(_("产品和版本"), 22, tint=SENT),
        SheetColumn(_("判断"), 22, tint=SIGNED),
        SheetColumn(_("依据"), 50, tint=SIGNED),
    )
    rows = [(a.unit, a.system, a.name, a.place, a.product, a.sure, a.why) for a in affected]
    return Grid(_("涉及资产"), heads, rows, 1, (), _("涉及资产名单"), "A4")


def _about(table: ReceiptTable, title: str) -> Facts:
    share = _("{n} 个单位中 {k} 个")
    facts = (
        (_("名称"), title),
        (_("预警级别"), table.colour),
        (_("发布时间"), words.minute(table.issued)),
        (_("接收单位"), str(table.units)),
        (_("已签收"), share.format(n=table.units, k=table.signed)),
        (_("已完成反馈"), share.format(n=table.units, k=table.done)),
        (_("回复涉及"), str(table.affected)),
        (_("回复无涉及"), str(table.none)),
        (_("逾期未签收或未反馈"), str(table.late)),
        (_("生成时间"), _("{time}（北京时间）").format(time=words.minute(table.made))),
        (_("说明"), _("没有匹配到资产的单位也须回复“无涉及”；未回复的不按“无涉及”计。")),
    )
    return Facts(_("说明"), title, facts)
