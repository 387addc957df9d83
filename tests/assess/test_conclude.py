"""What a machine suspects and a person decides, and conclusions as they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.assess.bench import CASES, ELSEWHERE, INTEGRITY, NOW, SECRECY, Bench

if TYPE_CHECKING:
    pass

# --- risks ---


def risks(bench: Bench, days: float = 0) -> dict[tuple[str, str], str]:
    from tlsec.assess import risks as module

    return {(r.kind, r.case): r.status for r in module.standing(bench.at(days), CASES)}


def test_a_machine_suspects_and_a_person_decides(bench: Bench) -> None:
    from tlsec.assess import risks as module
    from tlsec.register import journal

    scheme = bench.content.schemes["2021"]
    bench.verdict("tls.versions", "fail")
    assert risks(bench) == {("high", "6.2.2.1"): "suspected", ("major", "A-24"): "suspected"}
    open_, _risks = module.result(bench.at(), bench.content, scheme)
    assert (open_.risks.confirmed, open_.risks.undecided) == (0, 1)
    module.decide(bench.at(), CASES, "6.2.2.1", "confirmed", "查实", "丙", NOW)
    assert risks(bench)["high", "6.2.2.1"] == "confirmed"
    assert risks(bench)["major", "A-24"] == "suspected"
    known, _risks = module.result(bench.at(), bench.content, scheme)
    assert (known.risks.confirmed, known.conclusion) == (1, ("poor",))
    assert not list(journal.verify())


def test_what_is_brought_down_is_no_candidate_and_new_evidence_reopens_it(bench: Bench) -> None:
    from tlsec.assess import risks as module

    bench.more_assets(2)
    bench.verdict("tls.versions", "fail")
    module.decide(
        bench.at(),
        CASES,
        "6.2.2.1",
        "lowered",
        "看过",
        "丙",
        NOW,
        mitigation="报文加密",
        level="medium",
    )
    assert risks(bench) == {("high", "6.2.2.1"): "lowered"}
    bench.verdict("tls.versions", "fail")  # seen again at the same place: nothing new
    assert risks(bench) == {("high", "6.2.2.1"): "lowered"}
    scheme = bench.content.schemes["2021"]
    assert module.result(bench.at(), bench.content, scheme)[0].risks.medium is True
    bench.verdict("tls.versions", "fail", subject="A-S02-2", place=ELSEWHERE)
    assert risks(bench)["high", "6.2.2.1"] == "suspected"


def test_a_confirmed_risk_stays_until_a_person_lifts_it(bench: Bench) -> None:
    from tlsec.assess import risks as module

    bench.verdict("tls.versions", "fail")
    module.decide(bench.at(), CASES, "6.2.2.1", "confirmed", "查实", "丙", NOW)
    bench.verdict("tls.versions", "pass")
    found = module.standing(bench.at(), CASES)
    assert [(r.status, r.quiet) for r in found] == [("confirmed", True)]
    module.decide(bench.at(), CASES, "6.2.2.1", "dismissed", "已整改并复测", "丙", NOW)
    assert risks(bench) == {("high", "6.2.2.1"): "dismissed"}


@pytest.mark.parametrize(
    ("case", "decision", "other"),
    [
        ("9.9.9.9", "confirmed", {}),
        ("6.2.2.1", "lowered", {}),
        ("6.2.2.1", "lowered", {"mitigation": "有", "level": "high"}),
        ("6.4.3.1", "lowered", {"mitigation": "有", "level": "low"}),  # the list accepts none
        ("6.2.2.1", "dismissed", {"mitigation": "有"}),
    ],
)
def test_a_decision_has_to_be_whole(
    bench: Bench, case: str, decision: str, other: dict[str, str]
) -> None:
    from tlsec.assess import risks as module
    from tlsec.assess.evidence import Refused
    from tlsec.assess.models import RiskDecision

    with pytest.raises(Refused):
        module.decide(bench.at(), CASES, case, decision, "理由", "丙", NOW, **other)
    with pytest.raises(Refused):
        module.decide(bench.at(), CASES, "6.2.2.1", "confirmed", " ", "丙", NOW)
    assert not RiskDecision.objects.exists()


# --- conclusions ---


def test_conclusions_are_kept_and_compared(bench: Bench) -> None:
    from tlsec.assess import conclude as module
    from tlsec.assess.models import Conclusion

    scheme = bench.content.schemes["2025"]
    answer = bench.answer(SECRECY, "met", line=SECRECY)
    first = module.conclude(bench.at(), bench.content, scheme, NOW.date(), "甲", NOW)
    bench.verdict("tls.versions", "fail")
    second = module.conclude(bench.at(), bench.content, scheme, NOW.date(), "甲", NOW)
    assert module.last("S02") == second
    assert module.last("S02", second) == first
    changes = {c.line: c for c in module.compare(first.items, second.items)}
    assert set(changes) == {INTEGRITY, SECRECY}
    assert (changes[SECRECY].before, changes[SECRECY].after) == ("met", "not_met")
    assert "tls.versions A-S02-1 203.0.113.11:443：— → fail" in changes[SECRECY].because
    kept = Conclusion.objects.get(pk=first.pk)
    assert module.digest(kept) == kept.digest != second.digest
    row = next(r for r in kept.items if r["line"] == SECRECY)
    assert row["objects"][0]["answers"] == [answer.pk]


def test_the_same_evidence_gives_the_same_digest(bench: Bench) -> None:
    from tlsec.assess import conclude as module

    bench.answer(SECRECY, "met", line=SECRECY)
    scheme = bench.content.schemes["2021"]
    both = [
        module.conclude(bench.at(), bench.content, scheme, NOW.date(), "甲", NOW).digest
        for _again in range(2)
    ]
    assert both[0] == both[1]
    assert not module.compare(module.last("S02").items, module.last("S02").items)  # type: ignore[union-attr]  # just kept
