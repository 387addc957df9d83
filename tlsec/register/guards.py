"""What has to hold before a command is carried out (G1-G7 of the register's design), all in one place.

Every guard raises Refused with a sentence for the user. Where a command lost against somebody else's,
the sentence says who did what and when.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tlsec.i18n import _, listed
from tlsec.register.call import Call
from tlsec.register.models import Journal, RiskItem
from tlsec.register.models_handling import EvidenceFile
from tlsec.register.refused import NeedsSecond, Refused
from tlsec.register.rules import SEVERITIES, Rules, below
from tlsec.register.transitions import COMMANDS, FINAL, STATE_NAMES, State, allowed
from tlsec.register.words import moment, severity_word

_TOLD: dict[str, Callable[[Any], str]] = {
    "state": lambda value: _(STATE_NAMES[State(value)]),
    "severity": severity_word,
    "due": lambda value: moment(datetime.fromisoformat(value)) if value else _("无"),
}


def check(item: RiskItem, call: Call, rules: Rules) -> None:
    """Every guard. Raises Refused, or NeedsSecond where only another person's approval is missing."""
    _version(item, call)
    _machine(call)
    _state(item, call)
    _asked(item, call)
    _reason(call)
    _severity(item, call)
    _end(item, call, rules)
    _merge(item, call)
    _closing(item, call, rules)
    _second(item, call, rules)


def known(name: str) -> None:
    if name not in COMMANDS:
        names = listed(c for c in COMMANDS if not COMMANDS[c].machine)
        raise Refused(_("没有操作 {name}，可用：{known}").format(name=name, known=names))


def _version(item: RiskItem, call: Call) -> None:
    """G1: a command names the version it was meant for."""
    if call.version is None or call.version == item.version:
        return
    if call.version > item.version:
        text = _("{no} 现为第 {n} 版，没有第 {asked} 版")
        raise Refused(text.format(no=item.no, n=item.version, asked=call.version))
    text = _("{no} 已被他人更新，请重新查看。{who}")
    raise Refused(text.format(no=item.no, who=last_change(item, call.version)))


def last_change(item: RiskItem, since: int | None = None) -> str:
    """Who changed the item last, when, by what, and how it differs from the version `since`."""
    records = Journal.objects.filter(object=item.no, command__startswith="item.")
    after: Any = None
    last = None
    for record in records.order_by("-seq")[:50]:
        if not isinstance(record.after, dict) or "version" not in record.after:
            continue
        last = last or record
        after = record.after
        if since is None or after["version"] <= since:
            break
    if last is None or not isinstance(last.after, dict):
        return ""
    name = last.command.removeprefix("item.")
    title = _(COMMANDS[name].title) if name in COMMANDS else _("列入台账")
    changed = [
        _("{was} → {now}").format(was=say(after.get(key)), now=say(last.after.get(key)))
        for key, say in _TOLD.items()
        if since is not None and after.get(key) != last.after.get(key)
    ]
    text = _("{who}已于 {when} 作“{title}”，现为第 {n} 版")
    said = text.format(who=last.actor, when=moment(last.at), title=title, n=item.version)
    return said + (_("（{note}）").format(note=listed(changed, "；")) if changed else "")


def _machine(call: Call) -> None:
    if call.rule.machine and not call.machine:
        raise Refused(_("“{title}”只能由复测或巡检作出").format(title=_(call.rule.title)))


def _state(item: RiskItem, call: Call) -> None:
    if item.state in call.rule.source:
        return
    may = listed(c.name for c in allowed(item.state)) or _("无")
    text = _("{no} 现为“{state}”，不能“{title}”；可用：{may}。{who}")
    state = _(STATE_NAMES[State(item.state)])
    raise Refused(
        text.format(
            no=item.no, state=state, title=_(call.rule.title), may=may, who=last_change(item)
        )
    )


def _asked(item: RiskItem, call: Call) -> None:
    for name in call.rule.asks:
        if call.params.get(name) in (None, ""):
            text = _("“{title}”需要 --{name}")
            raise Refused(text.format(title=_(call.rule.title), name=name))
    for name in call.params:
        if name not in (*call.rule.asks, *call.rule.takes, "kind", "note"):
            text = _("“{title}”用不到 --{name}")
            raise Refused(text.format(title=_(call.rule.title), name=name))


def _reason(call: Call) -> None:
    """G2: what ends or eases a duty needs a reason."""
    if call.rule.needs_reason and not call.reason.strip():
        raise Refused(_("“{title}”需要说明，请加 --reason").format(title=_(call.rule.title)))


def _second(item: RiskItem, call: Call, rules: Rules) -> None:
    """G2: what eases a duty needs another person. Checked last: everything else holds already."""
    if call.approver and _same(call.approver, call.actor):
        raise Refused(_("“{title}”须由另一人批准").format(title=_(call.rule.title)))
    if not call.approver and rules.exceptions.needs_second(call.name, item.severity):
        text = _("“{title}”须由另一人批准，请加 --approved-by，或先提请")
        raise NeedsSecond(text.format(title=_(call.rule.title)))


def _same(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _severity(item: RiskItem, call: Call) -> None:
    """G6: up by anybody, down only with a reason (and, from high, another person)."""
    if call.name not in ("raise", "lower"):
        return
    to = str(call.params["severity"])
    if to not in SEVERITIES:
        raise Refused(_("没有等级 {name}，可用：{known}").format(name=to, known=listed(SEVERITIES)))
    up = below(item.severity, to)
    if to == item.severity or up != (call.name == "raise"):
        text = _("{no} 现为“{was}”，“{title}”到不了“{to}”")
        raise Refused(
            text.format(
                no=item.no,
                was=severity_word(item.severity),
                title=_(call.rule.title),
                to=severity_word(to),
            )
        )


def _end(item: RiskItem, call: Call, rules: Rules) -> None:
    """G5: exceptions have an end, not later than the severity allows."""
    until = call.params.get("until")
    if until is None:
        return
    if not isinstance(until, datetime) or until.tzinfo is None:
        raise Refused(_("截止时间没有写明时区"))
    if until <= call.now:
        raise Refused(_("截止时间 {until} 已过").format(until=moment(until)))
    if call.name == "extend" and item.due is not None and until <= item.due:
        text = _("延期后的时限 {until} 不晚于现有时限 {due}")
        raise Refused(text.format(until=moment(until), due=moment(item.due)))
    longest = rules.exceptions.longest(call.name, item.severity)
    if longest is None:
        text = _("ladders/exceptions.yaml 没有写“{severity}”级“{title}”最长多久")
        raise Refused(text.format(severity=severity_word(item.severity), title=_(call.rule.title)))
    start = max(call.now, item.due) if call.name == "extend" and item.due else call.now
    if until > start + longest:
        text = _("“{severity}”级“{title}”最长 {n} 天，最晚到 {latest}")
        raise Refused(
            text.format(
                severity=severity_word(item.severity), title=_(call.rule.title),
                n=longest.days, latest=moment(start + longest),
            )
        )  # fmt: skip


def _merge(item: RiskItem, call: Call) -> None:
    """G7: a merge is a link to an open item that is not merged itself; no chains, no circles."""
    if call.name != "merge":
        return
    into = str(call.params["into"])
    if into == item.no:
        raise Refused(_("{no} 不能并入自己").format(no=item.no))
    other = RiskItem.objects.filter(no=into).first()
    if other is None:
        raise Refused(_("台账里没有 {no}").format(no=into))
    if other.state in FINAL:
        state = _(STATE_NAMES[State(other.state)])
        raise Refused(_("{no} 现为“{state}”，不能并入").format(no=into, state=state))
    if other.drill != item.drill:
        raise Refused(_("演练项与实际项不能互相并入"))
    if RiskItem.objects.filter(merged_into=item.no).exists():
        raise Refused(_("已有事项并入 {no}，请先撤销或改并入 {into}").format(no=item.no, into=into))


def _closing(item: RiskItem, call: Call, rules: Rules) -> None:
    """G3: closed only by passes of the same check with their record, or by hand where there is no check.

    By hand: by somebody other than the fixer, with a file handed in since the unit signed.
    """
    if call.name in ("pass-by-hand", "fail-by-hand"):
        if item.probed:
            text = _("{no} 有检查项可复测，请用 tlsec register close {no}")
            raise Refused(text.format(no=item.no))
        if _same(call.actor, item.fixer):
            raise Refused(_("整改人不能自己复测，请由另一人复测"))
    if call.rule.target is not State.CLOSED:
        return
    files = EvidenceFile.objects.filter(item=item)
    if call.name == "retest-passed":
        needed = rules.base.retest.passes
        passed = files.filter(kind="retest", passes__gte=needed, at__gte=item.fix_claimed)
        if not passed.exists():
            raise Refused(_("{no} 没有连续 {n} 次通过的复测记录").format(no=item.no, n=needed))
    elif not files.exclude(kind="retest").filter(at__gte=item.signed or item.opened).exists():
        text = _("{no} 签收以来没有整改证据，先用 tlsec register attach {no} 文件")
        raise Refused(text.format(no=item.no))
