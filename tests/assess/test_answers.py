"""What may be said, who may accept it, and which of all that was said counts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.assess import answering
from tests.assess.answering import NOW

Q, REMOTE, PAPER = "ces.identity.unique", "ces.identity.remote", "pss.policy.written"
DAY = timedelta(days=1)


@pytest.fixture
def inquiry(tables: Path, tmp_path: Path) -> Iterator[Any]:
    answering.register()
    yield answering.inquiry(tmp_path)


@pytest.fixture
def proof(tmp_path: Path) -> tuple[str, Path, date]:
    return ("list", answering.file(tmp_path, "账号清单.txt"), date(2026, 11, 20))


def valid_ids(system: str, now: datetime) -> list[int]:
    from tlsec.assess.answers import valid

    return [each.attestation.ref for each in valid(system, now)]


def refused(call: Any) -> list[str]:
    from tlsec.assess.evidence import Refused

    with pytest.raises(Refused) as error:
        call()
    return list(error.value.sentences)


def test_an_answer_counts_once_another_accepts_it(inquiry: Any, proof: Any) -> None:
    from tlsec.assess import answers
    from tlsec.assess.models import Answer, EvidenceFile
    from tlsec.register import journal
    from tlsec.register.models import Journal

    row = answers.record(inquiry, "S05", Q, "all", "周若川", NOW, note="看过", evidence=[proof])
    assert valid_ids("S05", NOW) == []
    assert [a.pk for a in answers.waiting_for_review(NOW, "S05")] == [row.pk]
    for name in ("周若川", " 周若川 ", "周 若川"):
        assert "须由另一人审核" in refused(lambda n=name: answers.review(row.pk, n, True, NOW))[0]
    answers.review(row.pk, "吴景和", True, NOW)
    (found,) = answers.valid("S05", NOW)
    said = found.attestation
    assert (said.question, said.version, said.answer, said.means) == (Q, 1, "all", "met")
    assert (said.by, said.reviewer, found.object, found.line) == ("周若川", "吴景和", "", Q)
    file = EvidenceFile.objects.get()
    assert said.evidence == (file.sha256,) and inquiry.store.intact(file.sha256)
    assert (file.name, file.dated, file.kind) == ("账号清单.txt", date(2026, 11, 20), "list")
    assert Answer.objects.get().expires == NOW + 365 * DAY
    assert answers.waiting_for_review(NOW) == []
    assert [j.command for j in Journal.objects.order_by("seq")] == [
        "answer.record",
        "answer.review",
    ]
    assert list(journal.verify()) == []


def test_a_newer_answer_waits_beside_the_one_that_counts(inquiry: Any, proof: Any) -> None:
    from tlsec.assess import answers

    old = answers.record(inquiry, "S05", Q, "all", "甲", NOW, evidence=[proof])
    answers.review(old.pk, "乙", True, NOW)
    new = answers.record(inquiry, "S05", Q, "none", "甲", NOW + DAY)
    (found,) = answers.valid("S05", NOW + DAY)
    assert (found.attestation.ref, found.waiting) == (old.pk, new.pk)
    answers.review(new.pk, "乙", False, NOW + 2 * DAY, "说不清")
    (found,) = answers.valid("S05", NOW + 2 * DAY)
    assert (found.attestation.ref, found.waiting) == (old.pk, 0)
    answers.review(new.pk, "丙", True, NOW + 3 * DAY)
    assert valid_ids("S05", NOW + 3 * DAY) == [new.pk]
    # looked at as of an earlier day, the register says what it said then
    assert valid_ids("S05", NOW + 2 * DAY) == [old.pk]
    assert valid_ids("S05", NOW - DAY) == []


def test_a_replaced_answer_never_comes_back(inquiry: Any, proof: Any) -> None:
    """The older "met" outlives its successor by its own dates; it must not revive."""
    from tlsec.assess import answers
    from tlsec.assess.models import Answer

    old = answers.record(inquiry, "S05", Q, "all", "甲", NOW, evidence=[proof])
    new = answers.record(inquiry, "S05", Q, "none", "甲", NOW + DAY)
    for row in (old, new):
        answers.review(row.pk, "乙", True, NOW + DAY)
    Answer.objects.filter(pk=new.pk).update(expires=NOW + 10 * DAY)
    assert valid_ids("S05", NOW + 9 * DAY) == [new.pk]
    assert valid_ids("S05", NOW + 10 * DAY) == []


def test_expiry_and_its_reminder(inquiry: Any, proof: Any) -> None:
    from tlsec.assess import answers

    row = answers.record(inquiry, "S05", Q, "all", "甲", NOW, evidence=[proof])
    answers.review(row.pk, "乙", True, NOW)
    end = NOW + 365 * DAY
    assert valid_ids("S05", end - timedelta(seconds=1)) == [row.pk]
    assert valid_ids("S05", end) == []
    assert answers.expiring(inquiry, end - 31 * DAY) == []
    (soon,) = answers.expiring(inquiry, end - 30 * DAY, "S05")
    assert (soon.days, soon.answer, soon.by) == (30, row.pk, "甲")
    assert answers.expiring(inquiry, end + DAY)[0].days == -1


def test_objects_have_answers_of_their_own(inquiry: Any) -> None:
    from tlsec.assess import answers

    one = answers.record(inquiry, "S05", Q, "none", "甲", NOW, object="A1")
    all_ = answers.record(inquiry, "S05", Q, "some", "甲", NOW)
    for row in (one, all_):
        answers.review(row.pk, "乙", True, NOW)
    assert sorted(valid_ids("S05", NOW)) == [one.pk, all_.pk]
    said = refused(lambda: answers.record(inquiry, "S05", Q, "none", "甲", NOW, object="A9"))
    assert said == ["S05 没有资产 A9"]


def test_every_reason_against_an_answer_comes_at_once(inquiry: Any, tmp_path: Path) -> None:
    from tlsec.assess import answers
    from tlsec.assess.models import Answer

    def say(answer: str = "all", by: str = "甲", question: str = Q, **more: Any) -> list[str]:
        system = more.pop("system", "S05")
        return refused(lambda: answers.record(inquiry, system, question, answer, by, NOW, **more))

    assert say() == ["选“全部一人一号”要交证据：账号清单（list）"]
    wrong = say("perhaps", " ", note="a\u202eb\x07", evidence=[("nothing", tmp_path, None)])
    assert len(wrong) == 4
    assert "没有写答复人" in wrong[0] and "U+0007、U+202E" in wrong[1]
    assert "没有答案 perhaps，可选：all（全部一人一号）" in wrong[2]
    assert "没有证据种类 nothing，可用：list（账号清单）" in wrong[3]
    file = answering.file(tmp_path, "a.txt")
    assert "要写明日期" in say(evidence=[("list", file, None)])[0]
    assert "超过 90 天" in say(evidence=[("list", file, date(2026, 8, 25))])[0]
    assert "晚于答复日期" in say(evidence=[("list", file, date(2026, 11, 25))])[0]
    assert say(question="no.such") == ["没有问题 no.such"]
    assert "不在 S20" in say(system="S20", question=REMOTE)[0]
    assert "还没有定级" in say(system="S90")[0]
    assert "台账里没有系统 S99" in say(system="S99")[0]
    assert "超过 2000 字" in say("none", note="长" * 2001)[0]
    assert not Answer.objects.exists()
    # the last day counts
    answers.record(
        inquiry, "S05", Q, "all", "甲", NOW, evidence=[("list", file, date(2026, 8, 26))]
    )


def test_reviews_that_cannot_be(inquiry: Any) -> None:
    from tlsec.assess import answers

    row = answers.record(inquiry, "S05", Q, "none", "甲", NOW)
    assert refused(lambda: answers.review(99, "乙", True, NOW)) == ["没有第 99 号答复"]
    assert "要写明理由" in refused(lambda: answers.review(row.pk, "乙", False, NOW))[0]
    assert "早于" in refused(lambda: answers.review(row.pk, "乙", True, NOW - DAY))[0]
    assert "没有写审核人" in refused(lambda: answers.review(row.pk, "", True, NOW))[0]


def test_when_it_was_said_and_when_it_was_recorded_are_two_times(inquiry: Any) -> None:
    """A word of last week counts from then on; the journal has when it came in."""
    from tlsec.assess import answers
    from tlsec.register import journal
    from tlsec.register.models import Journal

    early = NOW - 9 * DAY
    row = answers.record(inquiry, "S05", Q, "none", "甲", early, actor="丁", now=NOW)
    answers.review(row.pk, "乙", True, early, actor="丁", now=NOW)
    assert valid_ids("S05", early + 365 * DAY) == []
    assert valid_ids("S05", early + 364 * DAY) == [row.pk]
    assert {(j.actor, j.at) for j in Journal.objects.all()} == {("丁", NOW)}
    assert list(journal.verify()) == []


PEOPLE = ("甲", "乙", "丙")
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("record"),
            st.sampled_from(["some", "none"]),
            st.sampled_from(PEOPLE),
            st.sampled_from(["", "A1"]),
        ),
        st.tuples(st.just("review"), st.integers(0, 6), st.sampled_from(PEOPLE), st.booleans()),
        st.tuples(st.just("wait"), st.integers(1, 400)),
    ),
    max_size=18,
)


def expected(said: list[dict[str, Any]], now: datetime) -> set[int]:
    """The rule, written down a second time and as plainly as can be."""
    counts: dict[str, dict[str, Any]] = {}
    for one in said:  # in the order they were said
        words = [w for w in one["reviews"] if w[0] != one["by"]]
        if words and words[-1][1]:
            counts[one["object"]] = one
    return {one["pk"] for one in counts.values() if one["at"] + 365 * DAY > now}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_the_newest_accepted_counts_whatever_happens(tables: Path, steps: list[Any]) -> None:
    from django.db import transaction

    from tlsec.assess import answers
    from tlsec.assess.evidence import Refused

    with tempfile.TemporaryDirectory() as place, transaction.atomic():
        mark = transaction.savepoint()
        answering.register()
        inquiry = answering.inquiry(Path(place))
        now, said = NOW, []
        for step in steps:
            now += timedelta(minutes=1)
            if step[0] == "wait":
                now += step[1] * DAY
            elif step[0] == "record":
                row = answers.record(inquiry, "S05", Q, step[1], step[2], now, object=step[3])
                said.append(
                    {"pk": row.pk, "by": step[2], "object": step[3], "at": now, "reviews": []}
                )
            elif step[1] < len(said):
                target = said[step[1]]
                try:
                    answers.review(target["pk"], step[2], step[3], now, "因为")
                except Refused:
                    assert step[2] == target["by"]
                else:
                    assert step[2] != target["by"]
                    target["reviews"].append((step[2], step[3]))
            assert set(valid_ids("S05", now)) == expected(said, now)
        for each in answers.valid("S05", now):
            assert each.attestation.by != each.attestation.reviewer
        transaction.savepoint_rollback(mark)
