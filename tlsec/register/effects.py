"""What a command sets besides the state: columns of the item, rows beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db.models import Model

from tlsec.i18n import _
from tlsec.register import evidence, memory, merging, mitigation, waiving
from tlsec.register.call import Call
from tlsec.register.clocks import Clocks
from tlsec.register.models import Alert, RiskItem
from tlsec.register.models_handling import Comment
from tlsec.register.rules import Rules
from tlsec.register.transitions import State

Rows = Sequence[Model]


def target(item: RiskItem, call: Call) -> str:
    """The state after a command."""
    if call.name == "unmerge":
        return item.before_merge
    return call.rule.moves[State(item.state)]


def of_command(item: RiskItem, call: Call, rules: Rules) -> Rows:
    """Change the item's columns and write the rows beside it; the rows, for the journal.

    The item still has its old state; commands that leave a state end what belonged to it.
    """
    effect = _EFFECTS.get(call.name)
    rows = effect(item, call, rules) if effect else []
    return [*rows, *_left(item, call)]


def clock(clocks: Clocks, call: Call) -> None:
    """Commands whose clocks need their values."""
    if call.name == "extend":
        text = _("延期（{who}批准）：{why}").format(who=call.approver, why=call.reason)
        clocks.extend(call.params["until"], text)
    elif call.name == "pause":
        clocks.pause(call.reason, call.params["until"])


def _left(item: RiskItem, call: Call) -> Rows:
    """An exception ends when its item goes on, whatever took it there."""
    after = target(item, call)
    why = _ENDS.get(call.name, call.name)
    rows: list[Model] = []
    if item.state == State.WAIVED and after != State.WAIVED:
        rows += waiving.end(item, call.now, why)
    if item.state == State.MITIGATED and after != State.MITIGATED:
        rows += mitigation.end(item, call.now, why)
    return rows


_ENDS = {"revoke": "revoked", "expire": "expired", "claim-fixed": "fixed"}


def _dispatch(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    item.dispatched = call.now
    item.notice = str(call.params.get("notice", item.notice))[:60]
    return []


def _sign(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    item.signed = call.now
    return []


def _claim(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    item.fix_claimed, item.fixer, item.measure = call.now, call.actor, call.reason[:1000]
    return []


def _retested(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    item.retested, item.retest_result = call.now, call.reason[:300]
    item.retested_by = call.actor
    return []


def _closed(item: RiskItem, call: Call, rules: Rules) -> Rows:
    _retested(item, call, rules)
    item.closed, item.closure_reason = call.now, "fixed"
    # the next failure is a new episode
    ended = list(merging.heads(item).values_list("pk", flat=True))
    Alert.objects.filter(pk__in=ended).update(open=False, condition=Alert.Condition.CLEAR)
    return []


def _judged(item: RiskItem, call: Call, rules: Rules) -> Rows:
    item.closed, item.closure_reason = call.now, call.name
    return memory.remember(item, call, rules)


def _reopen(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    item.closed, item.closure_reason = None, ""
    item.reopened += 1
    item.extended_to, item.extended_by = None, ""
    return memory.forget(item, call.now, call.name)


def _released(item: RiskItem, call: Call, rules: Rules) -> Rows:
    if item.state in (State.FALSE_POSITIVE, State.NOT_APPLICABLE):
        return _reopen(item, call, rules)
    return []


def _extend(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    item.extended_to, item.extended_by = call.params["until"], call.approver
    return []


def _merge(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    item.before_merge, item.merged_into = item.state, str(call.params["into"])
    item.closed, item.closure_reason = call.now, "duplicate"
    return []


def _unmerge(item: RiskItem, _call: Call, _rules: Rules) -> Rows:
    item.before_merge = item.merged_into = ""
    item.closed, item.closure_reason = None, ""
    return []


def _severity(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    item.severity = str(call.params["severity"])
    return []


def _case(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    item.case = str(call.params["case"])[:40]
    return []


def _comment(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    return [Comment.objects.create(item=item, at=call.now, by=call.actor, text=call.reason[:2000])]


def _attach(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    return [evidence.attached(item, call)]


def _waive(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    return [waiving.begin(item, call)]


def _mitigate(item: RiskItem, call: Call, _rules: Rules) -> Rows:
    return [mitigation.begin(item, call)]


_EFFECTS: dict[str, Callable[[RiskItem, Call, Rules], Rows]] = {
    "dispatch": _dispatch,
    "sign": _sign,
    "claim-fixed": _claim,
    "retest-passed": _closed,
    "pass-by-hand": _closed,
    "retest-failed": _retested,
    "fail-by-hand": _retested,
    "retest-untested": _retested,
    "false-positive": _judged,
    "not-applicable": _judged,
    "reopen": _reopen,
    "revoke": _released,
    "expire": _released,
    "extend": _extend,
    "merge": _merge,
    "unmerge": _unmerge,
    "raise": _severity,
    "lower": _severity,
    "link-case": _case,
    "comment": _comment,
    "attach": _attach,
    "waive": _waive,
    "mitigate": _mitigate,
}
