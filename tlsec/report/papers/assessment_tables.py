"""Tables the grading-protection papers share. Each is a Table, or a sentence where it would be empty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tlsec.i18n import _, listed
from tlsec.report.blocks import Align, Block, Column, Para, Size, Table
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers.assessment import (
    SEVERITIES,
    Assessment,
    Asset,
    Domain,
    Item,
    Machine,
    ObjectFinding,
    Problem,
    Risk,
    Said,
)

_RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[str]], empty: str, size: Size = "small"
) -> Block:
    """A table, or the sentence `empty` where there is no row."""
    found = tuple(tuple(row) for row in rows)
    return Table(tuple(columns), found, size) if found else Para(empty)


def col(title: str, width: float = 1.0, align: Align = "left") -> Column:
    """A column without tones."""
    return Column(title, width, align)


def state_col(width: float = 1.1, title: str = "") -> Column:
    """The column of item states."""
    return Column(title or _("结果"), width, "center", say.state_tones())


def severity_col(width: float = 0.8) -> Column:
    """The column of severities."""
    return Column(_("风险"), width, "center", say.severity_tones())


def by_severity(problems: Iterable[Problem]) -> list[Problem]:
    """The gravest first; what is still open before what is done."""
    return sorted(
        problems, key=lambda p: (_RANK[p.severity], p.state in ("closed", "waived"), p.no)
    )


def code(data: Assessment, item: str) -> str:
    """The unit code of an item, or its clause."""
    found = data.index.get(item)
    return (found.code or found.clause or found.id) if found else item


def domains(data: Assessment) -> Block:
    """Classes by state, with 符合率, and the sum."""
    heads = ("applicable", "met", "partly", "not_met", "untested", "not_applicable")
    columns = [
        col(_("安全类"), 2.3),
        col(_("适用"), 0.9, "center"),
        *(col(say.state(key), 1.1, "center") for key in heads[1:]),  # type: ignore[arg-type]  # states
        col(_("符合率"), 2.6, "center"),
    ]
    rows = [
        (d.name, *(str(getattr(d, key)) for key in heads), say.rate(d.rate)) for d in data.domains
    ]
    number = data.scheme.number("rate")
    total = say.rate(number.value) if number else "—"
    rows.append((_("合计"), *(str(getattr(data.totals, key)) for key in heads), total))
    return Table(tuple(columns), tuple(rows), "small")


def points(data: Assessment, domain: Domain) -> Block:
    """The control points of a class and their results."""
    columns = [
        col(_("安全控制点"), 2.6),
        col(_("部分"), 1, "center"),
        col(_("适用"), 0.8, "center"),
        col(_("符合"), 0.8, "center"),
        col(_("部分符合"), 1, "center"),
        col(_("不符合"), 0.9, "center"),
        col(_("未测"), 0.8, "center"),
        state_col(),
    ]
    rows = [
        (
            p.name, say.extension(p.extension), str(p.applicable), str(p.met), str(p.partly),
            str(p.not_met), str(p.untested), say.state(p.state),
        )
        for p in data.points
        if p.domain == domain.id
    ]  # fmt: skip
    return table(columns, rows, _("本类没有适用的安全控制点。"))


def problem_list(data: Assessment, problems: Iterable[Problem], *, advice: bool = False) -> Block:
    """Problems, the gravest first: where, what, how grave; with `advice` what to do."""
    columns = [col(_("编号"), 1.2, "center"), col(_("条款"), 1.7, "center"), col(_("对象"), 1.8)]
    columns += [col(_("问题"), 3.4), severity_col(0.8)]
    columns += [col(_("整改建议"), 3)] if advice else []
    rows = []
    for p in by_severity(problems):
        text = p.text + (_("（疑似，待人员研判）") if p.suspected else "")
        row = [
            p.no,
            code(data, p.item),
            p.where or data.system.name,
            text,
            say.severity(p.severity),
        ]
        rows.append([*row, say.given(p.advice)] if advice else row)
    return table(columns, rows, _("没有问题记录。"))


def untested(items: Iterable[Item]) -> Block:
    """Items that are not settled, and why."""
    columns = [col(_("条款"), 1.6, "center"), col(_("要求"), 4), col(_("未测原因"), 3.4)]
    rows = [
        (i.code or i.clause or i.id, i.text, i.why_untested or _object_reasons(i)) for i in items
    ]
    return table(columns, rows, _("全部适用条款均已测定。"))


def _object_reasons(item: Item) -> str:
    open_ones = [o for o in item.objects if o.state == "untested"]
    reasons = [
        _("{where}：{what}").format(where=o.name, what=o.why) if o.why else o.name
        for o in open_ones[:5]
    ]
    return listed(reasons, "；") or _("没有检查结果，也没有经复核的回答")


def excluded(items: Iterable[Item]) -> Block:
    """Items that do not apply, and why."""
    columns = [col(_("条款"), 1.6, "center"), col(_("要求"), 4), col(_("不适用理由"), 3.4)]
    rows = [(i.code or i.clause or i.id, i.text, say.given(i.note)) for i in items]
    return table(columns, rows, _("没有不适用的条款。"))


def risks(risks_: Iterable[Risk]) -> Block:
    """Suspicions and candidates with the decision of a person."""
    columns = [
        col(_("案例"), 1.5, "center"),
        col(_("情形"), 3),
        col(_("证据"), 2.6),
        col(_("待问的缓解措施"), 2.2),
        Column(_("研判"), 1.1, "center", say.decision_tones()),
        col(_("理由"), 2.2),
    ]
    rows = []
    for r in risks_:
        case = "\n".join(part for part in (r.case, r.trigger) if part)
        said = [r.reason, r.mitigation, " ".join(p for p in (r.by, say.day(r.decided_on)) if p)]
        rows.append(
            (
                case, r.situation, "\n".join(r.evidence), "\n".join(r.ask),
                say.decision(r.decision), "\n".join(part for part in said if part),
            )
        )  # fmt: skip
    return table(columns, rows, _("没有触发高风险情形的结果。"))


def assets(found: Iterable[Asset], *, chosen: bool = False) -> Block:
    """Objects of one kind; with `chosen` why each was chosen."""
    columns = [
        col(_("编号"), 1.3, "center"),
        col(_("名称"), 2.2),
        col(_("地址或位置"), 2.2),
        col(_("选取理由") if chosen else _("说明"), 2.6),
        col(_("单位"), 1.8),
        col(_("重要程度"), 1, "center"),
    ]
    rows = [
        (a.id, a.name, a.place, a.why if chosen else a.detail, a.unit, a.importance) for a in found
    ]
    return table(columns, rows, say.blank())


def edges(data: Assessment) -> Block:
    """Points the official texts leave open, and values marked 待核."""
    columns = [
        col(_("事项"), 2.6),
        col(_("本报告的处理"), 3.4),
        col(_("依据"), 2.4),
        col(_("状态"), 1, "center"),
    ]
    rows = [
        (
            e.title + (_("（本次结果正在此界上）") if e.touched else ""),
            e.treatment, e.source, _("待核") if e.verify else _("未定"),
        )
        for e in data.scheme.edges
    ]  # fmt: skip
    rows += [(text, "—", "", _("待核")) for text in data.unverified]
    unchecked = [s for s in data.sources if s.verify]
    rows += [(f"{s.what} {s.name}", "—", s.version, _("待核")) for s in unchecked]
    return table(columns, rows, _("没有未定或待核的取值。"))


def sources(data: Assessment) -> Block:
    """What the result rests on."""
    columns = [
        col(_("种类"), 1.4), col(_("名称"), 3.4), col(_("版本"), 1.6), col(_("摘要（SHA-256）"), 2.6)
    ]  # fmt: skip
    rows = [(s.what, s.name, s.version, s.digest[:16]) for s in data.sources]
    return table(columns, rows, say.blank())


def people(data: Assessment) -> Block:
    """Who took part."""
    columns = [col(_("姓名"), 1.2), col(_("分工"), 2), col(_("单位"), 2.4), col(_("联系方式"), 1.8)]
    rows = [(p.name, p.role, p.unit, p.contact) for p in data.people]
    return table(columns, rows, say.blank())


def records(items: Iterable[Item]) -> Block:
    """Appendix D: every item at every object with the evidence. For turned pages."""
    columns = [
        col(_("条款"), 1.5, "center"),
        col(_("测评指标"), 3.6),
        col(_("对象"), 1.9),
        col(_("结果记录"), 5.4),
        state_col(1.1),
    ]
    rows = []
    for item in items:
        name = item.code or item.clause or item.id
        for found in item.objects:
            result = say.state(found.state)
            rows.append((name, item.text, found.name, evidence(found), result))
        if not item.objects:
            note = item.note or item.why_untested or _("没有结果记录")
            rows.append((name, item.text, "—", note, say.state(item.state)))
    return table(columns, _once(rows), _("没有条款。"), "tiny")


def _once(rows: Iterable[Sequence[str]]) -> Iterable[Sequence[str]]:
    """The requirement is said at its first object; the rows below repeat only its code."""
    last = ""
    for name, text, *rest in rows:
        yield (name, "〃" if name == last else text, *rest)
        last = name


def evidence(found: ObjectFinding) -> str:
    """The evidence of an item at one object, a line each."""
    lines = [machine(m) for m in found.machine] + [said(a) for a in found.answers]
    if found.conflict:
        lines.append(_("机器结果与人员回答相反，解决前按不符合计。"))
    if found.why:
        lines.append(found.why)
    return "\n".join(lines) or _("没有检查结果，也没有经复核的回答")


def machine(line: Machine) -> str:
    """tls.versions 未通过 198.51.100.7:443 2026-03-01 08:00 仍支持 TLS 1.0（判定 381）"""
    text = " ".join(
        part
        for part in (line.check, line.result, line.place, say.moment(line.at), line.message)
        if part
    )
    return text + (_("（判定 {no}）").format(no=line.verdict) if line.verdict else "")


def said(line: Said) -> str:
    """An answer with the names of both people and its files."""
    text = _("{person}答：{text}（{reviewer}复核，{day}）").format(
        person=line.person, text=line.text, reviewer=line.reviewer, day=say.moment(line.at)
    )
    if line.evidence:
        text += _("；证据 {files}").format(files=listed(digest[:12] for digest in line.evidence))
    return text
