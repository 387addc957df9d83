"""What the grading-protection papers are made from: one assessment of one system as plain data.

Callers fill these from the stored conclusion, the catalogue, answers and register; nothing here
reads a database. Texts are final and in the language in force (`tlsec.i18n.language()`), "" where
unknown: a paper prints 【待填】 for what it needs and does not have. Times are aware (UTC) or plain
dates. Rates and scores are on 0-100; `low` and `high` of an item on 0-1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeAlias

from tlsec.report.papers.assessment_records import (
    ASSET_KINDS,
    SEVERITIES,
    Asset,
    Decision,
    Interval,
    Mending,
    OldProblem,
    Person,
    Previous,
    Problem,
    Risk,
    Scan,
    Severity,
    Source,
    Threat,
    Trial,
    Trigger,
)
from tlsec.report.words import When

__all__ = [
    "ASSET_KINDS",
    "SEVERITIES",
    "STATES",
    "Assessment",
    "Asset",
    "Decision",
    "Domain",
    "Edge",
    "Edition",
    "Extension",
    "Interval",
    "Item",
    "Machine",
    "Mending",
    "Number",
    "ObjectFinding",
    "OldProblem",
    "Person",
    "Point",
    "Previous",
    "Problem",
    "Risk",
    "Said",
    "Scan",
    "SchemeResult",
    "Severity",
    "Source",
    "State",
    "System",
    "Threat",
    "Totals",
    "Trial",
    "Trigger",
]

State: TypeAlias = Literal["met", "partly", "not_met", "untested", "not_applicable"]
Edition: TypeAlias = Literal["2019", "2021", "2025"]
Extension: TypeAlias = Literal["general", "cloud", "mobile", "iot", "ics"]

STATES: tuple[State, ...] = ("met", "partly", "not_met", "untested", "not_applicable")


@dataclass(frozen=True, slots=True)
class System:
    """The graded object as the register knows it."""

    id: str
    name: str
    unit: str
    county: str
    grade: str  # S3A2G3
    filing: str = ""  # 备案证明编号
    filed_on: date | None = None
    operator: str = ""
    zone: str = ""
    business: str = ""
    cloud_role: Literal["", "provider", "customer"] = ""
    platform: str = ""  # name of the cloud platform it runs on
    platform_report: str = ""  # number, conclusion and end date of the platform's own report
    address: str = ""
    contact: str = ""
    online_since: date | None = None

    @property
    def level(self) -> int:
        """The grade's level: its last digit."""
        return int(self.grade[-1]) if self.grade[-1:].isdigit() else 0


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the scheme. `key`: rate (2025), score (2019, 2021), technical, management …

    `formula`: how it was computed, in words, printed beside it.
    """

    key: str
    label: str
    value: Interval
    unit: str = ""  # "%", "分"
    formula: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """A point the official text leaves open, and how this house treats it. `verify`: 待核."""

    title: str
    treatment: str
    source: str = ""
    verify: bool = False
    touched: bool = False  # whether this assessment's number lies on it


@dataclass(frozen=True, slots=True)
class SchemeResult:
    """The scheme in force on the report's date and what it gave.

    `conclusions`: every conclusion still possible, the worst first; one when settled.
    """

    id: str
    version: str
    edition: Edition
    title: str
    numbers: tuple[Number, ...]
    conclusions: tuple[str, ...]
    coverage: float  # percent of applicable items that are settled
    edges: tuple[Edge, ...] = ()
    reasons: tuple[str, ...] = ()  # why this conclusion, a sentence each

    def number(self, key: str) -> Number | None:
        """The number of that key."""
        return next((number for number in self.numbers if number.key == key), None)


@dataclass(frozen=True, slots=True)
class Domain:
    """One of the ten classes. `rate`: 符合率 of its applicable items, None where none applies."""

    id: str  # pes, cns, abs, ces, smc, pss, ors, hrs, cms, mms
    name: str
    technical: bool
    applicable: int
    met: int
    partly: int
    not_met: int
    untested: int
    not_applicable: int = 0
    rate: Interval | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A control point and its result over its items (GB/T 28449-2018, single unit result)."""

    id: str
    name: str
    domain: str  # Domain.id
    state: State
    applicable: int = 0
    met: int = 0
    partly: int = 0
    not_met: int = 0
    untested: int = 0
    extension: Extension = "general"


@dataclass(frozen=True, slots=True)
class Machine:
    """A line of machine evidence. `verdict`: number of the stored verdict."""

    check: str
    place: str
    at: When
    message: str
    verdict: str = ""
    result: str = ""  # 通过, 未通过, 无法判定 … in the language in force


@dataclass(frozen=True, slots=True)
class Said:
    """A person's answer. `evidence`: SHA-256 of the files handed in."""

    person: str
    reviewer: str
    at: When
    text: str
    evidence: tuple[str, ...] = ()
    expires: When = ""
    question: str = ""


@dataclass(frozen=True, slots=True)
class ObjectFinding:
    """An item at one object: its state and the evidence. `conflict`: machine against person."""

    object: str  # Asset.id; "" for the system as a whole
    name: str
    state: State
    machine: tuple[Machine, ...] = ()
    answers: tuple[Said, ...] = ()
    why: str = ""  # why it is untested, or in one sentence why it is what it is
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A requirement of the profile and what is known of it."""

    id: str  # line id, ces.identity.unique
    code: str  # unit code, L3-CES1-01; "" where unknown
    clause: str  # 8.1.4.1-a
    domain: str  # Domain.id
    point: str  # Point.id
    level: int  # the level its text comes from
    extension: Extension
    text: str
    state: State
    low: float
    high: float
    objects: tuple[ObjectFinding, ...] = ()
    why_untested: str = ""
    note: str = ""  # why it is excluded, or from which platform it is inherited and until when
    methods: str = ""  # 访谈、核查、测试
    weight: str = ""  # 一般, 重要, 关键 where the scheme weighs


@dataclass(frozen=True, slots=True)
class Totals:
    """The counts as the conclusion stores them; a paper counts again and refuses a difference.

    high, medium, low: problems by severity. major: confirmed 重大风险隐患 before rectification,
    major_fixed: of these already rectified.
    """

    applicable: int
    met: int
    partly: int
    not_met: int
    untested: int
    not_applicable: int
    high: int
    medium: int
    low: int
    major: int = 0
    major_fixed: int = 0


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment of one system, whole."""

    city: str
    bureau: str  # who made it, the author of the paper
    system: System
    scheme: SchemeResult
    totals: Totals
    report_date: date
    made: datetime  # when the data was taken, UTC
    started: date | None = None  # of the assessment's work
    ended: date | None = None
    number: str = ""  # of the report
    secrecy: str = ""
    example: bool = False  # made from sample data: said on the first page
    domains: tuple[Domain, ...] = ()
    points: tuple[Point, ...] = ()
    items: tuple[Item, ...] = ()
    risks: tuple[Risk, ...] = ()
    problems: tuple[Problem, ...] = ()
    assets: tuple[Asset, ...] = ()
    scans: tuple[Scan, ...] = ()
    trials: tuple[Trial, ...] = ()
    previous: tuple[Previous, ...] = ()
    old_problems: tuple[OldProblem, ...] = ()
    people: tuple[Person, ...] = ()
    sources: tuple[Source, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    threats: tuple[Threat, ...] = ()
    sampling: str = ""  # the rule of sampling in a sentence
    unverified: tuple[str, ...] = ()  # further values marked 待核, a sentence each
    digest: str = ""  # SHA-256 (hex) of what the conclusion rests on
    index: Mapping[str, Item] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {item.id: item for item in self.items})

    @property
    def applicable(self) -> tuple[Item, ...]:
        """Items that count."""
        return tuple(item for item in self.items if item.state != "not_applicable")
