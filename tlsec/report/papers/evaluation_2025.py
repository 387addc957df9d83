"""测评报告 in the form of 2025: no score; 符合率, conclusion, 重大风险隐患 before rectification."""

from __future__ import annotations

from tlsec.i18n import _
from tlsec.report.blocks import Block, Document, Field, FieldGrid, Heading, PageBreak, Para
from tlsec.report.papers import assessment_parts as parts
from tlsec.report.papers import assessment_tables as tables
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers import evaluation_parts as chapters
from tlsec.report.papers import rectification
from tlsec.report.papers.assessment import Assessment
from tlsec.report.papers.assessment_tables import col


def build(data: Assessment) -> Document:
    """The paper. Raises Inconsistent where the data contradicts itself."""
    body: list[Block] = [
        *chapters.front(data),
        PageBreak(),
        Heading(_("网络安全等级测评结论")),
        conclusion(data),
        *parts.result(data),
        *chapters.overview(data),
        *chapters.described(data),
        *chapters.single_results(data),
        *chapters.whole(data),
        *chapters.risk_analysis(data),
        *_major(data),
        *_overall(data),
        *_advice(data),
        *_appendices(data),
    ]
    body += parts.basis(data, _("附注1　未定和待核的取值"), _("附注2　依据和版本"))
    return parts.document(data, _("网络安全等级保护自评报告（2025年版体例）"), body)


def conclusion(data: Assessment) -> FieldGrid:
    """The conclusion as a form."""
    rate = data.scheme.number("rate")
    return FieldGrid(
        (
            (Field(_("被测对象"), data.system.name), Field(_("等级"), parts.grade(data))),
            (
                Field(_("符合率"), say.number(rate) if rate else say.blank()),
                Field(_("覆盖率"), say.coverage(data)),
            ),
            (Field(_("重大风险\n隐患"), say.major_count(data)),),
            (Field(_("安全问题"), parts.counts(data)),),
            (Field(_("自评结论"), say.conclusion(data), 2),),
        )
    )


def _major(data: Assessment) -> list[Block]:
    found = parts.risks(data, "major")
    text = _("重大风险隐患（整改前数量为准）：{n}。候选须经人员研判，未研判的不计入。").format(
        n=say.major_count(data)
    )
    return [Para(text), parts.caption("5", 2, _("重大风险隐患")), tables.risks(found)]


def _overall(data: Assessment) -> list[Block]:
    reasons = [Para(reason) for reason in data.scheme.reasons]
    return [
        PageBreak(),
        Heading(_("6　总体评价")),
        parts.caption("6", 1, _("各安全类符合率")),
        tables.domains(data),
        Para(_("{rule}本次覆盖率 {coverage}。").format(
            rule=say.untested_rule(), coverage=say.coverage(data)
        )),
        *parts.drawings(data, "6"),
        PageBreak(),
        Heading(_("7　等级测评结论")),
        parts.caption("7", 1, _("等级测评结论")),
        conclusion(data),
        *reasons,
    ]  # fmt: skip


def _advice(data: Assessment) -> list[Block]:
    major = [p for p in data.problems if p.major]
    others = [p for p in data.problems if not p.major]
    return [
        Heading(_("8　安全问题整改建议")),
        parts.caption("8", 1, _("重大风险隐患整改建议")),
        chapters.advice(major, data),
        parts.caption("8", 2, _("其他安全问题整改建议")),
        chapters.advice(others, data),
    ]


def _appendices(data: Assessment) -> list[Block]:
    return [
        *chapters.assets(data, _("附录A　被测对象资产")),
        Heading(_("附录B　上次测评问题整改情况")),
        _old(data),
        *chapters.summary(data, _("附录C　单项测评结果汇总")),
        *chapters.records(data, _("附录D　单项测评结果记录")),
        *chapters.scans(data, _("附录E　漏洞扫描结果记录")),
        *chapters.trials(data, _("附录F　渗透测试结果记录")),
        Heading(_("附录G　重大风险隐患触发项参照表")),
        _triggers(data),
        Heading(_("附录H　重大风险隐患整改记录")),
        *rectification.major(data),
        *chapters.threats(data, _("附录I　威胁列表")),
    ]


def _old(data: Assessment) -> Block:
    columns = [
        col(_("问题"), 3.4), tables.severity_col(0.8), col(_("整改措施"), 3),
        rectification.state_col(), col(_("证明"), 2.4),
    ]  # fmt: skip
    rows = [
        (o.text, say.severity(o.severity), o.measure, say.mending(o.state), o.proof)
        for o in data.old_problems
    ]
    return tables.table(columns, rows, _("没有上次测评的问题记录：{mark}").format(mark=say.blank()))


def _triggers(data: Assessment) -> Block:
    columns = [col(_("编号"), 1, "center"), col(_("触发项"), 6), col(_("状态"), 1, "center")]
    rows = [(t.code, t.text, _("待核") if t.verify else "") for t in data.triggers]
    return tables.table(columns, rows, say.blank())
