"""The colour table of warnings: whole, rising, marked cell by cell, able to say that nothing is issued."""

from __future__ import annotations

import copy
from itertools import product

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tlsec import content
from tlsec.policy import warning

TABLE = warning.load(content.policies())
IMPORTANCE = [step.id for step in TABLE.importance]
DAMAGE = [step.id for step in TABLE.damage]
RAW = yaml.safe_load((content.policies()[0] / "ladders/warning-colour.yaml").read_text("utf-8"))


@given(st.sampled_from(IMPORTANCE), st.sampled_from(DAMAGE), st.data())
def test_more_is_never_a_lower_colour(importance: str, damage: str, data: st.DataObject) -> None:
    more = data.draw(st.sampled_from(IMPORTANCE[: IMPORTANCE.index(importance) + 1]))
    worse = data.draw(st.sampled_from(DAMAGE[: DAMAGE.index(damage) + 1]))
    here = warning.propose(TABLE, importance, damage).colour
    assert warning.rank(warning.propose(TABLE, more, worse).colour) >= warning.rank(here)


def test_every_cell_shows_that_it_has_to_be_checked() -> None:
    for importance, damage in product(IMPORTANCE, DAMAGE):
        made = warning.propose(TABLE, importance, damage)
        assert any("待核" in mark for mark in made.marks), (importance, damage)
        assert "→" in made.rule


def test_corners() -> None:
    assert warning.propose(TABLE, "special", "grave").colour == "red"
    assert warning.propose(TABLE, "important", "serious").colour == "yellow"
    assert warning.propose(TABLE, "general", "slight").colour == "none"
    assert {warning.propose(TABLE, i, "none").colour for i in IMPORTANCE} == {"none"}


@given(st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_a_higher_grade_is_never_less_important(one: int, other: int, cii: bool) -> None:
    low, high = sorted((one, other))
    places = [IMPORTANCE.index(warning.importance_of(TABLE, level, cii)) for level in (low, high)]
    assert places[1] <= places[0]


def test_importance_of_what_has_no_grade() -> None:
    assert warning.importance_of(TABLE, None) == "general"
    assert warning.importance_of(TABLE, 3) == "important"
    assert warning.importance_of(TABLE, None, cii=True) == "special"


@pytest.mark.parametrize(("importance", "damage"), [("huge", "grave"), ("special", "huge")])
def test_unknown_words_are_refused_with_what_is_known(importance: str, damage: str) -> None:
    with pytest.raises(ValueError, match="可用"):
        warning.propose(TABLE, importance, damage)


def test_a_table_that_falls_or_lacks_a_cell_is_not_taken() -> None:
    fallen = copy.deepcopy(RAW)
    fallen["matrix"][0]["colour"] = "blue"  # very important × very serious
    with pytest.raises(ValidationError, match="升高"):
        warning.Colours.model_validate(fallen)
    short = copy.deepcopy(RAW)
    del short["matrix"][3]
    with pytest.raises(ValidationError, match="每一格"):
        warning.Colours.model_validate(short)


def test_duties_of_a_colour_hold_those_of_the_lower() -> None:
    counts = [len(TABLE.duties(colour)) for colour in warning.COLOURS]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert TABLE.limit("none") is None
    limits = [TABLE.limit(colour) for colour in ("red", "orange", "yellow", "blue")]
    assert limits == sorted(limits)  # type: ignore[type-var]  # none of them is None
