"""The flow matrix: the most specific line wins, and a forbidding one among equals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from tlsec.facts import Flow
from tlsec.inventory.flows import Matrix, Point, ZoneMap
from tlsec.inventory.schema import FlowRule

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def line(source: str, target: str, action: str, ports: str = "", until: object = None) -> FlowRule:
    values = {"id": "F", "source": source, "target": target, "action": action, "ports": ports}
    return FlowRule.model_validate(values | ({"until": until} if until else {}))


def decide(
    *lines: FlowRule, port: int = 443, target_zone: str = "B", source_zone: str = "A"
) -> Flow:
    source = Point(source_zone, ip_address("10.0.0.1"))
    target = Point(target_zone, ip_address("10.1.0.1"))
    return Matrix(lines).decide(source, target, port, NOW)


def test_silence_is_silence_until_the_matrix_is_closed() -> None:
    closed = line("any", "any", "forbid")
    assert decide() is Flow.UNSPECIFIED
    assert decide(closed) is Flow.FORBIDDEN
    assert decide(closed, target_zone="A") is Flow.UNSPECIFIED
    assert decide(closed, target_zone="") is Flow.UNSPECIFIED


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line("A", "B", "allow", "443")], Flow.ALLOWED),
        ([line("A", "B", "allow", "80")], Flow.UNSPECIFIED),
        ([line("A", "B", "allow"), line("A", "B", "forbid")], Flow.FORBIDDEN),
        ([line("A", "10.1.0.1", "allow"), line("A", "B", "forbid")], Flow.ALLOWED),
        ([line("A", "10.1.0.0/24", "allow"), line("A", "10.1.0.1", "forbid")], Flow.FORBIDDEN),
        ([line("any", "10.1.0.1", "allow"), line("A", "B", "forbid")], Flow.ALLOWED),
        ([line("10.0.0.1", "any", "allow"), line("any", "B", "forbid")], Flow.ALLOWED),
        ([line("A", "B", "allow", until=NOW)], Flow.UNSPECIFIED),
        ([line("A", "B", "allow", until=NOW + timedelta(seconds=1))], Flow.ALLOWED),
    ],
)
def test_which_line_wins(lines: list[FlowRule], expected: Flow) -> None:
    assert decide(*lines) is expected
    assert decide(*reversed(lines)) is expected


def test_zone_of_an_address() -> None:
    zones = ZoneMap({"A": ["10.0.0.0/24", "2001:db8::/64"], "B": ["10.0.1.0/24"]})
    assert zones.of("10.0.0.7") == "A"
    assert zones.of("10.0.1.7") == "B"
    assert zones.of("2001:db8::7") == "A"
    assert zones.of("10.0.2.7") is None
