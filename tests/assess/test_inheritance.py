"""What does not apply, and what the platform answers for: decided by name, until a day, taken back by a new row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.assess import answering
from tests.assess.answering import NOW

Q = "ces.identity.unique"
DAY = timedelta(days=1)


@pytest.fixture
def inquiry(tables: Path, tmp_path: Path) -> Iterator[Any]:
    answering.register()
    yield answering.inquiry(tmp_path)


@pytest.fixture
def limits(django: Path) -> Any:
    from tlsec import content
    from tlsec.assess import inheritance

    return inheritance.limits(content.policies())


def refused(call: Any) -> str:
    from tlsec.assess.evidence import Refused

    with pytest.raises(Refused) as error:
        call()
    return str(error.value)


def states(inquiry: Any, system: str, now: Any = NOW) -> dict[str, str]:
    from tlsec.assess.agenda import agenda
    from tlsec.assess.inquiry import find_system

    return {s.posed.question.id: s.state for s in agenda(inquiry, find_system(system), now)}


# --- exclusions ---


def test_an_exclusion_holds_to_its_last_day_and_can_be_taken_back(inquiry: Any) -> None:
    from tlsec.assess import exclusions
    from tlsec.assess.models import Exclusion
    from tlsec.register import journal

    until = date(2026, 11, 30)
    made = exclusions.exclude(inquiry, "S05", "8.1.4.1-a", "不设登录", "冯清越", "甲", NOW, until)
    assert (made.line, made.decided_by, made.by) == (Q, "冯清越", "甲")
    assert states(inquiry, "S05")[Q] == "excluded"
    assert set(exclusions.in_force("S05", NOW + 6 * DAY)) == {Q}
    assert exclusions.in_force("S05", NOW + 7 * DAY) == {}
    assert states(inquiry, "S05", NOW + 7 * DAY)[Q] == "open"
    exclusions.end(inquiry, "S05", Q, "加了登录", "乙", NOW + DAY)
    assert exclusions.in_force("S05", NOW + DAY) == {}
    assert set(exclusions.in_force("S05", NOW)) == {Q}  # as it stood then
    assert Exclusion.objects.count() == 2
    assert "没有生效的不适用决定" in refused(
        lambda: exclusions.end(inquiry, "S05", Q, "", "乙", NOW + 2 * DAY)
    )
    assert list(journal.verify()) == []


def test_exclusions_that_cannot_be(inquiry: Any) -> None:
    from tlsec.assess import exclusions

    def said(system: str, line: str, *more: Any) -> str:
        values = more or ("因为", "领导", "甲", NOW)
        return refused(lambda: exclusions.exclude(inquiry, system, line, *values))

    text = said("S05", Q, " ", "", "甲", NOW, date(2026, 11, 23))
    assert "理由" in text and "由谁决定" in text and "已过" in text
    assert "在该系统是 7.1.4.1-a" in said("S20", "8.1.4.1-a")
    assert "不在 S20" in said("S20", "ces.identity.remote")
    assert "没有条款或要求线 9.9.9" in said("S05", "9.9.9")
    assert "还没有定级" in said("S90", Q)


# --- inheritance ---


def test_a_tenant_takes_over_what_is_the_providers(inquiry: Any, limits: Any) -> None:
    from tlsec.assess import inheritance
    from tlsec.register import journal

    line = "cloud.pes.location.inside"
    assert states(inquiry, "S02")[line] == "open"
    until = date(2027, 6, 30)
    made = inheritance.inherit(limits, "S02", "S23", "测评-17", until, "甲", NOW)
    assert made.findings == ()
    found = states(inquiry, "S02")
    assert (found[line], found[Q]) == ("inherited", "open")
    row = inheritance.in_force("S02", NOW)
    assert row is not None and (row.platform, row.reference, row.until) == ("S23", "测评-17", until)
    assert inheritance.in_force("S02", NOW + 218 * DAY) == row  # its last day
    assert inheritance.in_force("S02", NOW + 219 * DAY) is None
    assert line in states(inquiry, "S23")  # the platform itself is asked
    inheritance.end("S02", "合同终止", "乙", NOW + DAY)
    assert inheritance.in_force("S02", NOW + DAY) is None
    assert "没有沿用" in refused(lambda: inheritance.end("S02", "", "乙", NOW + 2 * DAY))
    assert list(journal.verify()) == []


def test_doubts_are_recorded_and_said_never_silent(inquiry: Any, limits: Any) -> None:
    from tlsec.assess import inheritance
    from tlsec.inventory.models import System

    until = date(2027, 1, 1)

    def doubts(platform: str) -> str:
        made = inheritance.inherit(limits, "S02", platform, "R", until, "甲", NOW)
        assert made.row.pk and tuple(inheritance.findings("S02", NOW)) == made.findings
        return "".join(made.findings)

    assert "第 2 级，低于 S02 的第 3 级" in doubts("S20")
    assert "还没有定级" in doubts("S90")
    assert "不在本台账内" in doubts("")
    assert doubts("S23") == ""
    System.objects.filter(id="S23").update(level=2)  # the platform's grade sinks later
    assert "低于" in "".join(inheritance.findings("S02", NOW))


def test_inheritances_that_cannot_be(inquiry: Any, limits: Any) -> None:
    from tlsec.assess import inheritance
    from tlsec.assess.models import Inheritance

    def said(platform: str, reference: str, until: date) -> str:
        return refused(
            lambda: inheritance.inherit(limits, "S02", platform, reference, until, "甲", NOW)
        )

    assert "不能沿用自己" in said("S02", "R", date(2027, 1, 1))
    assert "台账里没有系统 S77" in said("S77", "R", date(2027, 1, 1))
    text = said("S23", " ", date(2026, 11, 23))
    assert "报告的编号" in text and "已过" in text
    last = NOW.date() + 400 * DAY
    assert "最多沿用 400 天" in said("S23", "R", last + DAY)
    assert not Inheritance.objects.exists()
    inheritance.inherit(limits, "S02", "S23", "R", last, "甲", NOW)


def test_the_longest_time_is_the_workspaces_to_set(inquiry: Any, tmp_path: Path) -> None:
    from tlsec import content
    from tlsec.assess import inheritance
    from tlsec.marked_yaml import Faulty

    folder = tmp_path / "policies" / "ladders"
    folder.mkdir()
    text = 'source: 本市规定\ndate: "2026-11-01"\ninheritance: {longest_days: 30}\n'
    (folder / "assessment.yaml").write_text(text, encoding="utf-8")
    own = inheritance.limits(content.policies(tmp_path))
    assert own.inheritance.longest_days == 30
    assert "最多沿用 30 天" in refused(
        lambda: inheritance.inherit(own, "S02", "S23", "R", date(2027, 1, 1), "甲", NOW)
    )
    (folder / "assessment.yaml").write_text(text.replace("30", "0"), encoding="utf-8")
    with pytest.raises(Faulty, match=r"assessment\.yaml:3"):
        inheritance.limits(content.policies(tmp_path))
