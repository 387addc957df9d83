"""The tables of states and commands: warnings, the receipts of units, cases. Everything goes through them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tlsec.i18n import N_, _, listed
from tlsec.register.refused import Refused


class WarningState(StrEnum):
    WATCHING = "watching"
    JUDGING = "judging"
    TO_SIGN = "to_sign"
    SIGNED = "signed"
    ISSUED = "issued"
    ADJUSTED = "adjusted"
    LIFTED = "lifted"
    DROPPED = "dropped"


class ReceiptState(StrEnum):
    SENT = "sent"
    SIGNED = "signed"
    RESPONDING = "responding"
    DONE = "done"
    REPLACED = "replaced"


class CaseState(StrEnum):
    JUDGING = "judging"
    HANDLING = "handling"
    HANDLED = "handled"
    CLOSED = "closed"
    DISMISSED = "dismissed"


# by kind of state: some have the same key, and none the same meaning
NAMES: dict[type[StrEnum], dict[StrEnum, str]] = {
    WarningState: {
        WarningState.WATCHING: N_("监测"),
        WarningState.JUDGING: N_("研判中"),
        WarningState.TO_SIGN: N_("待签发"),
        WarningState.SIGNED: N_("已签发"),
        WarningState.ISSUED: N_("已发布"),
        WarningState.ADJUSTED: N_("已调整"),
        WarningState.LIFTED: N_("已解除"),
        WarningState.DROPPED: N_("不予发布"),
    },
    ReceiptState: {
        ReceiptState.SENT: N_("待签收"),
        ReceiptState.SIGNED: N_("已签收"),
        ReceiptState.RESPONDING: N_("响应中"),
        ReceiptState.DONE: N_("已反馈"),
        ReceiptState.REPLACED: N_("已由新版代替"),
    },
    CaseState: {
        CaseState.JUDGING: N_("研判中"),
        CaseState.HANDLING: N_("处置中"),
        CaseState.HANDLED: N_("处置结束"),
        CaseState.CLOSED: N_("已结案"),
        CaseState.DISMISSED: N_("不构成事件"),
    },
}


@dataclass(frozen=True, slots=True)
class Command:
    """`moves`: from each state that it may be given in, to the state after. `machine`: no person gives it."""

    name: str
    title: str
    moves: Mapping[StrEnum, StrEnum]
    needs_reason: bool = False
    machine: bool = False


def _to(target: StrEnum, *sources: StrEnum) -> dict[StrEnum, StrEnum]:
    return dict.fromkeys(sources, target)


def _stay(*states: StrEnum) -> dict[StrEnum, StrEnum]:
    return {state: state for state in states}


_W, _R, _C = WarningState, ReceiptState, CaseState
_DRAFT = (_W.WATCHING, _W.JUDGING)
_ALIVE = (_C.JUDGING, _C.HANDLING, _C.HANDLED)


def _table(*commands: Command) -> dict[str, Command]:
    return {command.name: command for command in commands}


WARNING = _table(
    Command("edit", N_("修改"), _stay(*_DRAFT)),
    Command("judge", N_("开始研判"), _to(_W.JUDGING, _W.WATCHING)),
    Command("conclude", N_("研判定级"), _to(_W.TO_SIGN, _W.JUDGING)),
    Command("return", N_("退回修改"), _to(_W.JUDGING, _W.TO_SIGN, _W.SIGNED), needs_reason=True),
    Command("sign", N_("签发"), _to(_W.SIGNED, _W.TO_SIGN)),
    Command("issue", N_("发布"), _to(_W.ISSUED, _W.SIGNED)),
    Command(
        "drop", N_("不予发布"), _to(_W.DROPPED, *_DRAFT, _W.TO_SIGN, _W.SIGNED), needs_reason=True
    ),
    Command("match", N_("重新匹配台账"), _stay(*_DRAFT, _W.TO_SIGN, _W.SIGNED, _W.ISSUED)),
    Command("adjust", N_("调整级别"), _stay(_W.ISSUED), needs_reason=True),
    Command("replace", N_("由新版代替"), _to(_W.ADJUSTED, _W.ISSUED), machine=True),
    Command("lift", N_("解除"), _to(_W.LIFTED, _W.ISSUED), needs_reason=True),
)
RECEIPT = _table(
    Command("sign", N_("签收"), _to(_R.SIGNED, _R.SENT)),
    Command("respond", N_("开始响应"), _to(_R.RESPONDING, _R.SIGNED)),
    Command("progress", N_("反馈进展"), _to(_R.RESPONDING, _R.SIGNED, _R.RESPONDING)),
    Command("done", N_("完成反馈"), _to(_R.DONE, _R.SIGNED, _R.RESPONDING)),
    Command("correct", N_("更正反馈"), _to(_R.RESPONDING, _R.DONE), needs_reason=True),
    Command(
        "replace", N_("由新版代替"),
        _to(_R.REPLACED, _R.SENT, _R.SIGNED, _R.RESPONDING), machine=True,
    ),
)  # fmt: skip
CASE = _table(
    Command("edit", N_("补充情况"), _stay(*_ALIVE)),
    Command("link", N_("关联"), _stay(*_ALIVE)),
    Command("classify", N_("改类别"), _stay(*_ALIVE), needs_reason=True),
    Command(
        "level", N_("定级"),
        {_C.JUDGING: _C.HANDLING, _C.HANDLING: _C.HANDLING, _C.HANDLED: _C.HANDLED},
    ),
    Command("attach", N_("存证据"), _stay(*_ALIVE)),
    Command("tell", N_("登记已报告"), _stay(*_ALIVE)),
    Command("report", N_("写报告单"), _stay(*_ALIVE)),
    Command("transfer", N_("线索移送"), _stay(*_ALIVE)),
    Command("handled", N_("处置结束"), _to(_C.HANDLED, _C.HANDLING)),
    Command("resume", N_("恢复处置"), _to(_C.HANDLING, _C.HANDLED), needs_reason=True),
    Command("close", N_("结案"), _to(_C.CLOSED, _C.HANDLED)),
    Command("dismiss", N_("判为不构成事件"), _to(_C.DISMISSED, _C.JUDGING), needs_reason=True),
)  # fmt: skip
_KINDS: dict[int, type[StrEnum]] = {
    id(WARNING): WarningState, id(RECEIPT): ReceiptState, id(CASE): CaseState,
}  # fmt: skip


def name(kind: type[StrEnum], state: str) -> str:
    """The user's word for a state."""
    return _(NAMES[kind][kind(state)])


def allowed(table: Mapping[str, Command], state: str) -> list[Command]:
    """What a person may do in a state."""
    at = _KINDS[id(table)](state)
    return [c for c in table.values() if at in c.moves and not c.machine]


def after(
    table: Mapping[str, Command], command: str, state: str, what: str, reason: str = ""
) -> StrEnum:
    """The state after a command. Raises Refused when the table does not have it, or a reason is missing."""
    kind = _KINDS[id(table)]
    rule, at = table[command], kind(state)
    if at not in rule.moves:
        may = listed(_(c.title) for c in allowed(table, state)) or _("无")
        message = _("{what} 现为“{state}”，不能“{title}”；可用：{may}")
        raise Refused(
            message.format(what=what, state=_(NAMES[kind][at]), title=_(rule.title), may=may)
        )
    if rule.needs_reason and not reason.strip():
        raise Refused(_("“{title}”需要说明，请加 --reason").format(title=_(rule.title)))
    return rule.moves[at]


_SAID = {
    "warning.draft": N_("起草"),
    "warning.remind": N_("提醒"),
    "warning.unlink": N_("与原版脱钩"),
    "case.open": N_("立为事件"),
    "case.remind": N_("时限提醒"),
    "case.told": N_("登记已报告"),
    "case.report-first": N_("写首报"),
    "case.report-more": N_("写续报"),
    "case.report-summary": N_("写处置总结"),
    "case.report-sign": N_("签发报告单"),
}


def command_word(command: str) -> str:
    """The user's word for a command of the journal."""
    kind, _dot, last = command.partition(".")
    if command in _SAID:
        return _(_SAID[command])
    if last.startswith("receipt-"):
        return _(RECEIPT[last.removeprefix("receipt-")].title)
    table = {"warning": WARNING, "case": CASE}.get(kind, {})
    return _(table[last].title) if last in table else command
