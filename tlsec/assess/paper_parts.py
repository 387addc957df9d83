"""What a paper of an assessment tells beside items and problems: system, result, risks, sources."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from tlsec import content as contents
from tlsec.assess import milestones
from tlsec.assess.inheritance import in_force
from tlsec.assess.paper_basis import Basis, Data, worded
from tlsec.i18n import _, listed
from tlsec.policy.evaluate import shown
from tlsec.register.models import RiskItem
from tlsec.register.transitions import State
from tlsec.report.papers.assessment import (
    Edge,
    Edition,
    Interval,
    Number,
    Risk,
    SchemeResult,
    Source,
    System,
    Trigger,
)

_TOLD = 6  # pieces of evidence told with a risk
_DECISIONS = {"suspected": "open"}


# --- the system ---


def system(basis: Basis) -> System:
    """The graded object as the register knows it; its grade is the conclusion's."""
    row = basis.system
    dated = {each.kind: each for each in milestones.of(row.id)}
    filed = dated.get("certificate") or dated.get("filed")
    live = dated.get("go_live")
    owner = row.owner
    taken = in_force(row.id, basis.conclusion.at)
    report = ""
    if taken is not None:
        report = _("{reference}，沿用至 {day}").format(reference=taken.reference, day=taken.until)
    role: Any = row.cloud_role or ""
    return System(
        id=row.id, name=row.name, unit=row.unit.name, county=row.county.name,
        grade=basis.conclusion.grade,
        filing=row.filing or (filed.number if filed else ""), filed_on=filed.on if filed else None,
        operator=row.operator.name if row.operator else "", zone=row.zone.name if row.zone else "",
        business=row.business.rstrip("。"), cloud_role=role,
        platform=row.platform.name if row.platform else "", platform_report=report,
        contact=" ".join(filter(None, (owner.name, owner.phone))) if owner else "",
        online_since=live.on if live else None,
    )  # fmt: skip


# --- the result ---


def scheme(basis: Basis) -> SchemeResult:
    """The kept numbers; steps and notes in the language in force while the scheme is the same one."""
    used, kept = basis.scheme, basis.conclusion.result
    rate = used.formula == "rate"
    number = Number(
        "rate" if rate else "score", _("符合率") if rate else _("综合得分"),
        Interval(kept["number"]["low"], kept["number"]["high"]), "%" if rate else _("分"),
        _joined(_formula(basis)),
    )  # fmt: skip
    named = [worded(used.named(id_)) if id_ in used.order else id_ for id_ in kept["conclusion"]]
    edition: Any = used.id if used.id in ("2019", "2021", "2025") else "2025"
    return SchemeResult(
        used.id, basis.conclusion.scheme.partition("@")[2], cast("Edition", edition), worded(used),
        (number,), tuple(reversed(named)), kept["coverage"]["percent"], _edges(basis),
        tuple(_reasons(basis)),
    )  # fmt: skip


def _steps(basis: Basis) -> tuple[list[str], list[str]]:
    """Steps of the number, and the remarks between it and the conclusion."""
    steps = list(basis.again.steps) if basis.same_scheme else list(basis.conclusion.result["steps"])
    raw = next((i for i, s in enumerate(steps) if i > 1 and _is_raw(s, basis)), len(steps) - 1)
    return steps[2:raw], steps[raw:-1]


def _is_raw(step: str, basis: Basis) -> bool:
    """The number without exceptions ends the sum."""
    return step.endswith(str(basis.again.raw)) and "=" not in step


def _formula(basis: Basis) -> list[str]:
    """How the number was computed; of 2019 only the sums, since each class is in the table anyway."""
    lines, _remarks = _steps(basis)
    if basis.scheme.formula == "mean":
        lines = [line for line in lines if "=" not in line or line.startswith("M =")]
    return lines


def _joined(lines: Iterable[str]) -> str:
    """Lines as one; a line that only leads the next one in is not closed."""
    text = ""
    for line in lines:
        led = not text or text.endswith(_("：").strip())
        text += line.strip() if led else _("；") + line.strip()
    return text


def _reasons(basis: Basis) -> list[str]:
    """Why this conclusion, a sentence each; the number without exceptions only where it differs."""
    _lines, remarks = _steps(basis)
    kept = basis.conclusion.result
    if remarks and kept["raw"] == kept["number"]:
        remarks = remarks[1:]
    return [text.rstrip("。") + _("。") for text in remarks]


def _edges(basis: Basis) -> tuple[Edge, ...]:
    used = basis.scheme
    titles = {
        "scheme": _("计分方案"), "attention": _("关注系数"), "importance": _("条款重要程度"),
        "partly": _("部分符合怎样计"),
    }  # fmt: skip
    again = {edge.what: edge.text for edge in basis.again.edges} if basis.same_scheme else {}
    unit = "%" if used.formula == "rate" else ""
    found = []
    for edge in basis.conclusion.result["edges"]:
        what = edge["what"]
        bound = _("{number} 处的界").format(number=what.removeprefix("from-") + unit)
        source = next((b.source for b in used.bands if what == f"from-{shown(b.start)}"), "")
        found.append(
            Edge(
                titles.get(what, bound), again.get(what, edge["text"]), source or str(used.source),
                True, edge["touched"],
            )
        )  # fmt: skip
    return tuple(found)


# --- risks ---


def risks(basis: Basis) -> tuple[Risk, ...]:
    """What was suspected or decided when the conclusion was drawn."""
    return tuple(_risk(basis, row) for row in basis.conclusion.risks)


def _risk(basis: Basis, row: Data) -> Risk:
    said = row["decision"] or {}
    major = row["kind"] == "major"
    decision: Any = _DECISIONS.get(row["status"], row["status"])
    level: Any = said.get("level") or None
    cases = _cases(basis, row) if major else [row["case"]]
    listed_ = basis.content.high_risk.get(row["list"])
    decided = datetime.fromisoformat(said["at"]) if said else ""
    return Risk(
        row["kind"], worded(listed_, row["list"]), listed(cases) or row["case"],
        _situation(basis, row), tuple(_lines(basis, row)), _grounds(basis, row),
        row["case"] if major and cases else "",
        tuple(dict.fromkeys(worded_pair(m) for m in row["mitigations"])), decision,
        level if row["status"] == "lowered" else None, said.get("by", ""), decided,
        said.get("reason", ""), said.get("mitigation", ""), _fixed(basis, row),
    )  # fmt: skip


def worded_pair(pair: Mapping[str, str]) -> str:
    """The text of a kept {zh, en} pair."""
    from tlsec.i18n import pick

    return pick(dict(pair))


def _cases(basis: Basis, row: Data) -> list[str]:
    """The cases of the conclusion that name a trigger code."""
    return [
        each["case"]
        for each in basis.conclusion.risks
        if each["kind"] == "high" and row["case"] in each["trigger"]
    ]


def _situation(basis: Basis, row: Data) -> str:
    told = [worded_pair(pair) for pair in row["situation"]]
    if not told and row["kind"] == "major":
        told = [worded(basis.content.triggers.get(row["case"]), row["case"])]
    if not told:
        listed_ = basis.content.high_risk.get(row["list"])
        told = [worded(listed_.by_case.get(row["case"]) if listed_ else None, row["case"])]
    told += [_("仅当：{when}").format(when=worded_pair(c)) for c in row["condition"]]
    return listed(dict.fromkeys(told), "；")


def _lines(basis: Basis, row: Data) -> list[str]:
    return [basis.lines[item] for item in row["items"] if item in basis.lines]


def _grounds(basis: Basis, row: Data) -> tuple[str, ...]:
    """Evidence, a line each: what, at what, where, and the number of the row."""
    told = []
    for ground in row["grounds"]:
        ref = _("判定 {n}") if ground["kind"] == "verdict" else _("回答 {n}")
        new = _("判定后新出现") if ground["new"] and row["decision"] else ""
        at = listed(filter(None, (ref.format(n=ground["ref"]), new)), "，")
        parts = (ground["source"], basis.name_of(ground["object"]), ground["place"])
        line = " ".join(dict.fromkeys(filter(None, parts)))
        told.append(_("{what}（{at}）").format(what=line, at=at))
    told = list(dict.fromkeys(told))
    if len(told) > _TOLD:
        told = [*told[:_TOLD], _("另有 {n} 条").format(n=len(told) - _TOLD)]
    return tuple(told)


def _fixed(basis: Basis, row: Data) -> datetime | str:
    """When a confirmed risk was mended: nothing speaks for it, and the ledger closed all it had on it."""
    if row["status"] != "confirmed" or not row["quiet"]:
        return ""
    listed_ = basis.content.high_risk.get(row["list"])
    if listed_ is None:
        return ""
    by_case = listed_.by_case.get(row["case"])
    cases = listed_.of_trigger(row["case"]) if row["kind"] == "major" else [by_case]
    checks = {check for case in cases if case is not None for check in case.checks}
    rows = RiskItem.objects.filter(subject__in=list(basis.assets), check_id__in=checks)
    closed = [item.closed for item in rows if item.state == State.CLOSED and item.closed]
    return max(closed) if closed and len(closed) == rows.count() else ""


# --- sources ---


def sources(basis: Basis, root: Path) -> tuple[Source, ...]:
    """What the conclusion rests on, with versions; a digest only of the version that was used."""
    row, policy, folders = basis.conclusion, basis.policy, contents.policies(root)
    catalog = f"{policy.catalog.id}@{policy.catalog.version}"
    profile = f"{policy.profile.id}@{policy.profile.version}"
    found = [
        _source(_("条款目录"), row.catalog, catalog, _files(folders, f"catalogs/{policy.catalog.id}/*.yaml")),
        _source(_("检查基线"), row.profile, profile, _files(folders, f"profiles/{policy.profile.id}.yaml")),
        _source(_("计分方案"), row.scheme, basis.scheme.versioned,
                _files(folders, f"schemes/{basis.scheme.id}.yaml"), bool(basis.scheme.verify)),
    ]  # fmt: skip
    for id_ in dict.fromkeys([r["list"] for r in row.risks] or [_list_id(basis)]):
        used = basis.content.high_risk.get(id_)
        if used is not None:
            files = _files(folders, f"high-risk/{id_}.yaml")
            found.append(
                Source(_("高风险案例清单"), worded(used), str(used.version), _digest(files))
            )
    checks = [Path(loaded.marked.name) for loaded in policy.checks.values()]
    found.append(Source(_("检查项"), _("共 {n} 个").format(n=len(checks)), "", _digest(checks)))
    questions = _files(folders, "questions/**/*.yaml")
    number = len(basis.content.questions.by_id)
    found.append(Source(_("问题"), _("共 {n} 个").format(n=number), "", _digest(questions)))
    kept = _("第 {id} 号结论，{by}").format(id=row.pk, by=row.by)
    found.append(Source(_("存档的结论"), kept, row.at.date().isoformat(), row.digest))
    return tuple(found)


def _list_id(basis: Basis) -> str:
    used = basis.content.risks_of(basis.scheme)
    return used.id if used else ""


def _source(what: str, kept: str, now: str, files: list[Path], verify: bool = False) -> Source:
    name, _at, version = kept.partition("@")
    return Source(what, name, version, _digest(files) if kept == now else "", verify)


def _files(folders: Iterable[Path], pattern: str) -> list[Path]:
    return [file for folder in folders for file in sorted(folder.glob(pattern))]


def _digest(files: Iterable[Path]) -> str:
    """SHA-256 over the files' contents in order; "" for none."""
    total, some = hashlib.sha256(), False
    for file in files:
        if file.is_file():
            total.update(hashlib.sha256(file.read_bytes()).digest())
            some = True
    return total.hexdigest() if some else ""


def triggers(basis: Basis) -> tuple[Trigger, ...]:
    """The table of triggers of 重大风险隐患."""
    return tuple(
        Trigger(t.code, worded(t), bool(t.verify)) for t in basis.content.triggers.values()
    )


def unverified(basis: Basis) -> tuple[str, ...]:
    """What the catalogue marks as still to be checked about items of this conclusion."""
    found = []
    for row in basis.items:
        line = basis.line(row["line"])
        if line is not None and line.verify:
            found.append(_("{item}：{what}").format(item=row["id"], what=line.verify))
    return tuple(found)
