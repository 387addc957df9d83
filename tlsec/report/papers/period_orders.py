"""变更冻结令, 例外审批单 and 封禁清单."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path

from tlsec.i18n import _
from tlsec.report import blocks, sheet
from tlsec.report.blocks import Block, Document, Field, FieldGrid, Heading, Note, Para, Section
from tlsec.report.papers.period_data import BlockRow, ExceptionForm, FreezeOrder, Sender
from tlsec.report.papers.period_parts import col, document, opening, proof, signature, table
from tlsec.report.words import minute


def freeze(data: FreezeOrder) -> Document:
    """The order, as an official paper."""
    sender = data.sender
    title = _("关于{period}期间变更冻结的通知").format(period=sender.period)
    body: list[Block] = [
        blocks.RedHead(_("{issuer}文件").format(issuer=sender.bureau), sender.number),
        *opening(sender, title),
        Para(_("{to}：").format(to=data.to), indent=False),
        Para(
            _("为做好{period}网络安全保障工作，防止因变更引发中断、篡改和误判，决定在保障期间对有关系统实行变更冻结。现将有关事项通知如下。").format(
                period=sender.period
            )
        ),
        Heading(_("一、冻结范围和时间")),
        table(
            [col(_("系统"), 4.2), col(_("规则"), 1.3, "center"), col(_("开始"), 2.1, "center"),
             col(_("截止"), 2.1, "center"), col(_("说明"), 2.6)],
            [(x.systems, x.rule, minute(x.start), minute(x.until), x.note) for x in data.lines],
            _("没有冻结规则。"),
        ),
        Heading(_("二、例外办理")),
        Para(
            _(
                "确需变更的，由责任单位填写例外审批单，写明变更内容、风险、回退办法和窗口，"
                "经批准后在窗口内实施；一次窗口不超过 {n} 小时。禁止变更的系统不受理例外。"
            ).format(n=data.longest_hours)
        ),
        Para(_("批准的例外只在窗口内、只对写明的检查项停止告警；其他变化照常告警。")),
        Heading(_("三、违反处理")),
        Para(_("未经批准发生的变化，一律提高一级预警并通报责任单位；造成后果的，按有关规定处理。")),
        Heading(_("四、解除")),
        Para(_("冻结到期自动解除，需要提前解除或者延长的另行通知。")),
        signature(sender, _("签发人：")),
    ]  # fmt: skip
    if data.contact:
        text = _("（联系人：{contact}；电话：{phone}）")
        body.append(Para(text.format(contact=data.contact, phone=data.phone or "　")))
    remarks = () if sender.number else (_("未给出文号，请在编号后重新生成或手工补填。"),)
    return document(sender, "gongwen", title, body, remarks)


def exception(data: ExceptionForm) -> Document:
    """The form of one exception, with the decision where there is one."""
    title = _("变更冻结例外审批单")
    silenced = "\n".join(data.silenced) or _("无：窗口内照常告警")
    grid = FieldGrid(
        (
            (Field(_("编号"), data.number), Field(_("状态"), data.state)),
            (Field(_("例外系统"), data.systems),),
            (Field(_("变更内容"), data.what, 3),),
            (Field(_("风险"), data.risk, 2),),
            (Field(_("回退办法"), data.rollback, 2),),
            (Field(_("窗口开始"), minute(data.start)), Field(_("窗口截止"), minute(data.until))),
            (Field(_("监测豁免"), silenced, 2),),
            (Field(_("申请人"), data.asked_by), Field(_("申请时间"), minute(data.asked))),
            (Field(_("审批意见"), data.reason or "", 2),),
            (Field(_("审批人"), data.decided_by), Field(_("审批时间"), minute(data.decided))),
            (Field(_("实施人签字"), "", 1.6), Field(_("复核人签字"), "", 1.6)),
        )
    )
    note = Note(
        _("豁免只对列出的检查条款、只在窗口内有效，到时自动恢复告警。申请人与审批人不得为同一人。")
    )
    body: list[Block] = [*opening(data.sender, title), grid, note, proof(data.sender)]
    return document(data.sender, "form", title, body)


def _columns() -> tuple[str, ...]:
    return (
        _("IP/段"), _("方向"), _("依据（告警号）"), _("封禁点"), _("开始"), _("截止"),
        _("操作人"), _("解封条件"), _("解封时间"),
    )  # fmt: skip


def blocklist(sender: Sender, rows: Sequence[BlockRow]) -> Document:
    """The list as a paper."""
    title = _("{period}封禁清单").format(period=sender.period)
    widths = (2.2, 0.9, 2, 1.7, 1.6, 1.6, 1.2, 2.2, 1.6)
    columns = [
        col(name, width, "left" if i in (2, 7) else "center")
        for i, (name, width) in enumerate(zip(_columns(), widths, strict=True))
    ]
    cells = [
        (r.network, r.direction, r.basis, r.point, minute(r.start), minute(r.until), r.operator,
         r.lift_when, minute(r.lifted) or _("在封"))
        for r in rows
    ]  # fmt: skip
    on = sum(1 for row in rows if not row.lifted)
    text = _("共 {n} 条，在封 {on} 条。每条都有截止时间和解封条件。").format(n=len(rows), on=on)
    body: list[Block] = [
        Section("landscape"),
        *opening(sender, title),
        Note(text),
        table(columns, cells, _("没有封禁。")),
        proof(sender),
    ]
    return document(sender, "form", title, body)


def write_blocklist(sender: Sender, rows: Sequence[BlockRow], path: Path) -> None:
    """The list as a workbook."""
    widths = (22, 8, 26, 18, 17, 17, 12, 30, 17)
    columns = tuple(
        sheet.SheetColumn(name, width) for name, width in zip(_columns(), widths, strict=True)
    )
    cells: list[tuple[sheet.Cell, ...]] = [
        (r.network, r.direction, r.basis, r.point, r.start, r.until, r.operator, r.lift_when, r.lifted)
        for r in rows
    ]  # fmt: skip
    title = _("{period}封禁清单").format(period=sender.period)
    grid = sheet.Grid(_("封禁清单"), columns, cells, title=title, paper="A4")
    made = datetime.combine(sender.date, time(), UTC)
    sheet.write(path, [grid], sheet.Properties(title, sender.bureau, made))
