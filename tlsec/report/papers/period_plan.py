"""工作方案 and 责任书: skeletons with what the register knows filled in; the rest is marked for the writer."""

from __future__ import annotations

from tlsec.i18n import _, listed
from tlsec.report import blocks
from tlsec.report.blocks import Block, Document, Field, FieldGrid, Heading, Para
from tlsec.report.papers.period_data import PhaseLine, Pledge, WorkPlan
from tlsec.report.papers.period_parts import col, document, opening, signature, table
from tlsec.report.words import minute, span


def work_plan(data: WorkPlan) -> Document:
    """The plan as an official paper; sentences a bureau has to decide are marked."""
    sender = data.sender
    title = _("{period}网络安全保障工作方案").format(period=sender.period)
    systems = [
        col(_("系统"), 3.4),
        col(_("主管单位"), 3),
        col(_("等保级别"), 1.3, "center"),
        col(_("责任人"), 1.4, "center"),
    ]
    rules = [col(_("事项"), 2.6), col(_("平时"), 3), col(_("保障期"), 3)]
    zero = _(
        "列入零报告的单位每日 {cutoff} 前（县区 {county} 前）报送，"
        "无情况报平安；汇总后报{to}。逾时按未报通报。"
    )
    body: list[Block] = [
        blocks.RedHead(_("{issuer}文件").format(issuer=sender.bureau), sender.number),
        *opening(sender, title),
        Para(_("为做好{period}期间（{span}）的网络安全保障工作，制定本方案。").format(
            period=sender.period, span=span(data.start, data.until))),
        Heading(_("一、目标")),
        Para(_("保障对象不发生较大以上网络安全事件，门户和大屏不中断、不被篡改，隐患闭环整改，情况按时报告。")),
        Heading(_("二、组织")),
        Para(_("成立保障专班。带班领导：{leaders}。下设监测研判、应急处置、隐患整改、综合联络各组，成员名单另附（由填报人补充）。").format(
            leaders=listed(data.leaders) or _("（由填报人补充）"))),
        Heading(_("三、保障对象（{n} 个）").format(n=len(data.systems))),
        table(systems, data.systems, _("没有保障对象。")),
        Heading(_("四、阶段安排")),
        *(block for phase in data.phases for block in _phase(phase)),
        Heading(_("五、保障期规则")),
        table(rules, data.rules, ""),
        Heading(_("六、报告")),
        Para(zero.format(
            cutoff=data.cutoffs[0], county=data.cutoffs[1], to=data.zero_to or _("上级主管部门"))),
        Heading(_("七、要求")),
        Para(_("谁主管谁负责、谁运行谁负责，属地管理。各单位主要负责人为第一责任人，保持联络畅通，发现情况立即报告，不得迟报、漏报、瞒报。")),
        signature(sender),
    ]  # fmt: skip
    remarks = (_("各组成员、经费和奖惩由填报人补充。"),)
    return document(sender, "gongwen", title, body, remarks)


def _phase(phase: PhaseLine) -> list[Block]:
    text = _("{name}（{a}至{b}）").format(
        name=phase.name, a=minute(phase.start)[:10], b=minute(phase.until)[:10]
    )
    columns = [col(_("任务"), 5), col(_("责任人"), 1.3, "center"), col(_("时限"), 1.6, "center")]
    rows = [(what, owner or "—", due) for what, owner, due, _done in phase.tasks]
    return [Heading(text, 2), table(columns, rows, _("没有列任务。"))]


def pledge(data: Pledge) -> Document:
    """The pledge of one unit, to be signed by both sides."""
    sender = data.sender
    title = _("{period}网络安全责任书").format(period=sender.period)
    systems = [
        col(_("系统"), 4),
        col(_("等保级别"), 1.4, "center"),
        col(_("责任人"), 1.6, "center"),
        col(_("备岗"), 1.6, "center"),
    ]
    lines = (
        _("主要负责人为第一责任人，分管负责人为直接责任人，逐个系统明确责任人和备岗。"),
        _("保障期间 24 小时有人值守，电话随时接听，值守记录完整。"),
        _(
            "每日 {cutoff} 前报送零报告，有情况报情况，无情况报平安；发现网络安全事件立即报告。"
        ).format(cutoff=data.cutoff),
        _("收到整改通知、预警通报当日签收，按时限整改并反馈，先控后改，不以口头代替复测。"),
        _("遵守变更冻结规定，未经批准不上线、不变更；临时措施到期恢复。"),
        _("落实运维商、驻场人员和供应链管理，权限最小、操作留痕。"),
    )
    rules = [col(_("事项"), 2.6), col(_("平时"), 3), col(_("保障期"), 3)]
    body: list[Block] = [
        *opening(sender, title),
        Para(_("为落实{period}（{span}）网络安全责任，{bureau}与{unit}签订本责任书。").format(
            period=sender.period, span=span(data.start, data.until), bureau=sender.bureau,
            unit=data.unit)),
        Heading(_("一、责任系统")),
        table(systems, data.systems, _("台账没有登记这个单位的保障系统。")),
        Heading(_("二、责任内容")),
        *(Para(f"{n}. {text}") for n, text in enumerate(lines, 1)),
        Heading(_("三、保障期时限")),
        table(rules, data.rules, ""),
        Heading(_("四、责任追究")),
        Para(_("未履行责任造成后果的，按党委（党组）网络安全工作责任制有关规定追究责任。")),
        FieldGrid((
            (Field(sender.bureau, "", 3), Field(data.unit, "", 3)),
            (Field(_("负责人签字"), "", 1.8), Field(_("负责人签字"), "", 1.8)),
            (Field(_("日期"), _("　　年　月　日")), Field(_("日期"), _("　　年　月　日"))),
        )),
    ]  # fmt: skip
    return document(sender, "form", title, body)
