"""Answers in bulk: all of a file or nothing, with file:line for every fault."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.assess import answering
from tests.assess.answering import NOW

GOOD = """
system: S05
by: 周若川
reviews: {by: 吴景和, on: 2026-11-22, note: 看过原件}
answers:
  - question: ces.identity.unique
    answer: all
    on: 2026-11-20
    note: 抽查三台
    evidence: [{kind: list, file: a.txt, dated: 2026-11-18}]
  - {question: ces.identity.unique, object: A1, answer: 普遍共用, on: 2026-11-21}
  - {question: pss.policy.written, answer: "no", by: 李四, on: 2026-11-21}
"""
BAD = """
system: S05
reviews: {by: 周若川, on: 2026-11-22}
answers:
  - {question: no.such, answer: all, by: 甲}
  - {question: ces.identity.unique, answer: maybe, by: 甲, on: 2026-11-20}
  - {question: ces.identity.remote, answer: "yes", by: 周若川, on: 昨天, evidence: [{kind: shot, file: ../a}]}
  - {question: pss.policy.written, answer: "no", on: 2026-11-30}
  - {question: pss.policy.written, answer: "no", by: 乙, on: 2026-11-23}
"""


@pytest.fixture
def inquiry(tables: Path, tmp_path: Path) -> Iterator[Any]:
    answering.register()
    answering.file(tmp_path, "a.txt")
    yield answering.inquiry(tmp_path)


def take(inquiry: Any, file: Path, now: Any = NOW, **options: Any) -> Any:
    from tlsec.assess import answers_yaml, intake

    (outcome,) = answers_yaml.plan(inquiry, [file], None, now, **options)
    intake.take_in(inquiry, outcome, "导入人", now)
    return outcome


def write(folder: Path, text: str, name: str = "答复.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_answers_come_in_reviewed_and_once(inquiry: Any, tmp_path: Path) -> None:
    from tlsec.assess import answers
    from tlsec.assess.models import Answer, Review
    from tlsec.register import journal

    file = write(tmp_path, GOOD)
    outcome = take(inquiry, file)
    assert len(outcome.answers) == 3 and not outcome.open
    said = {(v.object, v.attestation.question): v.attestation for v in answers.valid("S05", NOW)}
    assert len(said) == 3
    whole = said["", "ces.identity.unique"]
    assert (whole.by, whole.reviewer, whole.means) == ("周若川", "吴景和", "met")
    assert whole.evidence and whole.note == "抽查三台"
    assert said["A1", "ces.identity.unique"].answer == "none"
    later = take(inquiry, file, NOW + timedelta(days=3))
    assert (later.answers, later.already) == ([], 3)
    assert (Answer.objects.count(), Review.objects.count()) == (3, 3)
    assert list(journal.verify()) == []


def test_undated_answers_are_of_today_and_do_not_double(inquiry: Any, tmp_path: Path) -> None:
    file = write(
        tmp_path, 'system: S05\nanswers: [{question: pss.policy.written, answer: "no", by: 甲}]\n'
    )
    assert len(take(inquiry, file).answers) == 1
    assert take(inquiry, file, NOW + timedelta(days=9)).already == 1


def test_every_fault_has_its_place_and_nothing_is_taken(inquiry: Any, tmp_path: Path) -> None:
    from tlsec.assess.models import Answer
    from tlsec.marked_yaml import Faulty

    file = write(tmp_path, BAD)
    with pytest.raises(Faulty) as error:
        take(inquiry, file)
    found = [str(fault).removeprefix(f"{file}:") for fault in error.value.faults]
    for line, what in (
        (5, "没有问题 no.such"), (6, "没有答案 maybe"), (7, "“昨天”不是日期"),
        (7, "只写证据文件夹里的文件名"), (7, "须由另一人审核"), (8, "没有写答复人"),
        (8, "在将来"), (9, "答了两次"), (9, "审核日期早于答复日期"),
    ):  # fmt: skip
        assert [t for t in found if t.startswith(f"{line}:") and what in t], (line, what, found)
    assert not Answer.objects.exists()
    for text, what in (("system: S99\nanswers: []", "没有系统 S99"), ("answers: 1", "缺少")):
        with pytest.raises(Faulty, match=what):
            take(inquiry, write(tmp_path, text))


def test_what_was_said_later_is_not_overwritten(inquiry: Any, tmp_path: Path) -> None:
    from tlsec.assess import answers
    from tlsec.assess.models import Answer

    answers.record(inquiry, "S05", "ces.identity.unique", "some", "丙", NOW)
    file = write(tmp_path, GOOD)
    outcome = take(inquiry, file)
    assert len(outcome.answers) == 2
    (conflict,) = outcome.conflicts
    assert (
        conflict.why == "已有更晚的答复" and "丙" in conflict.ours and "周若川" in conflict.theirs
    )
    assert conflict.where.startswith(f"{file}:6:")
    assert not take(inquiry, file, take="ours").open and Answer.objects.count() == 3
    assert len(take(inquiry, file, take="theirs").answers) == 1


def test_a_stored_file_that_vanished_in_between_refuses_that_answer(
    inquiry: Any, tmp_path: Path
) -> None:
    from tlsec.assess import answers_yaml, intake

    (outcome,) = answers_yaml.plan(inquiry, [write(tmp_path, GOOD)], None, NOW)
    (tmp_path / "a.txt").unlink()
    intake.take_in(inquiry, outcome, "导入人", NOW)
    assert len(outcome.answers) == 2 and "没有这个文件" in str(outcome.refused[0])
