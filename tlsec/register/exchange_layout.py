"""What writer and reader of a unit's workbook agree on: sheets, columns, keys and how times are written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, time
from typing import Any, NamedTuple

from tlsec.i18n import N_
from tlsec.register.words import LOCAL

COVER = N_("说明")
SHEET = N_("待办")
HIDDEN = "_tlsec"  # the very hidden sheet: whose workbook this is
FORMAT = "tlsec-register/1"
TO_UNIT = (
    "dispatched",
    "fixing",
    "mitigated",
    "fix_claimed",
    "verifying",
)  # states a unit works in


class Column(NamedTuple):
    """A column. `width` in characters; `fill`: people write in it."""

    name: str
    title: str
    width: float
    fill: bool = False


COLUMNS = (
    Column("no", N_("编号"), 15),
    Column("severity", N_("等级"), 6),
    Column("what", N_("问题"), 30),
    Column("where", N_("位置"), 22),
    Column("advice", N_("整改建议"), 28),
    Column("due", N_("时限"), 15.5),
    Column("state", N_("发出时"), 9),
    Column("signer", N_("签收人"), 10, fill=True),
    Column("signed", N_("签收时间"), 15.5, fill=True),
    Column("measure", N_("整改措施"), 28, fill=True),
    Column("done", N_("完成时间"), 15.5, fill=True),
    Column("evidence", N_("证据文件名"), 22, fill=True),
    Column("obstacle", N_("未完成原因"), 22, fill=True),
    Column("promise", N_("承诺期限"), 15.5, fill=True),
)
KEYS = ("item", "version", "issue")
WIDTH = len(COLUMNS) + len(KEYS)
AT = {column.name: number for number, column in enumerate(COLUMNS, 1)}
TIMES = ("signed", "done", "promise")


@dataclass(frozen=True, slots=True)
class Saying:
    """What the fill-in cells of a row say, as texts; times as 2026-11-24 09:30 where they were understood."""

    signer: str = ""
    signed: str = ""
    measure: str = ""
    done: str = ""
    evidence: str = ""
    obstacle: str = ""
    promise: str = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Saying:
        return cls(**{f.name: str(values.get(f.name, "")) for f in fields(cls)})

    def data(self) -> dict[str, str]:
        """The cells that say something."""
        return {name: text for name, text in asdict(self).items() if text}

    @property
    def files(self) -> list[str]:
        """Names of evidence files, one a line or parted by semicolons."""
        pieces = (piece.strip() for piece in re.split(r"[\n;；]", self.evidence))
        return list(dict.fromkeys(piece for piece in pieces if piece))


_TIME = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[\sT]*(\d{1,2})\s*[:时]\s*(\d{1,2})?\s*分?(?::\d{1,2})?)?"
)
_END_OF_DAY = time(23, 59)


def moment_of(text: str, end: bool = False) -> datetime | None:
    """A time of Asia/Shanghai as people write it: 2026-11-24 9:30, 2026/11/24, 2026年11月24日9时30分.

    None for anything else. A day alone is its beginning, or its `end`.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _TIME.fullmatch(plain)
    if found is None:
        return None
    year, month, day, hour, minute = found.groups()
    clock = time() if not end else _END_OF_DAY
    try:
        if hour is not None:
            clock = time(int(hour), int(minute or 0))
        return datetime(int(year), int(month), int(day), clock.hour, clock.minute, tzinfo=LOCAL)
    except ValueError:
        return None


def written(value: datetime | None) -> str:
    """A time as a cell holds it."""
    return value.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M") if value else ""


def same_time(text: str, end: bool = False) -> str:
    """One spelling of a time, so that another spelling of it says nothing new; other text as it is."""
    found = moment_of(text, end)
    return written(found) if found else text
