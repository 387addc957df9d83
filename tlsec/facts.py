"""The types every room shares: what was looked at, from where, and what came back.

Imports nothing of ours, opens nothing. A probe produces an Attempt; `Done` carries typed facts, `Failed`
carries one reason of a closed list. A fact that is None was *not observed*; absence that was observed
is a fact of its own (an empty list, False, ""), so that a check can tell the two apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Generic, TypeAlias, TypeVar

F = TypeVar("F")
Network: TypeAlias = IPv4Network | IPv6Network
Locator: TypeAlias = Mapping[str, str | int]


class Reason(StrEnum):
    """Why an attempt brought no facts. The list is closed: a new cause is mapped to one of these."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    ACCESS_DENIED = "access_denied"
    THROTTLED = "throttled"
    PROTOCOL = "protocol"
    OUT_OF_SCOPE = "out_of_scope"
    LOST = "lost"
    BUG_IN_PROBE = "bug_in_probe"


@dataclass(frozen=True, slots=True)
class Done(Generic[F]):
    """The probe read its facts."""

    facts: F


@dataclass(frozen=True, slots=True)
class Failed:
    """The probe read nothing; `detail` is one short sentence for a person, without secrets."""

    reason: Reason
    detail: str = ""


Attempt: TypeAlias = Done[F] | Failed


@dataclass(frozen=True, slots=True)
class Vantage:
    """From where a probe looks. `source` is the paper address to send from, "" for any."""

    id: str
    zone: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a probe is asked to look at; each probe reads only the fields its locator names.

    `address` is the paper address (what the inventory says), never the translated one.
    """

    asset: str
    vantage: Vantage
    address: str = ""
    port: int = 0
    proto: str = "tcp"
    host: str = ""
    path: str = "/"
    tls: bool = False
    ports: tuple[int, ...] = ()
    resolvers: tuple[str, ...] = ()
    own_domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """A written permission to probe (授权范围): nothing outside a live one is ever touched."""

    id: str
    blocks: tuple[Network, ...]
    valid_from: datetime
    until: datetime
    rate_per_second: int = 200
    connections_per_host: int = 2
    quiet_hours: tuple[tuple[time, time], ...] = ()
    excluded: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """One attempt, kept. `subject` is the asset's id or `u:<address>` when no asset is known."""

    probe: str
    probe_version: int
    subject: str
    locator: Locator
    vantage: str
    started: datetime
    ended: datetime
    attempt: Done[object] | Failed


class ZoneRole(StrEnum):
    """What a zone is for; checks speak of roles, so that they hold in any city."""

    DMZ = "dmz"
    EXIT = "exit"
    CLOUD_FRONT = "cloud_front"
    CLOUD_INNER = "cloud_inner"
    EXCHANGE = "exchange"
    MANAGEMENT = "management"
    UNIT = "unit"
    PRIVATE = "private"
    VIDEO = "video"
    COUNTY = "county"
    TERMINAL = "terminal"
    BACKUP = "backup"
    NONE = "none"


class Flow(StrEnum):
    """What the zone matrix says of a way from a vantage to an endpoint."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    UNSPECIFIED = "unspecified"


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """What the approved inventory says of one locator; the `asset.` names of checks.

    None: the inventory does not say. Checks that read it are then unknown, never passed.
    """

    registered: bool | None = None  # the address belongs to an asset in the register
    allocated: bool | None = None  # a live allocation record covers the address
    declared_ports: list[int] | None = None
    tls_declared: bool | None = None  # this port is declared as encrypted
    admin_port: bool | None = None  # this port is declared for administration
    zone: str | None = None
    zone_role: ZoneRole | None = None
    flow: Flow | None = None  # from this vantage to this address and port
    exposure: str | None = None  # internet, extranet, internal: who may reach the endpoint
    internal_page: bool | None = None  # this URL is declared for staff only
    has_owner: bool | None = None  # unit and a named person are on record
    operator: str | None = None  # operating contractor on record
    last_visit: datetime | None = None
    status: str | None = None  # in_use, changing, stopped, reclaimed
    level: int | None = None  # G of the grade
    grade_s: int | None = None
    grade_a: int | None = None
    personal_data: bool | None = None
    display: bool | None = None  # public screen or player
    addresses: list[str] | None = None  # addresses on record for the host name
    own_domains: list[str] | None = None  # domains links may point to
    has_baseline: bool | None = None


def locator_key(locator: Locator) -> str:
    """Canonical text of a locator: same place, same key, whatever the order of its fields."""
    return json.dumps(dict(locator), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much was sent to one address; kept with every run."""

    address: str
    connections: int = 0
    datagrams: int = 0
    bytes_read: int = 0
    refused_by_scope: int = field(default=0)
