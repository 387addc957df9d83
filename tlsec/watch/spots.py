"""Spots: what a monitor looks at, one probe at one place, each with its own moment within the cadence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tlsec.facts import Flow, Target, Vantage
from tlsec.inventory.lookup import Lookup
from tlsec.policy.bundle import Policy
from tlsec.scan import jobs
from tlsec.watch.ladder import Ladder
from tlsec.watch.monitors import Monitor

_GOLDEN = (
    math.sqrt(5) - 1
) / 2  # multiples of it fall evenly into any interval, neighbours far apart


@dataclass(frozen=True, slots=True)
class Spot:
    """`phase` in [0, 1): where in its cadence of `every` seconds the spot is due."""

    key: str
    monitor: Monitor
    probe: str
    target: Target
    declared: tuple[int, ...]
    system: str
    every: float
    confirm: int
    phase: float
    second: Vantage | None  # None: a second try from the same vantage

    def due_after(self, moment: float) -> float:
        """The next due time (seconds since 1970) after a moment; the same after any restart."""
        turns = math.floor(moment / self.every - self.phase) + 1
        return (turns + self.phase) * self.every


def build(
    monitors: Iterable[Monitor],
    lookup: Lookup,
    policy: Policy,
    ladder: Ladder,
    raised: Mapping[str, bool],
    now: datetime,
) -> list[Spot]:
    """Every spot of every monitor that is not paused.

    `raised`: systems in a key period ("" for those without one). Pages of one site stand next to each
    other, so that the golden ratio puts them far apart in time.
    """
    found: list[Spot] = []
    systems: dict[str, str] = {}
    for monitor in monitors:
        if monitor.paused:
            continue
        specs = jobs.build(monitor.step(), lookup, policy.ports, now)
        for spec in specs:
            values = spec.target
            asset = str(values["asset"])
            if asset not in systems:
                row = lookup.asset(asset)
                systems[asset] = (row.system if row else "") or ""
            system = systems[asset]
            period = monitor.period if raised.get(system, raised.get("", False)) else None
            found.append(
                Spot(
                    key=f"{monitor.id}|{spec.key}",
                    monitor=monitor,
                    probe=spec.probe,
                    target=jobs.target(values, lookup.vantage(monitor.vantage)),
                    declared=tuple(values.get("declared", ())),
                    system=system,
                    every=(period and period.every) or monitor.every,
                    confirm=(period and period.confirm)
                    or monitor.confirm
                    or ladder.confirm.failures,
                    phase=(len(found) * _GOLDEN) % 1,
                    second=_second(monitor, values, lookup),
                )
            )
    return found


def _second(monitor: Monitor, values: Mapping[str, object], lookup: Lookup) -> Vantage | None:
    """The second vantage, where the zone matrix lets it look; else the first is asked again."""
    if not monitor.second:
        return None
    address, port = str(values.get("address", "")), values.get("port", 0)
    asked = address and isinstance(port, int) and port
    if asked and lookup.flow(monitor.second, address, int(str(port))) is not Flow.ALLOWED:
        return None
    return lookup.vantage(monitor.second)


def pages(spots: Sequence[Spot]) -> int:
    """How many pages are watched, whatever the number of monitors."""
    return len({(s.target.address, s.target.port, s.target.host, s.target.path) for s in spots})
