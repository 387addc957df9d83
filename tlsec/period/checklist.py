"""The tasks of a period (任务清单): done by somebody, with proof; a restore task only when its control is off."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet

from tlsec.i18n import _
from tlsec.period import periods
from tlsec.period.models import ChecklistItem, Period
from tlsec.register import journal
from tlsec.register.refused import Refused


def of(period: Period, phase: str = "") -> QuerySet[ChecklistItem]:
    """The tasks by their due times; of one phase, or of all for ""."""
    rows = ChecklistItem.objects.filter(period=period).order_by("due", "id")
    return rows.filter(phase=phase) if phase else rows


def found(key: str) -> ChecklistItem:
    """The task of that key in the open or last period. Raises Refused."""
    period = periods.found()
    row = ChecklistItem.objects.select_for_update().filter(period=period, key=key).first()
    if row is None:
        raise Refused(_("清单里没有 {key}").format(key=key))
    return row


def done(
    key: str, now: datetime, actor: str, proof: str = "", file: Path | None = None,
    version: int | None = None,
) -> ChecklistItem:  # fmt: skip
    """Tick off a task. A restore task needs its control to be off first."""
    with transaction.atomic():
        row = _asked(key, version)
        if row.done is not None:
            raise Refused(_("{key} 已由 {who} 完成").format(key=key, who=row.done_by))
        if row.control is not None and row.control.ended is None:
            text = _("临时措施 {id} 还没有恢复，先用 tlsec period control end {id}")
            raise Refused(text.format(id=row.control.pk))
        row.done, row.done_by = now, actor
        row.proof = (proof or (file.name if file else ""))[:300]
        row.proof_sha256 = hashlib.sha256(file.read_bytes()).hexdigest() if file else ""
        return _kept(row, "task.done", now, actor)


def undo(
    key: str, now: datetime, actor: str, reason: str, version: int | None = None
) -> ChecklistItem:
    """Open a task again, with the reason."""
    with transaction.atomic():
        row = _asked(key, version)
        if row.done is None:
            raise Refused(_("{key} 本来就没有完成").format(key=key))
        if not reason.strip():
            raise Refused(_("请写明为什么重开（--reason）"))
        row.done, row.done_by, row.proof, row.proof_sha256 = None, "", "", ""
        return _kept(row, "task.undo", now, actor, reason)


def assign(
    key: str, owner: str, now: datetime, actor: str, due: datetime | None = None,
    version: int | None = None,
) -> ChecklistItem:  # fmt: skip
    """Name who answers for a task, and when it is due."""
    with transaction.atomic():
        row = _asked(key, version)
        row.owner, row.due = owner or row.owner, due or row.due
        return _kept(row, "task.assign", now, actor)


def _asked(key: str, version: int | None) -> ChecklistItem:
    row = found(key)
    if version is not None and version != row.version:
        raise Refused(_("{key} 已被他人更新，请重新查看").format(key=key))
    return row


def _kept(
    row: ChecklistItem, command: str, now: datetime, actor: str, reason: str = ""
) -> ChecklistItem:
    row.version += 1
    row.save()
    after = {
        "period": row.period_id, "key": row.key, "owner": row.owner, "due": row.due,
        "done": row.done, "done_by": row.done_by, "proof": row.proof,
        "sha256": row.proof_sha256, "version": row.version,
    }  # fmt: skip
    journal.append(now, actor, command, f"task:{row.key}", after, reason)
    return row
