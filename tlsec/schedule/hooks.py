"""What the serving process does besides starting plans: one row a duty, each on a cadence of its own.

A duty is `hook(now)` in a room below. One that fails is told and tried again at its next time; the others
go on. Only the process that holds the lease runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Hook:
    """`where`: module:function; `seconds` between two runs."""

    name: str
    seconds: int
    where: str

    def load(self) -> Callable[[datetime], None]:
        module, _colon, function = self.where.partition(":")
        loaded: Callable[[datetime], None] = getattr(import_module(module), function)
        return loaded


HOOKS: tuple[Hook, ...] = (
    Hook("clocks", 15, "tlsec.register.clocks:sweep"),
    Hook("telling", 10, "tlsec.register.telling:sweep"),
    Hook("source-heartbeat", 60, "tlsec.register.heartbeat:watch"),
    Hook("intake-tidy", 86_400, "tlsec.register.heartbeat:tidy"),
    Hook("escalation", 5, "tlsec.register.escalation:sweep"),
    Hook("incident-clocks", 30, "tlsec.incident.sweep:look"),
    Hook("period", 60, "tlsec.period.hooks:tick"),
    Hook("retests", 15, "tlsec.scan.retest_queue:work"),
    Hook("notices", 5, "tlsec.register.outbox:deliver"),
)
