"""What the capability of a unit is counted from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tlsec import content
from tlsec.policy import bundle
from tlsec.policy import capability as policy
from tlsec.policy.capability import Count

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
SCHEME = policy.load(content.policies())
CATALOG = bundle.load(content.policies(), content.fact_types()).catalog


@pytest.fixture
def city(tables: Path) -> None:
    """One county, two units; A1 and A2 belong to the first, A3 to the second."""
    from tlsec.inventory.models import Asset, System, Unit

    Unit.objects.create(id="市", name="岚泽市", kind="city")
    Unit.objects.create(id="县", name="望川县", kind="county", parent_id="市")
    Unit.objects.create(id="甲", name="甲局", kind="unit", county_id="市")
    Unit.objects.create(id="乙", name="乙局", kind="unit", county_id="县")
    System.objects.create(
        id="S1", name="甲系统", unit_id="甲", county_id="市", grade="S2A2G2", grade_s=2, grade_a=2,
        level=2, status="in_use",
    )  # fmt: skip
    for id_, unit, county, system in (
        ("A1", "甲", "市", None),
        ("A2", None, "市", "S1"),
        ("A3", "乙", "县", None),
    ):
        Asset.objects.create(
            id=id_, name=id_, kind="host", unit_id=unit, county_id=county, system_id=system
        )
    Asset.objects.create(
        id="A9", name="旧", kind="host", unit_id="甲", county_id="市", status="reclaimed"
    )


def run_on(day: datetime, *verdicts: tuple[str, str, str]) -> None:
    """A run with verdicts (check, asset, state)."""
    from tlsec.scan.models import Observation, Run, Verdict

    run = Run.objects.create(kind="plan", actor="t", started=day, ended=day)
    for check, asset, state in verdicts:
        key = f'{{"asset":"{asset}"}}'
        Verdict.objects.create(
            run=run, probe="p", locator_key=key, subject=asset, check_id=check, check_version=1,
            profile="default@1", state=state, clauses=[], now=day,
        )  # fmt: skip
        Observation.objects.get_or_create(
            run=run, probe="p", locator_key=key,
            defaults={
                "probe_version": 1, "subject": asset, "vantage": "z6", "started": day,
                "ended": day, "reason": "timeout" if state == "error" else "",
            },
        )  # fmt: skip


def counts(name: str, level: str = "unit") -> dict[str, Count]:
    from tlsec.assess import capability

    who = capability.holder(level, name)
    read = capability.read(who, SCHEME, CATALOG, NOW)
    return {m.measure.id: m.count for a in read.capability.abilities for m in a.measured}


def test_only_the_newest_verdict_at_a_place_counts(city: None) -> None:
    run_on(NOW - timedelta(days=30), ("c1", "A1", "fail"), ("c1", "A2", "pass"))
    run_on(NOW - timedelta(days=1), ("c1", "A1", "pass"), ("c2", "A2", "error"))
    found = counts("甲局")
    assert found["checks"] == Count(2, 1, 3)
    assert found["tested"] == Count(2, 0, 3)
    assert found["watched"] == Count(1, 0, 2)  # A2 gave no facts of late; A9 is out of use
    assert counts("乙局")["checks"] == Count(0, 0, 0)


def test_a_graded_system_without_conclusion_is_open_as_a_whole(city: None) -> None:
    from tlsec.assess.models import Conclusion

    assert counts("甲局")["items"] == Count(0, 135, 135)
    Conclusion.objects.create(
        system="S1", grade="S2A2G2", scheme="2025@1", report_date=date(2026, 11, 1), catalog="c",
        profile="p", result={}, risks=[], digest="", by="t", at=NOW,
        items=[
            {"id": "a", "state": "met", "low": 1, "high": 1},
            {"id": "b", "state": "untested", "low": 0.0, "high": 1.0},
            {"id": "c", "state": "not_applicable", "low": 0, "high": 0},
        ],
    )  # fmt: skip
    assert counts("甲局")["items"] == Count(1, 1, 2)


def test_how_a_unit_handles_what_it_is_sent(city: None) -> None:
    from tlsec.register.models import RiskItem

    def item(no: str, **values: object) -> None:
        RiskItem.objects.create(
            no=no, check_id="c", title="t", subject="A1", unit="甲局", severity="high",
            description="d", opened=NOW - timedelta(days=9), **{"state": "closed", **values},
        )  # fmt: skip

    day = timedelta(days=1)
    sent = NOW - 5 * day
    fixed = {"closure_reason": "fixed", "due": NOW - 2 * day}
    item("1", **fixed, closed=NOW - 3 * day, dispatched=sent, signed=sent + day / 2)
    item("2", **fixed, closed=NOW - 1 * day, dispatched=sent, signed=sent + 2 * day)
    item("3", state="fixing", due=NOW - day, dispatched=sent)
    item("4", state="new", due=NOW + day)
    item("5", state="dispatched", dispatched=NOW - day / 2, recurrence_of="1")
    item("6", closure_reason="false-positive", closed=NOW)
    item("7", closure_reason="fixed", closed=NOW - 400 * day, due=NOW - 500 * day)
    found = counts("甲局")
    assert found["signed"] == Count(1, 0, 3)  # 5 still has time
    assert found["not_overdue"] == Count(2, 0, 3)
    assert found["fixed_in_time"] == Count(1, 0, 2)
    assert found["lasting"] == Count(1, 0, 2)
    assert counts("乙局")["not_overdue"] == Count(0, 0, 0)


def test_a_county_answers_for_what_lies_in_it(city: None) -> None:
    run_on(NOW, ("c1", "A3", "pass"))
    assert counts("望川县", "county")["watched"] == Count(1, 0, 1)
    assert counts("岚泽市", "city")["watched"] == Count(1, 0, 3)


def test_the_next_reading_is_compared_with_the_one_kept(city: None) -> None:
    from tlsec.assess import capability
    from tlsec.register.models import Journal

    who = capability.holder("unit", "甲局")
    first = capability.read(who, SCHEME, CATALOG, NOW)
    assert first.before is None
    capability.keep([first], SCHEME, "周若川", NOW)
    run_on(NOW, ("c1", "A1", "pass"))
    second = capability.read(who, SCHEME, CATALOG, NOW)
    assert second.before is not None
    assert second.before.numbers["low"] == 0
    assert second.capability.low > 0
    assert Journal.objects.filter(command="capability.keep", object="甲局").count() == 1


def test_a_misspelt_unit_is_refused(city: None) -> None:
    from tlsec.assess import capability

    with pytest.raises(capability.NoSuch):
        capability.holder("unit", "丙局")
