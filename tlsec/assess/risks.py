"""Suspected high risks and candidates of 重大风险隐患, and what a person decided about each.

A decision covers what the suspicion rested on when it was made (`RiskDecision.basis`): the same trouble at
the same place may be seen again, but a new place or a new answer opens the question anew. What a person
confirmed stays confirmed until a person says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction

from tlsec.assess.evidence import Refused
from tlsec.assess.models import RiskDecision
from tlsec.assess.results import Assessed
from tlsec.i18n import _
from tlsec.policy import high_risk
from tlsec.policy.assessment import AssessmentContent
from tlsec.policy.evaluate import Result, Risks, evaluate
from tlsec.policy.high_risk import Ground, HighRiskList, Suspicion
from tlsec.policy.scheme import Scheme
from tlsec.register import journal

Kind = Literal["high", "major"]
Status = Literal["suspected", "confirmed", "lowered", "dismissed"]
LEVELS = ("medium", "low")  # what a lowered one may be
_MAX = 1000


@dataclass(frozen=True, slots=True)
class Risk:
    """A case (`high`) or a trigger code (`major`) that is suspected, or that a person has decided.

    `new`: evidence that came after the decision and reopened it; `quiet`: decided, and nothing speaks for
    it any more, so that a person may look again.
    """

    kind: Kind
    list: str
    case: str
    suspicions: tuple[Suspicion, ...]
    decision: RiskDecision | None
    status: Status
    new: tuple[Ground, ...] = ()

    @property
    def grounds(self) -> tuple[Ground, ...]:
        return tuple(g for each in self.suspicions for g in each.grounds)

    @property
    def quiet(self) -> bool:
        return self.decision is not None and not self.suspicions

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(sorted({ground.key for ground in self.grounds}))


def standing(assessed: Assessed, cases: HighRiskList | None) -> tuple[Risk, ...]:
    """Everything suspected or decided about a system by one list; suspected ones of kind high first."""
    if cases is None:
        return ()
    items = [(each.line.id, each.id, each.state) for each in assessed.items]
    suspected = high_risk.suspicions(cases, assessed.level, assessed.side, items)
    said = _decisions(assessed.system, cases.id, assessed.now)
    high = {s.case.case: _risk("high", cases.id, s.case.case, (s,), said) for s in suspected}
    for kind, case in said:
        if kind == "high" and case not in high:
            high[case] = _risk("high", cases.id, case, (), said)
    # a high risk that a person has brought down or thrown out is no candidate of a major one
    live = [r for r in high.values() if r.status in ("suspected", "confirmed")]
    codes: dict[str, list[Suspicion]] = {code: [] for kind, code in said if kind == "major"}
    for risk in live:
        for suspicion in risk.suspicions:
            if suspicion.candidate:
                codes.setdefault(suspicion.candidate, []).append(suspicion)
    major = [
        _risk("major", cases.id, code, tuple(found), said) for code, found in sorted(codes.items())
    ]
    return (*high.values(), *major)


def _decisions(system: str, list_: str, now: datetime) -> dict[tuple[str, str], RiskDecision]:
    rows = RiskDecision.objects.filter(system=system, list=list_, at__lte=now)
    return {(row.kind, row.case): row for row in rows.order_by("at", "pk")}


def _risk(
    kind: Kind,
    list_: str,
    case: str,
    found: tuple[Suspicion, ...],
    said: dict[tuple[str, str], RiskDecision],
) -> Risk:
    decision = said.get((kind, case))
    if decision is None:
        return Risk(kind, list_, case, found, None, "suspected")
    known = set(decision.basis)
    new = tuple(g for each in found for g in each.grounds if g.key not in known)
    status: Status = "confirmed"
    if decision.decision != RiskDecision.Decision.CONFIRMED:
        lowered = decision.decision == RiskDecision.Decision.LOWERED
        status = "suspected" if new else "lowered" if lowered else "dismissed"
    return Risk(kind, list_, case, found, decision, status, new)


def counted(risks: tuple[Risk, ...], scheme: Scheme) -> Risks:
    """What a scheme needs to know: decisive risks, and whether any lowered one is medium."""
    decisive = [risk for risk in risks if risk.kind == scheme.decisive]
    medium = any(
        risk.status == "lowered" and risk.decision and risk.decision.level == "medium"
        for risk in risks
    )
    return Risks(
        confirmed=sum(risk.status == "confirmed" for risk in decisive),
        undecided=sum(risk.status == "suspected" for risk in decisive),
        medium=True if medium else None,
    )


def result(
    assessed: Assessed, content: AssessmentContent, scheme: Scheme
) -> tuple[Result, tuple[Risk, ...]]:
    """The number and the conclusion of a system under a scheme, with the risks beside it."""
    risks = standing(assessed, content.risks_of(scheme))
    return evaluate(scheme, assessed.scored(scheme), counted(risks, scheme)), risks


def decide(
    assessed: Assessed,
    cases: HighRiskList,
    case: str,
    decision: str,
    reason: str,
    by: str,
    at: datetime,
    *,
    mitigation: str = "",
    level: str = "",
    triggers: Collection[str] = (),
    actor: str = "",
) -> RiskDecision:
    """Keep a person's decision on a case, or on a trigger code such as A-18. Raises Refused.

    A person may also confirm what no evidence has raised; lowering needs a mitigation and what is left.
    `triggers`: codes beside those of the list's cases; `actor`: who records it, default `by`.
    """
    kind: Kind = "major" if re.match(high_risk.TRIGGER, case) else "high"
    known = cases.by_case.get(case)
    wrong = []
    coded = case in triggers or bool(cases.of_trigger(case))
    if (kind == "high" and known is None) or (kind == "major" and not coded):
        message = _("清单 {list} 里没有案例或触发项 {case}；案例写作 {example}，触发项写作 A-18")
        example = cases.cases[0].case if cases.cases else "—"
        raise Refused(message.format(list=cases.id, case=case, example=example))
    if not by.strip():
        wrong.append(_("没有写判定人"))
    if not reason.strip() or len(reason) > _MAX:
        wrong.append(_("判定要写明理由（不超过 {n} 字）").format(n=_MAX))
    if decision == RiskDecision.Decision.LOWERED:
        if not mitigation.strip() or len(mitigation) > _MAX:
            wrong.append(_("降低风险要写明现有的缓解措施（不超过 {n} 字）").format(n=_MAX))
        if level not in LEVELS:
            wrong.append(_("降低风险要写明降为中（medium）还是低（low）"))
        if known is not None and not known.mitigable:
            wrong.append(
                _("案例 {case} 按清单没有可接受的缓解措施；怀疑有误请用 dismissed").format(
                    case=case
                )
            )
    elif mitigation or level:
        wrong.append(_("缓解措施和降低后的等级只在 lowered 时填写"))
    if wrong:
        raise Refused(*wrong)
    found = standing(assessed, cases)
    now = next((risk for risk in found if (risk.kind, risk.case) == (kind, case)), None)
    row = RiskDecision(
        by=by.strip(), at=at, system=assessed.system, list=cases.id, case=case, kind=kind,
        decision=decision, level=level, mitigation=mitigation.strip(), reason=reason.strip(),
        basis=[*now.keys] if now else [],
    )  # fmt: skip
    return _keep(row, actor or by)


def _keep(row: RiskDecision, actor: str) -> RiskDecision:
    with transaction.atomic():
        row.save(force_insert=True)
        after = {
            "id": row.pk, "system": row.system, "list": row.list, "case": row.case,
            "kind": row.kind, "decision": row.decision, "level": row.level, "by": row.by,
            "mitigation": row.mitigation, "basis": row.basis,
        }  # fmt: skip
        journal.append(row.at, actor, "risk.decide", f"{row.system}/{row.case}", after, row.reason)
    return row
