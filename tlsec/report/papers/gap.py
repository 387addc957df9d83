"""差距分析报告: what is missing item by item, gravest and easiest first, and what closes it."""

from __future__ import annotations

from collections import defaultdict

from tlsec.i18n import _, listed
from tlsec.report.blocks import Block, Column, Document, Heading, Para, Section
from tlsec.report.papers import assessment_parts as parts
from tlsec.report.papers import assessment_tables as tables
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers import figures
from tlsec.report.papers.assessment import SEVERITIES, Assessment, Item, Problem, Severity
from tlsec.report.papers.assessment_tables import col

_EFFORT = {"small": 0, "medium": 1, "": 2, "large": 3}
_SHOWN = 4  # problems told in a row; the rest is counted


def build(data: Assessment) -> Document:
    """The paper. Raises Inconsistent where the data contradicts itself."""
    gaps = _gaps(data)
    open_ones = [item for item in data.items if item.state == "untested"]
    body: list[Block] = [
        Heading(say.chapter(1, _("对照范围"))),
        parts.facts(data),
        Para(_scope(data)),
        Heading(say.chapter(2, _("总体差距"))),
        *parts.result(data),
        tables.domains(data),
        figures.states(data, parts.figure_no("2", 1)),
        *figures.numbered([figures.problems(data, parts.figure_no("2", 2))]),
        Heading(say.chapter(3, _("建议次序"))),
        *_order(data, gaps),
        Section("landscape"),
        Heading(say.chapter(4, _("差距清单"))),
        _list(data, gaps),
        Section(),
        Heading(say.chapter(5, _("未测条款：先补证据"))),
        Para(
            _("下列 {n} 项没有足够证据，可能有差距，也可能没有。{rule}").format(
                n=len(open_ones), rule=say.untested_rule()
            )
        ),
        tables.untested(open_ones),
    ]
    body += parts.basis(data, _("附1　未定和待核的取值"), _("附2　依据和版本"))
    return parts.document(data, _("网络安全等级保护差距分析报告"), body, depth=1)


def _scope(data: Assessment) -> str:
    return _(
        "对照 GB/T 22239-2019 {grade}的 {n} 项条款（适用 {all} 项）。差距按问题的风险由高到低排列，"
        "同级的先列工作量小的。疑似高风险未经研判，不是结论。"
    ).format(grade=parts.grade(data), n=len(data.items), all=data.totals.applicable)


def _gaps(data: Assessment) -> list[tuple[Item, list[Problem]]]:
    """Items not met or partly met with their open problems, in the order of work."""
    by_item: dict[str, list[Problem]] = defaultdict(list)
    for problem in data.problems:
        if problem.state != "closed":
            by_item[problem.item].append(problem)
    found = [
        (item, tables.by_severity(by_item[item.id]))
        for item in data.items
        if item.state in ("not_met", "partly")
    ]
    return sorted(found, key=_rank)


def _rank(gap: tuple[Item, list[Problem]]) -> tuple[int, int, int, str]:
    item, problems = gap
    grave = SEVERITIES.index(problems[0].severity) if problems else len(SEVERITIES)
    effort = min((_EFFORT[p.effort] for p in problems), default=_EFFORT[""])
    return grave, effort, item.state != "not_met", item.clause


def _grade(problems: list[Problem]) -> Severity | None:
    return problems[0].severity if problems else None


def _order(data: Assessment, gaps: list[tuple[Item, list[Problem]]]) -> list[Block]:
    """Items by risk × effort as a small table, and what to take first."""
    efforts = ("small", "medium", "large", "")
    rows = []
    for severity in SEVERITIES:
        row = [
            sum(_grade(p) == severity and _least(p) == effort for _item, p in gaps)
            for effort in efforts
        ]
        rows.append((say.severity(severity), *(str(n) for n in row), str(sum(row))))
    columns = [
        tables.severity_col(1),
        *(
            col(_("工作量{x}").format(x=say.effort(effort)), 1.2, "center")
            for effort in efforts[:3]
        ),
        col(say.effort(""), 1, "center"),
        col(_("合计"), 1, "center"),
    ]
    first = [item for item, p in gaps if _grade(p) == "high" and _least(p) == "small"][:10]
    names = listed(item.code or item.clause for item in first)
    lead = _("先做风险高的；同级的先做工作量小的。下表为差距的条数。")
    heads = [col(_("建议最先做（风险高、工作量小）"))]
    return [
        Para(lead),
        tables.table(columns, rows, ""),
        tables.table(
            heads, [(names,)] if names else [], _("没有风险高而工作量小的差距，按清单次序进行。")
        ),
    ]


def _least(problems: list[Problem]) -> str:
    return min((p.effort for p in problems), key=lambda e: _EFFORT[e], default="")


def _list(data: Assessment, gaps: list[tuple[Item, list[Problem]]]) -> Block:
    columns: list[Column] = [
        col(_("次序"), 0.8, "center"),
        col(_("条款"), 1.9, "center"),
        col(_("要求"), 3.4),
        tables.state_col(1.3, _("现状")),
        tables.severity_col(0.8),
        col(_("缺什么"), 3.6),
        col(_("怎样补上"), 3.6),
        col(_("工作量"), 1.1, "center"),
        col(_("责任单位"), 1.8),
    ]
    rows = []
    for number, (item, problems) in enumerate(gaps, 1):
        grave = _grade(problems)
        rows.append(
            (
                str(number), item.code or item.clause or item.id, item.text, say.state(item.state),
                say.severity(grave) if grave else "—", _missing(problems), _cure(problems),
                say.effort(_least(problems)),
                listed(dict.fromkeys(p.unit or data.system.unit for p in problems)),
            )
        )  # fmt: skip
    return tables.table(columns, rows, _("没有不符合或部分符合的条款。"), "tiny")


def _missing(problems: list[Problem]) -> str:
    lines = [
        _("{where}：{what}").format(where=p.where, what=p.text) if p.where else p.text
        for p in problems[:_SHOWN]
    ]
    if len(problems) > _SHOWN:
        lines.append(_("另有 {n} 个，见附表").format(n=len(problems) - _SHOWN))
    return "\n".join(lines) or _("问题均已整改，待重新评估")


def _cure(problems: list[Problem]) -> str:
    lines = list(dict.fromkeys(p.advice for p in problems if p.advice))
    return "\n".join(lines[:_SHOWN]) or (say.blank() if problems else "—")
