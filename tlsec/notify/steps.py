"""Escalation policies: who is told next while nobody answers. Pure but for reading the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty
from tlsec.notify.channel_config import Strict
from tlsec.notify.hours import Hours

FILE = Path("ladders") / "escalation.yaml"
MOST_LATE = 1000  # timers that are counted one by one after a long standstill


class Step(Strict):
    """Tell `notify`, wait, tell them `repeat` times more, then go on to the next step."""

    notify: tuple[str, ...] = Field(strict=False, min_length=1)
    at: Literal["home", "unit"] = "home"
    urgency: Literal["urgent", "normal"] = "urgent"
    wait_minutes: int = Field(ge=0)
    repeat: int = Field(default=0, ge=0, le=20)
    hours: Hours | None = None
    paper: bool = False
    letter: bool = False

    @property
    def wait(self) -> timedelta:
        return timedelta(minutes=self.wait_minutes)


class Policy(Strict):
    zh: str
    en: str
    lapse_minutes: int = Field(ge=0)
    grace_minutes: int = Field(ge=1)
    steps: tuple[Step, ...] = Field(strict=False, min_length=1)

    def due(self, step: int, round_: int, at: datetime, now: datetime) -> Due:
        """Every timer from (step, round) planned for `at` up to now, merged into one.

        What was missed runs once: each step at most once, the next timer a full wait after now.
        """
        reached: list[int] = []
        timers, planned = 0, at
        while step < len(self.steps) and timers < MOST_LATE:
            rule = self.steps[step]
            moment = rule.hours.opening(planned) if rule.hours else planned
            if moment > now:
                planned = moment
                break
            if step not in reached:
                reached.append(step)
            timers += 1
            planned = moment + rule.wait
            last = rule
            step, round_ = (step, round_ + 1) if round_ < rule.repeat else (step + 1, 0)
        if timers > 1:
            planned = max(planned, now + last.wait)
        if step >= len(self.steps):
            return Due(tuple(reached), timers, step, 0, planned)
        rule = self.steps[step]
        planned = rule.hours.opening(planned) if rule.hours else planned
        return Due(tuple(reached), timers, step, round_, planned)


@dataclass(frozen=True, slots=True)
class Due:
    """`steps` to do now, the number of `timers` behind them, and where the climb stands after that."""

    steps: tuple[int, ...]
    timers: int
    step: int
    round: int
    next_at: datetime


class _File(Strict):
    source: str
    verify: str = ""
    date: str
    policies: dict[str, Policy]


def load(folders: Iterable[Path], roles: Iterable[str]) -> dict[str, Policy]:
    """The policies of the last folder that has the file. Raises Faulty, also for a role that is not known."""
    files = [file for folder in folders if (file := folder / FILE).is_file()]
    if not files:
        raise Faulty([Fault(str(FILE), _("没有升级办法"))])
    marked = marked_yaml.load(files[-1])
    found = marked_yaml.parse(_File, marked).policies
    known = list(roles)
    text = _("没有角色 {id}，只有 {known}")
    faults = [
        marked.fault(
            ("policies", name, "steps", i, "notify", j), text.format(id=role, known=listed(known))
        )
        for name, policy in found.items()
        for i, step in enumerate(policy.steps)
        for j, role in enumerate(step.notify)
        if role not in known
    ]
    if faults:
        raise Faulty(faults)
    return found
