"""The drawings of the grading-protection papers, each with its words and its numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tlsec.i18n import _, listed
from tlsec.report import charts
from tlsec.report.blocks import Column, Figure, Table
from tlsec.report.numbers import between
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers.assessment import Assessment


def _figure(drawing: charts.Drawing, caption: str, alt: str, numbers: Table) -> Figure:
    return Figure(drawing.svg, drawing.width, drawing.height, alt, caption, numbers)


def rates(data: Assessment, label: str) -> Figure:
    """Radar of the classes: 符合率 as a band, what is untested hatched."""
    spokes = [
        charts.Spoke(d.name, d.rate.low, d.rate.high)
        if d.rate
        else charts.Spoke(d.name, applies=False)
        for d in data.domains
    ]
    rows = tuple((domain.name, say.rate(domain.rate)) for domain in data.domains)
    columns = (Column(_("安全类"), 2), Column(_("符合率"), 2, "center"))
    alt = _("各安全类符合率：{values}").format(values=listed((" ".join(row) for row in rows), "；"))
    caption = _("{label}　各安全类符合率（下限至上限）").format(label=label)
    return _figure(charts.radar(spokes), caption, alt, Table(columns, rows, "small"))


def states(data: Assessment, label: str) -> Figure:
    """How many items of each class are in each state."""
    rows = [
        charts.Stack(d.name, d.met, d.partly, d.not_met, d.untested)
        for d in data.domains
        if d.applicable
    ]
    names = charts.state_words()
    keys = ("met", "partly", "not_met", "untested")
    cells = tuple((row.label, *(str(getattr(row, key)) for key in keys)) for row in rows)
    columns = (Column(_("安全类"), 2.4), *(Column(names[key], 1, "center") for key in keys))
    alt = _("各安全类的条款数：{values}").format(
        values=listed(
            (
                cell[0]
                + " "
                + listed(f"{names[k]}{n}" for k, n in zip(keys, cell[1:], strict=True))
                for cell in cells
            ),
            "；",
        )
    )
    caption = _("{label}　各安全类的条款结果（条）").format(label=label)
    return _figure(charts.stacked(rows), caption, alt, Table(columns, cells, "small"))


def problems(data: Assessment, label: str) -> Figure | None:
    """Heat map of problems not yet closed: responsible unit × class. None for fewer than two units."""
    counts: Counter[tuple[str, str]] = Counter()
    for problem in data.problems:
        if problem.state != "closed" and problem.item in data.index:
            unit = problem.unit or data.system.unit
            counts[unit, data.index[problem.item].domain] += 1
    if len({unit for unit, _domain in counts}) < 2:
        return None
    units = _busiest(counts)
    domains = data.domains
    cells = [
        [float(counts[unit, d.id]) if d.applicable else None for d in domains] for unit in units
    ]
    rows = tuple(
        (unit, *("—" if v is None else f"{v:g}" for v in row))
        for unit, row in zip(units, cells, strict=True)
    )
    columns = (Column(_("单位"), 3), *(Column(d.name, 1, "center") for d in domains))
    alt = _("未关闭的问题共 {n} 个，按责任单位和安全类分布，涉及 {m} 个单位。").format(
        n=sum(counts.values()), m=len({unit for unit, _domain in counts})
    )
    caption = _("{label}　未关闭问题的分布（个，单位×安全类）").format(label=label)
    drawing = charts.heat_map(units, [d.name for d in domains], cells)
    return _figure(drawing, caption, alt, Table(columns, rows, "tiny"))


def _busiest(counts: Counter[tuple[str, str]], most: int = 18) -> list[str]:
    """Units with most problems first; a page holds some twenty."""
    totals: Counter[str] = Counter()
    for (unit, _domain), count in counts.items():
        totals[unit] += count
    return [unit for unit, _count in sorted(totals.items(), key=lambda t: (-t[1], t[0]))][:most]


def trend(data: Assessment, label: str) -> Figure | None:
    """Conclusions over time, this one last. None where there is nothing to compare with."""
    now = data.scheme.number("rate") or data.scheme.number("score")
    by_rate = data.scheme.number("rate") is not None
    earlier = [
        (old.on, old.title, old.conclusion, value)
        for old in sorted(data.previous, key=lambda old: old.on)
        if (value := old.rate if by_rate else old.score) is not None
    ]
    if not earlier or now is None:
        return None
    this = (data.report_date, _("本次"), say.conclusion(data), now.value)
    bars, rows = [], []
    for on, title, conclusion, value in (*earlier, this):
        short = conclusion if len(data.scheme.conclusions) == 1 or title != _("本次") else _("未定")
        bars.append(charts.Bar(on.isoformat(), value.low, value.high, short))
        rows.append((on.isoformat(), title, between(value.low, value.high, now.unit), conclusion))
    columns = (
        Column(_("日期"), 1.4, "center"), Column(_("来源"), 2), Column(now.label, 1.8, "center"),
        Column(_("结论"), 2, "center"),
    )  # fmt: skip
    alt = listed((" ".join(row) for row in rows), "；")
    caption = _("{label}　历次{what}（{unit}）").format(label=label, what=now.label, unit=now.unit)
    return _figure(charts.trend(bars), caption, alt, Table(columns, tuple(rows), "small"))


def numbered(figures: Sequence[Figure | None]) -> tuple[Figure, ...]:
    """Those that there are."""
    return tuple(figure for figure in figures if figure)
