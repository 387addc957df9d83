"""Drawings of the papers as SVG of our own: radar, heat map, trend, stacked bars. Pure.

Made to be read on a grey print: brightness falls from good to bad, what is untested is hatched, and
every value stands in the drawing as a number. Sizes are in mm. Same data, same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from xml.sax.saxutils import escape, quoteattr

from tlsec.i18n import _
from tlsec.report.numbers import between
from tlsec.report.words import clean, width

WIDTH = 156.0  # 版心
_FAMILY = ' font-family="tlsec"'
_INK, _FAINT, _GREY = "#1b1f24", "#b8bfc8", "#5b6470"
_SOLID = "#2e5e8c"
_FILLS = {
    "met": "#cfe6d6", "partly": "#e3aa3c", "not_met": "#8e1b1b", "untested": "url(#hatch)",
}  # fmt: skip
_DEFS = (
    '<defs><pattern id="hatch" width="1.6" height="1.6" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect width="1.6" height="1.6" fill="#ffffff"/>'
    '<rect width="0.45" height="1.6" fill="#7a838f"/></pattern></defs>'
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG and its size in mm."""

    svg: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Spoke:
    """An axis of the radar: a rate of 0-100 from `low` to `high`, or nothing that applies."""

    label: str
    low: float = 0.0
    high: float = 0.0
    applies: bool = True


@dataclass(frozen=True, slots=True)
class Bar:
    """A point in time of the trend: 0-100 from `low` to `high`."""

    label: str
    low: float
    high: float
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """A row of the stacked bars: how many are in each state."""

    label: str
    met: int
    partly: int
    not_met: int
    untested: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.met + self.partly + self.not_met + self.untested


def with_font(svg: str, families: Sequence[str] | str) -> str:
    """The drawing set in fonts that are at hand; `families` as names or as a CSS list."""
    if not isinstance(families, str):
        families = ", ".join("'" + name.replace("'", "") + "'" for name in families)
    return svg.replace(_FAMILY, f" font-family={quoteattr(families)}", 1)


class _Canvas:
    """Collects SVG; every text is escaped."""

    def __init__(self, height: float) -> None:
        self._height = height
        self._parts: list[str] = []

    def shape(self, name: str, look: str = "", **numbers: float) -> None:
        """An element; numbers are written with two decimals, `_` in names as `-`."""
        at = "".join(f' {key}="{value:.2f}"' for key, value in numbers.items())
        self._parts.append(f"<{name}{at} {look}/>")

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, w: float) -> None:
        """A straight line."""
        self.shape("line", f'stroke="{colour}" stroke-width="{w}"', x1=x1, y1=y1, x2=x2, y2=y2)

    def polygon(self, points: Sequence[tuple[float, float]], look: str) -> None:
        """A closed outline."""
        at = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
        self._parts.append(f'<polygon points="{at}" {look}/>')

    def text(
        self, x: float, y: float, text: str, size: float = 3.2, *, anchor: str = "middle",
        fill: str = _INK, halo: bool = False, bold: bool = False,
    ) -> None:  # fmt: skip
        """A line of text; `halo` keeps it readable on a hatched ground."""
        text = escape(clean(text).replace("\n", " "))
        look = f'font-size="{size}" text-anchor="{anchor}"'
        look += ' font-weight="700"' if bold else ""
        if halo:
            look += ' stroke="#fff" stroke-width="1.1" stroke-linejoin="round"'
            look += ' paint-order="stroke"'
        self._parts.append(f'<text x="{x:.2f}" y="{y:.2f}" {look} fill="{fill}">{text}</text>')

    def drawing(self) -> Drawing:
        """The finished SVG."""
        size = f'width="{WIDTH:.0f}mm" height="{self._height:.1f}mm"'
        box = f'viewBox="0 0 {WIDTH:.0f} {self._height:.1f}"'
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box}{_FAMILY}>{_DEFS}'
            f'<rect width="{WIDTH:.0f}" height="{self._height:.1f}" fill="#ffffff"/>'
            f"{''.join(self._parts)}</svg>"
        )
        return Drawing(svg, WIDTH, self._height)


def _short(text: str, room: float) -> str:
    """Text cut to `room` full-width characters, with an ellipsis; the table has it whole."""
    text = clean(text).replace("\n", " ")
    if width(text) <= room:
        return text
    while text and width(text) > room - 1:
        text = text[:-1]
    return text + "…"


def _two_lines(text: str, room: float) -> tuple[str, ...]:
    """A head of a narrow column: broken in the middle where it does not fit."""
    if width(text) <= room:
        return (text,)
    if " " in text:
        middle = min(
            (i for i, c in enumerate(text) if c == " "), key=lambda i: abs(i - len(text) / 2)
        )
        return _short(text[:middle], room), _short(text[middle + 1 :], room)
    half = (len(text) + 1) // 2
    return _short(text[:half], room), _short(text[half:], room)


def radar(spokes: Sequence[Spoke], unit: str = "%", sure: str = "") -> Drawing:
    """Rates as a band: the full line is the lower end, the hatched band what is untested.

    `unit` stands behind the values; `sure` is what the legend calls the lower end.
    """
    canvas, height = _Canvas(98.0), 98.0
    cx, cy, r = WIDTH / 2, 46.5, 33.0
    count = max(len(spokes), 1)

    def at(n: int, value: float) -> tuple[float, float]:
        angle = 2 * pi * n / count - pi / 2
        return cx + r * value / 100 * cos(angle), cy + r * value / 100 * sin(angle)

    used = [n for n, spoke in enumerate(spokes) if spoke.applies]
    band = f'fill="url(#hatch)" stroke="{_GREY}" stroke-width="0.35" stroke-dasharray="1.2 0.8"'
    canvas.polygon([at(n, spokes[n].high) for n in used], band)
    core = f'fill="#dbe7f3" stroke="{_SOLID}" stroke-width="0.8"'
    canvas.polygon([at(n, spokes[n].low) for n in used], core)
    for ring in (20, 40, 60, 80, 100):
        look = f'fill="none" stroke="{_FAINT}" stroke-width="{0.35 if ring == 100 else 0.2}"'
        canvas.polygon([at(n, ring) for n in range(count)], look)
    for n in range(count):
        canvas.line(cx, cy, *at(n, 100), _FAINT, 0.2)
    for n in used:
        x, y = at(n, spokes[n].low)
        canvas.shape("circle", f'fill="{_SOLID}"', cx=x, cy=y, r=0.9)
    for ring in (20, 40, 60, 80, 100):
        y = cy - r * ring / 100 + (2.8 if ring == 100 else 1.0)
        canvas.text(cx + 1.2, y, str(ring), 2.4, anchor="start", fill=_GREY, halo=True)
    for n, spoke in enumerate(spokes):
        _spoke_label(canvas, spoke, unit, at(n, 108), cx, cy)
    _legend(
        canvas,
        height - 4,
        ((sure or _("已确认符合（下限）"), "#dbe7f3"), (_("未测部分"), "url(#hatch)")),
    )
    return canvas.drawing()


def _spoke_label(
    canvas: _Canvas, spoke: Spoke, unit: str, at: tuple[float, float], cx: float, cy: float
) -> None:
    x, y = at
    anchor = "middle" if abs(x - cx) < 2 else "start" if x > cx else "end"
    value = between(spoke.low, spoke.high, unit) if spoke.applies else _("不适用")
    top = y - 3.2 if y < cy - 20 and anchor == "middle" else y - 0.4
    top = y + 3 if y > cy + 20 and anchor == "middle" else top
    canvas.text(x, top, _short(spoke.label, 13), 3.3, anchor=anchor, bold=True)
    canvas.text(x, top + 3.8, value, 3.1, anchor=anchor, fill=_GREY)


def _legend(canvas: _Canvas, y: float, entries: Sequence[tuple[str, str]]) -> None:
    """Boxes with words in one centred row."""
    widths = [7 + 3.1 * width(text) + 5 for text, _fill in entries]
    x = (WIDTH - sum(widths)) / 2
    for (text, fill), room in zip(entries, widths, strict=True):
        look = f'fill="{fill}" stroke="{_INK}" stroke-width="0.2"'
        canvas.shape("rect", look, x=x, y=y - 2.7, width=5.0, height=3.2)
        canvas.text(x + 6.2, y, text, 3.1, anchor="start")
        x += room


def state_words() -> dict[str, str]:
    """The words of the states as legends and papers print them."""
    return {
        "met": _("符合"), "partly": _("部分符合"), "not_met": _("不符合"),
        "untested": _("未测"), "not_applicable": _("不适用"),
    }  # fmt: skip


def stacked(rows: Sequence[Stack]) -> Drawing:
    """One bar a row: how many are met, partly met, not met, untested; the longest is full."""
    step, left, room = 6.4, 38.0, 104.0
    height = 2 + step * max(len(rows), 1) + 8
    canvas = _Canvas(height)
    most = max((row.total for row in rows), default=0) or 1
    for n, row in enumerate(rows):
        y = 1 + n * step
        canvas.text(left - 2, y + 3.7, _short(row.label, 11), 3.2, anchor="end")
        x = left
        for state, fill in _FILLS.items():
            amount = getattr(row, state)
            if not amount:
                continue
            share = room * amount / most
            look = f'fill="{fill}" stroke="{_INK}" stroke-width="0.2"'
            canvas.shape("rect", look, x=x, y=y, width=share, height=5.0)
            if share >= 2.2 * len(str(amount)) + 0.8:
                white, hatched = state == "not_met", state == "untested"
                canvas.text(
                    x + share / 2, y + 3.6, str(amount), 3.0, fill="#ffffff" if white else _INK,
                    halo=hatched,
                )  # fmt: skip
            x += share
        canvas.text(x + 1.5, y + 3.6, str(row.total), 3.0, anchor="start", fill=_GREY)
    names = state_words()
    _legend(canvas, height - 2.5, [(names[state], fill) for state, fill in _FILLS.items()])
    return canvas.drawing()


def heat_map(
    rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[float | None]]
) -> Drawing:
    """Numbers on shades, the darkest the most; None (nothing known) is hatched, never white."""
    left, head, step = 40.0, 11.0, 7.4
    height = head + step * max(len(rows), 1) + 2
    canvas = _Canvas(height)
    share = (WIDTH - left - 1) / max(len(columns), 1)
    most = max((value for row in cells for value in row if value is not None), default=0) or 1
    for n, column in enumerate(columns):
        lines = _two_lines(column, share / 3.0)
        for k, line in enumerate(lines):
            y = head - 2.2 - 3.6 * (len(lines) - 1 - k)
            canvas.text(left + share * (n + 0.5), y, line, 2.9, bold=True)
    for m, (name, values) in enumerate(zip(rows, cells, strict=True)):
        y = head + step * m
        canvas.text(left - 1.5, y + 4.8, _short(name, 12), 3.1, anchor="end")
        for n, value in enumerate(values):
            depth = 0.0 if value is None else value / most
            fill = "url(#hatch)" if value is None else _shade(depth)
            look = f'fill="{fill}" stroke="#ffffff" stroke-width="0.4"'
            canvas.shape("rect", look, x=left + share * n, y=y, width=share, height=step)
            text = "—" if value is None else f"{value:g}"
            canvas.text(
                left + share * (n + 0.5), y + 4.9, text, 3.3,
                fill="#ffffff" if depth > 0.55 else _INK, halo=value is None,
            )  # fmt: skip
    return canvas.drawing()


def _shade(depth: float) -> str:
    """From nearly white to dark red, brightness falling evenly."""
    light, dark = (246, 247, 248), (126, 22, 22)
    mixed = (round(a + (b - a) * depth) for a, b in zip(light, dark, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def trend(bars: Sequence[Bar]) -> Drawing:
    """Intervals over time as bars from the lower to the upper end; a settled one is a thick line."""
    height, top, bottom, left = 70.0, 7.0, 51.0, 14.0
    canvas = _Canvas(height)

    def level(value: float) -> float:
        return bottom - (bottom - top) * value / 100

    for mark in (0, 20, 40, 60, 80, 100):
        canvas.line(left, level(mark), WIDTH - 2, level(mark), _FAINT, 0.2 if mark else 0.4)
        canvas.text(left - 1.5, level(mark) + 1.1, str(mark), 2.8, anchor="end", fill=_GREY)
    shown = bars[-10:]
    step = (WIDTH - left - 2) / max(len(shown), 1)
    for n, bar in enumerate(shown):
        middle, half = left + step * (n + 0.5), min(step * 0.22, 6.0)
        size = max(level(bar.low) - level(bar.high), 1.2)
        settled = bar.low == bar.high
        fill = _SOLID if settled else "url(#hatch)"
        look = f'fill="{fill}" stroke="{_SOLID}" stroke-width="0.5"'
        y = level(bar.high) - (0.6 if settled else 0.0)
        canvas.shape("rect", look, x=middle - half, y=y, width=2 * half, height=size)
        text = between(bar.low, bar.high)
        canvas.text(middle, level(bar.high) - 1.6, text, 3.0, halo=True)
        canvas.text(middle, bottom + 5, bar.label, 2.9)
        canvas.text(middle, bottom + 9, _short(bar.remark, step / 3.0), 2.9, bold=True)
    _legend(
        canvas, height - 3, ((_("已全部测定"), _SOLID), (_("含未测项，下限至上限"), "url(#hatch)"))
    )
    return canvas.drawing()
