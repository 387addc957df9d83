"""What evidence says of an item: first for each object, then over all of them. Pure.

Order of decision for one object (policy model §5.3):
1. a refuting failure → not met · 2. a weakening failure → partly met · 3. a mapped check that could not
tell → untested · 4. a proving pass, or a valid reviewed answer → that result · 5. supporting passes only
→ untested, needs a person's word · 6. nothing → untested.
A person may lower a machine's result, never raise it: "met" against a refuting failure is a conflict and
counts as not met. What is untested stays between the worst and the best it could be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Result = Literal["met", "partly", "not_met", "untested", "not_applicable"]
Tested = Literal["met", "partly", "not_met"]
Passed = Literal["proves", "supports", "nothing"]
Fails = Literal["refutes", "weakens", "nothing"]
Why = Literal[
    "refuted", "weakened", "waived", "cannot_tell", "proved", "answered", "needs_attestation",
    "nothing_known", "excluded", "inherited",
]  # fmt: skip

VALUE: Mapping[str, float] = {"not_met": 0.0, "partly": 0.5, "met": 1.0}
_BY_VALUE: Mapping[float, Tested] = {0.0: "not_met", 0.5: "partly", 1.0: "met"}


@dataclass(frozen=True, slots=True)
class MachineResult:
    """What one check said at one place, and what that says of the line. `ref`: the stored verdict."""

    check: str
    version: int
    state: Literal["pass", "fail", "unknown", "error", "not_applicable", "not_run"]
    passed: Passed
    failed: Fails
    waived: str = ""  # the exception that covers the failure
    place: str = ""
    message: str = ""
    at: datetime | None = None
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Attestation:
    """A person's answer that counts: reviewed by another person and not expired. `ref`: its row."""

    question: str
    version: int
    answer: str
    means: Tested
    by: str
    reviewer: str
    at: datetime
    expires: datetime
    note: str = ""
    evidence: tuple[str, ...] = ()  # SHA-256
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one item at one object."""

    machine: tuple[MachineResult, ...] = ()
    answers: tuple[Attestation, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectState:
    """The state of an item at one object. `low` and `high`: the least and the most it could be worth.

    `raw`: the state as if no exception had been granted (an exception counts as partly met).
    """

    object: str
    state: Result
    low: float
    high: float
    raw: Result
    why: Why
    conflict: bool = False
    evidence: Evidence = field(default=Evidence())


@dataclass(frozen=True, slots=True)
class ItemState:
    """The state of an item over its objects; untested where they leave more than one value open."""

    state: Result
    low: float
    high: float
    raw: Result
    raw_low: float
    raw_high: float
    objects: tuple[ObjectState, ...] = ()
    note: str = ""  # why it is not applicable, or what it is inherited from

    @property
    def conflicts(self) -> int:
        return sum(each.conflict for each in self.objects)

    @property
    def untested(self) -> tuple[str, ...]:
        """Objects that leave the state open."""
        return tuple(each.object for each in self.objects if each.state == "untested")


def of_object(name: str, evidence: Evidence) -> ObjectState:
    """The state of an item at one object from all evidence there."""
    state, why, conflict = _decide(evidence, exceptions=True)
    raw, _why, _conflict = _decide(evidence, exceptions=False)
    low, high = (VALUE[state], VALUE[state]) if state in VALUE else (0.0, _ceiling(evidence))
    return ObjectState(name, state, low, high, raw, why, conflict, evidence)


def over_objects(objects: Iterable[ObjectState]) -> ItemState:
    """All met → met; all not met → not met; otherwise partly. No object at all: untested."""
    found = tuple(objects)
    low, high = _over([o.low for o in found]), _over([o.high for o in found])
    raw = [(VALUE[o.raw], VALUE[o.raw]) if o.raw in VALUE else (0.0, 1.0) for o in found]
    raw_low, raw_high = _over([r[0] for r in raw]), _over([r[1] for r in raw])
    if not found:
        low, high, raw_low, raw_high = 0.0, 1.0, 0.0, 1.0
    return ItemState(
        _named(low, high), low, high, _named(raw_low, raw_high), raw_low, raw_high, found
    )


def not_applicable(note: str) -> ItemState:
    """An item excluded by a decision; it is left out of every number."""
    return ItemState("not_applicable", 0.0, 0.0, "not_applicable", 0.0, 0.0, (), note)


def _over(values: Sequence[float]) -> float:
    if values and all(value == values[0] for value in values):
        return values[0]
    return 0.5


def _named(low: float, high: float) -> Result:
    return _BY_VALUE[low] if low == high else "untested"


def _decide(evidence: Evidence, *, exceptions: bool) -> tuple[Result, Why, bool]:
    """State, reason, and whether a person's word stands against the machine's."""
    failed = [m for m in evidence.machine if m.state == "fail"]
    live = [m for m in failed if not (exceptions and m.waived)]
    said = sorted((a.means for a in evidence.answers), key=lambda means: VALUE[means])
    word = said[0] if said else None  # of several answers the worst counts
    if any(m.failed == "refutes" for m in live):
        return "not_met", "refuted", word == "met"
    if any(m.failed == "weakens" for m in live):
        return (
            ("not_met", "answered", False) if word == "not_met" else ("partly", "weakened", False)
        )
    if word == "not_met":  # a person may always lower
        return "not_met", "answered", False
    if len(live) < len(failed) and any(m.failed != "nothing" for m in failed):
        return "partly", "waived", False
    if any(_open(m) for m in evidence.machine):
        return "untested", "cannot_tell", False
    if word is not None:
        return word, "answered", False
    passed = [m.passed for m in evidence.machine if m.state == "pass"]
    if "proves" in passed:
        return "met", "proved", False
    if "supports" in passed:
        return "untested", "needs_attestation", False
    return "untested", "nothing_known", False


def _open(machine: MachineResult) -> bool:
    """A mapped check that should have told and could not."""
    silent = machine.passed == "nothing" and machine.failed == "nothing"
    return machine.state in ("unknown", "error", "not_run") and not silent


def _ceiling(evidence: Evidence) -> float:
    """The most an untested object could still turn out to be worth: not more than a person said."""
    return min((VALUE[a.means] for a in evidence.answers), default=1.0)
