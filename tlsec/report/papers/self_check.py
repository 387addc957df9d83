"""自查报告: how far the system meets its level, said by its own operator."""

from __future__ import annotations

from tlsec.i18n import _
from tlsec.report.blocks import Block, Document, Heading, Para, Signature
from tlsec.report.papers import assessment_parts as parts
from tlsec.report.papers import assessment_tables as tables
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers.assessment import Assessment


def build(data: Assessment) -> Document:
    """The paper. Raises Inconsistent where the data contradicts itself."""
    body: list[Block] = [*_overview(data), *_result(data), *_problems(data), *_open(data)]
    body += _next(data)
    body += parts.basis(data, _("附1　未定和待核的取值"), _("附2　依据和版本"))
    return parts.document(data, _("网络安全等级保护自查报告"), body)


def _overview(data: Assessment) -> list[Block]:
    method = _(
        "本次自查按照国家标准《信息安全技术 网络安全等级保护基本要求》（GB/T 22239-2019）对应"
        "等级的条款逐项进行：能由机器检测的，以检测记录为证；需要人员回答的，由责任人作答、"
        "另一人复核，并留存证据文件的摘要；两者都没有的，记为未测。"
    )
    return [
        Heading(say.chapter(1, _("基本情况"))),
        parts.facts(data),
        Para(method),
        Para(data.sampling) if data.sampling else Para(_("抽样规则：{x}").format(x=say.blank())),
        Heading(say.chapter(2, _("参加人员"))),
        tables.people(data),
    ]


def _result(data: Assessment) -> list[Block]:
    return [
        Heading(say.chapter(3, _("自查结果"))),
        *parts.result(data),
        tables.domains(data),
        *parts.drawings(data, "3"),
    ]


def _problems(data: Assessment) -> list[Block]:
    body: list[Block] = [
        Heading(say.chapter(4, _("发现的问题"))),
        Para(_("共发现问题 {n} 个：{counts}。").format(
            n=len(data.problems), counts=parts.counts(data)
        )),
        tables.problem_list(data, data.problems),
        Heading(say.chapter(5, _("疑似高风险和重大风险隐患候选"))),
        Para(_("以下情形由机器结果或回答触发，只是疑似；是否成立由具名人员研判。")),
        tables.risks([*parts.risks(data, "major"), *parts.risks(data, "high")]),
    ]  # fmt: skip
    return body


def _open(data: Assessment) -> list[Block]:
    open_ones = [item for item in data.items if item.state == "untested"]
    excluded = [item for item in data.items if item.state == "not_applicable"]
    return [
        Heading(say.chapter(6, _("未测条款"))),
        Para(_("未测 {n} 项。{rule}").format(n=len(open_ones), rule=say.untested_rule())),
        tables.untested(open_ones),
        Heading(say.chapter(7, _("不适用条款"))),
        Para(_("经决定不适用 {n} 项，不计入任何比例。").format(n=len(excluded))),
        tables.excluded(excluded),
    ]


def _next(data: Assessment) -> list[Block]:
    live = [p for p in data.problems if p.state not in ("closed", "waived")]
    undecided = sum(risk.decision == "open" for risk in data.risks)
    conflicts = sum(found.conflict for item in data.items for found in item.objects)
    lines = [
        _("整改：{n} 个问题尚未关闭，按风险由高到低整改，整改后以复测结果关闭。").format(
            n=len(live)
        ),
        _("研判：{n} 个疑似情形待人员研判。").format(n=undecided),
        _("补测：{n} 项未测条款安排检测或作答。").format(n=data.totals.untested),
        _("核对：{n} 处机器结果与人员回答相反，须查明后重新作答。").format(n=conflicts),
    ]
    numbers = (len(live), undecided, data.totals.untested, conflicts)
    due = [line for line, number in zip(lines, numbers, strict=True) if number]
    return [
        Heading(say.chapter(8, _("下一步工作"))),
        *(Para(line) for line in due or [_("没有待办事项。")]),
        Signature(data.bureau, say.day(data.report_date)),
    ]
