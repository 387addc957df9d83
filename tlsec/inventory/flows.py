"""The flow matrix: may a vantage reach an endpoint? Pure.

The most specific line wins: each end counts 0 for `any`, 1 for a zone, 2 for a network, 3 for one address, and
the sum decides; at the same sum a forbidding line beats an allowing one. A line `any → any forbid` closes
the matrix: ways between two different known zones that no other line speaks of are forbidden. Inside one
zone, and from or to places outside all zones, silence stays silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeAlias

from tlsec.facts import Flow, Network
from tlsec.inventory.choices import FlowAction
from tlsec.inventory.schema import FlowRule

Ip: TypeAlias = IPv4Address | IPv6Address
End: TypeAlias = Network | str  # a network, a zone's key, or "any"


@dataclass(frozen=True, slots=True)
class Point:
    """One end of a way: the zone it lies in ("" for none) and its address (None: unknown)."""

    zone: str
    address: Ip | None


@dataclass(frozen=True, slots=True)
class _Line:
    source: End
    target: End
    ports: frozenset[int]
    allow: bool
    until: datetime | None


class Matrix:
    """The lines of the register, ready to be asked."""

    def __init__(self, lines: Iterable[FlowRule]) -> None:
        self._lines: list[_Line] = []
        self._closed = False
        for line in lines:
            allow = line.action is FlowAction.ALLOW
            if line.source == line.target == "any" and not line.ports and not allow:
                self._closed = True
            else:
                ends = _end(line.source), _end(line.target)
                self._lines.append(_Line(*ends, frozenset(line.ports), allow, line.until))

    def decide(self, source: Point, target: Point, port: int, now: datetime) -> Flow:
        """What the matrix says of the way at `now`."""
        best: tuple[int, bool] | None = None  # specificity, forbidding
        for line in self._lines:
            if (line.ports and port not in line.ports) or (line.until and now >= line.until):
                continue
            left, right = _match(line.source, source), _match(line.target, target)
            if left is None or right is None:
                continue
            rank = (left + right, not line.allow)
            best = rank if best is None else max(best, rank)
        if best is not None:
            return Flow.FORBIDDEN if best[1] else Flow.ALLOWED
        if self._closed and source.zone and target.zone and source.zone != target.zone:
            return Flow.FORBIDDEN
        return Flow.UNSPECIFIED


def _end(text: str) -> End:
    if text == "any":
        return text
    try:
        return ip_network(text)
    except ValueError:
        return text


def _match(end: End, point: Point) -> int | None:
    """How specifically a line's end means the point; None when it does not."""
    if isinstance(end, str):
        if end == "any":
            return 0
        return 1 if end == point.zone else None
    if point.address is None or point.address not in end:
        return None
    return 3 if end.num_addresses == 1 else 2


class ZoneMap:
    """Which zone an address lies in. Blocks do not overlap, so the first that fits is the one."""

    def __init__(self, blocks: Mapping[str, Iterable[str]]) -> None:
        self._blocks = [
            (ip_network(block), zone) for zone, listed in blocks.items() for block in listed
        ]

    def of(self, address: str) -> str | None:
        ip = ip_address(address)
        return next((zone for block, zone in self._blocks if ip in block), None)
