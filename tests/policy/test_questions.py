"""Questions: that every line can be settled by a person, that each is whole, and what does not load."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tlsec import content
from tlsec.marked_yaml import Faulty
from tlsec.policy import catalog, question
from tlsec.policy.catalog import EXTENSIONS, LEVELS, Catalog
from tlsec.policy.question import Question, Questions

SHIPPED = content.policies()[0]
CATALOG: Catalog = catalog.load(SHIPPED / "catalogs" / "gbt22239-2019")
QUESTIONS: Questions = question.load([SHIPPED], CATALOG)
EACH = pytest.mark.parametrize("asked", QUESTIONS.by_id.values(), ids=QUESTIONS.by_id)
MEANINGS = {"met", "partly", "not_met"}
BARE = {"是", "否", "有", "无", "没有", "符合", "部分符合", "不符合"}  # an answer tells a finding
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def texts(asked: Question) -> Iterator[tuple[str, str, str]]:
    """Every text of a question: what it is, its Chinese, its English."""
    yield "ask", asked.ask.zh, asked.ask.en
    yield "look_for", asked.look_for.zh, asked.look_for.en
    for level, text in asked.stronger.items():
        yield f"stronger {level}", text.zh, text.en
    for choice in asked.answers:
        yield choice.id, choice.zh, choice.en
    for name, kind in asked.evidence.items():
        yield name, kind.zh, kind.en


# -- what is shipped


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("level", LEVELS)
def test_every_item_has_a_question(extension: str, level: int) -> None:
    items = [
        item
        for item in CATALOG.items.values()
        if item.extension == extension and item.level == level
    ]
    assert len(items) == CATALOG.published[extension][str(level)]
    assert [item.id for item in items if item.line not in QUESTIONS.by_line] == []


@EACH
def test_texts_in_both_languages(asked: Question) -> None:
    for name, zh, en in texts(asked):
        assert zh.strip() and en.strip(), name
        assert zh != en, name
        assert CHINESE.search(zh), (name, zh)
        assert not CHINESE.search(en), (name, en)


@EACH
def test_answers_tell_apart_what_was_found(asked: Question) -> None:
    assert {choice.means for choice in asked.answers} == MEANINGS
    for language in ("zh", "en"):
        said = [getattr(choice, language) for choice in asked.answers]
        assert len(set(said)) == len(said)
    assert not {choice.zh for choice in asked.answers} & BARE


@EACH
def test_fits_its_line(asked: Question) -> None:
    line = CATALOG.lines[asked.line]
    assert set(asked.methods) & set(line.methods)
    assert set(map(int, asked.stronger)) <= set(CATALOG.by_line[line.id])
    assert asked.id == line.id or asked.id.startswith(f"{line.id}.")
    assert asked.remind_days < asked.valid_days


@EACH
def test_evidence_is_no_older_than_a_term_of_office(asked: Question) -> None:
    for kind in asked.evidence.values():
        assert 0 <= kind.dated_within <= 1100


def test_the_first_question_of_a_line_has_its_name() -> None:
    for line in QUESTIONS.by_line:
        assert line in QUESTIONS.by_id


def test_no_text_is_asked_twice() -> None:
    for part in ("ask", "look_for"):
        for language in ("zh", "en"):
            said = Counter(
                getattr(getattr(asked, part), language) for asked in QUESTIONS.by_id.values()
            )
            assert [text for text, times in said.items() if times > 1] == []


def test_no_two_questions_share_all_their_answers() -> None:
    said = Counter(
        tuple(choice.zh for choice in asked.answers) for asked in QUESTIONS.by_id.values()
    )
    assert [answers for answers, times in said.items() if times > 1] == []


def test_cloud_questions_go_to_the_side_that_is_responsible() -> None:
    sides: dict[str, set[bool]] = {}
    for asked in QUESTIONS.by_id.values():
        sides.setdefault(asked.line, set()).add(asked.asked_of == "cloud_operator")
    wanted = {"provider": {True}, "customer": {False}, "shared": {True, False}}
    cloud = {item.line for item in CATALOG.items.values() if item.extension == "cloud"}
    assert {line: sides[line] for line in cloud} == {
        line: wanted[CATALOG.lines[line].responsibility or ""] for line in cloud
    }


def test_every_role_is_asked_something() -> None:
    assert {asked.asked_of for asked in QUESTIONS.by_id.values()} == set(QUESTIONS.roles)


def test_a_file_is_a_point_of_a_part_of_the_catalogue() -> None:
    parts = {file.stem for file in (SHIPPED / "catalogs" / "gbt22239-2019").glob("*.yaml")}
    for file in (SHIPPED / "questions").glob("*/*.yaml"):
        assert file.parent.name in parts
        assert file.stem in CATALOG.points


def test_higher_levels_ask_on_top() -> None:
    asked = QUESTIONS.by_id["ces.trust.verification"]
    assert asked.asked_at(1) == [asked.look_for]
    assert asked.asked_at(3) == [asked.look_for, asked.stronger["2"], asked.stronger["3"]]
    assert len(asked.asked_at(4)) == 4


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
    "stays valid for ever": ("    evidence:", "    valid_days: 9999\n    evidence:", 14, "1100"),
}  # fmt: skip


def own(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "questions" / "mine" / "own.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_a_unit_adds_questions_and_roles(tmp_path: Path) -> None:
    own(tmp_path, OWN.replace("asked_of: host_admin", "asked_of: night_shift"))
    roles = tmp_path / "questions" / "roles.yaml"
    roles.write_text("roles:\n  night_shift: {zh: 夜班, en: Night shift}\n", encoding="utf-8")
    both = question.load([SHIPPED, tmp_path], CATALOG)
    assert set(both.by_id) - set(QUESTIONS.by_id) == {"ces.identity.unique.own"}
    assert [asked.id for asked in both.by_line["ces.identity.unique"]] == [
        "ces.identity.unique", "ces.identity.unique.own",
    ]  # fmt: skip
    assert both.roles["night_shift"].en == "Night shift"


@pytest.mark.parametrize(("old", "new", "line", "says"), FAULTS.values(), ids=FAULTS)
def test_refused_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in OWN
    file = own(tmp_path, OWN.replace(old, new, 1))
    with pytest.raises(Faulty) as caught:
        question.load([SHIPPED, tmp_path], CATALOG)
    found = [str(fault) for fault in caught.value.faults]
    assert any(text.startswith(f"{file}:{line}:") and says in text for text in found), found


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    first = own(tmp_path, OWN.replace("host_admin", "janitor").replace(", needs: [shot]", ""))
    second = first.with_name("second.yaml")
    second.write_text(OWN.replace("version: 1", "version: 0"), encoding="utf-8")
    with pytest.raises(Faulty) as caught:
        question.load([SHIPPED, tmp_path], CATALOG)
    places = [fault.where.rsplit(":", 1)[0] for fault in caught.value.faults]
    assert places == [f"{first}:7", f"{first}:11", f"{second}:4"]
