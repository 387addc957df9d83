"""Numbers and conclusions, recomputed here from the published formulas and not from the code's own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec import content
from tlsec.marked_yaml import Faulty
from tlsec.policy import evaluate as evaluating
from tlsec.policy import scheme as schemes_
from tlsec.policy.evaluate import Risks, evaluate, shown
from tlsec.policy.scheme import Scheme, Scored

SCHEMES = schemes_.load(content.policies())
VALUE = {"met": 1.0, "partly": 0.5, "not_met": 0.0}
DOMAINS = (("PES", True), ("CES", True), ("PSS", False), ("MMS", False))


def row(
    state: Any, domain: str = "CES", point: str = "p", weight: float = 1, **other: Any
) -> Scored:
    low, high = (VALUE[state],) * 2 if state in VALUE else (0.0, 1.0)
    ends = {"low": low, "high": high, "raw_low": low, "raw_high": high} | other
    technical = dict(DOMAINS)[domain]
    return Scored(
        f"8.1.4.1-{domain}", "line", f"{domain}.{point}", domain, technical, state,
        weight=Fraction(str(weight)), **ends,
    )  # fmt: skip


def many(count: int, state: Any, **other: Any) -> list[Scored]:
    return [row(state, **other) for _i in range(count)]


# --- which scheme ---


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2020, 5, 1), "2021"),
        (date(2025, 3, 20), "2021"),
        (date(2025, 3, 21), "2025"),
        (date(2026, 11, 24), "2025"),
    ],
)
def test_the_report_date_chooses(day: date, expected: str) -> None:
    assert schemes_.choose(SCHEMES, day).id == expected


def test_what_is_not_settled_is_marked() -> None:
    assert SCHEMES["2021"].importance.items == {}
    for id_ in ("2019", "2021"):
        assert str(SCHEMES[id_].importance.verify).startswith("待核")
    assert [str(b.verify)[:2] for b in SCHEMES["2025"].bands] == ["待核", "待核", ""]


def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "schemes").mkdir()
    text = (content.policies()[0] / "schemes" / "2025.yaml").read_text(encoding="utf-8")
    broken = text.replace("gives: basic", "gives: nothing").replace(
        "default: ordinary", "default: big"
    )
    (tmp_path / "schemes" / "x.yaml").write_text(broken, encoding="utf-8")
    with pytest.raises(Faulty) as caught:
        schemes_.load([tmp_path])
    assert len(caught.value.faults) == 2
    assert all("x.yaml:" in fault.where for fault in caught.value.faults)


# --- the published examples ---


def test_one_key_item_partly_met_of_two_hundred_costs_three_quarters_of_a_point() -> None:
    rows = [row("partly", weight=3), *many(119, "met"), *many(80, "met", domain="MMS")]
    found = evaluate(SCHEMES["2021"], rows)
    assert found.number.low == found.number.high == Fraction("99.25")
    assert any("Vt = max(0, 50.00 − 1.5 × 0.5) = 49.25" in step for step in found.steps)


def test_half_of_the_points_is_all_that_technique_can_lose() -> None:
    rows = [*many(34, "not_met", weight=3), *many(86, "met"), *many(80, "met", domain="MMS")]
    assert evaluate(SCHEMES["2021"], rows).number.low == 50


def test_the_rate_of_2025_does_not_count_partly_met() -> None:
    rows = [*many(6, "met"), *many(3, "partly"), *many(1, "not_met"), *many(5, "not_applicable")]
    assert evaluate(SCHEMES["2025"], rows).number.low == 60


def test_the_form_of_2019_takes_the_mean_of_the_classes_that_apply() -> None:
    rows = [
        *many(3, "met"), row("not_met"), *many(1, "partly", domain="MMS"),
        *many(2, "not_applicable", domain="PES"),
    ]  # fmt: skip
    assert evaluate(SCHEMES["2019"], rows).number.low == Fraction("62.5")  # ¼ and ½ lost


# --- recomputed for any items ---

states = st.sampled_from(("met", "partly", "not_met", "untested", "not_applicable"))
tables = st.lists(
    st.builds(
        row,
        states,
        st.sampled_from([d for d, _t in DOMAINS]),
        st.sampled_from(["a", "b"]),
        st.sampled_from([1, 2, 3]),
    ),
    min_size=1,
    max_size=30,
)


def by_hand(id_: str, rows: list[Scored], untested: float) -> Decimal:
    """The formulas of the three templates in decimal arithmetic."""
    asked = [
        (r, Decimal(str(VALUE.get(r.state, untested)))) for r in rows if r.state != "not_applicable"
    ]
    n, hundred = Decimal(len(asked)), Decimal(100)
    if id_ == "2025":
        return hundred * sum(x == 1 for _r, x in asked) / n
    weights = {id(r): Decimal(int(r.weight)) for r, _x in asked}
    if id_ == "2021":
        sides = []
        for technical in (True, False):
            off = sum(weights[id(r)] * (1 - x) for r, x in asked if r.technical is technical)
            sides.append(max(Decimal(0), Decimal(50) - off * hundred / n))
        return sides[0] + sides[1]
    shares = []
    for domain in {r.domain for r, _x in asked}:
        part = [(weights[id(r)], x) for r, x in asked if r.domain == domain]
        no = sum((w for w, x in part if x == 0), Decimal(0))
        some = sum((w for w, x in part if x == Decimal("0.5")), Decimal(0))
        shares.append((no + some / 2) / sum(w for w, _x in part))
    return hundred - hundred * sum(shares) / len(shares)


@given(st.sampled_from(sorted(SCHEMES)), tables)
def test_numbers_are_those_of_the_published_formula(id_: str, rows: list[Scored]) -> None:
    found = evaluate(SCHEMES[id_], rows)
    asked = [r for r in rows if r.applicable]
    assert found.coverage.applicable == len(asked)
    assert found.coverage.tested == sum(r.state != "untested" for r in asked)
    if asked:
        assert float(found.number.low) == pytest.approx(float(by_hand(id_, rows, 0)))
        assert float(found.number.high) == pytest.approx(float(by_hand(id_, rows, 1)))
    for domain in found.domains:
        part = [r for r in asked if r.domain == domain.domain]
        assert domain.applicable == len(part)
        assert domain.met == sum(r.state == "met" for r in part)


@given(
    st.sampled_from(sorted(SCHEMES)),
    st.lists(st.builds(row, states, st.sampled_from([d for d, _t in DOMAINS])), max_size=5),
    st.booleans(),
)
def test_the_interval_holds_the_final_number_and_conclusion(
    id_: str, rows: list[Scored], risky: bool
) -> None:
    risks = Risks(int(risky), 0, None)
    before = evaluate(SCHEMES[id_], rows, risks)
    open_ = [i for i, r in enumerate(rows) if r.state == "untested"]
    for chosen in product(VALUE, repeat=len(open_)):
        final = list(rows)
        for i, state in zip(open_, chosen, strict=True):
            final[i] = row(state, rows[i].domain, rows[i].point.split(".")[1])
        after = evaluate(SCHEMES[id_], final, risks)
        if not final or not before.coverage.applicable:
            continue
        assert before.number.low <= after.number.low == after.number.high <= before.number.high
        assert set(after.conclusion) <= set(before.conclusion)
        now = {p.point: p.state for p in after.points}
        for point in before.points:
            assert point.state in ("untested", now[point.point])


@given(st.sampled_from(sorted(SCHEMES)), tables, st.data())
def test_a_better_item_never_lowers_the_number(id_: str, rows: list[Scored], data: Any) -> None:
    i = data.draw(st.integers(0, len(rows) - 1))
    if rows[i].low == 1 or not rows[i].applicable:
        return
    better = replace(rows[i], state="met", low=1.0, high=1.0, raw_low=1.0, raw_high=1.0)
    after = evaluate(SCHEMES[id_], [*rows[:i], better, *rows[i + 1 :]])
    assert after.number.low >= evaluate(SCHEMES[id_], rows).number.low


# --- conclusions and their edges ---


def conclusion(id_: str, met: int, of: int, risks: Risks | None = None) -> tuple[str, ...]:
    """Of items that are met or not, half technical and half not, as the schemes weigh them alike."""
    rows = [*many(met, "met"), *many(of - met, "not_met")]
    number = evaluate(SCHEMES[id_], rows, risks)
    return number.conclusion


NO_MEDIUM = Risks(0, 0, False)


@pytest.mark.parametrize(
    ("met", "of", "risks", "expected"),
    [
        (91, 100, Risks(), ("conforming",)),
        (90, 100, Risks(), ("basic",)),  # exactly 90
        (9001, 10000, Risks(), ("conforming",)),
        (60, 100, Risks(), ("basic",)),  # exactly 60
        (5999, 10000, Risks(), ("failing",)),
        (95, 100, Risks(1), ("basic",)),
        (70, 100, Risks(1), ("basic",)),
        (30, 100, Risks(1), ("failing",)),
        (95, 100, Risks(0, 1), ("conforming", "basic")),
        (70, 100, Risks(0, 1), ("basic",)),
    ],
)
def test_conclusions_of_2025(met: int, of: int, risks: Risks, expected: tuple[str, ...]) -> None:
    assert conclusion("2025", met, of, risks) == expected


@pytest.mark.parametrize(
    ("met", "of", "risks", "expected"),
    [
        (90, 100, NO_MEDIUM, ("excellent",)),
        (90, 100, Risks(0, 0, True), ("good",)),
        (90, 100, Risks(), ("excellent", "good")),
        (8999, 10000, NO_MEDIUM, ("good",)),
        (80, 100, Risks(), ("good",)),
        (70, 100, Risks(), ("fair",)),
        (69, 100, Risks(), ("poor",)),
        (99, 100, Risks(1), ("poor",)),
        (85, 100, Risks(0, 1), ("good", "poor")),
        (100, 100, Risks(), ("excellent",)),  # no problem at all, so no medium one
    ],
)
def test_conclusions_of_2019(met: int, of: int, risks: Risks, expected: tuple[str, ...]) -> None:
    assert conclusion("2019", met, of, risks) == expected


def test_an_open_item_leaves_every_conclusion_between_the_ends() -> None:
    rows = [*many(5, "met"), *many(5, "untested")]
    assert evaluate(SCHEMES["2025"], rows).conclusion == ("conforming", "basic", "failing")


def test_edges_say_whether_they_matter() -> None:
    def touched(rows: list[Scored], risks: Risks | None = None) -> dict[str, bool]:
        return {e.what: e.touched for e in evaluate(SCHEMES["2025"], rows, risks).edges}

    plain = touched([*many(95, "met"), *many(5, "not_met")])
    assert plain == {"partly": False, "from-90.00": False, "from-60.00": False}
    assert touched([*many(90, "met"), *many(10, "partly")])["from-90.00"]
    assert touched([*many(90, "met"), *many(10, "partly")])["partly"]
    assert touched([*many(95, "met"), *many(5, "not_met")], Risks(1))["from-90.00"]


def test_a_policy_may_set_an_edge_otherwise() -> None:
    given_ = SCHEMES["2025"]
    first = given_.bands[0].model_copy(update={"at": "included"})
    own = Scheme.model_copy(given_, update={"bands": [first, *given_.bands[1:]]})
    rows = [*many(90, "met"), *many(10, "not_met")]
    assert evaluate(own, rows).conclusion == ("conforming",)


@pytest.mark.parametrize(
    ("states_", "expected"),
    [
        (["met", "met"], "met"),
        (["met", "not_applicable"], "met"),
        (["not_met", "not_met"], "not_met"),
        (["not_applicable"], "not_applicable"),
        (["met", "not_met"], "partly"),
        (["partly", "partly"], "partly"),
        (["met", "untested"], "untested"),
        (["met", "not_met", "untested"], "partly"),
    ],
)
def test_control_points(states_: list[Any], expected: str) -> None:
    found = evaluate(SCHEMES["2025"], [row(state) for state in states_])
    assert [p.state for p in found.points] == [expected]


def test_exceptions_stand_apart_in_the_raw_number() -> None:
    waived = row("partly", raw_low=0.0, raw_high=0.0)
    found = evaluate(SCHEMES["2021"], [waived, *many(9, "met")])
    assert (found.number.low, found.raw.low) == (95, 90)


@pytest.mark.parametrize(
    ("number", "text"),
    [("89.999", "89.99"), ("90", "90.00"), ("0.005", "0.00"), ("100", "100.00"), ("7.1", "7.10")],
)
def test_decimals_are_cut(number: str, text: str) -> None:
    assert shown(Fraction(number)) == text


def test_importance_is_editable_data() -> None:
    given_ = SCHEMES["2021"]
    changed = given_.importance.model_copy(
        update={"items": {"ces.a": "key", "8.1.4.1-a": "important"}}
    )
    own = given_.model_copy(update={"importance": changed})
    assert [own.weight("ces.b"), own.weight("ces.a"), own.weight("ces.a", "8.1.4.1-a")] == [1, 3, 2]


def test_data_has_stable_keys() -> None:
    data = evaluating.as_data(evaluate(SCHEMES["2025"], [row("met"), row("untested")]))
    assert data["number"] == {"low": 50.0, "high": 100.0, "exact": ["50", "100"]}
    assert data["coverage"] == {"tested": 1, "applicable": 2, "percent": 50.0}
    assert {"scheme", "raw", "domains", "points", "conclusion", "edges", "steps"} <= set(data)
