"""The order of decision, and what a verdict keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.policy.conftest import FACT_TYPES, Part, Thing, ThingFacts
from tlsec.facts import AssetFacts, Done, Failed, Reason
from tlsec.policy import check, schema
from tlsec.policy.check import Loaded
from tlsec.policy.judge import Verdict, judge

NOW = datetime(2026, 9, 1, tzinfo=UTC)
TEXT = """\
check: my.check
version: 3
title: {zh: 试, en: Try}
probe: test.thing@1
when: asset.registered
BASELINE
params:
  most: {type: int, default: 10, stricter: lower}
assert:
  - id: first
    expr: thing.count <= params.most
    fail: {zh: "数量 {thing.count} 超过 {params.most}", en: "{thing.count} is more than {params.most}"}
  - id: second
    expr: thing.parts.all(p, !p.bad)
    fail: {zh: "坏的：{violators}（{thing.label}）", en: "bad: {violators} ({thing.label})"}
severity: low
maps: []
remediation: {zh: 减, en: Reduce}
tests:
  - {name: 少, expect: pass, facts: {thing: {count: 3}}}
  - {name: 多, expect: fail, facts: {thing: {count: 30}}}
  - {name: 不知, expect: unknown, facts: {thing: {}}}
"""
Write = Callable[[str], Path]


@pytest.fixture
def loaded(write: Write) -> Loaded:
    return check.load(write(TEXT.replace("BASELINE\n", "")), FACT_TYPES, {})


def ruled(
    loaded: Loaded, thing: dict[str, Any] | Failed, asset: Any = None, **more: Any
) -> Verdict:
    attempt = thing if isinstance(thing, Failed) else Done({"thing": thing})
    asset = {"registered": True} if asset is None else asset
    return judge(loaded, attempt, asset, {"most": 10}, NOW, **more)


def test_not_applicable_comes_before_a_failed_attempt(loaded: Loaded) -> None:
    verdict = ruled(loaded, Failed(Reason.TIMEOUT), {"registered": False})
    assert (verdict.state, verdict.why) == ("not_applicable", "asset.registered")


def test_an_unsaid_declaration_is_unknown_and_never_not_applicable(loaded: Loaded) -> None:
    for attempt in (Failed(Reason.TIMEOUT), {"count": 1, "parts": []}):
        verdict = ruled(loaded, attempt, {})
        assert verdict.state == "unknown"
        assert "asset.registered" in verdict.why


def test_a_failed_attempt_is_an_error_with_its_reason(loaded: Loaded) -> None:
    for reason in Reason:
        assert (ruled(loaded, Failed(reason)).state, ruled(loaded, Failed(reason)).why) == (
            "error",
            str(reason),
        )


def test_false_beats_unknown_beats_true(loaded: Loaded) -> None:
    bad, good = [{"name": "a", "bad": True}], [{"name": "a", "bad": False}]
    assert ruled(loaded, {"count": 1, "parts": good}).state == "pass"
    assert ruled(loaded, {"count": 1}).state == "unknown"
    assert ruled(loaded, {"parts": bad}).state == "fail"
    verdict = ruled(loaded, {"count": 11, "parts": bad})
    assert (verdict.state, verdict.failing) == ("fail", ("first", "second"))


def test_null_never_decides(loaded: Loaded) -> None:
    assert ruled(loaded, {"count": None, "parts": []}).state == "unknown"
    assert ruled(loaded, {"count": 1, "parts": None}).state == "unknown"
    assert ruled(loaded, {"count": 1, "parts": [{"name": "a", "bad": None}]}).state == "unknown"
    assert ruled(loaded, {"count": 1, "parts": []}, {"registered": None}).state == "unknown"


def test_a_dataclass_and_its_stored_form_are_judged_alike(loaded: Loaded) -> None:
    facts = ThingFacts(Thing("on", 11, True, "甲", NOW, ["x"], [Part("a", True), Part("b", None)]))
    asset = AssetFacts(registered=True)
    live = judge(loaded, Done(facts), asset, {"most": 10}, NOW)
    kept = judge(loaded, Done(schema.plain(facts)), schema.plain(asset), {"most": 10}, NOW)
    assert live == kept
    assert [c.message for c in live.clauses] == ["数量 11 超过 10", "坏的：a（甲）"]
    assert live.clauses[1].message_en == "bad: a (甲)"
    assert live.clauses[0].read == {"thing.count": 11, "params.most": 10}
    assert (live.version, live.now) == (3, NOW)


def test_content_never_becomes_a_template(loaded: Loaded) -> None:
    thing = {
        "count": 1,
        "label": "{params.most}",
        "parts": [{"name": "{thing.count}", "bad": True}],
    }
    assert ruled(loaded, thing).clauses[1].message == "坏的：{thing.count}（{params.most}）"


def test_lists_are_joined_as_each_language_does(write: Write) -> None:
    text = TEXT.replace("BASELINE\n", "").replace("{thing.label}", "{thing.names}")
    loaded = check.load(write(text), FACT_TYPES, {})
    parts = [{"name": "a", "bad": True}, {"name": "b", "bad": True}]
    clause = ruled(loaded, {"count": 1, "names": ["x", "y"], "parts": parts}).clauses[1]
    assert (clause.message, clause.message_en) == ("坏的：a、b（x、y）", "bad: a, b (x, y)")


def test_long_values_are_kept_short(loaded: Loaded) -> None:
    parts = [{"name": "名" * 5000, "bad": True}] * 500
    clause = ruled(loaded, {"count": 1, "parts": parts}).clauses[1]
    assert len(clause.violators) == 5
    assert len(clause.message) < 1200
    assert clause.read is not None
    assert len(clause.read["thing.parts"]) == 11


def test_without_an_approved_baseline_nothing_is_judged(write: Write) -> None:
    text = TEXT.replace("BASELINE", "baseline: true").replace(
        "thing.count <= params.most", "thing.count == baseline.thing.count"
    )
    loaded = check.load(write(text), FACT_TYPES, {})
    thing = {"count": 1, "parts": []}
    assert ruled(loaded, thing).state == "not_run"
    assert ruled(loaded, Failed(Reason.REFUSED)).state == "error"
    assert ruled(loaded, thing, baseline={"thing": {"count": 1}}).state == "pass"
    assert ruled(loaded, thing, baseline={"thing": {"count": 2}}).state == "fail"
    assert ruled(loaded, thing, baseline={"thing": {}}).state == "unknown"


def test_time_is_the_one_passed_in(write: Write) -> None:
    text = TEXT.replace("BASELINE\n", "").replace(
        "thing.count <= params.most", "daysSince(thing.since) <= params.most"
    )
    loaded = check.load(write(text), FACT_TYPES, {})
    facts = Done({"thing": {"since": "2026-08-20T00:00:00+08:00", "parts": []}})
    for day, state in ((datetime(2026, 8, 25, tzinfo=UTC), "pass"), (NOW, "fail")):
        assert judge(loaded, facts, {"registered": True}, {"most": 10}, day).state == state
