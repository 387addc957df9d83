"""风险预警台账 as a workbook: one row a risk item, the columns that every bureau files."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

from tlsec.i18n import _, listed
from tlsec.report import sheet, words
from tlsec.report.papers.data import SEVERITIES, LedgerMeta, RiskRow, severity_label
from tlsec.report.sheet import Facts, Grid, Mark, SheetColumn, Tint
from tlsec.report.words import When

FIND = Tint("#1F4E79")
OBJECT = Tint("#2E75B6")
RISK = Tint("#B45309")
ORDER = Tint("#6D4C8F")
MEND = Tint("#2F7D4F")
RETEST = Tint("#0F766E")
CLOSE = Tint("#475467")

_SEVERITY_LOOKS = {
    "critical": ("#F4C7C3", "#8B0000"),
    "high": ("#FCE0D2", "#B93815"),
    "medium": ("#FEF3C7", "#92600A"),
    "low": ("#E0F0FF", "#175CD3"),
}


def columns() -> tuple[SheetColumn, ...]:
    """The columns in their order, one for every field of RiskRow."""
    return (*_found(), *_object(), *_risk(), *_order(), *_mend(), *_retest(), *_close())


def _found() -> tuple[SheetColumn, ...]:
    sources = (_("监测"), _("检查"), _("通报"), _("上级"), _("举报"), _("演练"))
    return (
        SheetColumn(_("编号"), 15, "center", FIND),
        SheetColumn(_("发现时间"), 16, "center", FIND),
        SheetColumn(_("来源"), 8, "center", FIND, sources, listed(sources)),
        SheetColumn(_("重保期标识"), 10, "center", FIND),
    )


def _object() -> tuple[SheetColumn, ...]:
    return (
        SheetColumn(_("单位"), 16, tint=OBJECT),
        SheetColumn(_("县区"), 10, "center", OBJECT),
        SheetColumn(_("系统名称"), 18, tint=OBJECT),
        SheetColumn(_("备案号"), 12, "center", OBJECT),
        SheetColumn(_("等保级别"), 10, "center", OBJECT),
        SheetColumn(_("IP/域名/端口"), 22, tint=OBJECT),
        SheetColumn(_("网络区域"), 12, tint=OBJECT),
    )


def _risk() -> tuple[SheetColumn, ...]:
    grades = tuple(severity_label(severity) for severity in SEVERITIES)
    colours = (_("红"), _("橙"), _("黄"), _("蓝"))
    category = _("GB/T 20986-2023 的类别，另注高危漏洞、高危端口、弱口令（两高一弱）")
    return (
        SheetColumn(_("隐患类别"), 14, tint=RISK, note=category),
        SheetColumn(_("隐患描述"), 32, tint=RISK),
        SheetColumn(_("证据"), 22, tint=RISK, note=_("截图、响应摘要、哈希")),
        SheetColumn(_("风险等级"), 9, "center", RISK, grades),
        SheetColumn(_("预警级别"), 9, "center", RISK, colours),
        SheetColumn(_("CVE/CNVD号"), 13, "center", RISK),
        SheetColumn(_("影响分析"), 20, tint=RISK),
        SheetColumn(_("整改建议"), 24, tint=RISK),
    )


def _order() -> tuple[SheetColumn, ...]:
    return (
        SheetColumn(_("责任单位"), 16, tint=ORDER),
        SheetColumn(_("责任人及电话"), 14, tint=ORDER),
        SheetColumn(_("下发时间"), 16, "center", ORDER),
        SheetColumn(_("下发方式/文号"), 16, tint=ORDER),
        SheetColumn(_("签收时间"), 16, "center", ORDER),
        SheetColumn(_("整改时限"), 16, "center", ORDER),
    )


def _mend() -> tuple[SheetColumn, ...]:
    return (
        SheetColumn(_("整改措施"), 22, tint=MEND),
        SheetColumn(_("反馈时间"), 16, "center", MEND),
    )


def _retest() -> tuple[SheetColumn, ...]:
    return (
        SheetColumn(_("复测时间"), 16, "center", RETEST),
        SheetColumn(_("复测人/方式"), 12, tint=RETEST),
        SheetColumn(_("复测结果"), 10, "center", RETEST),
    )


def _close() -> tuple[SheetColumn, ...]:
    return (
        SheetColumn(_("状态"), 10, "center", CLOSE),
        SheetColumn(_("逾期天数"), 9, "center", CLOSE),
        SheetColumn(_("延期审批"), 12, tint=CLOSE),
        SheetColumn(_("缓释措施"), 18, tint=CLOSE),
        SheetColumn(_("销号时间"), 16, "center", CLOSE),
        SheetColumn(_("审核人"), 10, "center", CLOSE),
        SheetColumn(_("备注"), 16, tint=CLOSE),
    )


def write(rows: Sequence[RiskRow], meta: LedgerMeta, path: Path) -> None:
    """Write the workbook: the ledger, and 说明 with how and when it was made and its hash.

    Unknown values are empty cells. Grades outside SEVERITIES are written as they are.
    """
    title = meta.title or _("{city}网络安全风险预警台账").format(city=meta.city)
    properties = sheet.Properties(title, meta.author, meta.made)
    sheet.write(path, [_ledger(rows, title), _about(rows, meta, title)], properties)


def digest(rows: Sequence[RiskRow]) -> str:
    """SHA-256 (hex) of the rows, to prove later that a signed ledger says what the register said."""
    data = [[_stable(getattr(row, field.name)) for field in fields(row)] for row in rows]
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _stable(value: When | int) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _ledger(rows: Sequence[RiskRow], title: str) -> Grid:
    names = [field.name for field in fields(RiskRow)]
    cells = [
        tuple(getattr(replace(row, severity=severity_label(row.severity)), n) for n in names)
        for row in rows
    ]
    severity = names.index("severity")
    marks = (
        *(Mark(severity, severity_label(grade), *look) for grade, look in _SEVERITY_LOOKS.items()),
        Mark(names.index("overdue_days"), 0, "#FEE4E2", "#B42318", exceed=True),
    )
    # 编号 and the head stay in view; the sheet is 37 columns wide
    return Grid(_("风险预警台账"), columns(), cells, 1, marks, title, "A3", pages_wide=2)


def _about(rows: Sequence[RiskRow], meta: LedgerMeta, title: str) -> Facts:
    counts = Counter(row.severity for row in rows)
    known = [
        _("{grade} {n} 项").format(grade=severity_label(grade), n=counts[grade])
        for grade in SEVERITIES
        if counts[grade]
    ]
    facts = (
        (_("名称"), title),
        (_("范围和条件"), meta.query or _("全部台账项")),
        (_("条数"), _("共 {n} 条").format(n=len(rows))),
        (_("按风险等级"), listed(known, "，") or _("无")),
        (_("生成时间"), _("{time}（北京时间）").format(time=words.minute(meta.made))),
        (_("编制"), meta.author),
        (_("密级和知悉范围"), meta.secrecy or _("内部使用，按需知悉")),
        (_("内容哈希（SHA-256）"), digest(rows)),
        (_("空白单元格"), _("表示尚未填写或不掌握，不表示“无”或“正常”。")),
    )
    groups = (
        (_("发现"), FIND),
        (_("对象"), OBJECT),
        (_("隐患"), RISK),
        (_("下发"), ORDER),
        (_("整改"), MEND),
        (_("复测"), RETEST),
        (_("销号"), CLOSE),
    )
    return Facts(_("说明"), title, facts, groups)
