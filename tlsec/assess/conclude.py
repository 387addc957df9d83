"""Conclusions as they were drawn: kept whole, with a digest, and compared with the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from tlsec.assess import risks as risks_
from tlsec.assess.models import Conclusion
from tlsec.assess.results import Assessed, AssessedItem
from tlsec.assess.risks import Risk
from tlsec.i18n import _
from tlsec.policy.assessment import AssessmentContent
from tlsec.policy.evaluate import as_data
from tlsec.policy.item_state import ObjectState
from tlsec.policy.scheme import Scheme
from tlsec.register import journal

_WORDED = ("steps", "edges")  # written in a person's language, so no part of what is proved


@dataclass(frozen=True, slots=True)
class Change:
    """An item whose state differs from the last conclusion. `because`: what came, went or changed."""

    item: str
    line: str
    before: str  # "" where the item was not asked
    after: str
    because: tuple[str, ...]

    @property
    def data(self) -> dict[str, Any]:
        return {
            "item": self.item, "line": self.line, "before": self.before, "after": self.after,
            "because": list(self.because),
        }  # fmt: skip


def conclude(
    assessed: Assessed,
    content: AssessmentContent,
    scheme: Scheme,
    day: date,
    by: str,
    at: datetime,
) -> Conclusion:
    """Keep the conclusion of a system for a report of that day. Nothing of it is ever changed."""
    row = draft(assessed, content, scheme, day, by, at)
    with transaction.atomic():
        row.save(force_insert=True)
        after = {
            "id": row.pk, "system": row.system, "grade": row.grade, "scheme": row.scheme,
            "report_date": day, "number": row.result["number"], "conclusion": row.result["conclusion"],
            "digest": row.digest,
        }  # fmt: skip
        journal.append(at, by, "assess.conclude", row.system, after)
    return row


def draft(
    assessed: Assessed,
    content: AssessmentContent,
    scheme: Scheme,
    day: date,
    by: str,
    at: datetime,
) -> Conclusion:
    """The conclusion as it would be kept, with its digest; nothing is stored."""
    result, risks = risks_.result(assessed, content, scheme)
    row = Conclusion(
        by=by, at=at, system=assessed.system, grade=assessed.grade, scheme=scheme.versioned,
        report_date=day, catalog=assessed.catalog, profile=assessed.profile,
        result=dict(as_data(result)), items=[item_data(each) for each in assessed.items],
        risks=[risk_data(risk) for risk in risks],
    )  # fmt: skip
    row.digest = digest(row)
    return row


def digest(row: Conclusion) -> str:
    """SHA-256 over what a conclusion says and rests on; anyone can recompute it from the row."""
    numbers = {key: value for key, value in row.result.items() if key not in _WORDED}
    told = {
        "system": row.system, "grade": row.grade, "scheme": row.scheme,
        "report_date": str(row.report_date), "catalog": row.catalog, "profile": row.profile,
        "result": numbers, "items": row.items, "risks": row.risks,
    }  # fmt: skip
    return hashlib.sha256(journal.canonical(told).encode()).hexdigest()


def last(system: str, before: Conclusion | None = None) -> Conclusion | None:
    """The newest conclusion of a system, or the one before a given one."""
    rows = Conclusion.objects.filter(system=system).order_by("-id")
    return (rows.filter(id__lt=before.pk) if before is not None else rows).first()


def compare(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> list[Change]:
    """Items (as kept in a conclusion) that differ, by line, so that a change of grade shows as well."""
    old = {row["line"]: row for row in before}
    found = []
    for row in after:
        was = old.pop(row["line"], None)
        known = was or {"state": "", "evidence": {}, "note": ""}
        if (known["state"], known.get("low"), known.get("high")) != (
            row["state"], row["low"], row["high"],
        ):  # fmt: skip
            because = _because(known, row)
            found.append(Change(row["id"], row["line"], known["state"], row["state"], because))
    found += [
        Change(w["id"], w["line"], w["state"], "", (_("不再适用于本系统"),)) for w in old.values()
    ]
    return found


def _because(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    told = []
    if was["note"] != now["note"]:
        told.append(now["note"] or _("不再是：{note}").format(note=was["note"]))
    old, new = was["evidence"], now["evidence"]
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            told.append(
                _("{what}：{before} → {after}").format(
                    what=key, before=old.get(key, "—"), after=new.get(key, "—")
                )
            )
    return tuple(told)


# --- as data ---


def item_data(each: AssessedItem) -> dict[str, Any]:
    """An item as a conclusion keeps it. `evidence`: what each check and answer said, by place."""
    state = each.state
    return {
        "id": each.id, "line": each.line.id, "point": each.point.id, "domain": each.domain.id,
        "state": state.state, "low": state.low, "high": state.high, "raw": state.raw,
        "raw_low": state.raw_low, "raw_high": state.raw_high, "note": state.note,
        "objects": [object_data(o) for o in state.objects],
        "evidence": _evidence(state.objects),
    }  # fmt: skip


def object_data(at: ObjectState) -> dict[str, Any]:
    evidence = at.evidence
    return {
        "object": at.object, "state": at.state, "low": at.low, "high": at.high, "raw": at.raw,
        "why": at.why, "conflict": at.conflict, "note": at.note,
        "verdicts": [m.ref for m in evidence.machine],
        "answers": [a.ref for a in evidence.answers],
        "files": sorted({sha for a in evidence.answers for sha in a.evidence}),
        "missing": list(evidence.missing), "lapsed": [a.ref for a in evidence.lapsed],
    }  # fmt: skip


def _evidence(objects: Sequence[ObjectState]) -> dict[str, str]:
    told: dict[str, str] = {}
    for at in objects:
        for m in at.evidence.machine:
            waived = f" ({m.waived})" if m.waived else ""
            told[" ".join(filter(None, (m.check, at.object, m.place)))] = m.state + waived
        for a in at.evidence.answers:
            told[" ".join(filter(None, (a.question, at.object)))] = f"{a.means} #{a.ref}"
        if at.why == "inherited":
            told[at.object] = at.state
    return told


def risk_data(risk: Risk) -> dict[str, Any]:
    """A suspected or decided risk with its evidence and the decision."""
    decision = risk.decision
    return {
        "kind": risk.kind, "list": risk.list, "case": risk.case, "status": risk.status,
        "quiet": risk.quiet,
        "situation": [{"zh": s.case.zh, "en": s.case.en} for s in risk.suspicions],
        "condition": [s.case.condition.model_dump() for s in risk.suspicions if s.case.condition],
        "trigger": sorted({s.candidate for s in risk.suspicions if s.candidate}),
        "items": sorted({i for s in risk.suspicions for i in s.items}),
        "mitigable": all(s.case.mitigable for s in risk.suspicions),
        "mitigations": [m.model_dump() for s in risk.suspicions for m in s.case.mitigations],
        "grounds": [
            {"kind": g.kind, "ref": g.ref, "item": g.item, "object": g.object,
             "source": g.source, "place": g.place, "text": g.text,
             "at": g.at.isoformat() if g.at else None, "waived": g.waived,
             "new": g in risk.new}
            for g in risk.grounds
        ],
        "decision": None if decision is None else {
            "id": decision.pk, "decision": decision.decision, "level": decision.level,
            "mitigation": decision.mitigation, "reason": decision.reason, "by": decision.by,
            "at": decision.at.isoformat(),
        },
    }  # fmt: skip
