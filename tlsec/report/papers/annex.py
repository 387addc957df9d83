"""The XLSX annex of the grading-protection papers: items, objects, problems, risks, answers, versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tlsec.i18n import _, listed
from tlsec.report import sheet
from tlsec.report.papers import assessment_parts as parts
from tlsec.report.papers import assessment_tables as tables
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers import consistency
from tlsec.report.papers.assessment import Assessment, Item, ObjectFinding
from tlsec.report.sheet import Cell, Facts, Grid, Mark, SheetColumn

_RED, _AMBER, _GREEN = ("#F4C7C3", "#8B0000"), ("#FEF3C7", "#92600A"), ("#D9F0E0", "#1D6B3A")


def annex(data: Assessment, path: Path) -> None:
    """Write the workbook. Raises Inconsistent where the data contradicts itself."""
    consistency.require(data)
    title = _("{name}等级保护评估附表").format(name=data.system.name)
    makers = (_items, _findings, _problems, _risks, _answers, _assets, _records, _versions)
    sheets: list[Grid | Facts] = [_about(data, title), *(make(data) for make in makers)]
    sheet.write(path, sheets, sheet.Properties(title, data.bureau, data.made))


def _column(title: str, width: float = 12) -> SheetColumn:
    return SheetColumn(title, width, "left" if width > 16 else "center")


def _state_marks(column: int) -> tuple[Mark, ...]:
    looks = (("not_met", _RED), ("partly", _AMBER), ("met", _GREEN))
    return tuple(Mark(column, say.state(state), *look) for state, look in looks)  # type: ignore[arg-type]  # states


def _severity_marks(column: int) -> tuple[Mark, ...]:
    return (
        Mark(column, say.severity("high"), *_RED),
        Mark(column, say.severity("medium"), *_AMBER),
    )


def _about(data: Assessment, title: str) -> Facts:
    numbers = tuple((number.label, say.number(number)) for number in data.scheme.numbers)
    rows = (
        (_("系统"), _("{name}（{grade}）").format(name=data.system.name, grade=data.system.grade)),
        (_("性质"), say.self_made()),
        (_("计算方法"), f"{data.scheme.title} {data.scheme.version}"),
        (_("自评结论"), say.conclusion(data)),
        *numbers,
        (_("覆盖率"), say.coverage(data)),
        (_("规则"), say.untested_rule()),
        (_("安全问题"), parts.counts(data)),
        (_("报告日期"), data.report_date.isoformat()),
        (_("数据时间"), _("{time}（北京时间）").format(time=say.moment(data.made))),
        (_("依据摘要（SHA-256）"), data.digest or say.blank()),
        (_("空白单元格"), _("表示尚未填写或不掌握，不表示“无”或“正常”。")),
    )
    return Facts(_("说明"), title, rows)


def _items(data: Assessment) -> Grid:
    columns = (
        _column(_("测评单元"), 14), _column(_("条款"), 13), _column(_("要求线"), 26),
        _column(_("安全类"), 15), _column(_("控制点"), 18), _column(_("级"), 6),
        _column(_("部分"), 9), _column(_("要求"), 48), _column(_("结果"), 10),
        _column(_("下限"), 8), _column(_("上限"), 8), _column(_("测评对象数"), 9),
        _column(_("未测原因"), 30), _column(_("说明"), 26), _column(_("重要程度"), 9),
    )  # fmt: skip
    domains = {domain.id: domain.name for domain in data.domains}
    points = {point.id: point.name for point in data.points}
    rows: list[tuple[Cell, ...]] = [
        (
            i.code, i.clause, i.id, domains.get(i.domain, i.domain), points.get(i.point, i.point),
            i.level, say.extension(i.extension), i.text, say.state(i.state), f"{i.low:g}",
            f"{i.high:g}", len(i.objects), i.why_untested, i.note, i.weight,
        )
        for i in data.items
    ]  # fmt: skip
    return Grid(_("条款"), columns, rows, 2, _state_marks(8), pages_wide=1)


def _each(data: Assessment) -> Iterator[tuple[Item, ObjectFinding]]:
    return ((item, found) for item in data.items for found in item.objects)


def _name(item: Item) -> str:
    return item.code or item.clause or item.id


def _findings(data: Assessment) -> Grid:
    columns = (
        _column(_("测评单元"), 14), _column(_("要求线"), 26), _column(_("对象编号"), 14),
        _column(_("对象"), 22), _column(_("结果"), 10), _column(_("结果记录"), 70),
        _column(_("相反"), 7),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            _name(item), item.id, found.object, found.name, say.state(found.state),
            tables.evidence(found), _("是") if found.conflict else "",
        )
        for item, found in _each(data)
    ]  # fmt: skip
    return Grid(_("对象"), columns, rows, 1, _state_marks(4))


def _problems(data: Assessment) -> Grid:
    columns = (
        _column(_("编号"), 12), _column(_("台账项"), 15), _column(_("条款"), 14),
        _column(_("对象"), 20), _column(_("问题"), 40), _column(_("风险"), 8),
        _column(_("判定"), 10), _column(_("整改建议"), 34), _column(_("责任单位"), 20),
        _column(_("责任人"), 12), _column(_("发现"), 16), _column(_("期限"), 16),
        _column(_("状态"), 12), _column(_("整改措施"), 30), _column(_("完成"), 16),
        _column(_("复测证明"), 30), _column(_("遗留原因"), 26), _column(_("例外"), 14),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            p.no, p.register, tables.code(data, p.item), p.where, p.text, say.severity(p.severity),
            _("疑似") if p.suspected else _("人员判定"), p.advice, p.unit, p.person, p.found_on,
            p.due, say.mending(p.state), p.measure, p.fixed_on, p.proof, p.left, p.waiver,
        )
        for p in tables.by_severity(data.problems)
    ]  # fmt: skip
    return Grid(_("问题"), columns, rows, 1, _severity_marks(5), pages_wide=2)


def _risks(data: Assessment) -> Grid:
    columns = (
        _column(_("种类"), 16), _column(_("清单"), 22), _column(_("案例"), 12),
        _column(_("触发项"), 9), _column(_("情形"), 40), _column(_("条款"), 22),
        _column(_("证据"), 40), _column(_("待问的缓解措施"), 34), _column(_("研判"), 10),
        _column(_("研判人"), 12), _column(_("研判日期"), 16), _column(_("理由"), 30),
        _column(_("整改日期"), 16),
    )  # fmt: skip
    names = {"high": _("疑似高风险"), "major": _("重大风险隐患候选")}
    rows: list[tuple[Cell, ...]] = [
        (
            names[r.kind], r.list, r.case, r.trigger, r.situation,
            listed(tables.code(data, item) for item in r.items), "\n".join(r.evidence),
            "\n".join(r.ask), say.decision(r.decision), r.by, r.decided_on, r.reason, r.fixed_on,
        )
        for r in (*parts.risks(data, "major"), *parts.risks(data, "high"))
    ]  # fmt: skip
    return Grid(_("风险"), columns, rows, 3)


def _answers(data: Assessment) -> Grid:
    columns = (
        _column(_("测评单元"), 14), _column(_("问题编号"), 28), _column(_("对象"), 22),
        _column(_("回答"), 44), _column(_("回答人"), 12), _column(_("复核人"), 12),
        _column(_("时间"), 16), _column(_("有效至"), 16), _column(_("证据（SHA-256）"), 66),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            _name(item), said.question or item.id, found.name, said.text, said.person,
            said.reviewer, said.at, said.expires, "\n".join(said.evidence),
        )
        for item, found in _each(data)
        for said in found.answers
    ]  # fmt: skip
    return Grid(_("回答"), columns, rows, 2)


def _assets(data: Assessment) -> Grid:
    columns = (
        _column(_("种类"), 18), _column(_("编号"), 14), _column(_("名称"), 26),
        _column(_("地址或位置"), 28), _column(_("说明"), 28), _column(_("单位"), 20),
        _column(_("重要程度"), 10), _column(_("选取"), 8), _column(_("选取理由"), 30),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            say.kind(a.kind), a.id, a.name, a.place, a.detail, a.unit, a.importance,
            _("是") if a.sampled else "", a.why,
        )
        for a in data.assets
    ]  # fmt: skip
    return Grid(_("资产"), columns, rows, 2)


def _records(data: Assessment) -> Grid:
    columns = (
        _column(_("编号"), 16), _column(_("种类"), 12), _column(_("时间"), 16),
        _column(_("实施"), 18), _column(_("内容"), 60), _column(_("问题"), 40),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for s in data.scans:
        text = _(
            "{scope}；目标 {n} 个，有效结果 {tested} 项，未通过 {failed} 项，未测 {open} 项"
        ).format(scope=s.scope, n=s.targets, tested=s.tested, failed=s.failed, open=s.untested)
        rows.append((s.no, _("扫描"), s.at, s.vantage, text, listed(s.problems)))
    rows += [(t.no, t.kind, t.at, t.by, t.text, listed(t.problems)) for t in data.trials]
    return Grid(_("检测和演练"), columns, rows)


def _versions(data: Assessment) -> Grid:
    columns = (
        _column(_("种类"), 16), _column(_("名称"), 50), _column(_("版本或处理"), 50),
        _column(_("依据或摘要"), 66), _column(_("状态"), 10),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (s.what, s.name, s.version, s.digest, _("待核") if s.verify else "") for s in data.sources
    ]
    rows += [
        (_("未定事项"), e.title, e.treatment, e.source, _("待核") if e.verify else _("未定"))
        for e in data.scheme.edges
    ]
    rows += [(_("待核取值"), text, "", "", _("待核")) for text in data.unverified]
    return Grid(_("版本"), columns, rows)
