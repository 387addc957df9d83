"""Confirm before alarm: what a look changes in how a check stands at a place. Pure.

A failure is believed after `confirm` failures in a row and a failed second look (from another vantage, or
tried again where there is only one). One success ends a suspicion; it never ends an item of the register.
What could not be told changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

Outcome: TypeAlias = Literal["pass", "fail", "unknown"]


class Then(StrEnum):
    """What is to be done next."""

    NOTHING = "nothing"
    SECOND = "second"  # look a second time
    ALARM = "alarm"  # confirmed just now
    AGAIN = "again"  # confirmed before, still failing
    CALM = "calm"  # a success


@dataclass(frozen=True, slots=True)
class Mood:
    """`count` failures in a row since `failing_since`; `second`: what the second look said."""

    count: int = 0
    failing_since: datetime | None = None
    confirmed_at: datetime | None = None
    second: str = ""
    second_at: datetime | None = None
    last_success: datetime | None = None

    @property
    def suspicion(self) -> bool:
        """Failing, and not believed yet."""
        return self.failing_since is not None and self.confirmed_at is None


def look(mood: Mood, outcome: Outcome, at: datetime, confirm: int) -> tuple[Mood, Then]:
    """A regular look at `at`; `confirm` failures in a row ask for a second look."""
    if outcome == "unknown":
        return mood, Then.NOTHING
    if outcome == "pass":
        return Mood(last_success=at), Then.CALM
    mood = replace(mood, count=mood.count + 1, failing_since=mood.failing_since or at)
    if mood.confirmed_at is not None:
        return mood, Then.AGAIN
    return mood, Then.SECOND if mood.count >= confirm else Then.NOTHING


def second(
    mood: Mood, outcome: Outcome, at: datetime, since: datetime, same: bool
) -> tuple[Mood, Then]:
    """A second look for the suspicion that began at `since`; `same`: from the same vantage.

    It comes to nothing when that suspicion has ended meanwhile. A success from the same vantage is a
    success like any other; from another one it leaves the suspicion standing, seen from one side only.
    """
    if mood.failing_since != since or mood.confirmed_at is not None:
        return mood, Then.NOTHING
    if outcome == "fail":
        return replace(mood, confirmed_at=at, second="failed", second_at=at), Then.ALARM
    if outcome == "pass" and same:
        return Mood(last_success=at), Then.CALM
    said = "passed" if outcome == "pass" else "unknown"
    return replace(mood, second=said, second_at=at), Then.NOTHING
