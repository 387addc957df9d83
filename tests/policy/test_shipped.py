"""Every shipped check, by rule: its fixtures, its texts, and that no fact can be missing and yet passed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tlsec import content
from tlsec.facts import Done
from tlsec.policy import bundle, expr, fixtures, schema
from tlsec.policy.bundle import Policy
from tlsec.policy.check import ASSET, Fixture, Loaded
from tlsec.policy.judge import judge
from tlsec.policy.schema import BOOL, FLOAT, INT, STRING, TIME, Choice, ListOf, Record, Type

SHIPPED = bundle.load(content.policies(), content.fact_types())
EACH = pytest.mark.parametrize("loaded", SHIPPED.checks.values(), ids=list(SHIPPED.checks))
OUTSIDE = {"web.secrecy-mark"}  # secrecy is not the business of GB/T 22239
CHINESE = re.compile(r"[\u3400-\u9fff，。：；、（）]")
# those that the sample city's troubles are found by
REQUIRED = {
    *("life.zombie", "net.allocation", "boundary.exit", "boundary.flow", "web.hidden-link"),
    *("tls.cert-days", "web.backoffice", "web.default-account", "dns.match", "tls.versions"),
    *("web.operator", "net.exposure", "record.zero-report", "web.page-change"),
    *("web.headers", "record.owner"),
}


def test_the_set_is_whole() -> None:
    assert len(SHIPPED.checks) >= 34
    assert set(SHIPPED.checks) >= REQUIRED
    used = {loaded.check.probe for loaded in SHIPPED.checks.values()}
    assert used == set(content.fact_types())


@EACH
def test_fixtures_come_out_as_they_say(loaded: Loaded) -> None:
    for outcome in fixtures.run(loaded):
        verdict = outcome.verdict
        assert outcome.as_expected, (
            outcome.fixture.name,
            verdict.state,
            verdict.failing,
            verdict.why,
        )


@EACH
def test_every_clause_fails_in_some_fixture_and_says_so(loaded: Loaded) -> None:
    failed: set[str] = set()
    for outcome in fixtures.run(loaded):
        for clause in outcome.verdict.clauses:
            if clause.is_ is False:
                failed.add(clause.id)
                assert "{" not in clause.message + clause.message_en
    assert failed == {clause.id for clause in loaded.check.clauses}
    names = [fixture.name for fixture in loaded.check.tests]
    assert len(set(names)) == len(names)


@EACH
def test_every_fail_fixture_names_its_clauses(loaded: Loaded) -> None:
    for fixture in loaded.check.tests:
        assert bool(fixture.clauses) == (fixture.expect == "fail"), fixture.name


@EACH
def test_every_parameter_decides_and_says_what_it_is(loaded: Loaded) -> None:
    read = {
        path[1]
        for clause in loaded.check.clauses
        for path in expr.reads(clause.tree)
        if path[0] == "params"
    }
    assert read == set(loaded.check.params)
    assert all(param.zh for param in loaded.check.params.values())


@EACH
def test_texts(loaded: Loaded) -> None:
    check = loaded.check
    pairs = [check.title, check.remediation, *(clause.fail for clause in check.clauses)]
    for pair in pairs:
        assert CHINESE.search(pair.zh)
        assert not CHINESE.search(pair.en)
    assert 2 <= len(check.category) <= 6
    assert check.maps or check.id in OUTSIDE
    assert Path(loaded.marked.name).parent.name == check.id.split(".")[0]
    # a pass or a fail that says nothing about any line would be a check without a purpose
    said = any(m.failed != "nothing" or m.passed != "nothing" for m in check.maps)
    assert said or check.id in OUTSIDE


# --- a fact that is not there decides nothing ---


def samples(kind: Type) -> list[Any]:
    """Values of a type, enough to hit either side of the conditions that checks write."""
    if isinstance(kind, Choice):
        return list(kind.values)
    if isinstance(kind, ListOf):
        items = samples(kind.item)
        return [[], *([item] for item in items), items[:3]]
    if isinstance(kind, Record):
        parts = {name: samples(part) for name, part in kind.fields.items()}
        longest = min(max((len(values) for values in parts.values()), default=0), 6)
        return [{n: v[i % len(v)] for n, v in parts.items()} for i in range(longest)]
    values: dict[Type, list[Any]] = {
        BOOL: [True, False],
        INT: [-1, 0, 1, 22, 80, 443, 3389, 200, 403, 500, 2048, 10**9],
        FLOAT: [0.0, 1.5],
        STRING: ["", "x", "nosniff", "SSH-1.5-x", "RSA", "EC", "strict", "internal", "stopped",
                 "203.0.113.99"],
        TIME: [datetime(y, 9, 1, tzinfo=UTC).isoformat() for y in (2000, 2026, 2099)],
    }  # fmt: skip
    return values[kind]


Place = tuple[str | int, ...]


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Every named part; elements of a list are reached through, not taken out."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield (*at, key)
            yield from places(part, (*at, key))
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from places(part, (*at, i))


def kind_at(kind: Type, place: Place) -> Type:
    for step in place:
        if isinstance(kind, Record):
            kind = kind.fields[str(step)]
        else:
            assert isinstance(kind, ListOf)
            kind = kind.item
    return kind


_REMOVED = object()


def changed(world: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    made = deepcopy(world)
    inner: Any = made
    for step in place[:-1]:
        inner = inner[step]
    if value is _REMOVED:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return made


def ruled(loaded: Loaded, fixture: Fixture, world: dict[str, Any]) -> str:
    params = {n: p.default for n, p in loaded.check.params.items()} | fixture.params
    baseline = world["baseline"] if loaded.check.baseline else None
    verdict = judge(loaded, Done(world["facts"]), world["asset"], params, fixtures.NOW, baseline)
    return verdict.state


@EACH
def test_no_fact_can_be_missing_and_yet_passed(loaded: Loaded) -> None:
    """Remove each fact of each passing fixture: either it no longer passes, or that fact decides nothing."""
    kinds: dict[str, Type] = {"facts": loaded.facts, "asset": ASSET, "baseline": loaded.facts}
    tried = left = 0
    for fixture in (f for f in loaded.check.tests if f.expect == "pass"):
        world = deepcopy(
            {"facts": fixture.facts, "asset": fixture.asset, "baseline": fixture.baseline}
        )
        for place in (p for p in places(world) if len(p) > 1):
            without = ruled(loaded, fixture, changed(world, place, _REMOVED))
            assert ruled(loaded, fixture, changed(world, place, None)) == without, place
            tried += 1
            left += without != "pass"
            assert without in ("pass", "unknown"), (fixture.name, place)
            if without == "pass":
                for value in samples(kind_at(kinds[str(place[0])], place[1:])):
                    state = ruled(loaded, fixture, changed(world, place, value))
                    assert state == "pass", (fixture.name, place, value)
    assert tried
    assert left, "no fact of any passing fixture matters"


@EACH
def test_nothing_observed_never_passes_or_fails(loaded: Loaded) -> None:
    fixture = loaded.check.tests[0]
    for baseline in ({}, fixture.baseline):
        world = {"facts": {}, "asset": {}, "baseline": baseline}
        assert ruled(loaded, fixture, world) == "unknown"


# --- the rest of the shipped content ---


def test_every_check_speaks_to_a_line() -> None:
    used = {m.line for loaded in SHIPPED.checks.values() for m in loaded.check.maps}
    assert used <= set(SHIPPED.catalog.lines)


def test_high_risk_ports() -> None:
    ports = set(SHIPPED.ports["high-risk"])
    assert {21, 23, 135, 137, 445, 1521, 3306, 3389, 5432, 6379, 9200, 11211, 27017, 27018} <= ports
    assert not ports & {22, 53, 80, 443, 8080, 8088, 8443, 8888, 9443}
    forbidden = SHIPPED.checks["net.exposure"].check.params["forbidden"].default
    assert set(forbidden) == ports


def test_the_judge_and_the_schema_survive_a_round_trip() -> None:
    policy: Policy = SHIPPED
    for loaded in policy.checks.values():
        for fixture in loaded.check.tests:
            once = schema.materialise(loaded.facts, fixture.facts)
            assert schema.materialise(loaded.facts, once) == once


def test_every_trouble_of_the_practice_city_names_a_check() -> None:
    from tlsec.range import troubles

    for trouble in troubles.all_troubles():
        named = [trouble.check, *(also.check for also in trouble.also)]
        assert set(filter(None, named)) <= set(SHIPPED.checks), trouble.name
