"""The sample city's stories of answering speak of people, lines, answers and cases that exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tlsec import content
from tlsec.inventory.sample import FOLDER as INVENTORY
from tlsec.policy import catalog as catalogs
from tlsec.policy import question
from tlsec.policy.catalog import Catalog
from tlsec.policy.question import Questions

Loaded = tuple[Catalog, Questions]


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    folders = content.policies()
    catalog = catalogs.load(folders[0] / "catalogs" / "gbt22239-2019")
    return catalog, question.load(folders, catalog)


def table(name: str) -> dict[str, dict[str, Any]]:
    rows = yaml.safe_load((INVENTORY / f"{name}.yaml").read_text(encoding="utf-8"))
    return {row["id"]: row for row in rows}


def test_those_who_answer_and_review_are_two_people_of_the_systems_unit(django: Path) -> None:
    from tlsec.assess import sample
    from tlsec.assess.answer_rules import same_person

    people, systems = table("people"), table("systems")
    for story in sample.stories():
        names = {story.by, story.reviewer, *(d.by for d in story.decided)}
        names |= {each.decided_by for each in story.excluded}
        assert {people[name]["unit"] for name in names} == {systems[story.system]["unit"]}
        assert not same_person(story.by, story.reviewer)


def test_every_exception_is_about_a_question_of_the_system(django: Path, loaded: Loaded) -> None:
    from tlsec.assess import sample

    catalog, questions = loaded
    systems = table("systems")
    for story in sample.stories():
        grade = systems[story.system]["grade"]
        parts = systems[story.system].get("extensions", [])
        lines = {item.line for item in catalog.select(int(grade[1]), int(grade[3]), parts)}
        excluded = [line for each in story.excluded for line in each.lines]
        special = [each.line for each in story.exceptions]
        told = [*special, *excluded, *story.notes]
        assert len(set(told)) == len(told), story.system
        assert set(told) <= lines, (story.system, set(told) - lines)
        for each in story.exceptions:
            meanings = [{c.means for c in q.answers} for q in questions.by_line[each.line]]
            assert each.means == "none" or all(each.means in one for one in meanings)


def test_every_story_has_what_an_assessment_meets(django: Path) -> None:
    from tlsec.assess import sample

    stories = {story.system: story for story in sample.stories()}
    assert list(stories) == ["S23", "S02", "S05", "S13", "S26"]  # the platform first
    for id_ in ("S02", "S13", "S23", "S26"):
        story = stories[id_]
        assert {each.means for each in story.exceptions} == {"met", "partly", "not_met", "none"}
        assert [e for e in story.exceptions if e.on is not None and e.on < -90], "an expired one"
        assert sum(not each.reviewed for each in story.exceptions) == 1
        assert story.excluded and story.decided
