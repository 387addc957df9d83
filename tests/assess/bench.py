"""A city of three small systems for tests of assessments, and hands to say things about them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tlsec import content as contents
from tlsec.facts import locator_key
from tlsec.policy import assessment
from tlsec.policy.assessment import AssessmentContent
from tlsec.policy.bundle import Policy
from tlsec.policy.high_risk import HighRiskList
from tlsec.policy.question import Question, Questions

if TYPE_CHECKING:
    from tlsec.assess.results import Assessed

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
PLACE = {"address": "203.0.113.11", "port": 443, "vantage": "z6"}
ELSEWHERE = PLACE | {"address": "203.0.113.12"}
PORTS, INTEGRITY, SECRECY = "ces.intrusion.ports", "cns.transit.integrity", "cns.transit.secrecy"

CASES = HighRiskList.model_validate(
    {
        "list": "own", "version": 1, "zh": "试", "en": "Try", "source": "-", "issued": "2025",
        "schemes": ["2025", "2021"],
        "cases": [
            {"case": "6.2.2.1", "lines": [SECRECY], "from_level": 3, "zh": "明文", "en": "Clear",
             "trigger": "A-24", "checks": ["tls.versions"],
             "mitigations": [{"zh": "报文已加密", "en": "Payload encrypted"}]},
            {"case": "6.4.3.1", "lines": [PORTS], "from_level": 2, "zh": "端口", "en": "Ports",
             "mitigable": False},
        ],
    },
    strict=False,
)  # fmt: skip


def question(line: str, id_: str = "") -> Question:
    return Question.model_validate(
        {
            "question": id_ or line, "version": 1, "line": line, "methods": ["interview"],
            "ask": {"zh": "问", "en": "Ask"}, "look_for": {"zh": "看", "en": "Look"},
            "answers": [
                {"id": "yes", "means": "met", "zh": "是", "en": "Yes", "needs": ["paper"]},
                {"id": "half", "means": "partly", "zh": "半", "en": "Half"},
                {"id": "no", "means": "not_met", "zh": "否", "en": "No"},
            ],
            "evidence": {"paper": {"zh": "材料", "en": "Paper"}},
            "asked_of": "leader",
        }
    )  # fmt: skip


class Bench:
    """A city of three systems, and hands to say things about them."""

    def __init__(self, policy: Policy) -> None:
        from tlsec.inventory.models import Asset, Endpoint, System, Unit

        self.policy, self.now = policy, NOW
        city = Unit.objects.create(id="市", name="岚泽市", kind="city")
        for id_, grade, role in (
            ("S02", "S3A3G3", "customer"), ("S23", "S3A3G3", "provider"), ("S17", "S3A2G3", None),
        ):  # fmt: skip
            System.objects.create(
                id=id_, name=f"系统 {id_}", unit=city, county=city, grade=grade,
                grade_s=int(grade[1]), grade_a=int(grade[3]), level=int(grade[5]),
                status="in_use", extensions=["cloud"] if role else [], cloud_role=role,
            )  # fmt: skip
            Asset.objects.create(
                id=f"A-{id_}-1", name="站点", kind="site", system_id=id_, county=city
            )
        Endpoint.objects.create(
            key="k", asset_id="A-S02-1", address=PLACE["address"], hex="0", port=443, proto="tcp",
            service="https", tls=True, exposure="internet",
        )  # fmt: skip

    def more_assets(self, *numbers: int) -> None:
        from tlsec.inventory.models import Asset

        for n in numbers:
            Asset.objects.create(
                id=f"A-S02-{n}", name="站点", kind="site", system_id="S02", county_id="市"
            )

    @cached_property
    def content(self) -> AssessmentContent:
        given = assessment.load(contents.policies(), self.policy)
        asked = [question(PORTS), question(PORTS, f"{PORTS}.two"), question(SECRECY)]
        questions = Questions({q.id: q for q in asked}, given.questions.roles)
        return replace(given, questions=questions, high_risk={"own": CASES})

    def at(self, days: float = 0, system: str = "S02") -> Assessed:
        from tlsec.assess import results

        return results.of(system, self.now + timedelta(days=days), self.policy, self.content)

    def answer(self, question_: str, means: str, **other: Any) -> Any:
        from tlsec.assess.models import Answer, Review

        values = {
            "system": "S02", "object": "", "question_version": 1, "line": PORTS, "answer": "x",
            "by": "甲", "at": NOW - timedelta(hours=2), "expires": NOW + timedelta(days=30),
        } | other  # fmt: skip
        reviewer = values.pop("reviewer", "乙")
        row = Answer.objects.create(question=question_, means=means, **values)
        if reviewer:
            Review.objects.create(by=reviewer, at=row.at, answer=row, accepted=True)
        return row

    def verdict(self, check: str, state: str, **other: Any) -> Any:
        from tlsec.scan.models import Run, Verdict

        run = Run.objects.create(
            kind="plan", title="t", state="done", actor="t", started=NOW, ended=NOW
        )
        values = {
            "subject": "A-S02-1", "locator_key": locator_key(other.pop("place", PLACE)),
            "now": NOW - timedelta(hours=1), "probe": "p", "check_version": 1, "profile": "d@1",
            "clauses": [{"id": "c", "is": state == "pass", "message": "坏", "message_en": "bad"}],
        } | other  # fmt: skip
        return Verdict.objects.create(run=run, check_id=check, state=state, **values)
