"""整改报告: what was wrong, what was done, who proved it, and what is left and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import get_args

from tlsec.i18n import _
from tlsec.report.blocks import Block, Column, Document, Heading, Para, Section, Signature
from tlsec.report.papers import assessment_parts as parts
from tlsec.report.papers import assessment_tables as tables
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers.assessment import SEVERITIES, Assessment, Mending, Problem
from tlsec.report.papers.assessment_tables import col
from tlsec.report.papers.consistency import as_day

_STATES: tuple[Mending, ...] = get_args(Mending)


def build(data: Assessment) -> Document:
    """The paper. Raises Inconsistent where the data contradicts itself."""
    done = [p for p in data.problems if p.state == "closed"]
    running = [p for p in data.problems if p.state in ("open", "fixing", "retest")]
    waived = [p for p in data.problems if p.state == "waived"]
    body: list[Block] = [
        Heading(say.chapter(1, _("整改概况"))),
        parts.facts(data),
        *_overview(data, done, running),
        Heading(say.chapter(2, _("重大风险隐患整改"))),
        *major(data),
        Section("landscape"),
        Heading(say.chapter(3, _("已整改的问题"))),
        Para(_("只有复测通过才算已整改；整改单位自报完成的，列为待复测。")),
        _done(data, done),
        Heading(say.chapter(4, _("尚未完成的问题"))),
        _running(data, running),
        Heading(say.chapter(5, _("遗留问题和例外"))),
        _waived(data, waived),
        Section(),
        Heading(say.chapter(6, _("整改后的自评结果"))),
        *parts.result(data),
        tables.domains(data),
        Signature(data.bureau, say.day(data.report_date)),
    ]
    body += parts.basis(data, _("附1　未定和待核的取值"), _("附2　依据和版本"))
    return parts.document(data, _("网络安全等级保护整改报告"), body, depth=1)


def _overview(data: Assessment, done: list[Problem], running: list[Problem]) -> list[Block]:
    late = overdue(data, running)
    text = _(
        "本次共列问题 {n} 个，已整改并经复测 {done} 个，尚未完成 {open} 个，其中逾期 {late} 个。"
    ).format(n=len(data.problems), done=len(done), open=len(running), late=len(late))
    counts = Counter((p.severity, p.state) for p in data.problems)
    columns = [tables.severity_col(1)]
    columns += [col(say.mending(state), 1.2, "center") for state in _STATES]
    columns += [col(_("合计"), 1, "center")]
    rows = []
    for severity in SEVERITIES:
        row = [counts[severity, state] for state in _STATES]
        rows.append((say.severity(severity), *map(str, row), str(sum(row))))
    return [Para(text), tables.table(columns, rows, "")]


def overdue(data: Assessment, problems: Iterable[Problem]) -> list[Problem]:
    """Problems whose day has passed on the report's date."""
    return [p for p in problems if (day := as_day(p.due)) is not None and day < data.report_date]


def major(data: Assessment) -> list[Block]:
    """重大风险隐患 with what became of each."""
    found = [risk for risk in parts.risks(data, "major") if risk.decision == "confirmed"]
    columns = [
        col(_("触发项"), 1.2, "center"),
        col(_("情形"), 3.4),
        col(_("确认人"), 1.4, "center"),
        col(_("整改措施"), 3),
        col(_("整改日期"), 1.9, "center"),
    ]
    rows = [
        (
            r.trigger or r.case, r.situation, r.by, r.mitigation or say.blank(),
            say.day(r.fixed_on) or _("未整改"),
        )
        for r in found
    ]  # fmt: skip
    text = _("确认的重大风险隐患：{n}。").format(n=say.major_count(data))
    return [Para(text), tables.table(columns, rows, _("没有经确认的重大风险隐患。"))]


def _first(data: Assessment, problem: Problem) -> tuple[str, str, str, str, str]:
    number = "\n".join(part for part in (problem.no, problem.register) if part)
    where = problem.where or data.system.name
    grade = say.severity(problem.severity)
    return number, tables.code(data, problem.item), where, problem.text, grade


def _heads() -> list[Column]:
    return [
        col(_("编号"), 2.3, "center"),
        col(_("条款"), 1.9, "center"),
        col(_("对象"), 1.8),
        col(_("问题"), 3.2),
        tables.severity_col(0.9),
    ]


def state_col() -> Column:
    """The column of states of mending."""
    return Column(_("状态"), 1.3, "center", say.mending_tones())


def _who(data: Assessment, problem: Problem) -> str:
    return "\n".join(part for part in (problem.unit or data.system.unit, problem.person) if part)


def _done(data: Assessment, problems: list[Problem]) -> Block:
    columns = [
        *_heads(),
        col(_("整改措施"), 2.8),
        col(_("责任"), 1.8),
        col(_("完成"), 1.9, "center"),
        col(_("复测证明"), 2.8),
    ]
    rows = [
        (
            *_first(data, p), say.given(p.measure), _who(data, p), say.given(say.day(p.fixed_on)),
            say.given(p.proof),
        )
        for p in tables.by_severity(problems)
    ]  # fmt: skip
    return tables.table(columns, rows, _("没有已整改的问题。"), "tiny")


def _running(data: Assessment, problems: list[Problem]) -> Block:
    late = {p.no for p in overdue(data, problems)}
    columns = [
        *_heads(),
        col(_("措施或建议"), 2.8),
        col(_("责任"), 1.8),
        col(_("期限"), 1.9, "center"),
        state_col(),
        col(_("未完成的原因"), 2.2),
    ]
    rows = [
        (
            *_first(data, p), say.given(p.measure or p.advice), _who(data, p),
            say.given(say.day(p.due)) + ("\n" + _("已逾期") if p.no in late else ""),
            say.mending(p.state), say.given(p.left),
        )
        for p in tables.by_severity(problems)
    ]  # fmt: skip
    return tables.table(columns, rows, _("没有尚未完成的问题。"), "tiny")


def _waived(data: Assessment, problems: list[Problem]) -> Block:
    columns = [*_heads(), col(_("责任"), 1.8), col(_("例外"), 1.8), col(_("原因和临时措施"), 3.6)]
    rows = [
        (*_first(data, p), _who(data, p), say.given(p.waiver), say.given(p.left))
        for p in tables.by_severity(problems)
    ]
    return tables.table(columns, rows, _("没有遗留问题和例外。"), "tiny")
