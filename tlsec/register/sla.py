"""Time limits, rungs and retest rules, from policies/ladders/sla.yaml; never constants in code."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty
from tlsec.policy.calendar import ALWAYS

Kind = Literal["judge", "sign", "fix", "retest"]
M = TypeVar("M", bound=BaseModel)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Retest(Strict):
    """`passes` in a row are needed, at least `spacing_seconds` apart."""

    passes: int = Field(ge=1, le=10)
    spacing_seconds: int = Field(ge=0)


class Sla(Strict):
    """Hours by severity for each of the four clocks; a severity that is not there has no limit."""

    zh: str
    en: str
    fix_hours: dict[str, float]
    retest: Retest
    judge_hours: dict[str, float] = {}
    sign_hours: dict[str, float] = {}
    retest_hours: dict[str, float] = {}
    calendars: dict[Kind, dict[str, str]] = {}

    def limit(self, kind: Kind, severity: str) -> timedelta | None:
        """The limit of a clock; None when the profile sets none, which is not zero."""
        hours: dict[str, float] = getattr(self, f"{kind}_hours")
        return timedelta(hours=hours[severity]) if hours.get(severity) else None

    def calendar(self, kind: Kind, severity: str) -> str:
        """The calendar that a clock goes by."""
        return self.calendars.get(kind, {}).get(severity, ALWAYS)

    def due(self, severity: str, start: datetime) -> datetime | None:
        """When the fix would be due by a clock that never stands still; None for no limit."""
        limit = self.limit("fix", severity)
        return start + limit if limit is not None else None


class Rung(Strict):
    """Whom a clock's reminder goes to: first at the share of warning, then at due, then each limit over."""

    zh: str
    en: str
    to: str
    urgency: Literal["urgent", "normal", "digest"]


class SlaFile(Strict):
    """policies/ladders/sla.yaml."""

    source: str
    date: str
    profiles: dict[str, Sla]
    recurrence_days: int = Field(ge=0)
    warn_share: float = Field(default=0.5, gt=0, lt=1)
    late_minutes: int = Field(default=10, ge=1)
    rungs: list[Rung] = []

    def profile(self, name: str, file: str = "") -> Sla:
        """Raises Faulty for a name that is not there."""
        if name not in self.profiles:
            message = _("没有时限方案 {name}，可用：{known}")
            fault = Fault(file, message.format(name=name, known=listed(self.profiles)))
            raise Faulty([fault])
        return self.profiles[name]


def ladder(folders: list[Path], name: str) -> Path:
    """policies/ladders/<name>.yaml of the last folder that has it."""
    found = (
        f for folder in reversed(folders) if (f := folder / "ladders" / f"{name}.yaml").is_file()
    )
    return next(found)


def parsed(kind: type[M], file: Path) -> M:
    """A ladder read. Raises Faulty with file:line."""
    return marked_yaml.parse(kind, marked_yaml.load(file))


def load(folders: list[Path], name: str) -> tuple[Sla, int]:
    """The named profile of the last folder that has the file, and the days of recurrence."""
    file = ladder(folders, "sla")
    data = parsed(SlaFile, file)
    return data.profile(name, str(file)), data.recurrence_days
