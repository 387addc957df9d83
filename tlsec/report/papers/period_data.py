"""What the papers of a key period are made from: plain values, "" where something is not known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tlsec.report.words import When


@dataclass(frozen=True, slots=True)
class Sender:
    """Who issues a paper, of which period. `example`: practice or sample data, said on its face."""

    bureau: str
    city: str
    period: str  # its title
    kind: str  # 重大保障, 攻防演练（护网）
    date: date
    example: bool = False
    head: str = ""  # 16 characters of the journal's newest hash
    number: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """One person's place in a shift of the 值班表."""

    role: str
    person: str
    title: str = ""
    phone: str = ""
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class RosterShift:
    """One shift: its day, name and times, and who stands where."""

    day: date
    name: str
    span: str  # 08:00—20:00
    mark: str  # 周六, 国庆节
    seats: tuple[Seat, ...]
    confirmed: str = ""  # 交接确认


@dataclass(frozen=True, slots=True)
class Roster:
    sender: Sender
    shifts: tuple[RosterShift, ...]
    roles: tuple[tuple[str, str], ...]  # key, printed word, in their order
    place: str = ""
    phone: str = ""
    operators: tuple[tuple[str, str, str], ...] = ()  # 运维商, contact, phone


@dataclass(frozen=True, slots=True)
class OpenItem:
    """未结事项 of a handover."""

    number: str
    system: str
    what: str
    severity: str
    state: str
    due: str
    following: str
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class HandoverPaper:
    """交接班记录. `digest` is of the frozen desk."""

    sender: Sender
    id: int
    outgoing: str
    incoming: str
    at: datetime
    since: When
    taken: When
    note: str
    items: tuple[OpenItem, ...]
    alerts: tuple[int, int, int]  # this shift's, done with, left
    blocks: str
    devices: str
    zero: str
    focus: str
    controls: tuple[str, ...]
    exceptions: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class ZeroForm:
    """零报告: the boxes of the form; `values` by label."""

    sender: Sender
    to: str
    cutoff: datetime
    labels: tuple[str, ...]
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class SystemRun:
    """保障对象运行: share None where nobody could look."""

    name: str
    share: float | None
    failed: int
    looks: int
    down: float  # minutes
    longest: float
    now_down: bool


@dataclass(frozen=True, slots=True)
class DailyPaper:
    """日报. `numbers` by key as frozen; lists ready to print."""

    sender: Sender
    issue: int
    edition: int
    day: date
    start: datetime
    until: datetime
    sentence: str
    numbers: dict[str, int]
    calm_days: int
    runs: tuple[SystemRun, ...]
    untested: tuple[tuple[str, str, str], ...]  # system, asset, reason
    by_unit: tuple[tuple[str, int, int], ...]
    by_class: tuple[tuple[str, int, int], ...]
    overdue: tuple[tuple[str, str, str, str, str], ...]  # no, unit, system, what, days
    zero: tuple[int, int, int, int] | None  # required, reported, missing, waiting
    absent: tuple[tuple[str, str, str], ...]  # unit, contact, phone
    zero_events: tuple[str, ...]
    cases: tuple[tuple[str, str, str, str], ...]  # no, title, unit, state
    warnings: tuple[tuple[str, str, str, str], ...]  # no, title, colour, signed
    blocks: tuple[tuple[str, str, str, str], ...]
    changes: tuple[tuple[str, str, str, str], ...]
    focus: tuple[str, ...]
    duty: tuple[tuple[str, str, str, str], ...]  # shift, role, person, phone
    queries: tuple[tuple[str, str, str], ...]  # number, value, digest
    digest: str
    copies_to: str = ""


@dataclass(frozen=True, slots=True)
class BlockRow:
    network: str
    direction: str
    basis: str
    point: str
    start: datetime
    until: datetime
    operator: str
    lift_when: str
    lifted: When = ""


@dataclass(frozen=True, slots=True)
class FreezeLine:
    """A rule of the 变更冻结令."""

    systems: str
    rule: str
    start: datetime
    until: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class FreezeOrder:
    sender: Sender
    lines: tuple[FreezeLine, ...]
    to: str
    longest_hours: int
    contact: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class ExceptionForm:
    """例外审批单. `silenced`: which checks stay silent, in words."""

    sender: Sender
    number: str
    systems: str
    what: str
    risk: str
    rollback: str
    start: datetime
    until: datetime
    silenced: tuple[str, ...]
    asked_by: str
    asked: When
    state: str
    decided_by: str = ""
    decided: When = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PhaseLine:
    name: str
    start: datetime
    until: datetime
    entered: When
    tasks: tuple[tuple[str, str, str, str], ...]  # text, owner, due, done


@dataclass(frozen=True, slots=True)
class WorkPlan:
    """工作方案 and what the pledge needs of it."""

    sender: Sender
    start: datetime
    until: datetime
    systems: tuple[tuple[str, str, str, str], ...]  # name, unit, grade, owner
    phases: tuple[PhaseLine, ...]
    rules: tuple[tuple[str, str, str], ...]  # what, usual, in the period
    leaders: tuple[str, ...]
    zero_to: str
    cutoffs: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Pledge:
    """责任书 of one unit."""

    sender: Sender
    unit: str
    systems: tuple[tuple[str, str, str, str], ...]  # name, grade, owner, backup
    start: datetime
    until: datetime
    cutoff: str
    rules: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class SummaryPaper:
    """总结报告. `rates`: ready sentences about numbers; lists ready to print."""

    sender: Sender
    start: datetime
    until: datetime
    numbers: dict[str, int]
    systems: int
    runs: tuple[SystemRun, ...]
    by_unit: tuple[tuple[str, int, int], ...]
    zero: tuple[tuple[str, int, int, int], ...]
    cases: tuple[tuple[str, str, str, str], ...]
    warnings: tuple[tuple[str, str, str, str], ...]
    left: tuple[tuple[str, str, str, str, str], ...]
    controls: tuple[tuple[str, str, str, str], ...]
    phases: tuple[PhaseLine, ...]
    duty_turns: int
    dailies: int
    queries: tuple[tuple[str, str, str], ...]
    digest: str
