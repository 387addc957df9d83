"""What a period of a kind raises and asks for: policies/ladders/period.yaml, never constants in code."""

from __future__ import annotations

from datetime import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tlsec import content, workspace
from tlsec.i18n import _, language, listed
from tlsec.marked_yaml import Fault, Faulty
from tlsec.register.sla import ladder, parsed

PhaseName = Literal["prepare", "ready", "live", "review"]
PHASES: tuple[PhaseName, ...] = ("prepare", "ready", "live", "review")
Role = Literal["leader", "main", "backup", "support"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Said(Strict):
    """A text in both languages."""

    zh: str
    en: str

    @property
    def text(self) -> str:
        """In the language in force."""
        return self.en if language() == "en" else self.zh


def clock(text: str) -> time:
    """HH:MM as a time of day. Raises ValueError."""
    return time.fromisoformat(text)


class Confirm(Strict):
    """What a monitor needs before it alarms: failures in a row, and a second vantage that agrees."""

    fails: int = Field(ge=1, le=10)
    second_vantage: bool


class Silences(Strict):
    """`hours`: longest silence; `two_person`: it needs a second person."""

    hours: int = Field(ge=0, le=168)
    two_person: bool


class Rung(Said):
    """A rung of the missing ladder: `minutes` after the cut-off it goes `to` a role."""

    minutes: int = Field(ge=0)
    to: str
    urgency: Literal["urgent", "normal", "digest"]


class Zero(Strict):
    """Zero reports: phases of which every day has one, times of day, the ladder of reminders."""

    phases: list[PhaseName]
    cutoff: str
    county_cutoff: str
    ladder: list[Rung]
    look_back_days: int = Field(ge=0, le=14)

    @field_validator("cutoff", "county_cutoff")
    @classmethod
    def _clock(cls, value: str) -> str:
        clock(value)
        return value

    @field_validator("ladder")
    @classmethod
    def _rises(cls, value: list[Rung]) -> list[Rung]:
        minutes = [rung.minutes for rung in value]
        if minutes != sorted(set(minutes)):
            raise ValueError(_("催报梯级的分钟数应逐级增大"))
        return value


class Daily(Strict):
    """`time`: when a day's numbers are drawn up; `focus_hours`: how far ahead its focus looks."""

    time: str
    focus_hours: int = Field(ge=1)

    @field_validator("time")
    @classmethod
    def _clock(cls, value: str) -> str:
        clock(value)
        return value


class FreezeRule(Strict):
    """`checks`: whose failures are changes; during a freeze they are raised by `uplift` steps."""

    uplift: int = Field(ge=0, le=3)
    checks: list[str]
    longest_hours: int = Field(ge=1)


class BlockRule(Strict):
    """Longest block in days, widest network in bits of its prefix."""

    longest_days: int = Field(ge=1)
    widest_v4: int = Field(ge=1, le=32)
    widest_v6: int = Field(ge=1, le=128)


class ControlRule(Strict):
    longest_days: int = Field(ge=1)


class RosterRule(Strict):
    """Roles that every shift has to have."""

    required: list[Role]


class Task(Strict):
    """A thing to be done in a phase; `due`: days from the last day of the phase, 0 or less."""

    key: str = Field(pattern=r"^[a-z0-9-]+$")
    due: int = Field(le=0)
    text: Said


class Profile(Said):
    """What a kind of period raises."""

    raised_in: list[PhaseName]
    sla: str
    calendar: str
    uplift: int = Field(ge=0, le=3)
    cadence_factor: float = Field(gt=0, le=1)
    confirm: Confirm
    silences: Silences
    zero: Zero
    daily: Daily
    freeze: FreezeRule
    blocks: BlockRule
    controls: ControlRule
    contact_days: int = Field(ge=1)
    restore_days: int = Field(ge=0)
    roster: RosterRule
    checklist: str


class File(Strict):
    """policies/ladders/period.yaml."""

    source: str
    date: str
    profiles: dict[str, Profile]
    checklists: dict[str, dict[PhaseName, list[Task]]]

    def profile(self, name: str) -> Profile:
        """Raises Faulty for a name that is not there."""
        if name not in self.profiles:
            message = _("没有重保方案 {name}，可用：{known}")
            fault = Fault("period.yaml", message.format(name=name, known=listed(self.profiles)))
            raise Faulty([fault])
        return self.profiles[name]

    def tasks(self, profile: Profile) -> dict[PhaseName, list[Task]]:
        return self.checklists.get(profile.checklist, {})


def load() -> File:
    """The ladder of the workspace that is open. Raises Faulty with file:line."""
    return parsed(File, ladder(content.policies(workspace.find()), "period"))


def phase_names() -> dict[str, str]:
    """The phases in the language in force."""
    return {"prepare": _("备战"), "ready": _("临战"), "live": _("实战"), "review": _("总结")}


def kind_names() -> dict[str, str]:
    return {"major": _("重大保障"), "exercise": _("攻防演练（护网）")}


def role_names() -> dict[str, str]:
    """The places in a shift."""
    return {
        "leader": _("带班领导"),
        "main": _("值班员（主）"),
        "backup": _("值班员（备）"),
        "support": _("技术支撑"),
    }
