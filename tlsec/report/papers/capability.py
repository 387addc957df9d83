"""安全防护能力评估: how well units protect, detect, respond and recover; intervals with their formulas.

Points are on 0-100; `low` and `high` are None where a measure has no sample. Nothing reads a database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tlsec.i18n import _, language, listed
from tlsec.report import blocks, charts, words
from tlsec.report.blocks import Align, Block, Column, Document, Figure, Heading, Note, Para, Table
from tlsec.report.numbers import between, ceiled, floored


@dataclass(frozen=True, slots=True)
class Points:
    """What a number can still be; None where there is no sample."""

    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return _("无样本")
        return between(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: `done` of `total` for certain, `open` more either way; its formula in words."""

    title: str
    points: Points
    done: float
    open: float
    total: float
    formula: str


@dataclass(frozen=True, slots=True)
class Ability:
    """Protect, detect, respond, recover; `before`: what it was last time, None where nobody kept it."""

    title: str
    weight: float
    points: Points
    measures: tuple[Measure, ...]
    before: Points | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose capability. `measured`: per cent of the weight that rests on something measured."""

    name: str
    kind: str  # 全市, 县区, 单位
    points: Points
    measured: float
    abilities: tuple[Ability, ...]
    before: Points | None = None
    before_at: datetime | None = None
    comparable: bool = True  # false where the scheme has changed since


@dataclass(frozen=True, slots=True)
class CapabilityReport:
    """A whole evaluation. `window_days`: how far back events count; `source`: of the weights."""

    city: str
    bureau: str
    made: datetime
    holders: tuple[Holder, ...]
    scheme: str
    source: str
    window_days: int
    example: bool = False


def build(data: CapabilityReport) -> Document:
    """The paper as blocks."""
    title = _("安全防护能力评估")
    one = data.holders[0].name if len(data.holders) == 1 else data.city
    day = words.local(data.made).date()
    body: list[Block] = [blocks.Title(_("{name}\n安全防护能力评估").format(name=one))]
    if data.example:
        body.append(Note(_("样例：数据来自练习环境，不是真实系统。")))
    body += [Heading(_("一、评估方法")), *_method(data)]
    body += [Heading(_("二、评估结果")), *_result(data)]
    body += [Heading(_("三、与上次比较")), *_compared(data)]
    body += [Heading(_("四、没有测到的")), *_unmeasured(data)]
    when = words.day(day) if language() == "zh" else day.isoformat()
    body += [blocks.Signature(data.bureau, when), blocks.PageBreak()]
    body += [Heading(_("附　各项指标和算法")), *_measures(data)]
    tongue = "zh-CN" if language() == "zh" else "en"
    return Document("worksheet", title, tuple(body), blocks.Meta(day, data.bureau, title), tongue)


def _method(data: CapabilityReport) -> list[Block]:
    abilities = data.holders[0].abilities if data.holders else ()
    weights = listed(
        _("{name} {weight:g}").format(name=each.title, weight=each.weight) for each in abilities
    )
    return [
        Para(
            _(
                "能力分值为 0 至 100，由监测、台账和自评结论中的事实算出，不另行打分。每个分值是一个区间："
                "下限把没有测到的全部按没有做到计，上限全部按做到计；区间的宽度就是没有测到的部分，"
                "未测不等于正常。事件类指标只看近 {days} 天。"
            ).format(days=data.window_days)
        ),
        Para(
            _("合计按权重平均：{weights}。方案 {scheme}，权重来源：{source}。").format(
                weights=weights, scheme=data.scheme, source=data.source
            )
        ),
        Para(_("数据取自 {time}（北京时间）。").format(time=words.minute(data.made))),
    ]


def _col(title: str, width: float = 1.0, align: Align = "center") -> Column:
    return Column(title, width, align)


def _result(data: CapabilityReport) -> list[Block]:
    if not data.holders:
        return [Para(_("没有可以评估的对象。"))]
    columns = [
        _col(_("对象"), 2.2, "left"),
        *(_col(each.title, 1.8) for each in data.holders[0].abilities),
        _col(_("合计"), 1.7),
        _col(_("已测"), 0.9),
    ]
    rows = tuple(
        (each.name, *(str(a.points) for a in each.abilities), str(each.points),
         floored(each.measured, 0) + "%")
        for each in data.holders
    )  # fmt: skip
    figure = _radar(data.holders[0]) if len(data.holders) == 1 else _map(data)
    return [Table(tuple(columns), rows, "small"), figure]


def _radar(holder: Holder) -> Figure:
    """The abilities of one holder as a band."""
    spokes = [
        charts.Spoke(a.title, a.points.low, a.points.high)
        if a.points.low is not None and a.points.high is not None
        else charts.Spoke(a.title, applies=False)
        for a in holder.abilities
    ]
    drawing = charts.radar(spokes, "", _("已确认（下限）"))
    columns = (_col(_("能力"), 2, "left"), _col(_("分值"), 2))
    rows = tuple((a.title, str(a.points)) for a in holder.abilities)
    return _figure(drawing, _("图1　各项能力（下限至上限）"), Table(columns, rows, "small"))


def _map(data: CapabilityReport) -> Figure:
    """The lower ends of everybody: what is certain."""
    names = [each.name for each in data.holders]
    titles = [a.title for a in data.holders[0].abilities]
    cells = [
        [None if a.points.low is None else float(floored(100 - a.points.low, 0))
         for a in each.abilities]
        for each in data.holders
    ]  # fmt: skip
    drawing = charts.heat_map(names, titles, cells)
    columns = (_col(_("对象"), 2, "left"), *(_col(title) for title in titles))
    rows = tuple(
        (name, *("—" if v is None else f"{v:g}" for v in row))
        for name, row in zip(names, cells, strict=True)
    )
    caption = _("图1　距满分的差（100 减下限，越深差得越多，含没有测到的）")
    return _figure(drawing, caption, Table(columns, rows, "small"))


def _figure(drawing: charts.Drawing, caption: str, numbers: Table) -> Figure:
    alt = listed((" ".join(row) for row in numbers.rows), "；")
    return Figure(drawing.svg, drawing.width, drawing.height, alt, caption, numbers)


def change(before: Points | None, now: Points) -> str:
    """Whether it rose, as far as the intervals tell; overlapping ones tell nothing."""
    if before is None:
        return _("没有上次的记录")
    if None in (before.low, before.high, now.low, now.high):
        return _("不能比较")
    assert before.low is not None and before.high is not None
    assert now.low is not None and now.high is not None
    if now.low > before.high:
        return _("提高")
    if now.high < before.low:
        return _("降低")
    settled = before.low == before.high == now.low == now.high
    return _("不变") if settled else _("区间重叠，不能断定")


def _compared(data: CapabilityReport) -> list[Block]:
    """Of one holder every ability; of several the sums, and those abilities that surely moved."""
    kept = [each for each in data.holders if each.before is not None]
    if not kept:
        return [
            Para(
                _("没有上次的记录。用 tlsec assess capability --keep 存下这次的结果，供下次比较。")
            )
        ]
    columns = (
        _col(_("对象"), 2, "left"), _col(_("能力"), 1), _col(_("上次日期"), 1.6),
        _col(_("上次"), 1.8), _col(_("本次"), 1.8), _col(_("变化"), 2.2),
    )  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for each in kept:
        on = words.minute(words.local(each.before_at).date()) if each.before_at else ""
        pairs = [(_("合计"), each.before, each.points)]
        pairs += [(a.title, a.before, a.points) for a in each.abilities]
        for n, (title, before, now) in enumerate(pairs):
            told = change(before, now) if each.comparable else _("算法已改，不能比较")
            if n == 0 or len(data.holders) == 1 or told in (_("提高"), _("降低")):
                rows.append((each.name, title, on, str(before or "—"), str(now), told))
    if len(data.holders) == 1:  # its name is the title
        return [Table(columns[1:], tuple(row[1:] for row in rows), "small")]
    return [Table(columns, tuple(rows), "small")]


def _unmeasured(data: CapabilityReport) -> list[Block]:
    """What widens the intervals, or is left out of them for want of a sample."""
    found = [
        (each.name, m.title, _missing(m))
        for each in data.holders
        for ability in each.abilities
        for m in ability.measures
        if m.total == 0 or m.open
    ]
    if not found:
        return [Para(_("各项指标都已测到。"))]
    if len(data.holders) == 1:
        columns = (_col(_("指标"), 2.6, "left"), _col(_("没有测到的"), 5, "left"))
        return [Table(columns, tuple(row[1:] for row in found), "small")]
    columns = (_col(_("对象"), 1.6, "left"), _col(_("没有测到的"), 6, "left"))
    told = _("{measure}：{what}")
    rows = tuple(
        (name, "\n".join(told.format(measure=m, what=w) for n, m, w in found if n == name))
        for name in dict.fromkeys(row[0] for row in found)
    )
    return [Table(columns, rows, "small")]


def _missing(measure: Measure) -> str:
    if measure.total == 0:
        if measure.points.low is None:
            return _("没有样本，不计入合计")
        return _("没有数据，按 0 至 100 计")
    return _("{total} 中有 {open} 没有测定（{share}%）").format(
        total=f"{measure.total:g}", open=f"{measure.open:g}",
        share=ceiled(100 * measure.open / measure.total),
    )  # fmt: skip


def _measures(data: CapabilityReport) -> list[Block]:
    columns = (
        _col(_("能力"), 0.9), _col(_("指标"), 2.2, "left"), _col(_("分值"), 1.8), _col(_("做到"), 1),
        _col(_("未定"), 1.1), _col(_("总数"), 1), _col(_("算法"), 3.6, "left"),
    )  # fmt: skip
    body: list[Block] = []
    for each in data.holders:
        rows = tuple(
            (a.title, m.title, str(m.points), f"{m.done:g}", f"{m.open:g}", f"{m.total:g}", m.formula)
            for a in each.abilities
            for m in a.measures
        )  # fmt: skip
        head = _("{name}（{kind}）：{points}").format(
            name=each.name, kind=each.kind, points=each.points
        )
        body += [Heading(head, 2), Table(columns, rows, "small")]
    return body
