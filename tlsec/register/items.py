"""Commands on risk items: each checks the table and the guards, changes one row, writes one record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Length

from tlsec.i18n import _
from tlsec.inventory.models import Asset, System
from tlsec.register import clocks, effects, guards, journal, notices, posture
from tlsec.register.call import Call
from tlsec.register.clocks import Clocks
from tlsec.register.models import Alert, Numbering, RiskItem
from tlsec.register.refused import NeedsSecond, Refused
from tlsec.register.rules import in_force
from tlsec.register.sla import Sla
from tlsec.register.transitions import FINAL, State
from tlsec.register.words import LOCAL

__all__ = ["MACHINE", "NeedsSecond", "Refused", "command", "enter", "find", "give", "open_item"]

MACHINE = "tlsec"
DRILL = "演"  # in front of the number of what is only practised
_QUIET = ("comment", "attach")  # they change nothing that another's command could rest on


def find(no: str) -> RiskItem:
    item = RiskItem.objects.filter(no=no).first()
    if item is None:
        raise Refused(_("台账里没有 {no}").format(no=no))
    return item


def _next_number(now: datetime, drill: bool = False) -> str:
    prefix = f"{DRILL if drill else ''}YJ-{now.astimezone(LOCAL).year}-"
    row = Numbering.objects.select_for_update().filter(prefix=prefix).first()
    if row is None:
        row, _made = Numbering.objects.select_for_update().get_or_create(
            prefix=prefix, defaults={"last": _highest(prefix)}
        )
    row.last += 1
    row.save()
    return f"{prefix}{row.last:05d}"


def _highest(prefix: str) -> int:
    numbers = RiskItem.objects.filter(no__startswith=prefix).values_list("no", flat=True)
    last = numbers.order_by(Length("no").desc(), "-no").first()  # 100000 comes after 99999
    return int(last.rsplit("-", 1)[1]) if last else 0


def open_item(
    alert: Alert, values: Mapping[str, Any], sla: Sla, now: datetime, actor: str
) -> RiskItem:
    """A new row for an alert. `values`: title, unit, county, system… as the register knows them.

    `sla`: the everyday limits; in a key period those of its profile count instead.
    """
    about = {
        "check_id": alert.check_id,
        "subject": alert.subject,
        "machine_severity": alert.severity,
        "description": alert.message,
        "drill": alert.drill,
    }
    with transaction.atomic():
        item = _opened(about | dict(values), sla, now)
        item.alerts.add(alert)
        journal.append(now, actor, "item.open", item.no, journal.snapshot(item))
    return item


def enter(values: Mapping[str, Any], actor: str, now: datetime) -> RiskItem:
    """A row that a person writes: an inspection's finding, a superior's notice. No check can retest it.

    `values`: title, machine_severity, description, source; unit, subject… as far as they are known.
    """
    about = {"check_id": "manual", "subject": "", "source": "inspection", "probed": False}
    with transaction.atomic():
        item = _opened(about | dict(values), in_force().base, now)
        journal.append(now, actor, "item.open", item.no, journal.snapshot(item))
    return item


def _opened(values: dict[str, Any], sla: Sla, now: datetime) -> RiskItem:
    rules = in_force()
    system = _system_of(str(values["subject"]), str(values.get("system_id", "")))
    values.setdefault("system_id", system.id if system else "")
    values.setdefault("asset_weight", weight(system))
    raised = None if values.get("drill") else posture.current(now, values["system_id"])
    values.setdefault("severity", posture.uplifted(values["machine_severity"], raised))
    number = _next_number(now, bool(values.get("drill")))
    item = RiskItem(no=number, state=State.NEW, opened=now, **values)
    item.period = raised.period if raised else ""
    item.save(force_insert=True)
    limits = rules.profile(raised.profile) if raised else sla
    running = Clocks(item, rules, limits, now)
    clocks.opened(running)
    running.save()
    item.due = running.fix_due()
    item.save(update_fields=["due"])
    return item


def _system_of(subject: str, id: str) -> System | None:
    if id:
        return System.objects.filter(id=id).first()
    asset = Asset.objects.select_related("system").filter(id=subject).first()
    return asset.system if asset else None


def weight(system: System | None) -> int:
    """What an asset weighs, 1 to 4: its level; a key object at least 4 (facts of the inventory)."""
    if system is None:
        return 1
    return 4 if system.key_object else min(max(system.level or 1, 1), 4)


def command(
    no: str,
    name: str,
    actor: str,
    now: datetime,
    reason: str = "",
    version: int | None = None,
    changes: Mapping[str, Any] | None = None,
    machine: bool = False,
    approver: str = "",
    params: Mapping[str, Any] | None = None,
    batch: str = "",
) -> RiskItem:
    """Give a command. Raises Refused for what the table or a guard does not allow.

    `params`: the command's values (until, severity, into…). `approver`: the second person, where one is
    needed; without, NeedsSecond is raised. `changes`: columns the caller knows better, written as they are.
    """
    guards.known(name)
    call = Call(name, actor, now, reason, version, approver, params or {}, machine, batch)
    return give(no, call, changes)


def give(no: str, call: Call, changes: Mapping[str, Any] | None = None) -> RiskItem:
    """As `command`, for a call that is made already. One transaction, one record."""
    rules = in_force()
    with transaction.atomic():
        item = RiskItem.objects.select_for_update().filter(no=no).first()
        if item is None:
            raise Refused(_("台账里没有 {no}").format(no=no))
        guards.check(item, call, rules)
        before, after = item.state, effects.target(item, call)
        rows = effects.of_command(item, call, rules)
        for field, value in (changes or {}).items():
            setattr(item, field, value)
        item.state = after
        if call.name not in _QUIET:
            item.version += 1
            _move_clocks(item, call, before)
            item.save()
        journal.append(
            call.now, call.actor, f"item.{call.name}", no,
            journal.recorded(item, rows, call.approver), call.reason, call.batch,
        )  # fmt: skip
        if after in FINAL and call.name not in _QUIET:
            notices.ended(item, call.now, _(call.rule.title))
    return item


def _move_clocks(item: RiskItem, call: Call, before: str) -> None:
    rules = in_force()
    moved = Clocks(item, rules, posture.limits(item, call.now, rules), call.now)
    clocks.of_command(moved, call.name, before)
    effects.clock(moved, call)
    moved.save()
    item.due = moved.fix_due()
