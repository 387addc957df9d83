"""The items of a kept conclusion as papers print them: states, objects, evidence, classes, points."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, cast

from tlsec.assess.paper_basis import Basis, Data, Spoken, worded
from tlsec.i18n import N_, _, listed
from tlsec.policy.item_state import MachineResult
from tlsec.report.papers.assessment import (
    Domain,
    Extension,
    Interval,
    Item,
    Machine,
    ObjectFinding,
    Point,
    Said,
    State,
)

# what is told of an object beside its evidence; the other reasons speak through the evidence itself
_WHYS = {
    "waived": N_("不符合已批准例外，按部分符合计"),
    "cannot_tell": N_("有检查没有测成，不能下结论"),
    "half_answered": N_("还有问题没有答完"),
    "needs_attestation": N_("检查结果支持符合，还要人确认"),
    "nothing_known": N_("没有检查结果，也没有经复核的回答"),
    "lapsed": N_("曾判为较低的回答已过期，须重新查看"),
}
_RESULTS = {
    "pass": N_("通过"),
    "fail": N_("不符合"),
    "unknown": N_("未判明"),
    "error": N_("未测成"),
    "not_applicable": N_("不适用"),
    "not_run": N_("未测"),
}
_METHODS = {"interview": N_("访谈"), "examine": N_("核查"), "test": N_("测试")}
_TOLD = 3  # numbers of verdicts told in a line; the rest is counted
_COUNTED = ("met", "partly", "not_met", "untested")


def items(basis: Basis) -> tuple[Item, ...]:
    """Every item of the conclusion, in its order."""
    return tuple(_item(basis, row) for row in basis.items)


def _item(basis: Basis, row: Data) -> Item:
    known, line = basis.item(row["id"]), basis.line(row["line"])
    extension: Any = known.extension if known else "general"
    return Item(
        id=row["line"], code=known.unit if known else "", clause=row["id"],
        domain=domain_id(row["domain"]), point=row["point"],
        level=known.level if known else int(row["id"][0]) - 5, extension=extension,
        text=worded(known, row["line"]), state=row["state"], low=row["low"], high=row["high"],
        objects=tuple(_finding(basis, at) for at in row["objects"]), why_untested=_untested(row),
        note=row["note"],
        methods=listed(_(_METHODS[m]) for m in line.methods) if line else "",
        weight=_weight(basis, row),
    )  # fmt: skip


def domain_id(id_: str) -> str:
    """Papers write classes small: ces."""
    return id_.lower()


def _weight(basis: Basis, row: Data) -> str:
    """The importance where the scheme tells some items from others."""
    importance = basis.scheme.importance
    if len(importance.weights) < 2:
        return ""
    return importance.items.get(row["id"]) or importance.items.get(row["line"], importance.default)


def _untested(row: Data) -> str:
    """Why the item is open where all its objects are open for the same reason; else they tell it."""
    if row["state"] != "untested":
        return ""
    whys = {at["why"] for at in row["objects"] if at["state"] == "untested"}
    return _(_WHYS[whys.pop()]) if len(whys) == 1 and whys <= set(_WHYS) else ""


def _finding(basis: Basis, at: Data) -> ObjectFinding:
    machine = [basis.machine[ref] for ref in at["verdicts"] if ref in basis.machine]
    spoken = [basis.spoken[ref] for ref in at["answers"] if ref in basis.spoken]
    return ObjectFinding(
        at["object"], basis.name_of(at["object"]), at["state"],
        tuple(_machines(machine)),
        tuple(_said(basis, each) for each in spoken), _why(basis, at), at["conflict"],
    )  # fmt: skip


def _why(basis: Basis, at: Data) -> str:
    told = [_(_WHYS[at["why"]])] if at["why"] in _WHYS else []
    told += [at["note"]] if at["note"] else []
    for ref in at["lapsed"]:
        if (old := basis.spoken.get(ref)) is not None:
            message = _("{person}的回答已于 {day} 到期")
            day = old.row.expires.date().isoformat()
            told.append(message.format(person=old.row.by, day=day))
    gone = sum(ref not in basis.verdicts for ref in at["verdicts"])
    if gone:
        told.append(_("另有 {n} 条判定已不在库中").format(n=gone))
    return listed(dict.fromkeys(told), "；")


def _machines(results: Iterable[MachineResult]) -> Iterator[Machine]:
    """Results a line each; the same said of one place from several vantages is one line."""
    alike: dict[tuple[str, ...], list[MachineResult]] = defaultdict(list)
    for each in results:
        if each.state != "not_applicable":
            key = (each.check, each.place, each.state, each.message, each.waived)
            alike[key].append(each)
    for same in alike.values():
        first, refs = same[0], [str(each.ref) for each in same]
        message = first.message
        if first.waived:
            waived = _("例外 {id}").format(id=first.waived)
            message = listed(filter(None, (message, waived)), "；")
        numbers = listed(refs[:_TOLD])
        if len(refs) > _TOLD:
            numbers = _("{told} 等 {n} 条").format(told=numbers, n=len(refs))
        at = max((each.at for each in same if each.at), default="")
        yield Machine(first.check, first.place, at, message, numbers, _(_RESULTS[first.state]))


def _said(basis: Basis, spoken: Spoken) -> Said:
    row = spoken.row
    return Said(
        row.by, spoken.reviewer, row.at, chosen(basis, spoken), spoken.files, row.expires,
        row.question,
    )  # fmt: skip


def chosen(basis: Basis, spoken: Spoken) -> str:
    """What the person chose and what the person added."""
    row = spoken.row
    question = basis.content.questions.by_id.get(row.question)
    choice = question.choices.get(row.answer) if question else None
    return listed(filter(None, (worded(choice, row.answer), row.note)), "；")


# --- classes and points ---


def domains(basis: Basis) -> tuple[Domain, ...]:
    """The classes of the standard with their counts and rates as the conclusion keeps them."""
    kept = basis.conclusion.result["domains"]
    order = [id_ for id_ in basis.policy.catalog.domains if id_ in kept]
    found = []
    for id_ in [*order, *(other for other in kept if other not in order)]:
        row = kept[id_]
        rate = Interval(row["rate"]["low"], row["rate"]["high"]) if row["applicable"] else None
        counts = {state: row[state] for state in (*_COUNTED, "not_applicable")}
        name = worded(basis.domain(id_), id_)
        found.append(
            Domain(domain_id(id_), name, row["technical"], row["applicable"], rate=rate, **counts)
        )
    return tuple(found)


def points(basis: Basis) -> tuple[Point, ...]:
    """The control points with their results as kept, and what they are over."""
    counts: Counter[tuple[str, str]] = Counter()
    parts: dict[str, Data] = {}
    for row in basis.items:
        counts[row["point"], row["state"]] += 1
        parts.setdefault(row["point"], row)
    found = []
    for id_, result in basis.conclusion.result["points"].items():
        first = parts[id_]
        known = basis.item(first["id"])
        extension: Extension = known.extension if known else "general"
        state = cast("State", result["state"])
        number = {key: counts[id_, key] for key in _COUNTED}
        found.append(
            Point(
                id_, worded(basis.point(id_), id_), domain_id(first["domain"]), state,
                result["items"], extension=extension, **number,
            )
        )  # fmt: skip
    return tuple(found)
