"""An approved exception silences exactly the clauses it names, at its place, while it lives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tlsec.policy.judge import ClauseResult, Verdict
from tlsec.range import control

if TYPE_CHECKING:
    from tlsec.scan.runs import Ground

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
PLACE = {"address": "203.0.113.10", "port": 443, "path": "/"}


def waiver(id: str, *clauses: str, **other: Any) -> Any:
    from tlsec.inventory.schema import Waiver

    values = {
        "kind": "exception", "check": "web.page-change", "asset": "A-S01", "locator": {},
        "reason": "改版", "requested_by": "卫承泽", "approved_by": "周若川",
        "valid_from": NOW - timedelta(days=1), "until": NOW + timedelta(days=1),
    }  # fmt: skip
    return Waiver.model_construct(id=id, clauses=list(clauses), **(values | other))


def failed(*clauses: str) -> Verdict:
    results = tuple(ClauseResult(c, False, "", c, c, {}, ()) for c in clauses)
    return Verdict("web.page-change", 1, "fail", NOW, "", results)


@pytest.mark.parametrize(
    ("rows", "all_of", "named"),
    [
        ([waiver("W1", "text", "title")], True, {"text", "title"}),
        ([waiver("W1", "text")], False, {"text"}),
        ([waiver("W1", "text"), waiver("W2", "title")], True, {"text", "title"}),
        ([waiver("W1", "text", "title", until=NOW)], False, set()),
        ([waiver("W1", "text", "title", valid_from=NOW + timedelta(seconds=1))], False, set()),
        ([waiver("W1", "text", "title", asset="A-S02")], False, set()),
        ([waiver("W1", "text", "title", check="web.headers")], False, set()),
        ([waiver("W1", "text", "title", locator={"path": "/x"})], False, set()),
        ([waiver("W1", "text", "title", locator={"path": "/"})], True, {"text", "title"}),
        ([waiver("W1", "text", "title", locator={"unknown": 1})], False, set()),
    ],
)
def test_what_is_covered(django: object, rows: list[Any], all_of: bool, named: set[str]) -> None:
    from tlsec.scan.waivers import Waivers

    verdict = failed("text", "title")
    waived = Waivers(rows).covering(verdict, "A-S01", PLACE)
    assert waived.all_of(verdict) is all_of
    assert set(waived.clauses) == named
    assert set(waived.by.split()) == ({row.id for row in rows} if named else set())


@pytest.fixture
def redesigned(live: Ground) -> Iterator[Ground]:
    """The portal was seen before its redesign, and is redesigned now."""
    control.switch(live.workspace.data, "redesign", False)
    look(live)
    control.switch(live.workspace.data, "redesign", True)
    yield live


def look(ground: Ground) -> dict[str, Any]:
    """Look at the portal's page as the register is now; the run's numbers."""
    from tlsec.scan import runs

    fresh = runs.Ground.of(ground.workspace, datetime.now(UTC))
    specs = [job for job in runs.target_jobs(fresh, "A-S01") if job.probe == "http.page"]
    run = runs.begin(fresh, specs, "甲", kind="target", title="门户")
    assert runs.go(fresh, run, "甲")
    return runs.summary(run)


def change(**values: Any) -> None:
    from tlsec.inventory.models import Waiver

    assert Waiver.objects.filter(id="W-2026-001").update(**values) == 1


def test_the_approved_redesign_is_silent_and_nothing_else(redesigned: Ground) -> None:
    from tlsec.register.models import Alert, RiskItem
    from tlsec.scan.models import Verdict

    said = look(redesigned)
    assert said["alerts"] == {"new": 0, "again": 0}
    assert said["verdicts"]["waived"] == 1
    waived = Verdict.objects.exclude(waived="").get()
    assert (waived.state, waived.waived) == ("fail", "W-2026-001")
    assert not RiskItem.objects.exists()

    change(clauses=["text"])
    assert look(redesigned)["alerts"] == {"new": 1, "again": 0}
    alert = Alert.objects.get()
    assert alert.clauses == ["structure"]  # what is waived is not held against anybody

    change(clauses=["text", "structure"], until=datetime.now(UTC) - timedelta(seconds=1))
    assert look(redesigned)["alerts"] == {"new": 0, "again": 1}
    alert.refresh_from_db()
    assert sorted(alert.clauses) == ["structure", "text"]
