"""Problems of a kept conclusion: what is not met or partly met at an object, how grave, who mends it by when.

How grave a problem is (first rule that applies):
1. A case of the list of high risks speaks of it: confirmed by a person → high; not decided → high,
   as a suspicion; brought down by a person → what the person brought it down to.
2. Otherwise no problem is high, whatever a check is called, because only a person says high risk.
   Not met → medium, but low where nothing but checks of low severity speak against it.
   Partly met → low, but medium where a check of severity critical or high speaks against it.
The severity of a check is that of the ledger's item where there is one, since people may have moved it.

A problem is suspected while nobody has decided on its case; where no case speaks of it, while only a machine
has spoken: a reviewed answer, or a ledger's item that somebody has confirmed, makes it a person's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from tlsec.assess.paper_basis import Basis, Data, Spoken, worded
from tlsec.assess.paper_items import chosen
from tlsec.assess.results import PLATFORM
from tlsec.i18n import _, listed
from tlsec.inventory.models import Waiver
from tlsec.policy.item_state import MachineResult
from tlsec.register.models import RiskItem
from tlsec.register.transitions import State
from tlsec.report.papers.assessment import Mending, Problem, Severity

_FAILED = ("not_met", "partly")
_TOLD = 3  # places, messages or numbers told in a cell; the rest is counted
_GRAVE = ("critical", "high")
_STATES: Mapping[str, Mending] = {
    State.FIXING: "fixing", State.FIX_CLAIMED: "retest", State.VERIFYING: "retest",
    State.CLOSED: "closed",
}  # fmt: skip
_ORDER: tuple[Mending, ...] = ("open", "fixing", "retest", "waived", "closed")


@dataclass(frozen=True)
class Ledger:
    """The rows of the risk register about a system's assets, at this moment."""

    basis: Basis
    now: datetime

    @cached_property
    def rows(self) -> Mapping[tuple[str, str], list[RiskItem]]:
        """(asset, check) → its rows, the newest first."""
        found: dict[tuple[str, str], list[RiskItem]] = {}
        rows = RiskItem.objects.filter(subject__in=list(self.basis.assets), opened__lte=self.now)
        for row in rows.order_by("-opened", "-no"):
            found.setdefault((row.subject, row.check_id), []).append(row)
        return found

    def of(self, asset: str, checks: Iterable[str]) -> list[RiskItem]:
        """Rows on these checks that are open, or else those last closed."""
        rows = [row for check in checks for row in self.rows.get((asset, check), ())]
        live = [row for row in rows if row.state != State.CLOSED]
        return live or rows[:_TOLD]

    @cached_property
    def waivers(self) -> Mapping[str, Waiver]:
        return {row.id: row for row in Waiver.objects.all()}


def problems(basis: Basis, ledger: Ledger) -> tuple[Problem, ...]:
    """One for each item not met or partly met at an object, in the order of the items."""
    found = [
        _problem(basis, ledger, row, at)
        for row in basis.items
        if row["state"] != "not_applicable"
        for at in _bad(row)
    ]
    return numbered(found)


def numbered(found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems as a paper counts them."""
    return tuple(replace(problem, no=f"W-{n:03}") for n, problem in enumerate(found, 1))


def _bad(row: Data) -> list[Data]:
    """Objects where an item fails; of one that only may not be wholly met, those that cap it."""
    failed = [at for at in row["objects"] if at["state"] in _FAILED]
    if failed or row["state"] not in _FAILED:
        return failed
    return [at for at in row["objects"] if at["high"] < 1] or [dict(row, object="", why="")]


def _problem(basis: Basis, ledger: Ledger, row: Data, at: Data) -> Problem:
    """`no` is still to be given."""
    failed = failing(basis, row["line"], at)
    spoken = [basis.spoken[ref] for ref in at.get("answers", ()) if ref in basis.spoken]
    lower = [each for each in spoken if each.row.means != "met"]
    checks = list(dict.fromkeys(each.check for each in failed))
    items = ledger.of(at["object"], checks)
    severity, decided = graded(basis, row, at, _severities(basis, checks, items))
    moments = [m.at for m in failed if m.at] + [s.row.at for s in lower]
    opened = [item.opened for item in items]
    problem = Problem(
        no="", item=row["line"], object=at["object"], where=basis.name_of(at["object"]),
        text=_text(basis, failed, lower, at), severity=severity,
        advice=_advice(basis, checks, lower, at), suspected=not (decided or _confirmed(lower, items)),
        register=_some(item.no for item in items), unit=_unit(basis, at["object"], items),
        person=_person(basis, at["object"]), found_on=min([*moments, *opened], default=""),
        major=_major(basis, row["id"], at["object"]),
    )  # fmt: skip
    return _mending(problem, items, [m.waived for m in failed if m.waived], at, ledger)


def failing(basis: Basis, line: str, at: Data) -> list[MachineResult]:
    """The machine's failures at an object that count against a line."""
    counts = {
        id_
        for id_, loaded in basis.policy.checks.items()
        for mapping in loaded.check.maps
        if mapping.line == line and mapping.failed != "nothing"
    }
    refs = (basis.machine.get(ref) for ref in at.get("verdicts", ()))
    return [m for m in refs if m is not None and m.state == "fail" and m.check in counts]


# --- how grave ---


def graded(
    basis: Basis, row: Data, at: Data, severities: Sequence[str]
) -> tuple[Severity, bool | None]:
    """How grave, and whether a person has said so; None where no case asks a person.

    See the head of this file for the rules.
    """
    cases = [risk for risk in basis.conclusion.risks if _concerns(basis, risk, row, at)]
    high = [risk for risk in cases if risk["kind"] == "high"]
    if any(risk["status"] == "confirmed" for risk in high):
        return "high", True
    if any(risk["status"] == "suspected" for risk in high):
        return "high", False
    lowered = {risk["decision"]["level"] for risk in high if risk["status"] == "lowered"}
    if lowered:
        return ("medium" if "medium" in lowered else "low"), True
    if at["state"] == "not_met":
        return ("low" if severities and set(severities) <= {"low"} else "medium"), None
    return ("medium" if set(severities) & set(_GRAVE) else "low"), None


def _concerns(basis: Basis, risk: Data, row: Data, at: Data) -> bool:
    """A risk concerns what it rests on; one confirmed without evidence, every line of its case."""
    if risk["grounds"]:
        return any((g["item"], g["object"]) == (row["id"], at["object"]) for g in risk["grounds"])
    listed_ = basis.content.high_risk.get(risk["list"])
    case = listed_.by_case.get(risk["case"]) if listed_ else None
    return case is not None and row["line"] in case.lines


def _major(basis: Basis, item: str, object_: str) -> bool:
    return any(
        risk["kind"] == "major"
        and risk["status"] == "confirmed"
        and any((g["item"], g["object"]) == (item, object_) for g in risk["grounds"])
        for risk in basis.conclusion.risks
    )


def _severities(basis: Basis, checks: Sequence[str], items: Sequence[RiskItem]) -> list[str]:
    by_check = {item.check_id: item.severity for item in items}
    return [by_check.get(id_) or basis.policy.checks[id_].check.severity for id_ in checks]


def _confirmed(lower: Sequence[Spoken], items: Sequence[RiskItem]) -> bool:
    open_to_doubt = (State.NEW, State.FALSE_POSITIVE, State.NOT_APPLICABLE)
    return bool(lower) or any(item.state not in open_to_doubt for item in items)


# --- words ---


def _text(basis: Basis, failed: Sequence[MachineResult], lower: Sequence[Spoken], at: Data) -> str:
    places: dict[str, list[str]] = {}
    for m in failed:
        title = worded(basis.policy.checks[m.check].check.title)
        places.setdefault(m.message or title, []).append(m.place)
    told = [
        _("{what}（{places}）").format(what=what, places=_some(found)) if any(found) else what
        for what, found in places.items()
    ]
    told += [chosen(basis, each) for each in lower]
    if not told and at["object"].startswith(PLATFORM):
        told = [_("平台对该条款的结论不是符合")]
    return _some(told, "；") or _("未全部符合，见结果记录")


def _advice(basis: Basis, checks: Sequence[str], lower: Sequence[Spoken], at: Data) -> str:
    told = [worded(basis.policy.checks[id_].check.remediation) for id_ in checks]
    for each in lower:
        question = basis.content.questions.by_id.get(each.row.question)
        good = next((c for c in question.answers if c.means == "met"), None) if question else None
        if good is not None:
            told.append(_("做到：{what}").format(what=worded(good)))
    if not told and at["object"].startswith(PLATFORM):
        told = [_("由云平台一侧整改，整改后重新沿用平台的结论")]
    return "\n".join(dict.fromkeys(told))


def _some(texts: Iterable[str], mark: str = "、") -> str:
    found = list(dict.fromkeys(filter(None, texts)))
    told = listed(found[:_TOLD], mark)
    return told if len(found) <= _TOLD else _("{told} 等 {n} 处").format(told=told, n=len(found))


# --- who and by when ---


def _unit(basis: Basis, object_: str, items: Sequence[RiskItem]) -> str:
    asset = basis.assets.get(object_)
    named = next((item.unit for item in items if item.unit), "")
    return named or (asset.unit.name if asset and asset.unit else basis.system.unit.name)


def _person(basis: Basis, object_: str) -> str:
    asset = basis.assets.get(object_)
    owner = (asset.owner if asset else None) or basis.system.owner
    return owner.name if owner else ""


def _mending(
    problem: Problem, items: Sequence[RiskItem], waived: Sequence[str], at: Data, ledger: Ledger
) -> Problem:
    """The problem with what the ledger knows of its mending, and the exception that covers it."""
    dues = [item.due for item in items if item.due]
    problem = replace(problem, due=min(dues, default=""))
    if at["why"] == "waived" and waived:
        rows = [ledger.waivers[id_] for id_ in dict.fromkeys(waived) if id_ in ledger.waivers]
        left = [_("{reason}；临时措施：{cover}").format(reason=r.reason, cover=r.compensating or "—")
                for r in rows]  # fmt: skip
        until = [_("{id}，到 {day} 为止").format(id=r.id, day=r.until.date()) for r in rows]
        return replace(
            problem, state="waived", left=_some(left, "；"),
            waiver=_some(until, "；") or _some(waived),
        )  # fmt: skip
    if not items:
        return problem
    states = [_STATES.get(item.state, "open") for item in items]
    state = min(states, key=_ORDER.index)
    done = state == "closed"
    return replace(
        problem, state=state, measure=_some((item.measure for item in items), "；"),
        fixed_on=max((item.closed for item in items if item.closed), default="") if done else "",
        proof=_some((_proof(item) for item in items), "；") if done else "",
    )  # fmt: skip


def _proof(item: RiskItem) -> str:
    if item.retested is None:
        return ""
    return _("{no} 于 {day} 复测：{result}").format(
        no=item.no, day=item.retested.date(), result=item.retest_result
    )


# --- what is mended ---


def mended(basis: Basis, before: Basis | None, ledger: Ledger) -> list[Problem]:
    """Problems of the conclusion before that are gone, and what the ledger closed by a retest.

    `no` is still to be given; each has the state closed.
    """
    found = _gone(basis, before, ledger) if before else []
    told = {number for problem in found for number in problem.register.split("、")}
    now = {(p.object, p.register) for p in problems(basis, ledger)}
    for rows in ledger.rows.values():
        for item in rows:
            fixed = item.state == State.CLOSED and item.closure_reason == "fixed"
            if fixed and item.no not in told and not any(
                object_ == item.subject and item.no in numbers for object_, numbers in now
            ):  # fmt: skip
                found += _closed(basis, item)
    return found


def _gone(basis: Basis, before: Basis, ledger: Ledger) -> list[Problem]:
    state = {
        (row["line"], at["object"]): at["state"] for row in basis.items for at in row["objects"]
    }
    found = []
    for problem in problems(before, ledger):
        if state.get((problem.item, problem.object)) != "met":
            continue
        proof = _("{day} 重新评估，结果为符合").format(day=basis.conclusion.at.date())
        found.append(
            replace(
                problem, state="closed", fixed_on=problem.fixed_on or basis.conclusion.at,
                proof=problem.proof or proof, suspected=False,
            )
        )  # fmt: skip
    return found


def _closed(basis: Basis, item: RiskItem) -> list[Problem]:
    """A closed row of the ledger under the first item of the profile that its check counts against."""
    loaded = basis.policy.checks.get(item.check_id)
    lines = {row["line"] for row in basis.items}
    maps = loaded.check.maps if loaded else []
    line = next((m.line for m in maps if m.failed != "nothing" and m.line in lines), None)
    if line is None:
        return []
    severity: Severity = "low" if item.severity == "low" else "medium"
    return [
        Problem(
            no="", item=line, object=item.subject, where=basis.name_of(item.subject),
            text=_("{what}（{places}）").format(what=item.description, places=item.address),
            severity=severity, advice=item.remediation, suspected=False, register=item.no,
            unit=item.unit, person=_person(basis, item.subject), found_on=item.opened,
            due=item.due or "", state="closed", measure=item.measure, fixed_on=item.closed or "",
            proof=_proof(item),
        )
    ]  # fmt: skip
