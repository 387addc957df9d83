"""Gateways, targets and short ways to run a probe, for the tests of this room."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from tlsec.facts import Done, Failed, Scope, Target, Vantage
from tlsec.probe.base import Probe, Result
from tlsec.probe.gateway import Gateway

NOW = dt.datetime(2026, 11, 24, 2, 0, tzinfo=dt.UTC)
HERE = Vantage("here")


def scope(*blocks: str, **changes: Any) -> Scope:
    """A live scope over all of loopback, or over the given blocks, without a rate worth waiting for."""
    fields: dict[str, Any] = {
        "id": "test",
        "blocks": tuple(ip_network(block) for block in blocks or ("127.0.0.0/8", "::1/128")),
        "valid_from": NOW - dt.timedelta(days=1),
        "until": NOW + dt.timedelta(days=1),
        "rate_per_second": 100_000,
    }
    return Scope(**(fields | changes))


def gateway(*scopes: Scope, now: dt.datetime | None = None, **fields: Any) -> Gateway:
    """A gateway whose clock tells the real time, unless `now` is given."""
    live = now is None
    moment = now or NOW
    wide = [scope(valid_from=NOW - dt.timedelta(3650), until=NOW + dt.timedelta(36500))]
    return Gateway(scopes or wide, lambda: dt.datetime.now(dt.UTC) if live else moment, **fields)


def target(port: int = 0, address: str = "127.0.0.1", **fields: Any) -> Target:
    return Target("asset", HERE, address=address, port=port, **fields)


async def results(probe: Probe, where: Target, through: Gateway | None = None) -> list[Result]:
    return [result async for result in probe.run(where, through or gateway())]


async def facts(probe: Probe, where: Target, through: Gateway | None = None) -> Any:
    """The facts of a probe that yields one result and succeeds."""
    (result,) = await results(probe, where, through)
    assert isinstance(result.attempt, Done), result.attempt
    return result.attempt.facts


async def failure(probe: Probe, where: Target, through: Gateway | None = None) -> Failed:
    """The failure of a probe that yields one result and fails."""
    (result,) = await results(probe, where, through)
    assert isinstance(result.attempt, Failed), result.attempt
    return result.attempt


def numbers(found: Sequence[Result]) -> list[int]:
    return [int(result.locator["port"]) for result in found]
