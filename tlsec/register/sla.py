"""Time limits and retest rules, from policies/ladders/sla.yaml; never constants in code."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Retest(_Strict):
    """`passes` in a row are needed, at least `spacing_seconds` apart."""

    passes: int = Field(ge=1, le=10)
    spacing_seconds: int = Field(ge=0)


class Sla(_Strict):
    zh: str
    en: str
    fix_hours: dict[str, int]
    retest: Retest

    def due(self, severity: str, start: datetime) -> datetime | None:
        """When the fix is due; None when the profile sets no limit, which is not zero."""
        hours = self.fix_hours.get(severity)
        return start + timedelta(hours=hours) if hours is not None else None


class _File(_Strict):
    source: str
    date: str
    profiles: dict[str, Sla]
    recurrence_days: int = Field(ge=0)


def load(folders: list[Path], name: str) -> tuple[Sla, int]:
    """The named profile of the last folder that has the file, and the days of recurrence."""
    file = next(
        f for folder in reversed(folders) if (f := folder / "ladders" / "sla.yaml").is_file()
    )
    data = marked_yaml.parse(_File, marked_yaml.load(file))
    if name not in data.profiles:
        message = _("没有时限方案 {name}，可用：{known}")
        raise Faulty([Fault(str(file), message.format(name=name, known=listed(data.profiles)))])
    return data.profiles[name], data.recurrence_days
