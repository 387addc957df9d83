"""Item states keep the order of decision, never flatter, and their interval holds what comes later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec.policy import item_state
from tlsec.policy.item_state import (
    VALUE,
    Attestation,
    Evidence,
    Fails,
    MachineResult,
    Passed,
    Tested,
    of_object,
    over_objects,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OPEN = ("unknown", "error", "not_run")


def machine(
    state: Any, passed: Any = "supports", failed: Any = "refutes", waived: str = ""
) -> MachineResult:
    return MachineResult("c", 1, state, passed, failed, waived)


def answer(means: Any, question: str = "q1") -> Attestation:
    return Attestation(question, 1, "a", means, "甲", "乙", NOW, NOW + timedelta(days=1))


def state(*given: MachineResult | Attestation, missing: tuple[str, ...] = ()) -> tuple[str, str]:
    found = of_object(
        "o",
        Evidence(
            tuple(g for g in given if isinstance(g, MachineResult)),
            tuple(g for g in given if isinstance(g, Attestation)),
            missing,
        ),
    )
    return found.state, found.why


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ([], ("untested", "nothing_known")),
        ([machine("pass")], ("untested", "needs_attestation")),
        ([machine("pass", "proves")], ("met", "proved")),
        ([machine("pass", "nothing")], ("untested", "nothing_known")),
        ([machine("not_applicable", "proves")], ("untested", "nothing_known")),
        ([machine("fail")], ("not_met", "refuted")),
        ([machine("fail", failed="weakens")], ("partly", "weakened")),
        ([machine("fail", failed="nothing")], ("untested", "nothing_known")),
        ([machine("unknown"), machine("pass", "proves")], ("untested", "cannot_tell")),
        ([machine("not_run", "nothing", "nothing"), answer("met")], ("met", "answered")),
        ([machine("error"), answer("met")], ("untested", "cannot_tell")),
        ([machine("error"), answer("not_met")], ("not_met", "answered")),
        ([machine("unknown"), machine("fail")], ("not_met", "refuted")),
        ([machine("unknown"), machine("fail", failed="weakens")], ("partly", "weakened")),
        ([machine("fail"), answer("met")], ("not_met", "refuted")),
        ([machine("fail", failed="weakens"), answer("met")], ("partly", "weakened")),
        ([machine("fail", failed="weakens"), answer("not_met")], ("not_met", "answered")),
        ([machine("pass", "proves"), answer("partly")], ("partly", "answered")),
        ([machine("pass", "proves"), answer("not_met")], ("not_met", "answered")),
        ([machine("pass"), answer("met")], ("met", "answered")),
        ([answer("met"), answer("partly", "q2")], ("partly", "answered")),
        ([machine("fail", waived="W1")], ("partly", "waived")),
        ([machine("fail", waived="W1"), answer("met")], ("partly", "waived")),
        ([machine("fail", waived="W1"), answer("not_met")], ("not_met", "answered")),
        ([machine("fail", waived="W1"), machine("fail")], ("not_met", "refuted")),
        ([machine("fail", waived="W1"), machine("unknown")], ("partly", "waived")),
    ],
)
def test_the_order_of_decision(given_: list[Any], expected: tuple[str, str]) -> None:
    assert state(*given_) == expected


def test_every_question_of_a_line_has_to_be_answered() -> None:
    assert state(answer("met"), missing=("q2",)) == ("untested", "half_answered")
    assert state(answer("partly"), missing=("q2",)) == ("untested", "half_answered")
    assert state(answer("not_met"), missing=("q2",)) == ("not_met", "answered")
    assert state(answer("met"), machine("pass", "proves"), missing=("q2",)) == ("met", "proved")
    half = of_object("o", Evidence(answers=(answer("partly"),), missing=("q2",)))
    assert (half.low, half.high) == (0.0, 0.5)


def test_a_conflict_is_shown_until_it_is_settled() -> None:
    both = Evidence((machine("fail"),), (answer("met"),))
    assert of_object("o", both).conflict
    assert over_objects([of_object("o", both)]).conflicts == 1
    for settled in (
        Evidence((machine("pass"),), (answer("met"),)),
        Evidence((machine("fail", waived="W1"),), (answer("met"),)),
        Evidence((machine("fail"),), (answer("not_met"),)),
    ):
        assert not of_object("o", settled).conflict


def test_an_exception_is_seen_in_the_raw_state() -> None:
    found = of_object("o", Evidence((machine("fail", waived="W1"),)))
    assert (found.state, found.low, found.raw, found.raw_high) == ("partly", 0.5, "not_met", 0.0)


def test_an_expired_answer_that_lowered_does_not_give_the_better_result_back() -> None:
    proved = machine("pass", "proves")
    lowered = of_object("o", Evidence((proved,), (answer("partly"),)))
    lapsed = of_object("o", Evidence((proved,), (), ("q1",), (answer("partly"),)))
    assert (lowered.state, lowered.low, lowered.high) == ("partly", 0.5, 0.5)
    assert (lapsed.state, lapsed.why, lapsed.low, lapsed.high) == ("untested", "lapsed", 0.5, 1.0)
    harmless = of_object("o", Evidence((proved,), (), ("q1",), (answer("met"),)))
    assert harmless.state == "met"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], "untested"),
        (["met", "met"], "met"),
        (["not_met", "not_met"], "not_met"),
        (["met", "not_met"], "partly"),
        (["partly", "partly"], "partly"),
        (["met", None], "untested"),
        (["not_met", None], "untested"),
        (["met", "not_met", None], "partly"),  # settled whatever the third turns out to be
    ],
)
def test_over_objects(values: list[Any], expected: str) -> None:
    objects = [
        of_object(str(i), Evidence(answers=(answer(v),) if v else ())) for i, v in enumerate(values)
    ]
    found = over_objects(objects)
    assert found.state == expected
    assert found.untested == tuple(str(i) for i, v in enumerate(values) if v is None)


def test_what_an_item_does_not_apply_to_is_left_out() -> None:
    none = item_state.inherited("S23", item_state.not_applicable("没有"), "报告 1")
    met = of_object("o", Evidence(answers=(answer("met"),)))
    assert over_objects([none]).state == "not_applicable"
    assert over_objects([none, met]).state == "met"


# --- properties ---

results = st.builds(
    machine,
    st.sampled_from(("pass", "fail", "not_applicable", *OPEN)),
    st.sampled_from(get_args(Passed)),
    st.sampled_from(get_args(Fails)),
    st.sampled_from(("", "", "W1")),
)
tested = st.sampled_from(get_args(Tested))


@st.composite
def evidences(draw: Any) -> Evidence:
    said = draw(st.lists(tested, max_size=3))
    expired = draw(st.lists(tested, max_size=2))
    missing = [f"m{i}" for i in range(draw(st.integers(0, 2)))]
    lapsed = tuple(answer(means, f"l{i}") for i, means in enumerate(expired))
    return Evidence(
        tuple(draw(st.lists(results, max_size=4))),
        tuple(answer(means, f"q{i}") for i, means in enumerate(said)),
        (*missing, *(a.question for a in lapsed)),
        lapsed,
    )


def stale(result: MachineResult) -> MachineResult:
    return replace(result, state="not_run", waived="")


def expire(evidence: Evidence, i: int) -> Evidence:
    gone = evidence.answers[i]
    kept = evidence.answers[:i] + evidence.answers[i + 1 :]
    missing, lapsed = (*evidence.missing, gone.question), (*evidence.lapsed, gone)
    return replace(evidence, answers=kept, missing=missing, lapsed=lapsed)


@given(evidences())
def test_states_and_intervals_agree(evidence: Evidence) -> None:
    found = of_object("o", evidence)
    assert 0 <= found.low <= found.high <= 1
    assert found.raw_low <= found.low and found.raw_high <= found.high
    if found.state != "untested":
        assert found.low <= VALUE[found.state] == found.high
    assert over_objects([found]).state == found.state or found.low == found.high


@given(evidences(), st.lists(st.builds(machine, st.just("pass"), st.just("supports")), min_size=1))
def test_support_alone_never_makes_an_untested_object_met(
    evidence: Evidence, more: list[MachineResult]
) -> None:
    before = of_object("o", evidence)
    after = of_object("o", replace(evidence, machine=(*evidence.machine, *more)))
    assert (after.state, after.low, after.high) == (before.state, before.low, before.high)


@given(evidences())
def test_taking_away_never_lifts_the_lower_end(evidence: Evidence) -> None:
    before = of_object("o", evidence)
    less = [expire(evidence, i) for i in range(len(evidence.answers))]
    for i, result in enumerate(evidence.machine):
        rest = evidence.machine[:i], evidence.machine[i + 1 :]
        if result.state != "not_applicable":
            less.append(replace(evidence, machine=(*rest[0], stale(result), *rest[1])))
        if result.state == "pass":
            less.append(replace(evidence, machine=(*rest[0], *rest[1])))
        if result.waived:
            less.append(replace(evidence, machine=(*rest[0], replace(result, waived=""), *rest[1])))
    for each in less:
        after = of_object("o", each)
        assert after.low <= before.low
        assert after.raw_low <= before.raw_low


@given(evidences(), tested)
def test_a_person_may_lower_and_never_raise_a_machine(evidence: Evidence, means: Any) -> None:
    before = of_object("o", evidence)
    after = of_object("o", replace(evidence, answers=(*evidence.answers, answer(means, "new"))))
    assert after.high <= before.high
    if means == "not_met":
        assert after.state == "not_met"
    if before.why in ("refuted", "weakened"):
        assert after.low <= before.high


def completions(evidence: Evidence) -> list[Evidence]:
    """Everything that could come in where something is open and nothing known is taken back."""
    ways = [
        [replace(m, state=s, waived=w) for s, w in (("pass", ""), ("fail", ""), ("fail", "W2"))]
        if m.state in OPEN
        else [m]
        for m in evidence.machine
    ]
    asked = evidence.missing or (() if evidence.answers else ("q",))
    words = [
        tuple(answer(means, q) for q, means in zip(asked, said, strict=True))
        for said in product(("met", "partly", "not_met"), repeat=min(len(asked), 4))
    ] if len(asked) <= 4 else []  # fmt: skip
    return [
        Evidence(tuple(told), (*evidence.answers, *said))
        for told in product(*ways)
        for said in words
    ]


@given(evidences())
def test_the_interval_holds_every_completion(evidence: Evidence) -> None:
    before = of_object("o", evidence)
    for complete in completions(evidence):
        if (
            before.state != "untested"
        ):  # settled: answers that nobody waits for are news, not completion
            complete = replace(complete, answers=evidence.answers, missing=evidence.missing)
        after = of_object("o", complete)
        if after.state != "untested":
            assert before.low <= after.low <= after.high <= before.high
            assert before.raw_low <= after.raw_low <= after.raw_high <= before.raw_high


@given(st.lists(st.sampled_from(("met", "partly", "not_met", None)), max_size=4))
def test_the_interval_over_objects_holds_every_completion(values: list[Any]) -> None:
    def over(chosen: Any) -> item_state.ItemState:
        return over_objects(
            of_object(str(i), Evidence(answers=(answer(v),) if v else ()))
            for i, v in enumerate(chosen)
        )

    before = over(values)
    for chosen in product(*([v] if v else ["met", "partly", "not_met"] for v in values)):
        after = over(chosen) if chosen else before
        assert before.low <= after.low <= after.high <= before.high
