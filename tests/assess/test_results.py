"""A system assessed from verdicts, answers, exclusions and inheritance: only what depends on a thing moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.assess.bench import ELSEWHERE, INTEGRITY, NOW, PLACE, PORTS, SECRECY, Bench

if TYPE_CHECKING:
    from tlsec.assess.results import Assessed


def state(assessed: Assessed, line: str) -> tuple[str, float, float]:
    found = assessed.by_line[line].state
    return found.state, found.low, found.high


def moved(before: Assessed, after: Assessed) -> set[str]:
    """Lines whose state differs in any way."""
    return {
        one.line.id
        for one, two in zip(before.items, after.items, strict=True)
        if one.state != two.state
    }


def test_the_grade_selects_the_items(bench: Bench) -> None:
    general = [i for i in bench.at(system="S17").items if i.item.extension == "general"]
    assert len(general) == 209
    cloud = bench.at(system="S23")
    assert len(cloud.items) == 211 + 46
    assert {each.state.state for each in cloud.items} == {"untested"}


def test_a_system_without_a_grade_is_refused(bench: Bench) -> None:
    from tlsec.assess.evidence import Refused
    from tlsec.inventory.models import System

    System.objects.filter(id="S17").update(grade=None, grade_s=None, grade_a=None, level=None)
    with pytest.raises(Refused):
        bench.at(system="S17")
    with pytest.raises(Refused):
        bench.at(system="S99")


def test_one_answer_changes_only_what_depends_on_it(bench: Bench) -> None:
    nothing = bench.at()
    bench.answer(PORTS, "met")
    half = bench.at()
    assert moved(nothing, half) == {PORTS}
    assert state(half, PORTS) == ("untested", 0.0, 1.0)
    bench.answer(f"{PORTS}.two", "partly")
    both = bench.at()
    assert moved(half, both) == {PORTS}
    assert state(both, PORTS) == ("partly", 0.5, 0.5)
    bench.answer(f"{PORTS}.two", "met", at=NOW - timedelta(hours=1))
    assert state(bench.at(), PORTS) == ("met", 1.0, 1.0)


def test_an_answer_counts_once_another_person_accepted_it_and_until_it_expires(
    bench: Bench,
) -> None:
    bench.answer(SECRECY, "met", line=SECRECY, reviewer="")
    assert state(bench.at(), SECRECY)[0] == "untested"
    assert bench.at().waiting == (SECRECY,)
    bench.answer(SECRECY, "met", line=SECRECY)
    assert state(bench.at(), SECRECY) == ("met", 1.0, 1.0)
    assert state(bench.at(days=31), SECRECY) == ("untested", 0.0, 1.0)


def test_an_expired_answer_widens_the_interval(bench: Bench) -> None:
    from tlsec.policy.evaluate import evaluate

    bench.answer(SECRECY, "not_met", line=SECRECY)
    scheme = bench.content.schemes["2021"]
    now, later = (evaluate(scheme, bench.at(days=d).scored(scheme)) for d in (0, 31))
    assert later.number.low <= now.number.low <= now.number.high < later.number.high
    assert later.coverage.tested == now.coverage.tested - 1


def test_machines_refute_and_a_person_may_not_raise(bench: Bench) -> None:
    bench.answer(SECRECY, "met", line=SECRECY)
    before = bench.at()
    bench.verdict("tls.versions", "fail")
    after = bench.at()
    assert moved(before, after) == {INTEGRITY, SECRECY}
    found = after.by_line[SECRECY].state
    assert (found.state, found.conflicts) == ("not_met", 1)
    assert [each.line.id for each in after.conflicts] == [SECRECY]
    at = found.objects[0]
    assert (at.object, at.evidence.machine[0].place) == ("A-S02-1", "203.0.113.11:443")
    assert at.evidence.machine[0].message == "坏"
    bench.verdict("tls.versions", "pass")  # the newest at the same place counts
    assert state(bench.at(), SECRECY) == ("met", 1.0, 1.0)


def test_every_place_counts(bench: Bench) -> None:
    bench.answer(SECRECY, "met", line=SECRECY)
    bench.verdict("tls.versions", "pass")
    bench.verdict("tls.versions", "unknown", place=PLACE | {"vantage": "z7"}, why="没有读到")
    assert state(bench.at(), SECRECY)[0] == "untested"


def test_an_exception_counts_as_partly_met_and_shows_in_the_raw_number(bench: Bench) -> None:
    bench.verdict("tls.versions", "fail", waived="W-1")
    found = bench.at().by_line[SECRECY].state
    assert (found.state, found.raw, found.raw_low) == ("partly", "not_met", 0.0)


def test_old_verdicts_are_as_good_as_none(bench: Bench) -> None:
    bench.more_assets(2)
    bench.answer(SECRECY, "met", line=SECRECY)
    bench.verdict("tls.versions", "pass")
    bench.verdict("tls.versions", "fail", subject="A-S02-2", place=ELSEWHERE | {"port": 8443})
    bench.verdict("tls.versions", "pass", place=ELSEWHERE | {"port": 9443})  # nobody declares it
    bench.verdict("tls.suites", "error", place=ELSEWHERE | {"port": 9444})
    bench.now = NOW + timedelta(days=29)
    assert state(bench.at(), SECRECY) == ("untested", 0.0, 0.5)
    bench.now = NOW + timedelta(days=40)
    from tlsec.assess.models import Answer

    Answer.objects.update(expires=NOW + timedelta(days=90))
    stale = bench.at().by_line[SECRECY].state
    assert stale.state == "untested"
    assert sorted(
        (o.object, m.state, m.place) for o in stale.objects for m in o.evidence.machine
    ) == [
        ("A-S02-1", "not_run", "203.0.113.11:443"),
        ("A-S02-1", "not_run", "203.0.113.12:9444"),
        ("A-S02-2", "not_run", "203.0.113.12:8443"),
    ]  # fmt: skip


def test_checks_that_the_profile_excludes_say_nothing(bench: Bench) -> None:
    bench.verdict("tls.versions", "fail")
    profile = replace(bench.policy.profile, excluded={"tls.versions": "试"})
    bench.policy = replace(bench.policy, profile=profile)
    assert state(bench.at(), SECRECY)[0] == "untested"


def test_an_answer_on_an_asset_goes_before_one_on_the_system(bench: Bench) -> None:
    bench.more_assets(2)
    bench.answer(SECRECY, "met", line=SECRECY)
    bench.answer(SECRECY, "not_met", line=SECRECY, object="A-S02-2")
    bench.verdict("tls.versions", "pass")
    found = bench.at().by_line[SECRECY].state
    assert {o.object: o.state for o in found.objects} == {"A-S02-1": "met", "A-S02-2": "not_met"}
    assert found.state == "partly"


def test_an_asset_given_back_is_no_object(bench: Bench) -> None:
    from tlsec.inventory.models import Asset

    bench.more_assets(2)
    bench.verdict("tls.versions", "fail")
    Asset.objects.filter(id="A-S02-1").update(status="reclaimed")
    assert state(bench.at(), SECRECY)[0] == "untested"


def test_an_exclusion_takes_the_item_out_of_every_number_until_it_ends(bench: Bench) -> None:
    from tlsec.assess.models import Exclusion
    from tlsec.policy.evaluate import evaluate

    row = {
        "system": "S02", "line": SECRECY, "reason": "没有这类数据", "decided_by": "丙",
        "by": "甲", "at": NOW, "until": date(2026, 12, 1),
    }  # fmt: skip
    before = bench.at()
    Exclusion.objects.create(**row)
    after = bench.at()
    assert moved(before, after) == {SECRECY}
    assert after.by_line[SECRECY].state.note == "没有这类数据（丙 决定）"
    scheme = bench.content.schemes["2025"]
    count = [evaluate(scheme, a.scored(scheme)).coverage.applicable for a in (before, after)]
    assert count[1] == count[0] - 1
    assert state(bench.at(days=9), SECRECY)[0] == "untested"


def inherit(until: date, platform: str = "S23") -> None:
    from tlsec.assess.models import Inheritance

    Inheritance.objects.create(
        system="S02", platform=platform, reference="报告 7", valid_from=date(2026, 1, 1),
        until=until, by="甲", at=NOW - timedelta(days=1),
    )  # fmt: skip


@pytest.fixture
def sided(bench: Bench) -> Callable[[str, str], None]:
    """Say whose a line is."""

    def say(line: str, whose: Any) -> None:
        catalog = bench.policy.catalog
        lines = dict(catalog.lines) | {line: replace(catalog.lines[line], responsibility=whose)}
        bench.policy = replace(bench.policy, catalog=replace(catalog, lines=lines))

    return say


def test_a_tenant_takes_over_the_platforms_state_while_it_lasts(
    bench: Bench, sided: Callable[[str, str], None]
) -> None:
    sided(SECRECY, "provider")
    bench.answer(SECRECY, "met", line=SECRECY, system="S23")
    inherit(date(2026, 11, 30))
    found = bench.at()
    assert state(found, SECRECY) == ("met", 1.0, 1.0)
    assert found.by_line[SECRECY].state.note == "平台 S23，报告 7，到 2026-11-30"
    assert "报告 7" in found.inheritance
    bench.verdict("tls.versions", "fail", subject="A-S23-1")
    assert state(bench.at(), SECRECY) == ("not_met", 0.0, 0.0)
    over = bench.at(days=8)
    assert state(over, SECRECY)[0] == "untested"
    assert "已于 2026-11-30 到期" in over.inheritance


def test_of_a_shared_line_the_tenant_keeps_its_own_part(
    bench: Bench, sided: Callable[[str, str], None]
) -> None:
    sided(SECRECY, "shared")
    bench.answer(SECRECY, "met", line=SECRECY, system="S23")
    inherit(date(2026, 11, 30))
    assert state(bench.at(), SECRECY)[0] == "untested"
    bench.answer(SECRECY, "met", line=SECRECY)
    assert state(bench.at(), SECRECY) == ("met", 1.0, 1.0)


def test_platforms_that_take_over_from_each_other_do_not_hang(
    bench: Bench, sided: Callable[[str, str], None]
) -> None:
    from tlsec.assess.models import Inheritance

    sided(SECRECY, "provider")
    inherit(date(2026, 11, 30))
    Inheritance.objects.create(
        system="S23", platform="S02", reference="r", valid_from=date(2026, 1, 1),
        until=date(2026, 11, 30), by="甲", at=NOW,
    )  # fmt: skip
    assert state(bench.at(), SECRECY)[0] == "untested"


# --- the sample ---


def test_the_least_sample_and_all_with_evidence_are_looked_at(bench: Bench) -> None:
    from tlsec.inventory.models import Asset

    for n in range(3, 7):
        Asset.objects.create(
            id=f"A-S02-{n}", name="n", kind="site", system_id="S02", county_id="市"
        )
    bench.verdict("tls.versions", "pass", subject="A-S02-6", place=ELSEWHERE)
    found = bench.at()
    assert found.holdings.sampled == {"A-S02-1", "A-S02-6"}  # exposed, then seen; two at level 3
