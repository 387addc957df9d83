"""Suspicions come from evidence on a case's own lines and checks; a machine never says more than suspected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tlsec import content
from tlsec.marked_yaml import Faulty
from tlsec.policy import high_risk
from tlsec.policy.bundle import Policy
from tlsec.policy.high_risk import HighRiskList, suspicions
from tlsec.policy.item_state import (
    Attestation,
    Evidence,
    MachineResult,
    not_applicable,
    of_object,
    over_objects,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LIST = """\
list: own
version: 1
zh: 试
en: Try
source: 试
issued: "2025"
schemes: ["2025"]
cases:
  - case: "1.1"
    lines: [cns.transit.secrecy]
    from_level: 3
    to_level: 4
    zh: 明文
    en: Clear
    trigger: A-24
    side: []
    checks: [tls.versions]
    by: [N, H]
    mitigable: true
    mitigations: [{zh: 已加密, en: Encrypted}]
    verify: ""
  - {case: "1.2", lines: [ces.intrusion.ports], from_level: 2, zh: 端口, en: Ports, mitigable: false}
  - case: "1.3"
    lines: [cns.transit.secrecy]
    from_level: 2
    zh: 平台
    en: Platform
    side: [provider]
    checks: [tls.versions]
"""


def given(tmp_path: Path, shipped: Policy, text: str = LIST) -> HighRiskList:
    (tmp_path / "high-risk").mkdir(exist_ok=True)
    (tmp_path / "high-risk" / "own.yaml").write_text(text, encoding="utf-8")
    return high_risk.load([tmp_path], shipped.catalog, shipped.checks)["own"]


def machine(state: Any, check: str = "tls.versions", waived: str = "") -> MachineResult:
    return MachineResult(
        check, 1, state, "supports", "refutes", waived, "192.0.2.1:443", "坏", NOW, 7
    )


def answer(means: Any) -> Attestation:
    return Attestation("q", 1, "a", means, "甲", "乙", NOW, NOW + timedelta(days=1), ref=9)


def state(*evidence: MachineResult | Attestation) -> Any:
    machines = tuple(e for e in evidence if isinstance(e, MachineResult))
    answers = tuple(e for e in evidence if isinstance(e, Attestation))
    return over_objects([of_object("A-1", Evidence(machines, answers))])


def found(
    cases: HighRiskList, *items: tuple[str, Any], level: int = 3, side: str = "customer"
) -> list[str]:
    rows = [(line, f"item-{line}", each) for line, each in items]
    return [s.case.case for s in suspicions(cases, level, side, rows)]


TRANSIT, PORTS = "cns.transit.secrecy", "ces.intrusion.ports"


def test_a_failed_check_of_the_case_or_a_persons_no_raises_it(
    tmp_path: Path, shipped: Policy
) -> None:
    cases = given(tmp_path, shipped)
    assert found(cases, (TRANSIT, state(machine("fail")))) == ["1.1"]
    assert found(cases, (TRANSIT, state(answer("not_met")))) == ["1.1"]
    assert found(cases, (PORTS, state(answer("not_met")))) == ["1.2"]


@pytest.mark.parametrize(
    "evidence",
    [
        (),
        (machine("pass"),),
        (machine("unknown"),),
        (machine("error"),),
        (machine("fail", check="web.headers"),),
        (answer("partly"),),
        (answer("met"),),
    ],
)
def test_nothing_else_does(tmp_path: Path, shipped: Policy, evidence: Any) -> None:
    assert found(given(tmp_path, shipped), (TRANSIT, state(*evidence))) == []


def test_a_case_without_checks_needs_a_person(tmp_path: Path, shipped: Policy) -> None:
    assert found(given(tmp_path, shipped), (PORTS, state(machine("fail")))) == []


def test_level_side_and_applicability(tmp_path: Path, shipped: Policy) -> None:
    cases = given(tmp_path, shipped)
    failed = (TRANSIT, state(machine("fail")))
    assert found(cases, failed, level=2) == []
    assert found(cases, failed, level=2, side="provider") == ["1.3"]
    assert found(cases, failed, side="") == ["1.1", "1.3"]  # unknown side: better asked than missed
    assert found(cases, (TRANSIT, not_applicable("没有"))) == []


def test_an_exception_does_not_lift_a_suspicion(tmp_path: Path, shipped: Policy) -> None:
    rows = [(TRANSIT, "8.1.2.2-b", state(machine("fail", waived="W-1"), answer("met")))]
    (only,) = suspicions(given(tmp_path, shipped), 3, "", rows)[:1]
    (ground,) = only.grounds
    assert (ground.waived, ground.ref, ground.item) == ("W-1", 7, "8.1.2.2-b")
    assert ground.key == "verdict|tls.versions|A-1|192.0.2.1:443"
    assert (only.candidate, [str(m) for m in only.case.mitigations]) == ("A-24", ["已加密"])


def test_faults_name_their_place(tmp_path: Path, shipped: Policy) -> None:
    text = LIST.replace("ces.intrusion.ports", "no.such").replace("tls.versions", "no.check")
    with pytest.raises(Faulty) as caught:
        given(tmp_path, shipped, text.replace('case: "1.3"', 'case: "1.1"'))
    assert len(caught.value.faults) == 4
    assert all("own.yaml:" in fault.where for fault in caught.value.faults)


def test_shipped_lists_load(shipped: Policy) -> None:
    lists = high_risk.load(content.policies(), shipped.catalog, shipped.checks)
    for each in lists.values():
        assert each.by_case and each.schemes
