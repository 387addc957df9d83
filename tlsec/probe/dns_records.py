"""dns.records: what each of several resolvers says of a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Answer:
    resolver: str
    status: Literal["ok", "nxdomain", "servfail", "refused", "timeout", "malformed"]
    a: list[str]
    aaaa: list[str]
    cname: str
    ns: list[str]


@dataclass(frozen=True, slots=True)
class Dns:
    name: str
    answers: list[Answer]  # one a resolver asked, in order
    answered: int  # resolvers that gave status ok or nxdomain
    addresses: list[str] | None  # union of a and aaaa over the answers, sorted; None when none answered
    agreed: bool | None  # all that answered gave the same sets; None when fewer than two answered


@dataclass(frozen=True, slots=True)
class DnsFacts:
    dns: Dns
