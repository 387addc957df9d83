"""The common measures of monitors, from policies/ladders/watch.yaml; never constants in code."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml

FILE = "watch.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OpenShare(_Strict):
    days: int = Field(ge=1)
    visits_a_day: int = Field(ge=1)


class Confirm(_Strict):
    failures: int = Field(ge=1)
    second_after: float = Field(ge=0)


class Uplink(_Strict):
    fresh_seconds: float = Field(gt=0)
    wait_seconds: float = Field(gt=0)
    need: int = Field(ge=1)
    resume_seconds: float = Field(gt=0)


class Noise(_Strict):
    learn_visits: int = Field(ge=0)
    turns: int = Field(ge=1)
    share: float = Field(gt=0, le=1)
    growth: float = Field(ge=1)


class Clocks(_Strict):
    outage: list[str]
    tamper: list[str]


class Evidence(_Strict):
    page_bytes: int = Field(ge=0)
    day_bytes: int = Field(ge=0)


class Pace(_Strict):
    at_once: int = Field(ge=1)
    flush_seconds: float = Field(gt=0)
    reload_seconds: float = Field(gt=0)
    drift_seconds: float = Field(gt=0)


class Ladder(_Strict):
    source: str
    date: str
    visit_seconds: float = Field(gt=0)
    open_share: OpenShare
    confirm: Confirm
    uplink: Uplink
    noise: Noise
    clocks: Clocks
    evidence: Evidence
    keep_days: int = Field(ge=30)
    pace: Pace


def load(folders: list[Path]) -> Ladder:
    """The file of the last folder that has it. Raises Faulty."""
    file = next(f for folder in reversed(folders) if (f := folder / "ladders" / FILE).is_file())
    return marked_yaml.parse(Ladder, marked_yaml.load(file))
