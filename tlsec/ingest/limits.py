"""Limits and cadences of ingest, from policies/ladders/ingest.yaml; never constants in code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.ingest.event import Severity


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ReadingLimits(_Strict):
    line_bytes: int = Field(ge=480, le=2**20)
    body_bytes: int = Field(ge=1024, le=64 * 2**20)
    events_per_body: int = Field(ge=1)
    syslog_floor: int = Field(ge=0, le=7)


class Listening(_Strict):
    connections: int = Field(ge=1)
    connections_per_sender: int = Field(ge=1)
    idle_seconds: int = Field(ge=1)
    queued_events: int = Field(ge=100)
    queued_bytes: int = Field(ge=2**20)
    bodies: int = Field(ge=1)
    answer_seconds: int = Field(ge=1)
    batch_events: int = Field(ge=1, le=5000)
    batch_wait_ms: int = Field(ge=1, le=60_000)
    replay_seconds: int = Field(ge=1, le=86_400)


class Clocks(_Strict):
    trusted_skew_seconds: int = Field(ge=1)
    warned_skew_seconds: int = Field(ge=1)


class Storm(_Strict):
    first_raw: int = Field(ge=1)
    then_one_in: int = Field(ge=1)
    actors: int = Field(ge=1, le=1000)
    places_per_hour: int = Field(ge=1)
    quarantine_rows: int = Field(ge=1)
    quarantine_bytes: int = Field(ge=64)


class Keeping(_Strict):
    delivery_days: int = Field(ge=1)
    raw_days: int = Field(ge=180)  # never under the six months of the law


class Heartbeats(_Strict):
    heartbeat_minutes: int = Field(ge=1)
    severity: Severity


class Limits(_Strict):
    source: str
    date: str
    reading: ReadingLimits
    listening: Listening
    clocks: Clocks
    storm: Storm
    keeping: Keeping
    sources: Heartbeats
    opens: dict[str, list[Severity]]
    per_batch_items: int = Field(ge=1)

    def opens_item(self, kind: str, severity: Severity) -> bool:
        """Whether an alert from outside opens a ledger item by itself."""
        return severity in self.opens.get(kind, self.opens["default"])


def load(folders: Sequence[Path]) -> Limits:
    """Of the last folder of policy content that has the file. Raises Faulty."""
    file = newest(folders, "ingest.yaml")
    return marked_yaml.parse(Limits, marked_yaml.load(file))


def newest(folders: Sequence[Path], name: str) -> Path:
    """`ladders/<name>` of the last folder that has it: a workspace's file stands for the shipped one."""
    return next(f for at in reversed(folders) if (f := at / "ladders" / name).is_file())
