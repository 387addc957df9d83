"""A command as it is given: who, when, with which reason, values and second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tlsec.register.transitions import COMMANDS, Command


@dataclass(frozen=True, slots=True)
class Call:
    """`version`: of the item as the caller saw it. `approver`: another person who has agreed.

    `params`: until (datetime), control, into, severity, case, notice, file (Path), kind, as the command asks.
    """

    name: str
    actor: str
    now: datetime
    reason: str = ""
    version: int | None = None
    approver: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    machine: bool = False
    batch: str = ""

    @property
    def rule(self) -> Command:
        return COMMANDS[self.name]
