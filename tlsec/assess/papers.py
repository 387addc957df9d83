"""One kept conclusion as the grading-protection papers want it: tlsec.report.papers.assessment.Assessment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tlsec.assess import conclude, paper_items, paper_parts, paper_records, results
from tlsec.assess.inquiry import LOCAL, find_system
from tlsec.assess.models import Conclusion
from tlsec.assess.paper_basis import Basis, Data, Unprintable
from tlsec.assess.paper_problems import Ledger, failing, mended, numbered, problems
from tlsec.i18n import _
from tlsec.policy.assessment import AssessmentContent
from tlsec.policy.bundle import Policy
from tlsec.report.papers.assessment import STATES, Assessment, OldProblem, Problem, Risk, Totals
from tlsec.workspace import Workspace

__all__ = ["Unprintable", "assessment", "outdated"]


def assessment(
    system_id: str,
    workspace: Workspace,
    policy: Policy,
    content: AssessmentContent,
    now: datetime,
    *,
    conclusion: Conclusion | None = None,
    with_mended: bool = False,
) -> Assessment:
    """The newest kept conclusion of a system, or the given one. Raises Unprintable without any.

    `with_mended`: also problems that are gone, as the paper on rectification tells them. What the
    register says of mending is that of `now`; everything else is that of the conclusion.
    """
    system = find_system(system_id)
    row = conclusion or conclude.last(system.id)
    if row is None:
        message = _("{system} 还没有存档的结论，先运行：tlsec assess conclude {system}")
        raise Unprintable(message.format(system=system.id))
    basis = Basis(row, system, policy, content)
    earlier = conclude.last(system.id, row)
    before = Basis(earlier, system, policy, content) if earlier else None
    ledger = Ledger(basis, now)
    found = list(problems(basis, ledger))
    if with_mended:
        found = list(numbered([*found, *mended(basis, before, ledger)]))
    risks = paper_parts.risks(basis)
    moments = _moments(basis)
    return Assessment(
        city=workspace.config.city, bureau=workspace.config.bureau,
        system=paper_parts.system(basis), scheme=paper_parts.scheme(basis),
        totals=_totals(basis, found, risks), report_date=row.report_date, made=row.at,
        started=min(moments, default=_day(row.at)), ended=_day(row.at),
        example=workspace.config.practice_range,
        domains=paper_items.domains(basis), points=paper_items.points(basis),
        items=paper_items.items(basis), risks=risks, problems=tuple(found),
        assets=paper_records.assets(basis),
        scans=paper_records.scans(basis, found, _evidence(basis, found)),
        previous=paper_records.previous(basis), old_problems=_old(basis, before, ledger),
        people=paper_records.people(basis), sources=paper_parts.sources(basis, workspace.root),
        triggers=paper_parts.triggers(basis), sampling=paper_records.sampling(basis),
        unverified=paper_parts.unverified(basis), digest=row.digest,
    )  # fmt: skip


def outdated(row: Conclusion, policy: Policy, content: AssessmentContent, now: datetime) -> str:
    """What to tell the sender where the evidence has moved on since the conclusion, else ""."""
    scheme = content.schemes.get(row.scheme.partition("@")[0])
    if scheme is None:
        return ""
    assessed = results.of(row.system, now, policy, content)
    fresh = conclude.draft(assessed, content, scheme, row.report_date, row.by, now)
    if fresh.digest == row.digest or _rests_on(fresh) == _rests_on(row):
        return ""
    moved = len(conclude.compare(row.items, fresh.items))
    return _(
        "文书依据 {day} 存档的第 {id} 号结论；此后依据有变化，{n} 项条款的结果不同。"
        "要按现在的数据重新下结论：tlsec assess conclude {system}"
    ).format(day=_day(row.at), id=row.pk, n=moved, system=row.system)


def _rests_on(row: Conclusion) -> Any:
    """What a conclusion says and rests on without its words, which come in one language or another."""
    items = [
        [
            i["line"], i["state"], i["low"], i["high"],
            [[o["object"], o["why"], o["verdicts"], o["answers"], o["lapsed"]] for o in i["objects"]],
        ]
        for i in row.items
    ]  # fmt: skip
    risks = [
        [r["kind"], r["case"], r["status"], (r["decision"] or {}).get("id"),
         [g["ref"] for g in r["grounds"]]]
        for r in row.risks
    ]  # fmt: skip
    return [row.grade, row.scheme, row.catalog, row.profile, items, risks]


def _day(moment: datetime) -> date:
    return moment.astimezone(LOCAL).date()


def _moments(basis: Basis) -> list[date]:
    """Days on which something that counts was seen or said."""
    said = [_day(spoken.row.at) for spoken in basis.spoken.values()]
    return [*said, *(_day(verdict.now) for verdict in basis.verdicts.values())]


def _totals(basis: Basis, found: list[Problem], risks: tuple[Risk, ...]) -> Totals:
    """The kept counts of items; of problems, how many there are of each severity."""
    kept = basis.conclusion.result["domains"].values()
    counts = {state: sum(row[state] for row in kept) for state in STATES}
    grades = Counter(problem.severity for problem in found)
    major = [r for r in risks if r.kind == "major" and r.decision == "confirmed"]
    return Totals(
        applicable=basis.conclusion.result["coverage"]["applicable"], **counts,
        high=grades["high"], medium=grades["medium"], low=grades["low"],
        major=len(major), major_fixed=sum(bool(risk.fixed_on) for risk in major),
    )  # fmt: skip


def _evidence(basis: Basis, found: list[Problem]) -> Mapping[str, set[int]]:
    """Problem → the verdicts it rests on."""
    at: dict[tuple[str, str], Data] = {
        (row["line"], each["object"]): each for row in basis.items for each in row["objects"]
    }
    return {
        problem.no: {m.ref for m in failing(basis, problem.item, at[problem.item, problem.object])}
        for problem in found
        if (problem.item, problem.object) in at
    }


def _old(basis: Basis, before: Basis | None, ledger: Ledger) -> tuple[OldProblem, ...]:
    """Problems of the conclusion before this one and what became of them."""
    if before is None:
        return ()
    gone = {(p.item, p.object): p for p in mended(basis, before, ledger)}
    found = []
    for old in problems(before, ledger):
        done = gone.get((old.item, old.object))
        now = done or old
        text = _("{where}：{text}").format(where=old.where, text=old.text)
        found.append(OldProblem(text, old.severity, now.measure, now.state, now.proof))
    return tuple(found)
