"""Temporary controls (临时措施): what is done only for the period. Each has an end and a restore task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from tlsec.i18n import N_, _, listed
from tlsec.inventory import models as inventory
from tlsec.period import periods, restoring, telling
from tlsec.period.models import TemporaryControl
from tlsec.register import journal
from tlsec.register.refused import Refused

KINDS = {
    "shutdown": N_("关站下线"),
    "whitelist": N_("白名单"),
    "isolate": N_("隔离断开"),
    "block": N_("封禁"),
    "feature": N_("关闭功能"),
    "other": N_("其他"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A control to be put on. `restore`: how it is taken off again."""

    kind: str
    target: str
    what: str
    restore: str
    owner: str
    until: datetime
    system: str = ""


def add(asked: Asked, now: datetime, actor: str) -> TemporaryControl:
    """Put a control on record, with its restore task. Raises Refused without an end or a way back."""
    if asked.kind not in KINDS:
        raise Refused(
            _("没有措施类型 {name}，可用：{known}").format(name=asked.kind, known=listed(KINDS))
        )
    for text, label in (
        (asked.target, _("对象")),
        (asked.what, _("做了什么")),
        (asked.restore, _("怎么恢复")),
        (asked.owner, _("责任人")),
    ):
        if not text.strip():
            raise Refused(_("临时措施要写明{label}").format(label=label))
    if asked.system and not inventory.System.objects.filter(id=asked.system).exists():
        raise Refused(_("台账里没有 {name}").format(name=asked.system))
    with transaction.atomic():
        period = periods.running()
        longest = periods.profile_of(period).controls.longest_days
        if not now < asked.until <= now + timedelta(days=longest):
            raise Refused(_("截止应在今后 {n} 天内").format(n=longest))
        row = TemporaryControl.objects.create(
            period=period, kind=asked.kind, target=asked.target[:200], system=asked.system,
            what=asked.what[:1000], restore=asked.restore[:1000], owner=asked.owner[:100],
            by=actor, start=now, until=asked.until,
        )  # fmt: skip
        restoring.task_for(row)
        _record(row, "control.add", now, actor)
    return row


def end(
    id_: int, now: datetime, actor: str, note: str, version: int | None = None
) -> TemporaryControl:
    """Taken off: `note` says how it was seen that the service works. Its task is ticked off with it."""
    with transaction.atomic():
        row = TemporaryControl.objects.select_for_update().filter(pk=id_).first()
        if row is None:
            raise Refused(_("没有临时措施 {id}").format(id=id_))
        if version is not None and version != row.version:
            raise Refused(_("临时措施 {id} 已被他人更新，请重新查看").format(id=id_))
        if row.ended is not None:
            raise Refused(_("临时措施 {id} 已由 {who} 恢复").format(id=id_, who=row.ended_by))
        if not note.strip():
            raise Refused(_("请写明恢复后怎样确认业务正常（--note）"))
        row.ended, row.ended_by, row.ended_note = now, actor, note[:1000]
        row.version += 1
        row.save()
        row.tasks.filter(done=None).update(done=now, done_by=actor, proof=note[:300])
        _record(row, "control.end", now, actor, note)
    return row


def remind(now: datetime) -> int:
    """Tell of every control that should be off by now and is not, once."""
    rows = TemporaryControl.objects.filter(ended=None, told=None, until__lte=now)
    told = 0
    for row in rows.order_by("id"):
        text = _("{target}：{what}，应在此前恢复。责任人 {owner}")
        with transaction.atomic():
            telling.tell(
                now, f"control:{row.pk}", "duty", "", _("临时措施到期未恢复"),
                text.format(target=row.target, what=row.what, owner=row.owner), "urgent",
            )  # fmt: skip
            TemporaryControl.objects.filter(pk=row.pk).update(told=now)
        told += 1
    return told


def _record(
    row: TemporaryControl, command: str, now: datetime, actor: str, reason: str = ""
) -> None:
    after = {
        "period": row.period_id, "id": row.pk, "kind": row.kind, "target": row.target,
        "what": row.what, "restore": row.restore, "owner": row.owner, "start": row.start,
        "until": row.until, "ended": row.ended, "ended_by": row.ended_by, "version": row.version,
    }  # fmt: skip
    journal.append(now, actor, command, f"control:{row.pk}", after, reason)
