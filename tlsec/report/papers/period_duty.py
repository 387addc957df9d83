"""值班表 and 交接班记录."""

from __future__ import annotations

from tlsec.i18n import _, listed
from tlsec.report import blocks
from tlsec.report.blocks import Block, Document, Field, FieldGrid, Heading, Note, Section
from tlsec.report.papers.data import severity_label
from tlsec.report.papers.period_data import HandoverPaper, Roster, RosterShift
from tlsec.report.papers.period_parts import col, document, opening, proof, table
from tlsec.report.words import minute


def roster(data: Roster) -> Document:
    """The roster of a stretch of days: a row a shift, a column a role."""
    title = _("{period}值班表").format(period=data.sender.period)
    columns = [col(_("日期"), 1.7, "center"), col(_("班次"), 1.6, "center")]
    columns += [col(word, 2.4, "center") for _key, word in data.roles]
    columns += [col(_("交接确认"), 1.3, "center"), col(_("替班说明"), 1.6)]
    rows = [_row(shift, data) for shift in data.shifts]
    body: list[Block] = [
        Section("landscape"),
        *opening(data.sender, title),
        FieldGrid(
            ((Field(_("值班地点"), data.place or "—"), Field(_("值班电话"), data.phone or "—")),)
        ),
        table(columns, rows, _("没有排班。")),
    ]
    if data.operators:
        body.append(Heading(_("运维商联系人"), 2))
        names = [col(_("运维商"), 2), col(_("联系人"), 1.4), col(_("电话"), 2)]
        body.append(table(names, data.operators, ""))
    body.append(proof(data.sender))
    return document(data.sender, "form", title, body)


def _row(shift: RosterShift, data: Roster) -> tuple[str, ...]:
    seats: dict[str, list[str]] = {}
    notes = []
    for seat in shift.seats:
        text = "\n".join(part for part in (seat.person, seat.title, seat.phone) if part)
        seats.setdefault(seat.role, []).append(text)
        if seat.note:
            notes.append(_("{name}：{value}").format(name=seat.person, value=seat.note))
    when = "\n".join(part for part in (f"{shift.day:%m-%d}", shift.mark) if part)
    return (
        when, f"{shift.name}\n{shift.span}",
        *("\n".join(seats.get(key, [])) or "—" for key, _word in data.roles),
        shift.confirmed, listed(notes, "；"),
    )  # fmt: skip


def handover(data: HandoverPaper) -> Document:
    """The record of one handover with the frozen desk."""
    title = _("交接班记录")
    new, done, left = data.alerts
    alerts = _("本班 {new} 条，已处置 {done} 条，遗留 {left} 条").format(
        new=new, done=done, left=left
    )
    grid = FieldGrid(
        (
            (Field(_("交班人"), data.outgoing), Field(_("接班人"), data.incoming)),
            (
                Field(_("交班时间"), minute(data.at)),
                Field(_("上次交班"), minute(data.since) or "—"),
            ),
            (Field(_("本班告警"), alerts),),
            (Field(_("封禁变更"), data.blocks or _("无")),),
            (Field(_("零报告"), data.zero or _("本日不报")),),
            (Field(_("设备状态"), data.devices),),
            (Field(_("重点关注"), data.focus or "—", 2),),
        )
    )
    columns = [
        col(_("编号"), 2.2, "center"),
        col(_("系统"), 2),
        col(_("事项"), 3.2),
        col(_("等级"), 0.9, "center"),
        col(_("状态"), 1.4, "center"),
        col(_("时限"), 1.7, "center"),
        col(_("下一步"), 1.6),
    ]
    rows = [
        (
            i.number, i.system, i.what, severity_label(i.severity), i.state,
            i.due + (_("\n逾期") if i.overdue else ""), i.following,
        )
        for i in data.items
    ]  # fmt: skip
    body: list[Block] = [
        *opening(data.sender, title),
        Note(_("{period}　第 {id} 号").format(period=data.sender.period, id=data.id)),
        grid,
        Heading(_("未结事项（{n} 项）").format(n=len(data.items)), 2),
        table(columns, rows, _("没有未结事项。"), "tiny"),
        *_upcoming(data),
        FieldGrid(
            (
                (
                    Field(_("交班人签字"), "", 2),
                    Field(_("接班人签字"), "", 2),
                ),
                (
                    Field(_("签字时间"), minute(data.at)),
                    Field(_("签收时间"), minute(data.taken) or _("未签收")),
                ),
                (Field(_("接班说明"), data.note or "—"),),
            )
        ),
        proof(data.sender, data.digest),
    ]
    return document(data.sender, "form", title, body)


def _upcoming(data: HandoverPaper) -> list[Block]:
    made: list[Block] = []
    for title, lines in (
        (_("24 小时内到期的临时措施"), data.controls),
        (_("24 小时内批准的变更"), data.exceptions),
    ):
        if lines:
            made.append(Heading(title, 2))
            made += [blocks.Para(line) for line in lines]
    return made
