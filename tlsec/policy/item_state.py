"""What evidence says of an item: first for each object, then over all of them. Pure.

Order of decision for one object (policy model §5.3):
1. a refuting failure → not met · 2. a weakening failure → partly met · 3. a mapped check that could not
tell → untested · 4. a proving pass, or valid reviewed answers to all that is asked → that result ·
5. supporting passes only → untested, needs a person's word · 6. nothing → untested.
A failure covered by an exception counts as one that weakens; the raw state is the one without exceptions.

A person may lower a machine's result at any step, never raise it: "met" against a refuting failure is a
conflict and counts as not met until it is settled by a passing retest, an exception, or a lower answer.

The interval holds every value that the object can still take when checks that could not tell do tell, and
missing answers come in, while nothing that is known is taken back. Taking something away never lifts the
lower end: a machine's result that goes stale is "not run", and an answer that lowered a result and has
expired does not give the better result back; it leaves the object open down to what it said, until a
person looks again. Only a newer answer, reviewed by another person, can do that.
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
    "refuted", "weakened", "waived", "cannot_tell", "proved", "answered", "half_answered",
    "needs_attestation", "nothing_known", "lapsed", "inherited",
]  # fmt: skip

VALUE: Mapping[str, float] = {"not_met": 0.0, "partly": 0.5, "met": 1.0}
BY_VALUE: Mapping[float, Tested] = {0.0: "not_met", 0.5: "partly", 1.0: "met"}


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
    """All that is known of one item at one object.

    `missing`: questions of the line that nobody has validly answered. `lapsed`: the last answers to such
    questions, which counted once and have expired.
    """

    machine: tuple[MachineResult, ...] = ()
    answers: tuple[Attestation, ...] = ()
    missing: tuple[str, ...] = ()
    lapsed: tuple[Attestation, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectState:
    """The state of an item at one object, and the least and the most it can still be worth.

    The `raw` ones are as if no exception had been granted. `note`: what it is inherited from.
    """

    object: str
    state: Result
    low: float
    high: float
    raw: Result
    raw_low: float
    raw_high: float
    why: Why
    conflict: bool = False
    evidence: Evidence = field(default=Evidence())
    note: str = ""


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
        """Objects that are not tested, also where the others settle the item."""
        return tuple(each.object for each in self.objects if each.state == "untested")


def of_object(name: str, evidence: Evidence) -> ObjectState:
    """The state of an item at one object from all evidence there."""
    state, why, conflict, low, high = _judged(evidence, exceptions=True)
    raw, _why, _conflict, raw_low, raw_high = _judged(evidence, exceptions=False)
    return ObjectState(
        name, state, low, high, raw, raw_low, raw_high, why, conflict, evidence
    )  # fmt: skip


def inherited(name: str, source: ItemState, note: str) -> ObjectState:
    """The platform's own state of the item, standing as one object of the tenant's."""
    return ObjectState(
        name, source.state, source.low, source.high, source.raw, source.raw_low, source.raw_high,
        "inherited", note=note,
    )  # fmt: skip


def over_objects(objects: Iterable[ObjectState], note: str = "") -> ItemState:
    """All met → met; all not met → not met; otherwise partly. No object at all: untested.

    An object that an item does not apply to is left out; where it applies to none, it does not apply.
    """
    found = tuple(objects)
    asked = [each for each in found if each.state != "not_applicable"]
    if found and not asked:
        return ItemState(
            "not_applicable", 0.0, 0.0, "not_applicable", 0.0, 0.0, found, note or found[0].note
        )
    state, low, high = _over([(o.state, o.low, o.high) for o in asked])
    raw, raw_low, raw_high = _over([(o.raw, o.raw_low, o.raw_high) for o in asked])
    return ItemState(state, low, high, raw, raw_low, raw_high, found, note)


def not_applicable(note: str) -> ItemState:
    """An item excluded by a decision; it is left out of every number."""
    return ItemState("not_applicable", 0.0, 0.0, "not_applicable", 0.0, 0.0, (), note)


def together(values: Sequence[float]) -> float:
    """All 1 → 1, all 0 → 0, anything else ½. Never falls when a value rises."""
    if values and all(value == values[0] for value in values):
        return values[0]
    return 0.5


def _over(objects: Sequence[tuple[Result, float, float]]) -> tuple[Result, float, float]:
    if not objects:
        return "untested", 0.0, 1.0
    low, high = together([o[1] for o in objects]), together([o[2] for o in objects])
    if low == high:
        return BY_VALUE[low], low, high
    if any(state not in VALUE for state, _low, _high in objects):
        return "untested", low, high
    return BY_VALUE[together([VALUE[state] for state, _low, _high in objects])], low, high


def _judged(evidence: Evidence, *, exceptions: bool) -> tuple[Result, Why, bool, float, float]:
    """State, reason, whether a person's word stands against the machine's, and the interval."""
    state, why, conflict = _decide(evidence, exceptions=exceptions)
    if state in VALUE:
        low = high = VALUE[state]
    else:
        low, high = 0.0, _ceiling(evidence)
    if why in ("weakened", "waived") and any(
        _open(m) and m.failed == "refutes" for m in evidence.machine
    ):
        low = 0.0
    floor = min((VALUE[a.means] for a in evidence.lapsed), default=1.0)
    if floor < low:
        return "untested", "lapsed", conflict, floor, high
    return state, why, conflict, low, high


def _decide(evidence: Evidence, *, exceptions: bool) -> tuple[Result, Why, bool]:
    failed = [m for m in evidence.machine if m.state == "fail" and m.failed != "nothing"]
    live = [m for m in failed if not (exceptions and m.waived)]
    word = _word(evidence)
    if any(m.failed == "refutes" for m in live):
        return "not_met", "refuted", any(a.means == "met" for a in evidence.answers)
    if word == "not_met":  # a person may always lower
        return "not_met", "answered", False
    if live:
        return "partly", "weakened", False
    if failed:
        return "partly", "waived", False
    if any(_open(m) for m in evidence.machine):
        return "untested", "cannot_tell", False
    proved = any(m.state == "pass" and m.passed == "proves" for m in evidence.machine)
    if word is not None and (not evidence.missing or (proved and word == "partly")):
        return word, "answered", False
    if proved:
        return "met", "proved", False
    if word is not None:
        return "untested", "half_answered", False
    if any(m.state == "pass" and m.passed == "supports" for m in evidence.machine):
        return "untested", "needs_attestation", False
    return "untested", "nothing_known", False


def _word(evidence: Evidence) -> Tested | None:
    """What people say: of several answers the worst."""
    return min((a.means for a in evidence.answers), key=lambda means: VALUE[means], default=None)


def _open(machine: MachineResult) -> bool:
    """A mapped check that should have told and could not."""
    silent = machine.passed == "nothing" and machine.failed == "nothing"
    return machine.state in ("unknown", "error", "not_run") and not silent


def _ceiling(evidence: Evidence) -> float:
    """The most an untested object can turn out to be: no more than a person says."""
    return min((VALUE[a.means] for a in evidence.answers), default=1.0)
