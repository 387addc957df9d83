"""plans.yaml: what is probed, how often, from where. The file is the source; `sync` keeps the rows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.marked_yaml import Faulty
from tlsec.scan.models import Plan

LOCAL = ZoneInfo("Asia/Shanghai")


class Step(BaseModel):
    """One way of looking: from one vantage, with some probes, at some part of the register."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    vantage: str
    probes: list[str] = Field(min_length=1)
    zones: list[str] = []  # empty: all
    systems: list[str] = []  # empty: all
    assets: list[str] = []  # empty: all
    pages: str = Field(default="public", pattern="^(public|internal|all)$")
    discover: bool = False  # every address of the zones' blocks, not only registered ones
    blocks: list[str] = []  # further blocks to discover in
    ports: str = ""  # a named port list asked of every address besides the declared ports


class PlanSpec(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    cadence: str  # five cron fields, Asia/Shanghai
    steps: list[Step] = Field(min_length=1)

    @field_validator("cadence")
    @classmethod
    def _cron(cls, value: str) -> str:
        try:
            first = next_time(value, datetime(2026, 1, 1, tzinfo=LOCAL))
        except ValueError as error:
            raise ValueError(
                _("周期应为五段 cron，如 30 6 * * *（{error}）").format(error=error)
            ) from None
        if first is None:
            raise ValueError(_("这个周期永远不会到"))
        return value


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    plans: list[PlanSpec]


def next_time(cadence: str, after: datetime) -> datetime | None:
    """The first time of a cadence after a moment. ValueError for a malformed cadence."""
    from apscheduler.triggers.cron import CronTrigger

    trigger = CronTrigger.from_crontab(cadence, timezone=LOCAL)
    found: datetime | None = trigger.get_next_fire_time(after, after)
    return found


def load(file: Path) -> list[PlanSpec]:
    """The plans of a file. Raises Faulty with every fault."""
    marked = marked_yaml.load(file, file.name)
    plans = marked_yaml.parse(_File, marked).plans
    ids = [plan.id for plan in plans]
    twice = [i for i, name in enumerate(ids) if name in ids[:i]]
    if twice:
        raise Faulty([marked.fault(("plans", i, "id"), _("计划编号重复")) for i in twice])
    return plans


def sync(file: Path, now: datetime) -> None:
    """Make the rows say what the file says; state (paused, last, missed) is kept."""
    known: dict[str, Plan] = {plan.id: plan for plan in Plan.objects.all()}
    for spec in load(file):
        row = known.pop(spec.id, None) or Plan(id=spec.id)
        values: dict[str, Any] = {
            "title": spec.title,
            "steps": [step.model_dump() for step in spec.steps],
        }
        if row.cadence != spec.cadence or row.next_at is None:
            values |= {"cadence": spec.cadence, "next_at": next_time(spec.cadence, now)}
        if any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.save()
    for gone in known.values():
        gone.delete()


def steps_of(plan: Plan) -> list[Step]:
    return [Step.model_validate(step) for step in plan.steps]
