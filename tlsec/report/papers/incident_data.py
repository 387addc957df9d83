"""What the papers of warnings and incidents are made from: plain values, "" where something is not known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tlsec.report.words import When


@dataclass(frozen=True, slots=True)
class Affected:
    """One asset that a warning concerns. `sure`: in words, how certain that is."""

    unit: str
    name: str
    place: str
    product: str
    sure: str
    system: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file with its SHA-256."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class WarningPaper:
    """A 预警通报. `numeral`: Ⅰ级…; `before`: (number, colour) of the edition that it takes the place of."""

    number: str
    issuer: str
    title: str
    date: date
    colour: str
    numeral: str
    category: str
    source: str
    starts: When
    until: When = ""
    before: tuple[str, str] = ("", "")
    before_why: str = ""
    flaw: str = ""
    flaw_level: str = ""
    nature: str = ""
    threat: str = ""
    products: tuple[str, ...] = ()
    scope: str = ""
    zones: tuple[str, ...] = ()
    effect: str = ""
    advice: str = ""
    measures: str = ""
    response: tuple[str, ...] = ()
    handle_by: When = ""
    sign_by: When = ""
    feedback_by: When = ""
    feedback: str = ""
    receivers: tuple[str, ...] = ()
    affected: tuple[Affected, ...] = ()
    zero_units: int = 0
    rule: str = ""
    marks: tuple[str, ...] = ()
    drafted_by: str = ""
    concluded_by: str = ""
    signed_by: str = ""
    contact: str = ""
    phone: str = ""
    secrecy: str = ""
    circulation: str = ""
    attached: tuple[Attached, ...] = ()
    state: str = ""  # "" once it is issued; else said on its face
    lifted: When = ""
    lifted_why: str = ""
    example: bool = False
    drill: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One unit's receipt, as the table lists it."""

    unit: str
    state: str
    owed: str
    contact: str = ""
    phone: str = ""
    matched: int = 0
    delivered: When = ""
    sign_by: When = ""
    signed: When = ""
    signed_by: str = ""
    feedback_by: When = ""
    first_feedback: When = ""
    done: When = ""
    reply: str = ""
    affected: int | str = ""
    fixed: int | str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptTable:
    """The receipts of one warning, counted."""

    number: str
    title: str
    colour: str
    issuer: str
    issued: When
    made: datetime
    rows: tuple[ReceiptRow, ...]
    units: int
    signed: int
    done: int
    affected: int
    none: int
    late: int


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One reporting clock in words. `statutory`: by the state's measure; else the city's own."""

    to: str
    statutory: bool
    limit: str
    start: When
    due: When
    done: When
    state: str
    due_by_person: When = ""
    verify: str = ""


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One item of content: its title, what was written ("" when it is still to come)."""

    title: str
    text: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """A 网络安全事件报告单 or 处置总结报告 as it was written. `kind`: first, more, summary."""

    no: str
    n: int
    kind: str
    kind_name: str
    title: str
    issuer: str
    date: date
    written: When
    unit: str
    system: str
    grade: str
    place: str
    category: str
    level: str
    level_state: str  # confirmed by whom, or that it is a proposal
    operator: str
    occurred: When
    found_machine: When
    found_person: When
    reporter: str
    phone: str
    signer: str
    items: tuple[ReportItem, ...]
    clocks: tuple[ClockLine, ...] = ()
    relays: tuple[str, ...] = ()
    delivered: tuple[tuple[str, When, str], ...] = ()
    numbers: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    crime: bool = False
    links: tuple[str, ...] = ()
    handled: When = ""
    summary_days: int = 0
    head: str = ""  # of the journal
    example: bool = False
    drill: bool = False


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    name: str
    sha256: str
    size: int
    taken: When
    taken_by: str
    origin: str


@dataclass(frozen=True, slots=True)
class TransferPaper:
    """A 网络安全线索移送单 to the police."""

    no: str
    case_no: str
    issuer: str
    to: str
    date: date
    title: str
    suspicion: str
    unit: str
    system: str
    place: str
    category: str
    level: str
    occurred: When
    found: When
    facts: str
    clues: str
    preserved: str
    evidence: tuple[EvidenceLine, ...]
    made_by: str
    approved_by: str
    contact: str
    received: When = ""
    received_by: str = ""
    receipt_no: str = ""
    example: bool = False
    drill: bool = False
