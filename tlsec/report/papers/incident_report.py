"""网络安全事件报告单 (首报, 续报) and 处置总结报告: form A.7 of GB/T 38645 with the content of the reporting measure.

Clocks are printed with their start, limit and what was done: a proof of timely reporting is of value by itself.
"""

from __future__ import annotations

from tlsec.i18n import _, listed
from tlsec.report import blocks
from tlsec.report.blocks import (
    Block,
    Column,
    Document,
    Field,
    FieldGrid,
    Heading,
    Note,
    Para,
    Table,
    Tone,
)
from tlsec.report.papers.incident_data import IncidentReport
from tlsec.report.papers.incident_warning import ended
from tlsec.report.words import When, formal, minute


def blank(summary: bool) -> str:
    """What stands where something is still to come."""
    return _("（未填写）") if summary else _("（尚未查明，另行补报）")


def build(report: IncidentReport) -> Document:
    """The report as a Document; `document.remarks` says what the sender has to check."""
    summary = report.kind == "summary"
    title = _("网络安全事件处置总结报告") if summary else _("网络安全事件报告单")
    body: list[Block] = [blocks.Title(title)]
    if report.drill:
        body.append(Note(_("演练  演练  演练　本件为演练文书，不得外报")))
    if report.example:
        body.append(Note(_("样例数据，不得作为公文使用")))
    number = _("编号：{no}　　第{n}次报告（{kind}）").format(
        no=report.no, n=report.n, kind=report.kind_name
    )
    body += [Para(number, indent=False), FieldGrid(_head(report)), *_content(report)]
    body += [*_numbers(report), *_clocks(report), *_delivered(report)]
    body.append(FieldGrid(_sign(report)))
    body.append(Note(_foot(report)))
    meta = blocks.Meta(report.date, report.issuer, title, report.no)
    return Document("form", title, tuple(body), meta, remarks=_remarks(report))


def _head(report: IncidentReport) -> tuple[tuple[Field, ...], ...]:
    rows = [
        (Field(_("报告单位"), report.issuer), Field(_("报告时间"), minute(report.written))),
        (Field(_("事件名称"), report.title),),
        (Field(_("事发单位"), report.unit), Field(_("事发系统"), report.system)),
        (Field(_("等级保护"), report.grade or "—"), Field(_("位置"), report.place or "—")),
        (Field(_("事件类别"), report.category), Field(_("事件级别"), report.level)),
        (Field(_("发生时间"), minute(report.occurred) or _("待查")), Field(_("运营者类别"), report.operator)),
        (Field(_("机器发现"), minute(report.found_machine) or _("无")),
         Field(_("人员确认"), minute(report.found_person))),
    ]  # fmt: skip
    if report.kind == "summary":
        rows.append(
            (
                Field(_("处置结束"), minute(report.handled)),
                Field(_("关联台账"), listed(report.links) or "—"),
            )
        )
    else:
        crime = _("是，另向公安机关报案") if report.crime else _("尚未发现")
        rows.append(
            (Field(_("涉嫌犯罪"), crime), Field(_("关联台账"), listed(report.links) or "—"))
        )
    return tuple(rows)


def _content(report: IncidentReport) -> list[Block]:
    result: list[Block] = []
    for n, item in enumerate(report.items, 1):
        result.append(Heading(_("{n}. {title}").format(n=n, title=item.title), 3))
        lines = [
            line.strip()
            for line in (item.text or blank(report.kind == "summary")).splitlines()
            if line.strip()
        ]
        result += [Para(ended(formal(line))) for line in lines]
    return result


def _numbers(report: IncidentReport) -> list[Block]:
    if not report.numbers:
        return []
    said = [Heading(_("附一　级别的数值依据"), 2)]
    return [
        *said,
        *(Para(ended(formal(text))) for text in report.numbers),
        Note(report.level_state),
    ]


def _tones() -> tuple[tuple[str, Tone], ...]:
    return (
        (_("已超时"), "bad"),
        (_("超时完成"), "bad"),
        (_("按时完成"), "good"),
        (_("已完成"), "good"),
    )


def _time(value: When) -> str:
    """Date and time in two lines of a narrow column."""
    return minute(value).replace(" ", "\n") or "—"


def _clocks(report: IncidentReport) -> list[Block]:
    if not report.clocks:
        return []
    columns = (
        Column(_("报给"), 3.3),
        Column(_("依据"), 1.4, "center"),
        Column(_("时限"), 1.5, "center"),
        Column(_("起算"), 2.3, "center"),
        Column(_("最迟"), 2.3, "center"),
        Column(_("完成"), 2.3, "center"),
        Column(_("结果"), 2.1, "center", _tones()),
    )  # fmt: skip
    rows = tuple(
        (
            clock.to, _("法定") if clock.statutory else _("本市"), clock.limit, _time(clock.start),
            _time(clock.due), _time(clock.done), clock.state,
        )
        for clock in report.clocks
    )  # fmt: skip
    result: list[Block] = [Heading(_("附二　报告时限"), 2), Table(columns, rows, "small")]
    note = _("时限按运营者类别确定，与事件级别无关；按机器发现与人员确认两个时间中较早的起算。")
    person = next((c for c in report.clocks if c.due_by_person and c.due_by_person != c.due), None)
    if person is not None:
        note += _("按人员确认时间计，报{to}最迟为{due}。").format(
            to=person.to, due=minute(person.due_by_person)
        )
    result.append(Note(note))
    result += [Note(relay) for relay in report.relays]
    return result


def _delivered(report: IncidentReport) -> list[Block]:
    if not report.delivered:
        return []
    columns = (
        Column(_("报送对象"), 4),
        Column(_("时间"), 3, "center"),
        Column(_("方式和接收人"), 5),
    )
    rows = tuple((to, minute(at), how or "—") for to, at, how in report.delivered)
    return [Heading(_("附三　本报告的报送"), 2), Table(columns, rows, "small")]


def _sign(report: IncidentReport) -> tuple[tuple[Field, ...], ...]:
    return (
        (Field(_("报告人"), report.reporter), Field(_("联系电话"), report.phone)),
        (Field(_("签发人"), report.signer, 1.6), Field(_("单位盖章"), "", 1.6)),
    )


def _foot(report: IncidentReport) -> str:
    text = (
        _("发现新的重要情况随时续报；处置结束后30日内报处置总结。")
        if report.kind != "summary"
        else ""
    )
    return text + _("审计链头 {head}").format(head=report.head[:16])


def _remarks(report: IncidentReport) -> tuple[str, ...]:
    result = [_("待核：{mark}").format(mark=mark) for mark in report.marks]
    empty = [item.title for item in report.items if not item.text]
    if empty:
        result.append(_("下列各项须补报：{names}").format(names=listed(empty, "；")))
    if not report.signer:
        result.append(_("没有写签发人，不能报出。"))
    if not report.phone:
        result.append(_("没有写联系电话，请补填。"))
    return tuple(result)
