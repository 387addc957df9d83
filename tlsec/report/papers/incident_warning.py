"""网络安全预警通报 to units inside: the union of what GB/T 32924-2016 and the national plan list, in 公文 form.

A bureau issues it inside; the paper says that it is no warning to the public.
"""

from __future__ import annotations

from datetime import datetime

from tlsec.i18n import _, listed
from tlsec.report import blocks
from tlsec.report.blocks import (
    Block,
    Column,
    Document,
    Heading,
    Note,
    Para,
    Table,
)
from tlsec.report.papers.incident_data import WarningPaper
from tlsec.report.words import When, day, formal, local

SHOWN = 200  # affected assets printed; the rest is in the workbook


def build(paper: WarningPaper) -> Document:
    """The paper; `document.remarks` says what the sender has to check."""
    title = _("网络安全预警通报")
    subject = _("关于{title}的{colour}色预警通报").format(title=paper.title, colour=paper.colour)
    broken = _("关于{title}的\n{colour}色预警通报").format(title=paper.title, colour=paper.colour)
    body: list[Block] = [
        blocks.RedHead(
            _("{issuer}文件").format(issuer=paper.issuer), paper.number or _("（编号待签发）"),
            paper.secrecy,
        ),
        blocks.Title(broken if len(subject) > 18 else subject),
    ]  # fmt: skip
    if paper.drill:
        body.append(Note(_("演练  演练  演练　本件为演练文书，不代表真实预警")))
    if paper.example:
        body.append(Note(_("演练样张 不作执法依据")))
    if paper.state:
        body.append(Note(_("稿件，尚未生效：{state}").format(state=paper.state)))
    body += [Para(_receivers(paper), indent=False), Para(_opening(paper))]
    body += [
        *_summary(paper),
        *_threat(paper),
        *_scope(paper),
        *_measures(paper),
        *_feedback(paper),
    ]
    body += _ending(paper)
    if paper.affected:
        body += _list(paper)
    meta = blocks.Meta(paper.date, paper.issuer, subject, paper.number)
    return Document("gongwen", title, tuple(body), meta, remarks=_remarks(paper))


def _receivers(paper: WarningPaper) -> str:
    if len(paper.receivers) > 6:
        return _("各有关单位：")
    return _("{units}：").format(units=listed(paper.receivers) or _("各有关单位"))


def _opening(paper: WarningPaper) -> str:
    text = _(
        "经研判，我单位决定自{start}起在本市有关单位范围内发布{colour}色（{numeral}）内部预警通报。"
    ).format(start=day(paper.starts), colour=paper.colour, numeral=paper.numeral)
    if paper.before[0]:
        text = _("经研判，我单位决定将{number}由{before}色调整为{colour}色（{numeral}），原通报同时停止执行。").format(
            number=paper.before[0], before=paper.before[1], colour=paper.colour, numeral=paper.numeral
        )  # fmt: skip
        if paper.before_why:
            text += _("调整原因：{why}。").format(why=paper.before_why.rstrip("。"))
    text += _("本通报仅供收件单位内部防范使用，不是向社会发布的预警，不得对外转发或公开。")
    if paper.lifted:
        text += _("（本通报已于{day}解除：{why}）").format(
            day=day(paper.lifted), why=paper.lifted_why.rstrip("。")
        )
    return formal(text)


def _summary(paper: WarningPaper) -> list[Block]:
    flaw = _("，漏洞编号{flaw}").format(flaw=paper.flaw) if paper.flaw else ""
    flaw += (
        _("（{level}）").format(level=paper.flaw_level) if paper.flaw and paper.flaw_level else ""
    )
    level = _("{colour}色（{numeral}），类别为{category}{flaw}").format(
        colour=paper.colour, numeral=paper.numeral, category=paper.category, flaw=flaw
    )
    until = (
        _("至{time}").format(time=moment(paper.until)) if paper.until else _("至另行通知解除时止")
    )
    span = _("自{start}起，{until}").format(start=moment(paper.starts), until=until)
    result: list[Block] = [Heading(_("一、预警事项")), *_paras(paper.advice)]
    result += _paras(level, _("（一）级别和类别。"))
    result += _paras(span, _("（二）起止时间。"))
    return [*result, *_paras(paper.source, _("（三）来源。"))]


def _threat(paper: WarningPaper) -> list[Block]:
    result: list[Block] = [Heading(_("二、威胁情况"))]
    for lead, text in (
        (_("（一）事件性质。"), paper.nature),
        (_("（二）威胁方式。"), paper.threat),
        (_("（三）影响程度。"), paper.effect),
    ):
        result += _paras(text or _("尚在核实，另行补充。"), lead)
    return result


def _scope(paper: WarningPaper) -> list[Block]:
    products = listed(paper.products, "；") or _("未限定产品")
    result: list[Block] = [Heading(_("三、影响范围和涉及对象"))]
    result += _paras(products, _("（一）产品和版本。"))
    where = paper.scope or (
        _("网络区域：{zones}").format(zones=listed(paper.zones))
        if paper.zones
        else _("本市各有关单位")
    )
    result += _paras(where, _("（二）范围。"))
    sure = _(
        "按资产台账和监测记录匹配，涉及{n}处（名单见附件）。名单供核对用，未列入的不等于不涉及。"
    )
    none = _(
        "按资产台账和监测记录匹配，没有发现涉及的资产。没有匹配到不等于不涉及，各单位仍须自查。"
    )
    text = sure.format(n=len(paper.affected)) if paper.affected else none
    return [*result, *_paras(text, _("（三）涉及对象。"))]


def _measures(paper: WarningPaper) -> list[Block]:
    result: list[Block] = [Heading(_("四、防范措施和响应要求"))]
    result += _paras(paper.measures or _("按产品厂商和上级通报的建议处置。"), _("（一）防范措施。"))
    result += _paras("".join(paper.response), _("（二）响应要求。"))
    due = (
        _("各单位应于{due}前完成处置。").format(due=moment(paper.handle_by))
        if paper.handle_by
        else ""
    )
    return [*result, *(_paras(due, _("（三）处置时限。")) if due else [])]


def _feedback(paper: WarningPaper) -> list[Block]:
    sign, by = moment(paper.sign_by), moment(paper.feedback_by)
    text = _("请于{sign}前签收，于{by}前反馈排查处置情况。").format(
        sign=sign or _("规定时限"), by=by or _("规定时限")
    )
    text += _("经排查没有涉及的，也须在同一时限内书面回复“无涉及”，未回复的按未反馈通报。")
    if paper.feedback:
        text += paper.feedback
    crime = _(
        "发现已被攻击利用的，立即采取措施，保护现场和日志，并按网络安全事件报告要求上报，不以本通报的反馈代替。"
    )
    return [Heading(_("五、签收和反馈")), *_paras(text), *_paras(crime)]


def _ending(paper: WarningPaper) -> list[Block]:
    names = [_("涉及资产名单")] if paper.affected else []
    names += [each.name for each in paper.attached]
    result: list[Block] = [blocks.AttachmentList(tuple(names))] if names else []
    result.append(blocks.Signature(paper.issuer, day(paper.date)))
    if paper.contact or paper.phone:
        contact = _("（联系人：{name}；电话：{phone}）")
        result.append(Para(contact.format(name=paper.contact or "　", phone=paper.phone or "　")))
    people = _("起草：{a}　研判：{b}　签发：{c}").format(
        a=paper.drafted_by or "　", b=paper.concluded_by or "　", c=paper.signed_by or "　"
    )
    result.append(Note(people))
    if paper.circulation:
        result.append(Note(_("知悉范围：{text}").format(text=paper.circulation)))
    for each in paper.attached:
        result.append(Note(_("{name}　SHA-256：{sha}").format(name=each.name, sha=each.sha256)))
    return result


def _list(paper: WarningPaper) -> list[Block]:
    columns = (
        Column(_("单位"), 3.4),
        Column(_("资产"), 3.4),
        Column(_("位置"), 3.2),
        Column(_("产品和版本"), 2.8),
        Column(_("判断"), 3.2),
    )
    rows = tuple(
        (each.unit or _("（无主）"), each.name, each.place, each.product, each.sure)
        for each in paper.affected[:SHOWN]
    )
    result: list[Block] = [
        blocks.Attachment(_("附件"), _("涉及资产名单")),
        Table(columns, rows, "small"),
    ]
    if len(paper.affected) > SHOWN:
        more = _("另有 {n} 处，见回执统计表所附名单。").format(n=len(paper.affected) - SHOWN)
        result.append(Note(more))
    result.append(Note(_("判断依据为已有观测和台账；“须核实”的由责任单位登录查看版本后反馈。")))
    return result


def _paras(text: str, lead: str = "") -> list[Block]:
    """One paragraph a line; the first carries the lead."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [Para(ended(formal(line)), lead=lead if n == 0 else "") for n, line in enumerate(lines)]


def moment(value: When) -> str:
    """ "2026年11月24日20时49分": a time as the text of an official paper has it."""
    if isinstance(value, datetime):
        at = local(value)
        return _("{day}{hour}时{minute:02d}分").format(day=day(at), hour=at.hour, minute=at.minute)
    return day(value)


def ended(text: str) -> str:
    """A sentence with its full stop."""
    return text if text[-1:] in "。！？：；）”" else text + "。"


def _remarks(paper: WarningPaper) -> tuple[str, ...]:
    result = [_("预警级别依据：{rule}").format(rule=paper.rule)] if paper.rule else []
    result += [_("分级表待核：{mark}").format(mark=mark) for mark in dict.fromkeys(paper.marks)]
    if paper.state:
        result.append(_("本件未发布（{state}），不得外发。").format(state=paper.state))
    if not paper.measures:
        result.append(_("没有写防范措施，请补充。"))
    if not (paper.contact and paper.phone):
        result.append(_("未给出联系人或电话，请补填。"))
    return tuple(result)
