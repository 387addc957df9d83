"""Due days: month ends, leap days, the certificate's prolongation, and what is not known."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec import content
from tlsec.marked_yaml import Faulty
from tlsec.policy import duties
from tlsec.policy.duties import Fact, Ladder, State, add_months

TODAY = date(2026, 11, 24)
DAYS = st.dates(min_value=date(2008, 1, 1), max_value=date(2060, 12, 31))


@pytest.fixture(scope="module")
def ladder() -> Ladder:
    return duties.load(content.policies())


LADDER = duties.load(content.policies())


def at(level: int | None, *facts: Fact, today: date = TODAY) -> dict[str, State]:
    return {each.duty.id: each for each in duties.states(LADDER, level, facts, today)}


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 3, 31), -3, date(2025, 12, 31)),
        (date(2026, 5, 31), -3, date(2026, 2, 28)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
    ],
)
def test_months(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@given(DAYS, st.integers(-240, 240))
def test_months_keep_the_day_or_end_the_month(day: date, months: int) -> None:
    there = add_months(day, months)
    assert (there.year * 12 + there.month) - (day.year * 12 + day.month) == months
    assert there.day == day.day or (
        there.day < day.day and (there + timedelta(days=1)).month != there.month
    )


@given(DAYS, DAYS, st.integers(0, 240))
def test_months_keep_order(one: date, other: date, months: int) -> None:
    first, second = sorted((one, other))
    assert add_months(first, months) <= add_months(second, months)


def test_filing_counts_from_the_later_of_grade_and_start() -> None:
    running = at(3, Fact("go_live", date(2020, 1, 1)), Fact("graded", date(2026, 11, 1)))
    assert (running["filing"].state, running["filing"].due) == ("due", date(2026, 12, 1))
    new = at(3, Fact("graded", date(2026, 1, 1)), Fact("go_live", date(2026, 10, 1)))
    assert (new["filing"].state, new["filing"].due) == ("overdue", date(2026, 10, 31))
    assert new["filing"].days == 24
    assert at(3)["filing"].state == "unknown"
    assert at(1)["filing"].state == "not_required"
    assert at(None)["filing"].state == "unknown"


def test_the_last_day_is_not_late() -> None:
    facts = [Fact("graded", date(2026, 10, 25))]
    assert at(3, *facts, today=date(2026, 11, 24))["filing"].state == "due"
    assert at(3, *facts, today=date(2026, 11, 24))["filing"].days == 0
    late = at(3, *facts, today=date(2026, 11, 25))["filing"]
    assert (late.state, late.days) == ("overdue", 1)


def test_a_new_grade_asks_for_review_and_filing_anew() -> None:
    first = [
        Fact("expert_review", date(2024, 1, 1)),
        Fact("graded", date(2024, 2, 1)),
        Fact("filed", date(2024, 2, 20)),
    ]
    assert {at(3, *first)[id].state for id in ("expert-review", "filing")} == {"done"}
    again = [*first, Fact("graded", date(2026, 11, 1))]
    assert at(3, *again)["filing"].due == date(2026, 12, 1)
    assert at(3, *again)["expert-review"].state == "due"
    reviewed = [*again, Fact("expert_review", date(2026, 10, 20))]
    assert at(3, *reviewed)["expert-review"].state == "done"
    changed = [*first, Fact("major_change", date(2026, 6, 1))]
    assert at(3, *changed)["expert-review"].state == "due"
    assert at(3, *changed)["evaluation-change"].state == "due"
    assert at(3, *first)["evaluation-change"].state == "not_required"


def test_evaluations_by_level() -> None:
    done = [Fact("filed", date(2024, 2, 20)), Fact("evaluation", date(2026, 2, 28))]
    for level, id, due in (
        (2, "evaluation-l2", date(2028, 2, 28)),
        (3, "evaluation", date(2027, 2, 28)),
        (4, "evaluation", date(2027, 2, 28)),
        (5, "evaluation", date(2027, 2, 28)),
    ):
        assert at(level, *done)[id].due == due
    assert "待核" in at(2, *done)["evaluation-l2"].duty.verify
    never = at(3, done[0])["evaluation"]
    assert (never.state, never.due) == ("overdue", date(2025, 2, 20))
    assert "没有做过的记录" in never.why
    assert at(4, done[0])["self-check"].due == date(2024, 8, 20)
    assert at(4, done[0])["evaluation-l2"].state == "not_required"
    soon = at(3, *done, today=date(2026, 12, 15))["evaluation"]
    assert (soon.state, soon.days) == ("due", 75)
    assert at(3, *done)["evaluation"].state == "done"


def test_certificates() -> None:
    """Three years, those before 2025 from 2025-01-01; an evaluation prolongs by one year."""
    old = at(3, Fact("certificate", date(2021, 5, 1)))["certificate"]
    assert old.due == date(2028, 1, 1)
    assert old.window == (date(2027, 10, 1), date(2028, 1, 1))
    fresh = Fact("certificate", date(2025, 3, 31))
    assert at(3, fresh)["certificate"].due == date(2028, 3, 31)
    evaluated = at(3, fresh, Fact("evaluation", date(2026, 3, 1)))["certificate"]
    assert (evaluated.state, evaluated.due) == ("done", date(2029, 3, 31))
    before = at(3, fresh, Fact("evaluation", date(2025, 3, 1)))["certificate"]
    assert before.due == date(2028, 3, 31)
    stated = Fact("certificate", date(2025, 3, 31), date(2027, 1, 15))
    window = at(3, stated)["certificate"]
    assert (window.state, window.due, window.days) == ("due", date(2027, 1, 15), 52)
    assert "延期申请窗口" in window.why
    gone = at(3, stated, Fact("evaluation", date(2027, 2, 1)), today=date(2027, 3, 1))
    assert (gone["certificate"].state, gone["certificate"].due) == ("overdue", date(2027, 1, 15))


@given(DAYS, st.lists(DAYS, max_size=8))
def test_more_evaluations_never_shorten_a_certificate(start: date, days: list[date]) -> None:
    duty = LADDER.duties["certificate"]
    certificate = Fact("certificate", start)
    bare = duties.expiry(duty, certificate, [])
    assert bare >= add_months(start, 36)
    last = bare
    for n in range(len(days) + 1):
        end = duties.expiry(duty, certificate, days[:n])
        assert end >= last
        assert end in {add_months(max(start, date(2025, 1, 1)), 36 + 12 * k) for k in range(n + 1)}
        last = end
    once = duty.model_copy(update={"prolong_each": False})
    assert duties.expiry(once, certificate, days) in {
        bare,
        add_months(max(start, date(2025, 1, 1)), 48),
    }


KINDS = sorted(LADDER.kinds)
facts_st = st.lists(st.builds(Fact, st.sampled_from(KINDS), DAYS), max_size=12)


@given(facts_st, st.sampled_from([None, 1, 2, 3, 4, 5]), DAYS)
def test_every_state_agrees_with_its_days(
    facts: list[Fact], level: int | None, today: date
) -> None:
    for each in duties.states(LADDER, level, facts, today):
        assert (each.state == "not_required") >= (
            level is not None and level not in each.duty.levels
        )
        if each.due is not None:
            assert each.days == abs((each.due - today).days)
            assert (each.state == "overdue") is (today > each.due)
        else:
            assert each.days is None and each.state != "overdue"
        if each.done is not None:
            assert any(f.kind == each.duty.done_by and f.on == each.done for f in facts)
            assert each.done <= today


@given(facts_st, st.sampled_from([1, 2, 3, 4, 5]), DAYS)
def test_what_is_still_to_come_changes_nothing(facts: list[Fact], level: int, today: date) -> None:
    past = [fact for fact in facts if fact.on <= today]
    assert duties.states(LADDER, level, facts, today) == duties.states(LADDER, level, past, today)


def test_every_duty_says_what_it_rests_on(ladder: Ladder) -> None:
    for duty in ladder.duties.values():
        assert duty.basis and date.fromisoformat(duty.date) <= TODAY
    assert "待核" in ladder.duties["evaluation-l2"].verify


def test_a_workspace_may_only_be_stricter(tmp_path: Path) -> None:
    shipped = (content.policies()[0] / duties.FILE).read_text()
    start = shipped.index("  - id: filing\n")
    filing = shipped[start : shipped.index("  - id: filing-2025")]
    own = tmp_path / duties.FILE
    own.parent.mkdir(parents=True)
    head = 'id: grading-duties\nversion: 1\ndate: "2026-11-24"\nduties:\n'
    own.write_text(head + filing.replace("within_days: 30", "within_days: 14"))
    found = duties.load([*content.policies(), tmp_path])
    assert found.duties["filing"].within_days == 14
    own.write_text(head + filing.replace("within_days: 30", "within_days: 60"))
    with pytest.raises(Faulty, match=r"yaml:5:5: filing 只能比原来的更严：within_days 放宽了"):
        duties.load([*content.policies(), tmp_path])
    own.write_text(head + filing.replace("done_by: filed", "done_by: files"))
    with pytest.raises(Faulty, match="没有 files 这种记录"):
        duties.load([*content.policies(), tmp_path])
