"""What makes a failure worse when it is new: rooms above put their rules here (the change freeze does)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

# check, subject, severity, now → the severity, never a lower one
Rule: TypeAlias = Callable[[str, str, str, datetime], str]

_rules: list[Rule] = []


def use(*rules: Rule) -> None:
    """These rules from now on, each on what the one before made of it."""
    _rules[:] = rules


def raised(check: str, subject: str, severity: str, now: datetime) -> str:
    """The severity that a new failure fires with."""
    for rule in _rules:
        severity = rule(check, subject, severity, now)
    return severity
