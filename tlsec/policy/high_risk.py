"""High-risk cases as lists of data, and what evidence makes one suspected. Pure.

A machine says 疑似高风险 and names the case, the evidence and the mitigations to ask about; whether it is a
high risk, or one of the triggers of 重大风险隐患, a person decides (tlsec/assess/risks.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _, pick
from tlsec.marked_yaml import Fault, Faulty, Marked
from tlsec.policy import triggers
from tlsec.policy.catalog import By, Catalog
from tlsec.policy.item_state import ItemState, ObjectState

Side = Literal["provider", "customer"]
TRIGGER = r"^A-\d\d$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Text(_Strict):
    zh: str
    en: str

    def __str__(self) -> str:
        return pick(self.model_dump())


class Case(_Strict):
    """A situation that is high risk unless something mitigates it.

    `condition`: only then is it one, e.g. where continuity needs are high. `checks`: their failure alone
    raises the suspicion; with none only a person's answer can. `trigger`: its code in the table of
    重大风险隐患, "" for none. `side`: whose it is on a cloud, [] for anybody's.
    """

    case: str = Field(min_length=1)
    lines: list[str] = Field(min_length=1)
    from_level: int = Field(ge=1, le=4)
    to_level: int = Field(default=4, ge=1, le=4)
    zh: str
    en: str
    condition: Text | None = None
    trigger: str = Field(default="", pattern=r"^(A-\d\d)?$")
    side: list[Side] = []
    checks: list[str] = []
    by: list[By] = []
    mitigable: bool = True
    mitigations: list[Text] = []
    verify: str = ""

    def concerns(self, level: int, side: str) -> bool:
        """`side` "" where the register does not say whose side the system is on: then any."""
        inside = self.from_level <= level <= self.to_level
        return inside and (not self.side or not side or side in self.side)


class HighRiskList(_Strict):
    """A file of policies/high-risk/. `schemes`: ids of the schemes whose reports use it."""

    list_: str = Field(alias="list")
    version: int
    zh: str
    en: str
    source: str
    issued: str
    schemes: list[str]
    cases: list[Case]

    @property
    def id(self) -> str:
        return self.list_

    @cached_property
    def by_case(self) -> Mapping[str, Case]:
        return {case.case: case for case in self.cases}

    def of_trigger(self, code: str) -> list[Case]:
        return [case for case in self.cases if case.trigger == code]


def load(
    folders: Iterable[Path], catalog: Catalog, checks: Iterable[str]
) -> dict[str, HighRiskList]:
    """`high-risk/` of the policy folders by id; a later folder's list replaces one. Raises Faulty."""
    known, faults = set(checks), list[Fault]()
    found: dict[str, HighRiskList] = {}
    for file in (f for folder in folders for f in sorted((folder / "high-risk").glob("*.yaml"))):
        if file.match(triggers.FILES):
            continue
        try:
            marked = marked_yaml.load(file)
            data = marked_yaml.parse(HighRiskList, marked)
        except Faulty as error:
            faults.extend(error.faults)
            continue
        faults.extend(_problems(data, marked, catalog, known))
        found[data.id] = data
    if faults:
        raise Faulty(faults)
    return dict(sorted(found.items()))


def _problems(
    data: HighRiskList, marked: Marked, catalog: Catalog, checks: set[str]
) -> Iterable[Fault]:
    seen: set[str] = set()
    for i, case in enumerate(data.cases):
        if case.case in seen:
            yield marked.fault(("cases", i, "case"), _("编号 {id} 重复").format(id=case.case))
        seen.add(case.case)
        for line in case.lines:
            if line not in catalog.lines:
                message = _("条款目录里没有要求线 {line}").format(line=line)
                yield marked.fault(("cases", i, "lines"), message)
        for check in case.checks:
            if check not in checks:
                message = _("没有检查项 {check}").format(check=check)
                yield marked.fault(("cases", i, "checks"), message)
        if case.from_level > case.to_level:
            yield marked.fault(("cases", i, "to_level"), _("终止等级低于起始等级"))


def for_scheme(lists: Mapping[str, HighRiskList], scheme: str) -> HighRiskList | None:
    """The list that reports of a scheme use."""
    return next((each for each in lists.values() if scheme in each.schemes), None)


@dataclass(frozen=True, slots=True)
class Ground:
    """One piece of evidence under a suspicion. `ref`: row of the verdict or the answer."""

    kind: Literal["verdict", "answer"]
    ref: int
    item: str
    object: str
    source: str  # the check, or the question
    place: str
    text: str
    at: datetime | None
    waived: str = ""

    @property
    def key(self) -> str:
        """The same trouble at the same place, however often it is seen."""
        return "|".join((self.kind, self.source, self.object, self.place))


@dataclass(frozen=True, slots=True)
class Suspicion:
    """疑似高风险: a case of a list with the evidence for it. `candidate`: trigger code, or ""."""

    list: str
    case: Case
    items: tuple[str, ...]
    grounds: tuple[Ground, ...]

    @property
    def candidate(self) -> str:
        return self.case.trigger


def suspicions(
    cases: HighRiskList, level: int, side: str, items: Sequence[tuple[str, str, ItemState]]
) -> tuple[Suspicion, ...]:
    """Cases that evidence speaks for, in the order of the list.

    `items`: (line, item id, state) of the system's own items; `level` its grade; `side` provider,
    customer or "". An exception does not lift a suspicion: it is named, and a person weighs it.
    """
    by_line: dict[str, list[tuple[str, ItemState]]] = {}
    for line, item, state in items:
        if state.raw_low < 1 and state.state != "not_applicable":
            by_line.setdefault(line, []).append((item, state))
    found = []
    for case in cases.cases:
        if not case.concerns(level, side):
            continue
        grounds = [
            ground
            for line in case.lines
            for item, state in by_line.get(line, ())
            for each in state.objects
            for ground in _grounds(case, item, each)
        ]
        if grounds:
            named = tuple(dict.fromkeys(ground.item for ground in grounds))
            found.append(Suspicion(cases.id, case, named, tuple(grounds)))
    return tuple(found)


def _grounds(case: Case, item: str, at: ObjectState) -> Iterable[Ground]:
    for m in at.evidence.machine:
        if m.state == "fail" and m.failed != "nothing" and m.check in case.checks:
            yield Ground(
                "verdict", m.ref, item, at.object, m.check, m.place, m.message, m.at, m.waived
            )
    for a in at.evidence.answers:
        if a.means == "not_met":
            yield Ground("answer", a.ref, item, at.object, a.question, "", a.note, a.at)
