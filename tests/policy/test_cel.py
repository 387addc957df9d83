"""Three-valued evaluation against a Kleene oracle of a few lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlsec.policy import cel, expr
from tlsec.policy.cel import Outcome

NOW = datetime(2026, 9, 1, tzinfo=UTC)
Tri = bool | None


def run(text: str, **names: Any) -> Outcome:
    return cel.evaluate(text, expr.parse(text), names, NOW)


@dataclass(frozen=True)
class Say:
    """An expression's text and its value by the oracle."""

    text: str
    is_: Tri


def no(a: Tri) -> Tri:
    return None if a is None else not a


def both(values: list[Tri]) -> Tri:
    return False if False in values else None if None in values else True


def either(values: list[Tri]) -> Tri:
    return no(both([no(v) for v in values]))


TRI = st.sampled_from([True, False, None])
WORLD = st.fixed_dictionaries(
    dict.fromkeys("abc", TRI)
    | {"n": st.sampled_from([0, 5, None]), "xs": st.lists(TRI, max_size=4) | st.none()}
)


def leaves(world: dict[str, Any]) -> st.SearchStrategy[Say]:
    n = world["n"]
    plain = [Say(f"f.{name}", world[name]) for name in "abc"]
    plain += [Say("true", True), Say("false", False)]
    plain += [
        Say("f.n > 3", None if n is None else n > 3),
        Say("f.n in [5, 6]", None if n is None else n in (5, 6)),
    ]
    for wanted in (True, False):
        xs: list[Tri] | None = world["xs"]
        body = "x.p" if wanted else "!x.p"
        held = None if xs is None else [x if wanted else no(x) for x in xs]
        plain.append(Say(f"f.xs.all(x, {body})", None if held is None else both(held)))
        plain.append(Say(f"f.xs.exists(x, {body})", None if held is None else either(held)))
        mixed = None if held is None else both([either([h, world["a"]]) for h in held])
        plain.append(Say(f"f.xs.all(x, {body} || f.a)", mixed))
    return st.sampled_from(plain)


def grown(inner: st.SearchStrategy[Say]) -> st.SearchStrategy[Say]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        inner.map(lambda s: Say(f"!({s.text})", no(s.is_))),
        pairs.map(lambda p: Say(f"({p[0].text} && {p[1].text})", both([p[0].is_, p[1].is_]))),
        pairs.map(lambda p: Say(f"({p[0].text} || {p[1].text})", either([p[0].is_, p[1].is_]))),
    )


def facts_of(world: dict[str, Any]) -> dict[str, Any]:
    """What was not observed is not there."""
    facts = {name: value for name, value in world.items() if value is not None}
    if world["xs"] is not None:
        facts["xs"] = [{} if p is None else {"p": p} for p in world["xs"]]
    return facts


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_agrees_with_the_oracle(data: st.DataObject) -> None:
    world = data.draw(WORLD)
    said = data.draw(st.recursive(leaves(world), grown, max_leaves=12))
    outcome = run(said.text, f=facts_of(world))
    assert outcome.is_ is said.is_
    assert bool(outcome.why) == (said.is_ is None)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_more_facts_never_overturn_a_decision(data: st.DataObject) -> None:
    world = data.draw(WORLD)
    said = data.draw(st.recursive(leaves(world), grown, max_leaves=8))
    before = run(said.text, f=facts_of(world)).is_
    fuller = {
        name: data.draw(st.booleans()) if value is None and name in "abc" else value
        for name, value in world.items()
    }
    if before is not None:
        assert run(said.text, f=facts_of(fuller)).is_ is before


def test_the_missing_fact_is_named() -> None:
    outcome = run("f.a && f.b.c > 1", f={"a": True})
    assert outcome.is_ is None
    assert outcome.why == "未观测到 f.b.c"
    assert run("f.xs.all(x, x.p)", f={"xs": [{"p": True}, {}]}).why.endswith("x.p")


def test_a_false_element_decides_and_is_named_whatever_the_others_lack() -> None:
    xs = [{"id": 1}, {"id": 2, "p": False}, {"id": 3, "p": True}, {"id": 4, "p": False}]
    outcome = run("f.xs.all(x, x.p)", f={"xs": xs})
    assert (outcome.is_, outcome.violators) == (False, (xs[1], xs[3]))
    outcome = run("!f.xs.exists(x, !x.p)", f={"xs": xs})
    assert (outcome.is_, outcome.violators) == (False, (xs[1], xs[3]))


def test_of_lists_within_lists_the_outermost_element_is_named() -> None:
    xs = [{"id": 1, "ys": [1, 2]}, {"id": 2, "ys": [9, 8]}]
    outcome = run("f.xs.all(x, x.ys.all(y, y < 5))", f={"xs": xs})
    assert outcome.violators == (xs[1],)


def test_violators_are_five_at_most_and_reading_stops_there() -> None:
    outcome = run("f.xs.all(x, x < 0)", f={"xs": list(range(1_000_000))})
    assert (outcome.is_, len(outcome.violators)) == (False, cel.MAX_VIOLATORS)


def test_a_condition_that_holds_names_nobody() -> None:
    assert run("f.xs.all(x, x > 0) || true", f={"xs": [0]}) == Outcome(True)


@pytest.mark.timeout(15)  # facts once were copied whole for every element
def test_an_exhausted_budget_is_unknown_and_never_true() -> None:
    outcome = run("f.xs.all(x, x >= 0 && x >= 0)", f={"xs": list(range(20_000))})
    assert outcome.is_ is None
    assert "上限" in outcome.why


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("daysUntil(f.t) >= 1", True),
        ("daysUntil(f.t) >= 2", False),
        ("daysSince(f.t) == -2", True),
        ('inCidr(f.ip, ["192.0.2.0/24"])', True),
        ('inCidr(f.ip, ["2001:db8::/32"])', False),
        ('inCidr(f.bad, ["192.0.2.0/24"])', None),
        ("f.list[5] == 1", None),
        ("size(f.list) == 2", True),
        ('f.ip.startsWith("192.")', True),
    ],
)
def test_functions(text: str, expected: Tri) -> None:
    facts = {"t": NOW + timedelta(days=1, seconds=1), "ip": "192.0.2.9", "bad": "x", "list": [1, 2]}
    assert run(text, f=facts).is_ is expected


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.datetimes(timezones=st.just(UTC)),
    st.lists(
        st.one_of(st.integers(), st.text(max_size=3), st.dictionaries(st.just("p"), st.booleans()))
    ),
)


@given(
    st.sampled_from(
        [
            "f.v > 3",
            "f.v + 9223372036854775807 > 0",
            "f.v == true",
            "daysSince(f.v) > 1",
            "daysUntil(f.v) > 1",
            'inCidr(f.v, ["192.0.2.0/24"])',
            'f.v.startsWith("a")',
            "size(f.v) > 0",
            "f.v[0] == 1",
            "f.v.all(x, x.p)",
            "f.v.filter(x, x > 1).exists(x, x == 2)",
            'f.v in ["a"]',
        ]
    ),
    ODD,
)
@settings(max_examples=600, deadline=None)
def test_nothing_in_the_facts_makes_it_raise(text: str, value: Any) -> None:
    facts = {} if value is None else {"v": value}
    outcome = run(text, f=facts)
    assert outcome.is_ is not None or outcome.why
    if value is None:
        assert outcome.is_ is None
