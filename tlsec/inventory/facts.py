"""inventory.record: what the register and the day's receipts say of an asset, as facts for checks. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Record:
    """What is on paper about an asset. Dates of zero reports are days of Asia/Shanghai."""

    owner: bool  # a unit and a named person
    operator: str  # "" when none is on record
    filing: bool  # a filing number is on record
    filing_required: bool  # graded 2 or higher, 信息安全等级保护管理办法 article 15
    last_visit: datetime | None
    zero_report_required: bool
    zero_report_date: str  # yesterday, YYYY-MM-DD
    zero_report_received: bool | None  # None: nowhere to look
    allocation_until: datetime | None  # the first live allocation to end; None: none ends
    status: str
    malformed_receipts: int  # files of this system that are no receipts, and were not counted


@dataclass(frozen=True, slots=True)
class RecordFacts:
    record: Record
