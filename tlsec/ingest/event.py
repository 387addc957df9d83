"""The one shape of everything that comes in from other systems, whatever it was written in. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["critical", "high", "medium", "low"]
Condition: TypeAlias = Literal["firing", "clear"]
Kind: TypeAlias = Literal[
    "avail", "drift", "dns", "cert", "port", "baseline", "weakpw", "vuln", "ids", "waf", "edr",
    "form", "manual", "notice", "metric", "log",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one source.

    `at`: the source's own time (aware), `received`: ours. `event_id`: the source's own id, "" for none.
    `check`: what the source found, as it names it for all time (gid:sid, rule id, alert name); never its text.
    `kind`: the sort of finding, part of its identity.
    `address`, `host`, `port`: the asset it is about. `locus`: further parts of the place (path template,
    parameter, account, resolver) that tell one trouble from another. `actors`: attacker addresses.
    `raw`: the bytes as they came, for evidence.
    """

    source: str
    at: datetime
    received: datetime
    check: str
    title: str
    severity: Severity
    kind: Kind = "log"
    condition: Condition = "firing"
    event_id: str = ""
    address: str = ""
    host: str = ""
    port: int = 0
    locus: Mapping[str, str] = field(default_factory=dict)
    actors: tuple[str, ...] = ()
    message: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""

    @property
    def delivery_key(self) -> str:
        """The same for a repeated delivery: the source's own id, else its bytes within five seconds."""
        if self.event_id:
            return f"{self.source}|{self.event_id}"
        bucket = int(self.received.timestamp()) // 5
        return f"{self.source}|{hashlib.sha256(self.raw).hexdigest()}|{bucket}"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that could not be read: kept in quarantine with its reason, counted, never dropped silently."""

    source: str
    received: datetime
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Left:
    """Something read well that is no alert (flow records, heartbeats, debug lines): counted by what it is."""

    source: str
    received: datetime
    what: str


Parsed: TypeAlias = Event | Rejected | Left
