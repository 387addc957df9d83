"""Parts the grading-protection papers share: cover, facts of the system, the result, what it rests on."""

from __future__ import annotations

from datetime import date

from tlsec.i18n import _, language, listed
from tlsec.report import blocks
from tlsec.report.blocks import (
    Block,
    Contents,
    Cover,
    Document,
    Field,
    FieldGrid,
    Heading,
    Note,
    PageBreak,
    Para,
)
from tlsec.report.papers import assessment_tables as tables
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers import consistency, figures
from tlsec.report.papers.assessment import Assessment, Risk


def document(data: Assessment, title: str, body: list[Block], depth: int = 2) -> Document:
    """Cover, contents and body as a paper. Raises Inconsistent where the data contradicts itself."""
    consistency.require(data)
    front: list[Block] = [cover(data, title), Contents(_("目录"), depth)]
    meta = blocks.Meta(data.report_date, data.bureau, title, data.number)
    tag = _("数据摘要 {digest}").format(digest=data.digest[:8]) if data.digest else ""
    tongue = "zh-CN" if language() == "zh" else "en"
    return Document(
        "worksheet", f"{data.system.name} {title}", (*front, *body), meta, tongue, tag,
        _remarks((*front, *body)),
    )  # fmt: skip


def _remarks(body: tuple[Block, ...]) -> tuple[str, ...]:
    mark = say.blank()
    found = Document("worksheet", "", body, blocks.Meta(date.min))
    blanks = sum(text.count(mark) for text in blocks.texts(found))
    if not blanks:
        return ()
    return (_("报告中有 {n} 处标为{mark}，请补填后再报送。").format(n=blanks, mark=mark),)


def cover(data: Assessment, title: str) -> Cover:
    """The cover; says that it is self-made and what the machine's suspicions are worth."""
    s = data.system
    example = (_("样例：数据来自练习环境，不是真实系统。"),) if data.example else ()
    fields = (
        (_("系统名称"), s.name),
        (_("系统等级"), grade(data)),
        (_("备案证明编号"), say.given(s.filing)),
        (_("运营单位"), s.unit),
        (_("评估方式"), say.self_made()),
        (_("评估时间"), _period(data)),
    )
    marks = tuple(mark for mark in (data.secrecy, say.self_made()) if mark)
    notes = (*example, say.no_verdict(), say.untested_rule())
    number = _("编号：{no}").format(no=say.given(data.number))
    subject = _("{name}（{grade}）").format(name=s.name, grade=s.grade)
    broken = title.replace("（", "\n（", 1).replace(" (", "\n(", 1)
    day = say.day(data.report_date)
    return Cover(broken, subject, number, marks, fields, data.bureau, day, notes)


def grade(data: Assessment) -> str:
    """第三级（S3A2G3）"""
    return _("第{level}级（{grade}）").format(
        level=_level(data.system.level), grade=data.system.grade
    )


def _level(level: int) -> str:
    return "零一二三四五"[level] if language() == "zh" and 0 <= level <= 5 else str(level)


def _period(data: Assessment) -> str:
    if not (data.started and data.ended):
        return say.blank()
    return _("{a}至{b}").format(a=say.day(data.started), b=say.day(data.ended))


def facts(data: Assessment) -> FieldGrid:
    """The system as a form."""
    s = data.system
    role = {"provider": _("云服务商"), "customer": _("云服务客户"), "": _("不涉及")}[s.cloud_role]
    platform = listed((part for part in (s.platform, s.platform_report) if part), "；")
    return FieldGrid(
        (
            (Field(_("系统名称"), s.name), Field(_("系统编号"), s.id)),
            (Field(_("系统等级"), grade(data)), Field(_("备案编号"), say.given(s.filing))),
            (
                Field(_("备案日期"), say.given(say.day(s.filed_on))),
                Field(_("上线日期"), say.given(say.day(s.online_since))),
            ),
            (Field(_("运营单位"), s.unit), Field(_("属地"), say.given(s.county))),
            (Field(_("运维单位"), say.given(s.operator)), Field(_("网络区域"), say.given(s.zone))),
            (Field(_("云上角色"), role), Field(_("云平台"), platform or _("不涉及"))),
            (Field(_("业务描述"), say.given(s.business)),),
            (Field(_("地址"), say.given(s.address)), Field(_("联系人"), say.given(s.contact))),
        )
    )


def result(data: Assessment) -> list[Block]:
    """Conclusion, numbers as intervals with coverage, and the rule beside them."""
    totals = data.totals
    body: list[Block] = [
        Para(
            _(
                "按《{scheme}》计算，{name}自评结论为：{conclusion}。{numbers}。适用条款 {all} 项，其中"
                "符合 {met} 项、部分符合 {partly} 项、不符合 {bad} 项、未测 {open} 项；"
                "覆盖率 {coverage}。{rule}"
            ).format(
                scheme=data.scheme.title, name=data.system.name, conclusion=say.conclusion(data),
                numbers=_numbers(data), all=totals.applicable, met=totals.met,
                partly=totals.partly, bad=totals.not_met, open=totals.untested,
                coverage=say.coverage(data), rule=say.untested_rule(),
            )
        )
    ]  # fmt: skip
    body += [Para(reason) for reason in data.scheme.reasons]
    body += [
        Note(_("{label}的算法：{formula}").format(label=n.label, formula=n.formula))
        for n in data.scheme.numbers
        if n.formula
    ]
    return body


def _numbers(data: Assessment) -> str:
    parts = (f"{number.label} {say.number(number)}" for number in data.scheme.numbers)
    return listed(parts, "，") or _("没有可以计算的数值")


def counts(data: Assessment) -> str:
    """高风险 3 个、中风险 10 个、低风险 20 个；重大风险隐患 10（5个已整改）"""
    t = data.totals
    return _("高风险 {high} 个、中风险 {medium} 个、低风险 {low} 个；重大风险隐患 {major}").format(
        high=t.high, medium=t.medium, low=t.low, major=say.major_count(data)
    )


def drawings(data: Assessment, chapter: str) -> list[Block]:
    """Radar, stacked bars and trend, numbered within the chapter; those that there are."""
    makers = (figures.rates, figures.states, figures.trend, figures.problems)
    found: list[Block] = []
    for maker in makers:
        figure = maker(data, figure_no(chapter, len(found) + 1))
        if figure:
            found.append(figure)
    return found


def figure_no(chapter: str, number: int) -> str:
    """图6-1"""
    return _("图{chapter}-{n}").format(chapter=chapter, n=number)


def caption(chapter: str, number: int, text: str) -> Note:
    """表6-1 …, above its table."""
    return Note(
        _("表{chapter}-{n}　{text}").format(chapter=chapter, n=number, text=text), keep=True
    )


def risks(data: Assessment, kind: str) -> list[Risk]:
    """Suspicions of one kind, the undecided first."""
    order = ("open", "confirmed", "lowered", "dismissed")
    found = [risk for risk in data.risks if risk.kind == kind]
    return sorted(found, key=lambda risk: (order.index(risk.decision), risk.case))


def basis(data: Assessment, first: str, second: str) -> list[Block]:
    """What is undecided or to be checked, and what the result rests on; `first`, `second`: headings."""
    digest = data.digest or say.blank()
    when = _("数据取自 {time}（北京时间），依据摘要（SHA-256）：{digest}").format(
        time=say.moment(data.made), digest=digest
    )
    return [
        PageBreak(),
        Heading(first),
        Para(_("下列事项在公开文本中没有写明或尚待核对，本报告按表中方式处理，可能影响结论。")),
        tables.edges(data),
        Heading(second),
        tables.sources(data),
        Note(when),
    ]
