"""Clocks of outage and tampering: from the first failed look of a confirmed failure to the next success.

On the way to the next threshold of incident levels (ladders/incident-thresholds.yaml) each alarm share is
told once, as an alert of its own kind; the machine reminds, a person sets the level.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tlsec.facts import Locator
from tlsec.policy.thresholds import Line, Mark, Thresholds
from tlsec.policy.watch_facts import Clock, ClockFacts
from tlsec.watch.confirming import Mood, Then
from tlsec.watch.ladder import Ladder
from tlsec.watch.models import Spell
from tlsec.watch.monitors import Monitor

Fire = Callable[[str, str, Locator, Any, datetime], None]
HALF, NEAR, REACHED = "watch.clock-half", "watch.clock-near", "watch.clock-reached"
_NEAR = 0.65  # shares from here on are called near


def check_of(mark: Mark) -> str:
    """The check that tells of a mark."""
    if mark.share >= 1:
        return REACHED
    return NEAR if mark.share >= _NEAR else HALF


def line_of(thresholds: Thresholds, spell: Spell) -> Line | None:
    """The thresholds that a spell goes by; None where nothing numeric is said of its object."""
    lines = thresholds.outage if spell.kind == "outage" else thresholds.tamper
    return lines.get(spell.line)


def marks_of(thresholds: Thresholds, spell: Spell) -> tuple[Mark, ...]:
    """When to warn while a spell goes on."""
    line = line_of(thresholds, spell)
    return thresholds.marks(line) if line else ()


@dataclass(frozen=True, slots=True)
class Place:
    """A check at a place, and what its clock goes by."""

    monitor: Monitor
    check: str
    subject: str
    system: str
    locator_key: str
    locator: Locator


class Clocks:
    """The open spells, in memory and in the table alike."""

    def __init__(self, thresholds: Thresholds, ladder: Ladder) -> None:
        self.renew(thresholds, ladder)
        self._open = {
            (row.monitor, row.check_id, row.locator_key): row
            for row in Spell.objects.filter(ended=None)
        }

    def renew(self, thresholds: Thresholds, ladder: Ladder) -> None:
        self._thresholds, self._ladder = thresholds, ladder

    def follow(self, place: Place, before: Mood, after: Mood, then: Then) -> None:
        """Begin a spell at a confirmation, end it at the next success."""
        key = (place.monitor.id, place.check, place.locator_key)
        if then is Then.ALARM and key not in self._open and (kind := self._kind(place.check)):
            assert after.failing_since is not None and after.confirmed_at is not None
            page = "home" if place.locator.get("path", "/") in ("/", "") else "other"
            self._open[key] = Spell.objects.create(
                kind=kind, monitor=place.monitor.id, check_id=place.check, subject=place.subject,
                system_id=place.system, locator_key=place.locator_key, page=page,
                line=self._line(kind, page, place.monitor),
                last_success=before.last_success, since=after.failing_since,
                confirmed=after.confirmed_at,
            )  # fmt: skip
        elif then is Then.CALM and (spell := self._open.get(key)):
            spell.ended = after.last_success
            spell.save(update_fields=["ended"])

    def _kind(self, check: str) -> str:
        if check in self._ladder.clocks.outage:
            return "outage"
        return "tamper" if check in self._ladder.clocks.tamper else ""

    def _line(self, kind: str, page: str, monitor: Monitor) -> str:
        """Without a line of outage there is none of tampering: nothing numeric is said of such objects."""
        return (monitor.line if kind == "outage" else page) if monitor.line else ""

    def marks_of(self, spell: Spell) -> tuple[Mark, ...]:
        return marks_of(self._thresholds, spell)

    def tell(self, now: datetime, fire: Fire) -> None:
        """An alert for every mark passed since the last time; those of ended spells are cleared."""
        for key, spell in list(self._open.items()):
            end = spell.ended or now
            told: list[str] = list(spell.marks)
            for mark in self.marks_of(spell):
                if mark.id not in told and end - spell.since >= mark.after:
                    told.append(mark.id)
                    self._fire(spell, mark, end, True, now, fire)
            if told != spell.marks:
                spell.marks = told
                spell.save(update_fields=["marks"])
            if spell.ended:
                for mark in self.marks_of(spell):
                    if mark.id in told:
                        self._fire(spell, mark, end, False, now, fire)
                del self._open[key]

    def _fire(
        self, spell: Spell, mark: Mark, end: datetime, reached: bool, now: datetime, fire: Fire
    ) -> None:
        locator = json.loads(spell.locator_key) | {"clock": spell.kind, "mark": mark.id}
        line = line_of(self._thresholds, spell)
        minutes = int((end - spell.since).total_seconds() // 60)
        clock = Clock(
            kind=spell.kind, level=self._thresholds.level(mark.level).zh, share=round(mark.share * 100),
            minutes=minutes, limit_minutes=int(mark.limit.total_seconds() // 60),
            reached=reached, verify=line.verify.get(mark.level, "") if line else "",
        )  # fmt: skip
        fire(check_of(mark), spell.subject, locator, ClockFacts(clock), now)
