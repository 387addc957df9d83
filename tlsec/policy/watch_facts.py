"""What the watch itself observes: facts that are counted or timed here and judged by checks like any other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Uplink:
    """Our own line at a vantage: canaries asked, those that answered, and whether they are enough."""

    vantage: str
    alive: bool
    asked: int
    answered: int
    need: int
    silent: list[str]


@dataclass(frozen=True, slots=True)
class UplinkFacts:
    uplink: Uplink


@dataclass(frozen=True, slots=True)
class Clock:
    """A running outage or tampering on the way to a threshold. `reached`: `share` percent of it is used up."""

    kind: str
    level: str
    share: int
    minutes: int
    limit_minutes: int
    reached: bool
    verify: str


@dataclass(frozen=True, slots=True)
class ClockFacts:
    clock: Clock


@dataclass(frozen=True, slots=True)
class Share:
    """Visits of the last whole days. `permille` None: on some day (`fewest`) there were too few to tell."""

    days: int
    fewest: int
    visits: int
    failed: int
    permille: int | None


@dataclass(frozen=True, slots=True)
class ShareFacts:
    share: Share
