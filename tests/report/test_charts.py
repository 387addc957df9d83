"""Drawings: every value is said, intervals stay intervals, text is text, grey is enough."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.report.hostile import HOSTILE
from tlsec.report import charts, words
from tlsec.report.charts import Bar, Spoke, Stack
from tlsec.report.numbers import between, ceiled, floored

SVG = "{http://www.w3.org/2000/svg}"
NAMES = tuple(f"安全类{n}" for n in range(10))


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in etree.fromstring(svg.encode()).iter(f"{SVG}text")]


def test_radar_says_every_rate_and_hatches_what_is_untested() -> None:
    spokes = [Spoke(name, 40 + n, 60 + n) for n, name in enumerate(NAMES[:9])]
    drawing = charts.radar([*spokes, Spoke(NAMES[9], applies=False)])
    said = texts(drawing.svg)
    assert "40.0%～60.0%" in said and "不适用" in said and "未测部分" in said
    assert all(name in said for name in NAMES)
    assert "url(#hatch)" in drawing.svg
    points = re.findall(r'<polygon points="([^"]+)" fill="url', drawing.svg)
    assert len(points) == 1 and len(points[0].split()) == 9


def test_stacked_bars_carry_their_counts() -> None:
    said = texts(charts.stacked([Stack("甲", 30, 9, 12, 21), Stack("乙", 0, 0, 0, 0)]).svg)
    assert [text for text in said if text.isdigit()] == ["30", "9", "12", "21", "72", "0"]
    assert {"符合", "部分符合", "不符合", "未测"} <= set(said)


def test_heat_map_writes_numbers_and_hatches_the_unknown() -> None:
    drawing = charts.heat_map(["甲", "乙"], ["一", "二"], [[0, 16], [None, 3]])
    assert [t for t in texts(drawing.svg) if t in "016—3" or t == "16"] == ["0", "16", "—", "3"]
    assert drawing.svg.count("url(#hatch)") == 1


def test_trend_shows_intervals_and_settled_values() -> None:
    drawing = charts.trend(
        [Bar("2025-06-11", 48.2, 71, "不符合"), Bar("2026-03-05", 81, 81, "基本符合")]
    )
    said = texts(drawing.svg)
    assert "48.2～71.0" in said and "81.0" in said and "基本符合" in said


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_any_number_of_rows_draws(count: int) -> None:
    for drawing in (
        charts.radar([Spoke("甲", 1, 2)] * count),
        charts.stacked([Stack("甲", 1, 2, 3, 4)] * count),
        charts.heat_map(["甲"] * count, ["一"], [[1.0]] * count),
        charts.trend([Bar("2026-01-01", 1, 2, "甲")] * count),
    ):
        root = etree.fromstring(drawing.svg.encode())
        assert root.get("width") == "156mm" and drawing.height > 0


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_labels_stay_text(name: str) -> None:
    value = HOSTILE[name]
    for drawing in (
        charts.radar([Spoke(value, 1, 2)]),
        charts.heat_map([value], [value], [[1.0]]),
        charts.trend([Bar(value, 1, 2, value)]),
        charts.stacked([Stack(value, 1, 2, 3, 4)]),
    ):
        tags = {
            etree.QName(node).localname for node in etree.fromstring(drawing.svg.encode()).iter()
        }
        assert tags <= {
            "svg", "defs", "pattern", "rect", "line", "polygon", "circle", "text",
        }  # fmt: skip
        start = words.clean(value).replace("\n", " ")[:4]
        assert any(text.startswith(start) for text in texts(drawing.svg))


def test_fonts_are_named_once_and_quoted() -> None:
    svg = charts.radar([Spoke(' font-family="tlsec"', 1, 2)]).svg
    made = charts.with_font(svg, ["黑体", 'A"B<C'])
    root = etree.fromstring(made.encode())
    assert root.get("font-family") == "'黑体', 'A\"B<C'"
    assert "tlsec" in "".join(texts(made))


def test_brightness_falls_from_good_to_bad() -> None:
    def grey(fill: str) -> float:
        r, g, b = (int(fill[i : i + 2], 16) for i in (1, 3, 5))
        return 0.299 * r + 0.587 * g + 0.114 * b

    shades = [grey(charts._FILLS[state]) for state in ("met", "partly", "not_met")]
    assert shades[0] - shades[1] > 30 and shades[1] - shades[2] > 60


@given(st.floats(0, 100), st.floats(0, 100))
def test_an_interval_is_never_printed_narrower_than_it_is(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    assert float(floored(low)) <= low + 1e-6 and float(ceiled(high)) >= high - 1e-6


@pytest.mark.parametrize(
    ("value", "said"),
    [(89.996, "89.99%"), (90.004, "90.01%"), (90.0, "90.00%"), (66.6666, "66.67%"), (0.0, "0.00%")],
)
def test_a_number_is_not_rounded_onto_a_whole_one(value: float, said: str) -> None:
    assert between(value, value, "%", 2) == said
