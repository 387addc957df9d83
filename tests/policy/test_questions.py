"""Questions: that every line can be settled by a person, that each is whole, and what does not load."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest

from tlsec import content
from tlsec.marked_yaml import Faulty
from tlsec.policy import catalog, question
from tlsec.policy.catalog import EXTENSIONS, LEVELS, Catalog
from tlsec.policy.question import Question, Questions

SHIPPED = content.policies()[0]
CATALOG: Catalog = catalog.load(SHIPPED / "catalogs" / "gbt22239-2019")
MEANINGS = {"met", "partly", "not_met"}
BARE = {"是", "否", "有", "无", "没有", "符合", "部分符合", "不符合"}  # an answer tells a finding
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def asked() -> Questions:
    """Every shipped question; that they load is what each test here needs first."""
    return question.load([SHIPPED], CATALOG)


def texts(each: Question) -> Iterator[tuple[str, str, str]]:
    """Every text of a question: what it is, its Chinese, its English."""
    yield "ask", each.ask.zh, each.ask.en
    yield "look_for", each.look_for.zh, each.look_for.en
    for level, text in each.stronger.items():
        yield f"stronger {level}", text.zh, text.en
    for choice in each.answers:
        yield choice.id, choice.zh, choice.en
    for name, kind in each.evidence.items():
        yield name, kind.zh, kind.en


# -- what is shipped


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("level", LEVELS)
def test_every_item_has_a_question(asked: Questions, extension: str, level: int) -> None:
    items = [
        item
        for item in CATALOG.items.values()
        if item.extension == extension and item.level == level
    ]
    assert len(items) == CATALOG.published[extension][str(level)]
    assert [item.id for item in items if item.line not in asked.by_line] == []


def test_texts_in_both_languages(asked: Questions) -> None:
    wrong = [
        (each.id, name)
        for each in asked.by_id.values()
        for name, zh, en in texts(each)
        if not CHINESE.search(zh) or not en.strip() or CHINESE.search(en)
    ]
    assert wrong == []


def test_answers_tell_apart_what_was_found(asked: Questions) -> None:
    for each in asked.by_id.values():
        assert {choice.means for choice in each.answers} == MEANINGS, each.id
        zh = {choice.zh for choice in each.answers}
        en = {choice.en for choice in each.answers}
        assert len(zh) == len(en) == len(each.answers), each.id
        assert not zh & BARE, each.id


def test_each_fits_its_line(asked: Questions) -> None:
    for each in asked.by_id.values():
        line = CATALOG.lines[each.line]
        assert each.id == line.id or each.id.startswith(f"{line.id}."), each.id
        assert set(each.methods) & set(line.methods), each.id
        assert set(map(int, each.stronger)) <= set(CATALOG.by_line[line.id]), each.id
        assert each.remind_days < each.valid_days, each.id


def test_the_first_question_of_a_line_has_its_name(asked: Questions) -> None:
    assert set(asked.by_line) - set(asked.by_id) == set()


@pytest.mark.parametrize("part", ["ask", "look_for"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_text_is_asked_twice(asked: Questions, part: str, language: str) -> None:
    said = Counter(getattr(getattr(each, part), language) for each in asked.by_id.values())
    assert [text for text, times in said.items() if times > 1] == []


def test_no_two_questions_share_all_their_answers(asked: Questions) -> None:
    said = Counter(tuple(choice.zh for choice in each.answers) for each in asked.by_id.values())
    assert [answers for answers, times in said.items() if times > 1] == []


def test_cloud_questions_go_to_the_side_that_is_responsible(asked: Questions) -> None:
    sides: dict[str, set[bool]] = {}
    for each in asked.by_id.values():
        sides.setdefault(each.line, set()).add(each.asked_of == "cloud_operator")
    wanted = {"provider": {True}, "customer": {False}, "shared": {True, False}}
    cloud = {item.line for item in CATALOG.items.values() if item.extension == "cloud"}
    assert {line: sides[line] for line in cloud} == {
        line: wanted[CATALOG.lines[line].responsibility or ""] for line in cloud
    }


def test_shared_lines_are_asked_of_each_side(asked: Questions) -> None:
    for line in CATALOG.lines.values():
        if line.id.startswith("cloud."):
            sides = {each.side for each in asked.by_line[line.id]}
            shared = line.responsibility == "shared"
            assert sides == ({"provider", "customer"} if shared else {None}), line.id
    zones = "cloud.abs.access.level-zones"
    assert [each.id for each in asked.of(zones, "customer")] == [zones]
    assert [each.id for each in asked.of(zones, "provider")] == [f"{zones}.provider"]
    assert asked.of(zones, "") == asked.by_line[zones]
    assert asked.of("ces.identity.unique", "customer") == asked.by_line["ces.identity.unique"]
    assert asked.of("no.such.line", "") == []


def test_every_role_is_asked_something(asked: Questions) -> None:
    assert {each.asked_of for each in asked.by_id.values()} == set(asked.roles)


def test_a_file_is_a_point_of_a_part_of_the_catalogue() -> None:
    parts = {file.stem for file in (SHIPPED / "catalogs" / "gbt22239-2019").glob("*.yaml")}
    for file in (SHIPPED / "questions").glob("*/*.yaml"):
        assert file.parent.name in parts
        assert file.stem in CATALOG.points


def test_higher_levels_ask_on_top(asked: Questions) -> None:
    each = asked.by_id["ces.trust.verification"]
    assert each.asked_at(1) == [each.look_for]
    assert each.asked_at(3) == [each.look_for, each.stronger["2"], each.stronger["3"]]
    assert len(each.asked_at(4)) == 4


# -- what a unit writes itself

OWN = """\
point: ces.identity
questions:
  - question: ces.identity.unique.own
    version: 1
    line: ces.identity.unique
    methods: [examine]
    asked_of: host_admin
    ask: {zh: 问什么, en: What is asked}
    look_for: {zh: 看什么, en: What to look for}
    answers:
      - {id: good, means: met, zh: 都好, en: All is well, needs: [shot]}
      - {id: some, means: partly, zh: 有的好, en: Some is well}
      - {id: bad, means: not_met, zh: 都不好, en: Nothing is well}
    evidence:
      shot: {zh: 截图, en: Screenshot}
"""
GOOD = "      - {id: good, means: met, zh: 都好, en: All is well, needs: [shot]}\n"
BAD = "      - {id: bad, means: not_met, zh: 都不好, en: Nothing is well}\n"
ANOTHER = OWN.split("questions:\n")[1].replace("version: 1", "version: 2")

# what is wrong: (old text, new text, line of the fault, what the message names)
FAULTS = {
    "unknown line": ("line: ces.identity.unique", "line: ces.identity.uniqe", 5, "ces.identity.uniqe"),
    "line of another point": ("point: ces.identity", "point: ces.access", 5, "ces.access"),
    "unknown role": ("asked_of: host_admin", "asked_of: janitor", 7, "janitor"),
    "unknown role names the known ones": ("asked_of: host_admin", "asked_of: janitor", 7, "auditor"),
    "doubled id": (OWN, OWN + ANOTHER, 16, "ces.identity.unique.own"),
    "id of a shipped question": (
        "question: ces.identity.unique.own", "question: ces.identity.unique", 3, "ces.identity.unique",
    ),
    "met without evidence": (", needs: [shot]", "", 11, "证据"),
    "evidence that nobody describes": ("needs: [shot]", "needs: [short]", 11, "short"),
    "no answer for met": (GOOD, "", 11, "不符合"),
    "no answer for not met": (BAD, "", 11, "不符合"),
    "one answer only": (BAD + "    evidence", "    evidence", 11, ""),
    "doubled answer": ("id: some", "id: good", 11, "重复"),
    "unknown meaning": ("means: partly", "means: perhaps", 12, "not_met"),
    "not applicable is no answer": ("means: partly", "means: not_applicable", 12, "not_met"),
    "unknown method": ("methods: [examine]", "methods: [guess]", 6, "interview"),
    "empty English": ("en: What is asked", 'en: ""', 8, ""),
    "misspelt key": ("    version: 1", "    version: 1\n    verison: 1", 5, "verison"),
    "level that does not exist": (
        "    answers:", '    stronger: {"5": {zh: 更严, en: Stronger}}\n    answers:', 10, "",
    ),
    "side of a line that is not shared": (
        "asked_of: host_admin", "asked_of: host_admin\n    side: customer", 8, "ces.identity.unique",
    ),
    "stays valid for ever": ("    evidence:", "    valid_days: 9999\n    evidence:", 14, "1100"),
}  # fmt: skip


def own(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "own" / "questions" / "mine" / "own.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A small folder to stand first: the shipped roles and the questions of one point."""
    folder = tmp_path / "base" / "questions"
    folder.mkdir(parents=True)
    for name in ("roles.yaml", "general-ces/ces.identity.yaml"):
        copy(SHIPPED / "questions" / name, folder)
    return folder.parent


def test_a_unit_adds_questions_and_roles(base: Path, tmp_path: Path) -> None:
    own(tmp_path, OWN.replace("asked_of: host_admin", "asked_of: night_shift"))
    roles = tmp_path / "own" / "questions" / "roles.yaml"
    roles.write_text("roles:\n  night_shift: {zh: 夜班, en: Night shift}\n", encoding="utf-8")
    both = question.load([base, tmp_path / "own"], CATALOG)
    assert [each.id for each in both.by_line["ces.identity.unique"]] == [
        "ces.identity.unique", "ces.identity.unique.own",
    ]  # fmt: skip
    assert both.roles["night_shift"].en == "Night shift"


@pytest.mark.parametrize(("old", "new", "line", "says"), FAULTS.values(), ids=FAULTS)
def test_refused_with_file_and_line(
    base: Path, tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in OWN
    file = own(tmp_path, OWN.replace(old, new, 1))
    with pytest.raises(Faulty) as caught:
        question.load([base, tmp_path / "own"], CATALOG)
    found = [str(fault) for fault in caught.value.faults]
    assert any(text.startswith(f"{file}:{line}:") and says in text for text in found), found


def test_all_faults_of_all_files_come_at_once(base: Path, tmp_path: Path) -> None:
    first = own(tmp_path, OWN.replace("host_admin", "janitor").replace(", needs: [shot]", ""))
    second = first.with_name("second.yaml")
    second.write_text(OWN.replace("version: 1", "version: 0"), encoding="utf-8")
    with pytest.raises(Faulty) as caught:
        question.load([base, tmp_path / "own"], CATALOG)
    places = [fault.where.rsplit(":", 1)[0] for fault in caught.value.faults]
    assert places == [f"{first}:7", f"{first}:11", f"{second}:4"]
