"""测评报告 in the form of 2019 and 2021: a score, 优 良 中 差, chapters 1-7."""

from __future__ import annotations

from tlsec.i18n import _
from tlsec.report.blocks import Block, Document, Field, FieldGrid, Heading, PageBreak, Para
from tlsec.report.papers import assessment_parts as parts
from tlsec.report.papers import assessment_tables as tables
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers import evaluation_parts as chapters
from tlsec.report.papers.assessment import Assessment

_MAIN = 20  # problems told on the front pages


def build(data: Assessment) -> Document:
    """The paper. Raises Inconsistent where the data contradicts itself."""
    body: list[Block] = [
        *chapters.front(data),
        *_front(data),
        *chapters.overview(data),
        *chapters.described(data),
        *chapters.single_results(data),
        *chapters.whole(data),
        *chapters.risk_analysis(data),
        PageBreak(),
        Heading(_("6　等级测评结论")),
        conclusion(data),
        *parts.result(data),
        *parts.drawings(data, "6"),
        Heading(_("7　问题整改建议")),
        chapters.advice(list(data.problems), data),
        *_appendices(data),
    ]
    body += parts.basis(data, _("附注1　未定和待核的取值"), _("附注2　依据和版本"))
    title = (
        _("网络安全等级保护自评报告（2019年版体例）")
        if data.scheme.edition == "2019"
        else _("网络安全等级保护自评报告（2021年版体例）")
    )
    return parts.document(data, title, body)


def _front(data: Assessment) -> list[Block]:
    main = [p for p in tables.by_severity(data.problems) if p.state != "closed"]
    cloud = data.system.cloud_role
    body: list[Block] = [PageBreak(), Heading(_("等级测评结论")), conclusion(data)]
    if cloud:
        body += [Heading(_("云计算安全扩展情况")), _cloud(data)]
    body += [
        Heading(_("总体评价")),
        tables.domains(data),
        Para(say.untested_rule()),
        Heading(_("主要安全问题及整改建议")),
        Para(_("以下列出风险最高的 {n} 个，全部问题见第3章和第7章。").format(
            n=min(len(main), _MAIN)
        )),
        tables.problem_list(data, main[:_MAIN], advice=True),
    ]  # fmt: skip
    return body


def conclusion(data: Assessment) -> FieldGrid:
    """The conclusion as a form."""
    rows: list[tuple[Field, ...]] = [
        (Field(_("被测对象"), data.system.name), Field(_("等级"), parts.grade(data))),
    ]
    rows += [(Field(number.label, say.number(number)),) for number in data.scheme.numbers]
    rows += [
        (Field(_("覆盖率"), say.coverage(data)),),
        (Field(_("安全问题"), parts.counts(data)),),
        (Field(_("自评结论"), say.conclusion(data), 2),),
    ]
    return FieldGrid(tuple(rows))


def _cloud(data: Assessment) -> FieldGrid:
    s = data.system
    role = _("云服务商") if s.cloud_role == "provider" else _("云服务客户")
    return FieldGrid(
        (
            (Field(_("云上角色"), role), Field(_("云平台"), say.given(s.platform))),
            (Field(_("平台测评"), say.given(s.platform_report)),),
        )
    )


def _appendices(data: Assessment) -> list[Block]:
    return [
        *chapters.assets(data, _("附录A　被测对象资产")),
        *chapters.summary(data, _("附录B　单项测评结果汇总")),
        *chapters.records(data, _("附录C　单项测评结果记录")),
        *chapters.scans(data, _("附录D　漏洞扫描结果记录")),
        *chapters.trials(data, _("附录E　渗透测试结果记录")),
        *chapters.threats(data, _("附录F　威胁列表")),
        Para(_("本体例各附录的次序待核。")),
    ]
