"""What the 定级报告 and the 备案表 are made from: plain values, "" (or nothing) where not known.

Identity numbers have no place here: the forms leave their box for the unit to fill offline.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

FormYear: TypeAlias = Literal["2020", "2025"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the grading matrix: `level`, and what the unit says of it where it was chosen."""

    object: str  # printed name of the row
    degree: str  # printed name of the column
    level: int
    chosen: bool = False
    counts: bool = False  # none of its half is higher
    consequences: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Half:
    """Business information, or system service: what it is and how its level came about."""

    description: str
    level: int
    cells: tuple[Cell, ...]  # row by row, the whole matrix


@dataclass(frozen=True, slots=True)
class Device:
    """One asset of the object."""

    name: str
    kind: str
    addresses: str
    zone: str


@dataclass(frozen=True, slots=True)
class Surface:
    """A declared way in: what 表二 calls IP range, domain names, protocols and ports."""

    addresses: str
    hosts: str
    ports: str
    exposure: str


@dataclass(frozen=True, slots=True)
class GradingReport:
    """The 定级报告 of one graded object. `matrix`: name and source of the matrix that was read."""

    system: str
    unit: str
    date: date
    s: Half
    a: Half
    matrix: str
    county: str = ""
    since: str = ""  # since when the unit answers for it
    business: str = ""
    zones: tuple[str, ...] = ()
    exits: str = ""
    platform: str = ""
    operator: str = ""
    extensions: tuple[str, ...] = ()
    personal_data: bool = False
    devices: tuple[Device, ...] = ()
    version: int = 1
    reason: str = ""
    expert_review: str = ""
    approval: str = ""
    head: str = ""  # who answers for the system's security
    form: FormYear = "2020"
    example: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def g(self) -> int:
        return max(self.s.level, self.a.level)

    @property
    def grade(self) -> str:
        """S3A2G3"""
        return f"S{self.s.level}A{self.a.level}G{self.g}"


@dataclass(frozen=True, slots=True)
class FilingUnit:
    """表一. `affiliation`: printed code; counts by level are texts."""

    name: str = ""
    division: str = ""
    affiliation: str = ""
    phone: str = ""
    contact: str = ""
    filed_now: str = ""
    totals: str = ""


@dataclass(frozen=True, slots=True)
class FilingSystem:
    """表二. `networks`: printed codes of the network's nature; `techniques` as printed."""

    name: str = ""
    code: str = ""
    status: str = ""
    kind: str = ""
    techniques: str = ""
    business: str = ""
    networks: tuple[str, ...] = ()
    go_live: str = ""
    surfaces: tuple[Surface, ...] = ()


@dataclass(frozen=True, slots=True)
class FilingGrading:
    """表三. `s_ticks`, `a_ticks`: (object, degree) that were ticked."""

    s: str = ""
    a: str = ""
    level: str = ""
    s_ticks: tuple[str, ...] = ()
    a_ticks: tuple[str, ...] = ()
    date: str = ""
    report: str = ""  # code: 1 attached
    review: str = ""
    review_note: str = ""
    authority: str = ""
    approval: str = ""
    approval_note: str = ""


@dataclass(frozen=True, slots=True)
class FilingNew:
    """表四, in printed codes. `role` "0": on neither side of a cloud."""

    cloud: str = ""  # code: 1 uses or gives cloud
    role: str = ""
    tenants: str = ""
    provider: str = ""
    platform: str = ""
    platform_level: str = ""
    platform_filing: str = ""
    mobile: str = ""
    iot: str = ""
    ics: str = ""


@dataclass(frozen=True, slots=True)
class FilingPapers:
    """表五: what is known to exist; the papers themselves are handed in by the unit."""

    evaluation: str = ""
    grading_report: str = ""
    expert_opinion: str = ""
    authority_opinion: str = ""


@dataclass(frozen=True, slots=True)
class FilingData:
    """表六: only that personal data are processed is on record."""

    personal: str = ""


@dataclass(frozen=True, slots=True)
class Filing:
    """The 备案表 of one graded object, as far as the register knows it."""

    date: date
    unit: FilingUnit
    system: FilingSystem
    grading: FilingGrading
    new: FilingNew
    papers: FilingPapers
    data: FilingData
    certificate: str = ""
    example: bool = False
    remarks: tuple[str, ...] = ()
