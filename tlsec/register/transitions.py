"""The one table of states and commands; the command line, imports and pages all go through it.

What else has to hold for a command stands in guards.py; what it sets stands in effects.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tlsec.i18n import N_


class State(StrEnum):
    NEW = "new"
    CONFIRMED = "confirmed"
    DISPATCHED = "dispatched"
    FIXING = "fixing"
    FIX_CLAIMED = "fix_claimed"
    VERIFYING = "verifying"
    MITIGATED = "mitigated"
    WAIVED = "waived"
    CLOSED = "closed"
    FALSE_POSITIVE = "false_positive"
    NOT_APPLICABLE = "not_applicable"
    MERGED = "merged"


STATE_NAMES = {
    State.NEW: N_("新增"),
    State.CONFIRMED: N_("已确认"),
    State.DISPATCHED: N_("已下发"),
    State.FIXING: N_("处置中"),
    State.FIX_CLAIMED: N_("待复测"),
    State.VERIFYING: N_("复测中"),
    State.MITIGATED: N_("已缓释"),
    State.WAIVED: N_("已接受"),
    State.CLOSED: N_("已销号"),
    State.FALSE_POSITIVE: N_("误报"),
    State.NOT_APPLICABLE: N_("不适用"),
    State.MERGED: N_("已并入"),
}
FINAL = (State.CLOSED, State.FALSE_POSITIVE, State.NOT_APPLICABLE, State.MERGED)
OPEN = tuple(s for s in State if s not in FINAL)
AT_WORK = tuple(s for s in OPEN if s is not State.WAIVED)  # somebody has to do something

# where an item comes from (the ledger's 来源)
SOURCES = {
    "monitor": N_("监测"),
    "import": N_("导入告警"),
    "inspection": N_("检查"),
    "notice": N_("通报"),
    "superior": N_("上级"),
    "report": N_("举报"),
    "assess": N_("自查"),
    "drill": N_("演练"),
}
CLOSURES = {
    "fixed": N_("已修复"),
    "false-positive": N_("误报"),
    "not-applicable": N_("不适用"),
    "duplicate": N_("重复"),
}


@dataclass(frozen=True, slots=True)
class Command:
    """`moves`: from each state that it may be given in, to the state after it.

    `machine`: only the retest, the scanner or a clock may give it, never a person.
    `asks`: values it cannot do without; `takes`: values it may be given.
    """

    name: str
    title: str
    moves: Mapping[State, State]
    needs_reason: bool = False
    machine: bool = False
    asks: tuple[str, ...] = ()
    takes: tuple[str, ...] = field(default=())

    @property
    def source(self) -> tuple[State, ...]:
        return tuple(self.moves)

    @property
    def target(self) -> State | None:
        """The state after it, where that is the same from everywhere."""
        targets = set(self.moves.values())
        return targets.pop() if len(targets) == 1 else None


_HANDLED = (State.NEW, State.CONFIRMED, State.DISPATCHED, State.FIXING)
_RUNNING = (State.CONFIRMED, State.DISPATCHED, State.FIXING)
_SETTLED = tuple(s for s in OPEN if s is not State.VERIFYING)


def _to(target: State, *sources: State) -> dict[State, State]:
    return dict.fromkeys(sources, target)


def _stay(*states: State) -> dict[State, State]:
    return {state: state for state in states}


_TABLE = (
    Command("confirm", N_("研判确认"), _to(State.CONFIRMED, State.NEW)),
    Command("dispatch", N_("下发"), _to(State.DISPATCHED, State.CONFIRMED), takes=("notice",)),
    Command("return", N_("退回"), _to(State.CONFIRMED, State.DISPATCHED), needs_reason=True),
    Command("sign", N_("签收"), _to(State.FIXING, State.DISPATCHED)),
    Command(
        "claim-fixed",
        N_("反馈已整改"),
        _to(State.FIX_CLAIMED, State.FIXING, State.MITIGATED),
        needs_reason=True,
    ),
    Command(
        "false-positive",
        N_("判为误报"),
        _to(State.FALSE_POSITIVE, *_HANDLED),
        needs_reason=True,
        takes=("until",),
    ),
    Command(
        "not-applicable",
        N_("判为不适用"),
        _to(State.NOT_APPLICABLE, *_HANDLED),
        needs_reason=True,
        takes=("until",),
    ),
    Command("extend", N_("延期"), _stay(*_RUNNING), needs_reason=True, asks=("until",)),
    Command("pause", N_("停表等待"), _stay(*_RUNNING), needs_reason=True, asks=("until",)),
    Command("resume", N_("恢复计时"), _stay(*_RUNNING)),
    Command(
        "mitigate",
        N_("缓释"),
        _to(State.MITIGATED, *_RUNNING),
        needs_reason=True,
        asks=("until", "control"),
    ),
    Command(
        "waive",
        N_("接受"),
        _to(State.WAIVED, *_RUNNING, State.MITIGATED),
        needs_reason=True,
        asks=("until",),
    ),
    Command(
        "revoke",
        N_("撤销"),
        {
            State.WAIVED: State.DISPATCHED,
            State.MITIGATED: State.FIXING,
            State.FALSE_POSITIVE: State.NEW,
            State.NOT_APPLICABLE: State.NEW,
        },
        needs_reason=True,
    ),
    Command(
        "expire",
        N_("到期失效"),
        {
            State.WAIVED: State.DISPATCHED,
            State.MITIGATED: State.FIXING,
            State.FALSE_POSITIVE: State.NEW,
            State.NOT_APPLICABLE: State.NEW,
        },
        machine=True,
    ),
    Command("review", N_("重保期重新审查"), _to(State.NEW, State.WAIVED), machine=True),
    Command(
        "merge",
        N_("并入"),
        _to(State.MERGED, *_SETTLED),
        needs_reason=True,
        asks=("into",),
    ),
    # back to the state before the merge, which the item remembers
    Command("unmerge", N_("撤销并入"), _stay(State.MERGED), needs_reason=True),
    Command("raise", N_("调高等级"), _stay(*_SETTLED), asks=("severity",)),
    Command("lower", N_("调低等级"), _stay(*_SETTLED), needs_reason=True, asks=("severity",)),
    Command("link-case", N_("转事件"), _stay(*OPEN), asks=("case",)),
    Command("retest", N_("开始复测"), _to(State.VERIFYING, State.FIX_CLAIMED), machine=True),
    Command(
        "retest-passed", N_("复测通过，销号"), _to(State.CLOSED, State.VERIFYING), machine=True
    ),
    Command("retest-failed", N_("复测未通过"), _to(State.FIXING, State.VERIFYING), machine=True),
    Command(
        "retest-untested", N_("复测未测成"), _to(State.FIX_CLAIMED, State.VERIFYING), machine=True
    ),
    Command(
        "pass-by-hand",
        N_("人工复测通过，销号"),
        _to(State.CLOSED, State.FIX_CLAIMED),
        needs_reason=True,
    ),
    Command(
        "fail-by-hand",
        N_("人工复测未通过"),
        _to(State.FIXING, State.FIX_CLAIMED),
        needs_reason=True,
    ),
    Command(
        "reopen",
        N_("重开"),
        _to(State.NEW, State.CLOSED, State.FALSE_POSITIVE, State.NOT_APPLICABLE),
        needs_reason=True,
        machine=True,
    ),
    Command("comment", N_("留言"), _stay(*State), needs_reason=True),
    Command("attach", N_("上传证据"), _stay(*State), asks=("file",)),
)
COMMANDS = {command.name: command for command in _TABLE}


def allowed(state: str) -> list[Command]:
    """What a person may do in a state."""
    return [c for c in _TABLE if state in c.source and not c.machine]
