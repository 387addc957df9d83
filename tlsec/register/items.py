"""Commands on risk items: each checks the transition table, changes one row, writes one record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models.functions import Length

from tlsec.i18n import _, listed
from tlsec.register import journal
from tlsec.register.models import Alert, RiskItem
from tlsec.register.sla import Sla
from tlsec.register.transitions import COMMANDS, STATE_NAMES, State, allowed

LOCAL = ZoneInfo("Asia/Shanghai")


class Refused(Exception):
    """A command that the table or a guard does not allow; the text is for the user."""


def find(no: str) -> RiskItem:
    item = RiskItem.objects.filter(no=no).first()
    if item is None:
        raise Refused(_("台账里没有 {no}").format(no=no))
    return item


def _next_number(now: datetime) -> str:
    prefix = f"YJ-{now.astimezone(LOCAL).year}-"
    numbers = RiskItem.objects.filter(no__startswith=prefix).values_list("no", flat=True)
    last = numbers.order_by(Length("no").desc(), "-no").first()  # 100000 comes after 99999
    return f"{prefix}{int(last.rsplit('-', 1)[1]) + 1 if last else 1:05d}"


def open_item(
    alert: Alert, values: Mapping[str, Any], sla: Sla, now: datetime, actor: str
) -> RiskItem:
    """A new row for an alert. `values`: title, unit, county, system… as the register knows them."""
    item = RiskItem.objects.create(
        no=_next_number(now),
        state=State.NEW,
        check_id=alert.check_id,
        subject=alert.subject,
        machine_severity=alert.severity,
        severity=alert.severity,
        description=alert.message,
        opened=now,
        due=sla.due(alert.severity, now),
        **values,
    )
    item.alerts.add(alert)
    journal.append(now, actor, "item.open", item.no, journal.snapshot(item))
    return item


def command(
    no: str,
    name: str,
    actor: str,
    now: datetime,
    reason: str = "",
    version: int | None = None,
    changes: Mapping[str, Any] | None = None,
    machine: bool = False,
) -> RiskItem:
    """Give a command. Raises Refused for a wrong state, a stale version or a missing reason."""
    if name not in COMMANDS:
        known = listed(c for c in COMMANDS if not COMMANDS[c].machine)
        raise Refused(_("没有操作 {name}，可用：{known}").format(name=name, known=known))
    rule = COMMANDS[name]
    with transaction.atomic():
        item = RiskItem.objects.select_for_update().filter(no=no).first()
        if item is None:
            raise Refused(_("台账里没有 {no}").format(no=no))
        if version is not None and version != item.version:
            raise Refused(_("{no} 已被他人更新，请重新查看").format(no=no))
        if rule.machine and not machine:
            raise Refused(_("“{title}”只能由复测或巡检作出").format(title=_(rule.title)))
        if item.state not in rule.source:
            may = listed(c.name for c in allowed(item.state)) or _("无")
            message = _("{no} 现为“{state}”，不能“{title}”；可用：{may}")
            state = _(STATE_NAMES[State(item.state)])
            raise Refused(message.format(no=no, state=state, title=_(rule.title), may=may))
        if rule.needs_reason and not reason.strip():
            raise Refused(_("“{title}”需要说明，请加 --reason").format(title=_(rule.title)))
        for field, value in (
            _effects(item, name, actor, now, reason) | dict(changes or {})
        ).items():
            setattr(item, field, value)
        item.state = rule.target
        item.version += 1
        item.save()
        journal.append(now, actor, f"item.{name}", no, journal.snapshot(item), reason)
    return item


def _effects(item: RiskItem, name: str, actor: str, now: datetime, reason: str) -> dict[str, Any]:
    """What a command sets besides the state."""
    if name == "dispatch":
        return {"dispatched": now}
    if name == "sign":
        return {"signed": now}
    if name == "claim-fixed":
        return {"fix_claimed": now, "fixer": actor, "measure": reason[:1000]}
    if name == "retest-passed":
        return {
            "retested": now,
            "closed": now,
            "closure_reason": "fixed",
            "retest_result": reason[:300],
        }
    if name in ("retest-failed", "retest-untested"):
        return {"retested": now, "retest_result": reason[:300]}
    if name in ("false-positive", "not-applicable"):
        return {"closed": now, "closure_reason": name}
    if name == "reopen":
        # the old clock goes on: time spent closed does not count against the unit
        due = item.due + (now - item.closed) if item.due and item.closed else item.due
        return {"closed": None, "closure_reason": "", "reopened": item.reopened + 1, "due": due}
    return {}
