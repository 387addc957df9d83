"""The one table of states and commands; the command line, imports and pages all go through it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tlsec.i18n import N_


class State(StrEnum):
    NEW = "new"
    CONFIRMED = "confirmed"
    DISPATCHED = "dispatched"
    FIXING = "fixing"
    FIX_CLAIMED = "fix_claimed"
    VERIFYING = "verifying"
    CLOSED = "closed"
    FALSE_POSITIVE = "false_positive"
    NOT_APPLICABLE = "not_applicable"


STATE_NAMES = {
    State.NEW: N_("新增"),
    State.CONFIRMED: N_("已确认"),
    State.DISPATCHED: N_("已下发"),
    State.FIXING: N_("处置中"),
    State.FIX_CLAIMED: N_("待复测"),
    State.VERIFYING: N_("复测中"),
    State.CLOSED: N_("已销号"),
    State.FALSE_POSITIVE: N_("误报"),
    State.NOT_APPLICABLE: N_("不适用"),
}
OPEN = tuple(
    s for s in State if s not in (State.CLOSED, State.FALSE_POSITIVE, State.NOT_APPLICABLE)
)


@dataclass(frozen=True, slots=True)
class Command:
    """`machine`: only the retest or the scanner may give it, never a person."""

    name: str
    title: str
    source: tuple[State, ...]
    target: State
    needs_reason: bool = False
    machine: bool = False


_HANDLED = (State.NEW, State.CONFIRMED, State.DISPATCHED, State.FIXING)
COMMANDS = {
    c.name: c
    for c in (
        Command("confirm", N_("研判确认"), (State.NEW,), State.CONFIRMED),
        Command("dispatch", N_("下发"), (State.CONFIRMED,), State.DISPATCHED),
        Command("return", N_("退回"), (State.DISPATCHED,), State.CONFIRMED, needs_reason=True),
        Command("sign", N_("签收"), (State.DISPATCHED,), State.FIXING),
        Command(
            "claim-fixed", N_("反馈已整改"), (State.FIXING,), State.FIX_CLAIMED, needs_reason=True
        ),
        Command(
            "false-positive", N_("判为误报"), _HANDLED, State.FALSE_POSITIVE, needs_reason=True
        ),
        Command(
            "not-applicable", N_("判为不适用"), _HANDLED, State.NOT_APPLICABLE, needs_reason=True
        ),
        Command("retest", N_("开始复测"), (State.FIX_CLAIMED,), State.VERIFYING, machine=True),
        Command(
            "retest-passed", N_("复测通过，销号"), (State.VERIFYING,), State.CLOSED, machine=True
        ),
        Command("retest-failed", N_("复测未通过"), (State.VERIFYING,), State.FIXING, machine=True),
        Command(
            "retest-untested", N_("复测未测成"), (State.VERIFYING,), State.FIX_CLAIMED, machine=True
        ),
        Command(
            "reopen",
            N_("重开"),
            (State.CLOSED, State.FALSE_POSITIVE),
            State.NEW,
            needs_reason=True,
            machine=True,
        ),
    )
}


def allowed(state: str) -> list[Command]:
    """What a person may do in a state."""
    return [c for c in COMMANDS.values() if state in c.source and not c.machine]
