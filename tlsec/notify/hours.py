"""A stretch of every day in Asia/Shanghai, also over midnight. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from tlsec.i18n import _

ZONE = ZoneInfo("Asia/Shanghai")


def _clock(value: object) -> object:
    if isinstance(value, str):
        try:
            found = time.fromisoformat(value)
        except ValueError:
            found = None
        if found is not None and found.tzinfo is None:
            return found
    raise ValueError(_("应为时刻，如 08:30"))


Clock: TypeAlias = Annotated[time, BeforeValidator(_clock)]


class Hours(BaseModel):
    """From `since` on, before `until`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    since: Clock
    until: Clock

    @model_validator(mode="after")
    def _some(self) -> Hours:
        if self.since == self.until:
            raise ValueError(_("时段的起止不能相同"))
        return self

    def hold(self, at: datetime) -> bool:
        clock = at.astimezone(ZONE).time()
        if self.since > self.until:  # over midnight
            return clock >= self.since or clock < self.until
        return self.since <= clock < self.until

    def opening(self, at: datetime) -> datetime:
        """`at` itself inside the hours, else their next beginning."""
        return at if self.hold(at) else following(self.since, at)

    def closing(self, at: datetime) -> datetime:
        """`at` itself outside of the hours, else their end."""
        return following(self.until, at) if self.hold(at) else at


def following(clock: time, at: datetime) -> datetime:
    """The next moment after `at` that shows this time of day."""
    here = at.astimezone(ZONE)
    found = datetime.combine(here.date(), clock, ZONE)
    if found <= here:
        found = datetime.combine(here.date() + timedelta(days=1), clock, ZONE)
    return found.astimezone(at.tzinfo)
