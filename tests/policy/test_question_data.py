"""The shipped questions: whole in both languages, three answers with meaning, stronger where the item is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

import pytest

from tlsec import content
from tlsec.policy import bundle, question
from tlsec.policy.catalog import Catalog
from tlsec.policy.question import Questions

HAN = re.compile("[一-鿿]")
# lines whose text changes between two levels without asking for more
SAME_STRENGTH = {
    ("cloud.ces.data.migration-integrity", 4),
    ("cns.transit.integrity", 3),  # 校验技术, then 校验技术或密码技术
    ("ics.abs.wireless.authorisation", 2),
    ("mobile.abs.boundary.gateway", 2),
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return bundle.load(content.policies(), content.fact_types()).catalog


@pytest.fixture(scope="module")
def asked(catalog: Catalog) -> Questions:
    return question.load(content.policies(), catalog)


def test_every_line_is_asked_about(catalog: Catalog, asked: Questions) -> None:
    assert [line for line in catalog.lines if line not in asked.by_line] == []


def test_three_answers_with_three_meanings(asked: Questions) -> None:
    for each in asked.by_id.values():
        meanings = sorted(answer.means for answer in each.answers)
        assert meanings == ["met", "not_met", "partly"], each.id


def test_an_answer_says_what_was_found(asked: Questions) -> None:
    for each in asked.by_id.values():
        for answer in each.answers:
            assert len(answer.zh) >= 4, (each.id, answer.zh)  # more than 是 and 否
            assert answer.en.lower().strip(".") not in ("yes", "no", "partly"), each.id


def test_both_languages_are_whole(asked: Questions) -> None:
    for each in asked.by_id.values():
        pairs = [(t.zh, t.en) for t in (each.ask, each.look_for, *each.stronger.values())]
        pairs += [(a.zh, a.en) for a in each.answers]
        pairs += [(e.zh, e.en) for e in each.evidence.values()]
        for zh, en in pairs:
            assert HAN.search(zh), (each.id, zh)
            assert en, each.id
            assert not HAN.search(en), (each.id, en)


def test_stronger_speaks_of_levels_the_line_has(catalog: Catalog, asked: Questions) -> None:
    for each in asked.by_id.values():
        levels = sorted(catalog.by_line[each.line])
        for level in each.stronger:
            assert int(level) in levels[1:], (each.id, level)


def test_where_an_item_grows_the_question_does(catalog: Catalog, asked: Questions) -> None:
    """A level-3 question that asks no more than level 2 would let the difference pass unseen."""
    missing = set()
    for line, items in catalog.by_line.items():
        more = {int(level) for each in asked.by_line[line] for level in each.stronger}
        for (_low, before), (level, after) in pairwise(sorted(items.items())):
            if before.zh != after.zh and level not in more:
                missing.add((line, level))
    assert missing == SAME_STRENGTH


def test_a_test_is_not_asked_for_where_the_standard_has_none(
    catalog: Catalog, asked: Questions
) -> None:
    for each in asked.by_id.values():
        line = catalog.lines[each.line]
        assert "test" not in each.methods or "test" in line.methods, each.id


def test_roles_are_all_used(asked: Questions) -> None:
    used: Mapping[str, None] = dict.fromkeys(each.asked_of for each in asked.by_id.values())
    assert set(used) == set(asked.roles)
