"""Where every question to a system stands: who still has to say what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tlsec.assess import exclusions, inheritance
from tlsec.assess.answers import Judged, ValidAnswer, awaited, counted, histories
from tlsec.assess.inquiry import Inquiry, Posed
from tlsec.assess.models import Answer
from tlsec.i18n import N_
from tlsec.inventory.models import System

State = Literal[
    "open", "waiting", "returned", "answered", "expiring", "expired", "excluded", "inherited"
]
# code → the user's word and its colour
STATES: dict[str, tuple[str, str]] = {
    "open": (N_("未答"), "yellow"),
    "waiting": (N_("待审核"), "cyan"),
    "returned": (N_("已退回"), "bold red"),
    "answered": (N_("有效"), "green"),
    "expiring": (N_("将到期"), "yellow"),
    "expired": (N_("已过期"), "bold red"),
    "excluded": (N_("不适用"), "dim"),
    "inherited": (N_("沿用平台"), "dim"),
}
TO_ANSWER = ("open", "returned", "expiring", "expired")  # somebody has to answer these
SETTLED = ("excluded", "inherited")  # nobody is asked these


@dataclass(frozen=True, slots=True)
class Standing:
    """One question to a system about one object ("" for the whole).

    `valid`: the answer that counts; `newest`: the last word, whatever became of it.
    """

    posed: Posed
    object: str
    state: State
    valid: ValidAnswer | None = None
    newest: Answer | None = None

    @property
    def to_answer(self) -> bool:
        return self.state in TO_ANSWER


def agenda(inquiry: Inquiry, system: System, now: datetime) -> list[Standing]:
    """Every question to a system in the standard's order. Raises Refused for a system without a grade."""
    excluded = exclusions.in_force(system.id, now)
    inherits = inheritance.in_force(system.id, now) is not None
    said: dict[str, dict[str, list[Judged]]] = {}
    for (_system, question, object_), history in histories(system.id, now).items():
        said.setdefault(question, {})[object_] = history
    found = []
    for posed in inquiry.posed(system):
        line = inquiry.catalog.lines[posed.item.line]
        settled: State | None = None
        if line.id in excluded:
            settled = "excluded"
        elif inherits and (
            inheritance.carries(line.responsibility) or posed.question.side == "provider"
        ):
            settled = "inherited"
        for object_, history in sorted(said.get(posed.question.id, {"": []}).items()):
            found.append(_standing(posed, object_, history, settled, now))
    return found


def _standing(
    posed: Posed, object_: str, history: list[Judged], settled: State | None, now: datetime
) -> Standing:
    newest = history[0].answer if history else None
    waiting = awaited(history)
    chosen = next((each for each in history if each.accepted), None)
    valid = None
    if chosen is not None and chosen.answer.expires > now:
        valid = counted(chosen, waiting.pk if waiting else 0)
    state: State
    if settled:
        state = settled
    elif waiting is not None:
        state = "waiting"
    elif valid is not None:
        soon = valid.attestation.expires - timedelta(days=posed.question.remind_days) <= now
        state = "expiring" if soon else "answered"
    elif chosen is not None:
        state = "expired"
    else:
        state = "returned" if history else "open"
    return Standing(posed, object_, state, valid, newest)
