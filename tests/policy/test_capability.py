"""Capability: intervals that contain what could come out, and numbers that can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec import content
from tlsec.marked_yaml import Faulty
from tlsec.policy import capability
from tlsec.policy.capability import Count

SCHEME = capability.load(content.policies())
MEASURES = [m for a in SCHEME.abilities for m in a.measures]


@st.composite
def count(draw: st.DrawFn) -> Count:
    total = draw(st.integers(0, 50))
    done = draw(st.integers(0, total))
    return Count(done, draw(st.integers(0, total - done)), total)


counts = st.fixed_dictionaries({m.id: count() for m in MEASURES})


def test_nothing_known_is_the_whole_interval() -> None:
    result = capability.evaluate(SCHEME, {})
    assert (result.low, result.high, result.known) == (0, 100, 0)
    respond = next(a for a in result.abilities if a.ability.id == "respond")
    assert respond.low is None  # no event, no sample: named, not guessed


def test_by_hand() -> None:
    result = capability.evaluate(
        SCHEME,
        {
            "checks": Count(8, 1, 10),
            "items": Count(50, 20, 100),
            "watched": Count(3, 0, 4),
            "tested": Count(9, 0, 10),
        },
    )
    protect, detect, respond, recover = result.abilities
    assert protect.low == pytest.approx(100 * (0.8 + 0.5) / 2)
    assert protect.high == pytest.approx(100 * (0.9 + 0.7) / 2)
    assert detect.low == detect.high == pytest.approx(100 * (0.75 + 0.9) / 2)
    assert respond.low is None
    assert (recover.low, recover.high) == (0, 100)  # drills are due and there were none
    assert result.low == pytest.approx((35 * 65 + 20 * 82.5 + 25 * 0) / 80)
    assert result.high == pytest.approx((35 * 80 + 20 * 82.5 + 25 * 100) / 80)
    measured = 35 * (0.9 + 0.8) / 2 + 20 * 1
    assert result.known == pytest.approx(measured / 100)


@given(counts)
def test_intervals_are_in_order_and_in_range(found: dict[str, Count]) -> None:
    result = capability.evaluate(SCHEME, found)
    assert 0 <= result.low <= result.high + 1e-9 <= 100 + 1e-6
    assert 0 <= result.known <= 1


@given(counts, st.data())
def test_settling_what_was_open_stays_inside_the_interval(
    found: dict[str, Count], data: st.DataObject
) -> None:
    before = capability.evaluate(SCHEME, found)
    settled = {
        id_: Count(c.done + data.draw(st.integers(0, int(c.open))), 0, c.total)
        for id_, c in found.items()
    }
    after = capability.evaluate(SCHEME, settled)
    assert before.low - 1e-6 <= after.low <= before.high + 1e-6
    assert before.low - 1e-6 <= after.high <= before.high + 1e-6
    assert after.known >= before.known - 1e-9


def test_formulas_print_their_limits_in_both_languages() -> None:
    for measure in MEASURES:
        for language in ("zh", "en"):
            text = SCHEME.formula(measure, language)
            assert text
            assert "{" not in text


def test_a_faulty_scheme_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "ladders").mkdir()
    file = tmp_path / "ladders" / "capability.yaml"
    shipped = content.policies()[0] / "ladders" / "capability.yaml"
    text = shipped.read_text(encoding="utf-8")
    file.write_text(text.replace("weight: 35", "weight: -1"), encoding="utf-8")
    with pytest.raises(Faulty) as told:
        capability.load([tmp_path])
    assert f"capability.yaml:{text[: text.index('weight: 35')].count(chr(10)) + 1}:" in str(
        told.value.faults[0]
    )
