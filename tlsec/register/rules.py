"""The ladders that the register goes by, as the workspace has them now; read again when a file changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock

from pydantic import Field

from tlsec import content, workspace
from tlsec.policy.calendar import LOCAL, Calendar, CalendarFile
from tlsec.register.sla import Sla, SlaFile, Strict, ladder, parsed

SEVERITIES = ("low", "medium", "high", "critical")  # upward
_LADDERS = ("sla", "calendars", "exceptions", "priority")


class Exceptions(Strict):
    """policies/ladders/exceptions.yaml: longest ends by severity, warnings before them, second persons."""

    source: str
    date: str
    waiver_days: dict[str, int]
    mitigation_days: dict[str, int]
    extension_days: dict[str, int]
    pause_days: int = Field(ge=1)
    memory_days: dict[str, int]
    warn_days: list[int]
    second_person_from: dict[str, str]
    silence_hours: int = Field(ge=1)
    silence_warn_minutes: int = Field(ge=0)
    digest_from: int = Field(ge=2)

    def longest(self, command: str, severity: str) -> timedelta | None:
        """How long from now an exception of this kind may last."""
        table: Mapping[str, Mapping[str, int]] = {
            "waive": self.waiver_days,
            "mitigate": self.mitigation_days,
            "extend": self.extension_days,
            "false-positive": self.memory_days,
            "not-applicable": self.memory_days,
        }
        if command == "pause":
            return timedelta(days=self.pause_days)
        days = table.get(command, {}).get(severity)
        return timedelta(days=days) if days else None

    def needs_second(self, command: str, severity: str) -> bool:
        """Whether another person has to approve a command on an item of this severity."""
        least = self.second_person_from.get(command)
        return least is not None and not below(severity, least)


class Weights(Strict):
    """policies/ladders/priority.yaml."""

    source: str
    date: str
    severity: dict[str, int]
    level: dict[str, int]
    exposure: dict[str, int]
    period: int
    burn: dict[str, int]


@dataclass(frozen=True)
class Rules:
    """Everything the commands go by."""

    sla: SlaFile
    base: Sla  # the workspace's everyday profile
    calendars: Mapping[str, Calendar]
    calendar_names: Mapping[str, dict[str, str]]
    holidays_until: date
    exceptions: Exceptions
    weights: Weights

    def profile(self, name: str) -> Sla:
        return self.sla.profile(name) if name else self.base

    def guessed(self, moment: datetime) -> bool:
        """Whether a moment lies beyond the days for which holidays are on record."""
        return moment.astimezone(LOCAL).date() > self.holidays_until


def below(severity: str, other: str) -> bool:
    """Whether one severity is less than another; an unknown word is taken for the least."""
    return rank(severity) < rank(other)


def rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0


_cache: dict[str, tuple[tuple[object, ...], Rules]] = {}
_lock = Lock()


def in_force() -> Rules:
    """The rules of the workspace that is open (TLSEC_WORKSPACE). Raises Faulty with file:line."""
    root = workspace.find()
    folders = content.policies(root)
    files = [root / workspace.CONFIG, *(ladder(folders, name) for name in _LADDERS)]
    stamp = tuple((str(f), (about := f.stat()).st_mtime_ns, about.st_size) for f in files)
    with _lock:
        kept = _cache.get(str(root))
        if kept is None or kept[0] != stamp:
            kept = stamp, _read(root, files)
            _cache[str(root)] = kept
    return kept[1]


def _read(root: Path, files: list[Path]) -> Rules:
    _config, sla_file, calendar_file, exception_file, weight_file = files
    limits = parsed(SlaFile, sla_file)
    shipped = parsed(SlaFile, ladder(content.policies()[:1], "sla"))
    if not limits.rungs:  # a file of a customer that says nothing of reminders has the shipped ones
        limits = limits.model_copy(update={"rungs": shipped.rungs})
    calendars = parsed(CalendarFile, calendar_file)
    return Rules(
        limits,
        limits.profile(workspace.read(root).config.sla, str(sla_file)),
        calendars.made(),
        {id: {"zh": c.zh, "en": c.en} for id, c in calendars.calendars.items()},
        date.fromisoformat(calendars.known_until),
        parsed(Exceptions, exception_file),
        parsed(Weights, weight_file),
    )
