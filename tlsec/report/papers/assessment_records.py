"""What an assessment carries beside its items: risks, problems, objects, records, people, sources.

Part of the contract of `assessment.py`, which gives all of these again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from tlsec.report.words import When

Severity: TypeAlias = Literal["high", "medium", "low"]
Decision: TypeAlias = Literal["open", "confirmed", "lowered", "dismissed"]
Mending: TypeAlias = Literal["open", "fixing", "retest", "closed", "waived"]

SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Interval:
    """What a number can still be: untested counted as worst (`low`) and as best (`high`)."""

    low: float
    high: float

    @property
    def settled(self) -> bool:
        """Whether nothing is left open."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Risk:
    """A suspected high risk (`high`) or a candidate of 重大风险隐患 (`major`), and the decision."""

    kind: Literal["high", "major"]
    list: str  # name of the list, 2025 指引（试行）
    case: str
    situation: str
    items: tuple[str, ...] = ()  # Item.id
    evidence: tuple[str, ...] = ()
    trigger: str = ""
    ask: tuple[str, ...] = ()  # mitigations to ask about
    decision: Decision = "open"
    level: Severity | None = None  # what a lowered one was lowered to
    by: str = ""
    decided_on: When = ""
    reason: str = ""
    mitigation: str = ""
    fixed_on: When = ""  # rectified before the report, "" if not


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem to mend. `severity` is the decided one; `suspected` while no person has decided."""

    no: str
    item: str  # Item.id
    object: str  # Asset.id, "" for the system as a whole
    where: str  # name of the object, printed
    text: str
    severity: Severity
    advice: str = ""
    suspected: bool = True
    register: str = ""  # YJ-2026-00123
    unit: str = ""
    person: str = ""
    found_on: When = ""
    due: When = ""
    state: Mending = "open"
    measure: str = ""
    fixed_on: When = ""
    proof: str = ""  # retest: what, when, by whom, verdict numbers
    left: str = ""  # why it is left, and what covers it meanwhile
    effort: Literal["", "small", "medium", "large"] = ""
    waiver: str = ""
    major: bool = False  # part of a confirmed 重大风险隐患


ASSET_KINDS: tuple[str, ...] = (
    "room", "network", "security", "server", "terminal", "software",
    "application", "data", "crypto", "staff", "document", "other",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asset:
    """An object of the evaluation. `kind`: one of ASSET_KINDS; `sampled`: chosen to be looked at."""

    id: str
    kind: str
    name: str
    place: str = ""  # address, room, URL
    detail: str = ""  # make, version, use
    unit: str = ""
    importance: str = ""
    sampled: bool = False
    why: str = ""  # why it was or was not chosen


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan that gave evidence (appendix E)."""

    no: str
    at: When
    vantage: str
    scope: str
    targets: int
    tested: int
    failed: int
    untested: int
    problems: tuple[str, ...] = ()  # Problem.no


@dataclass(frozen=True, slots=True)
class Trial:
    """A penetration test or a drill (appendix F) and what came out of it."""

    no: str
    kind: str  # 渗透测试, 演练
    at: When
    by: str
    text: str
    items: tuple[str, ...] = ()  # Item.id its findings count against
    problems: tuple[str, ...] = ()  # Problem.no


@dataclass(frozen=True, slots=True)
class Previous:
    """An earlier conclusion, for the trend. `rate`: 符合率 whatever the scheme of its day."""

    on: date
    title: str  # 自评, 等级测评（某机构）
    scheme: str
    conclusion: str
    rate: Interval | None = None
    score: Interval | None = None


@dataclass(frozen=True, slots=True)
class OldProblem:
    """A problem of the last evaluation and what became of it (appendix B)."""

    text: str
    severity: Severity
    measure: str
    state: Mending
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who took part."""

    name: str
    role: str
    unit: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Something the result rests on: catalogue, profile, scheme, list of cases, checks, scan."""

    what: str
    name: str
    version: str = ""
    digest: str = ""
    verify: bool = False  # 待核


@dataclass(frozen=True, slots=True)
class Trigger:
    """A row of the table of triggers of 重大风险隐患 (appendix G)."""

    code: str
    text: str
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Threat:
    """A row of the list of threats (appendix I)."""

    name: str
    text: str
    kind: str = ""
