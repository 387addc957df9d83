"""The picture of the catalogue's coverage: a bar a level and part, by how its items can be settled. Pure.

Same data, same bytes. Readable on a grey print: the fills differ in brightness, what is open is hatched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tlsec.i18n import _

WIDTH = 920
_LEFT, _RIGHT, _TOP, _STEP, _BAR = 176, 60, 104, 25, 17
_GAP = 14  # between levels
_INK, _FAINT, _GREY = "#1b1f24", "#d5dae0", "#5b6470"
_FILLS = {
    "both": ("#1d4e79", "#ffffff"),
    "question": ("#9dc3e6", _INK),
    "machine": ("#e3aa3c", _INK),
    "uncovered": ("url(#open)", _INK),
}
_FONT = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
_OPEN = (
    '<pattern id="open" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="6" height="6" fill="#ffffff"/>'
    '<rect width="2" height="6" fill="#b3261e"/></pattern>'
)


@dataclass(frozen=True, slots=True)
class Row:
    """A part of the standard at one level, as numbers of items."""

    level: int
    part: str
    both: int
    question: int
    machine: int
    uncovered: int

    @property
    def total(self) -> int:
        return self.both + self.question + self.machine + self.uncovered


def draw(rows: Sequence[Row], title: str, source: str) -> str:
    """SVG of the rows, grouped by level in the order given; `source` stands under the title."""
    most = max((row.total for row in rows), default=0) or 1
    groups = list(dict.fromkeys(row.level for row in rows))
    height = _TOP + len(rows) * _STEP + max(len(groups) - 1, 0) * _GAP + 18
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" font-family="{_FONT}">',
        f"<title>{escape(title)}</title><defs>{_OPEN}</defs>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 32, title, 20, weight=600),
        _text(16, 54, source, 13, fill=_GREY),
        *_legend(rows),
    ]
    y = float(_TOP)
    for group in groups:
        members = [row for row in rows if row.level == group]
        if group != groups[0]:
            parts.append(_rule(y - _GAP / 2))
        middle = y + (len(members) * _STEP - (_STEP - _BAR)) / 2
        label = _("第 {n} 级").format(n=group)
        parts.append(_text(16, middle + 6, label, 16, weight=600))
        for row in members:
            parts += _bar(row, y, most)
            y += _STEP
        y += _GAP
    return "".join([*parts, "</svg>\n"])


def words() -> dict[str, str]:
    """How the ways are named in tables and in the picture."""
    return {
        "both": _("检查项和问卷"),
        "question": _("仅问卷"),
        "machine": _("仅检查项"),
        "uncovered": _("无途径"),
    }


def _bar(row: Row, y: float, most: int) -> list[str]:
    parts = [_text(_LEFT - 8, y + 13, row.part, 13, anchor="end")]
    x, room = float(_LEFT), WIDTH - _LEFT - _RIGHT
    for way, (fill, ink) in _FILLS.items():
        amount = getattr(row, way)
        if not amount:
            continue
        share = room * amount / most
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{share:.1f}" height="{_BAR}" '
            f'fill="{fill}" stroke="#ffffff" stroke-width="0.6"/>'
        )
        if share >= 9 * len(str(amount)) + 4 and way != "uncovered":
            middle = x + share / 2
            parts.append(_text(middle, y + 13, str(amount), 12, anchor="middle", fill=ink))
        x += share
    parts.append(_text(x + 6, y + 13, str(row.total), 12, fill=_GREY))
    return parts


def _legend(rows: Sequence[Row]) -> list[str]:
    """Only the ways that occur: a picture without gaps needs no word for them."""
    parts, x = [], 16.0
    for way, name in words().items():
        total = sum(getattr(row, way) for row in rows)
        if not total:
            continue
        fill, _ink = _FILLS[way]
        label = f"{name} {total}"
        parts.append(f'<rect x="{x:.1f}" y="70" width="22" height="14" fill="{fill}"/>')
        parts.append(_text(x + 29, 82, label, 13))
        x += 29 + sum(14 if ord(c) > 0x2E7F else 7.5 for c in label) + 26
    return parts


def _rule(y: float) -> str:
    return f'<line x1="16" y1="{y:.1f}" x2="{WIDTH - 16}" y2="{y:.1f}" stroke="{_FAINT}"/>'


def _text(
    x: float, y: float, text: str, size: int, *,
    anchor: str = "start", fill: str = _INK, weight: int = 400,
) -> str:  # fmt: skip
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'font-weight="{weight}" fill="{fill}">{escape(text)}</text>'
    )
