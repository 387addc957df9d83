"""Restore tasks (恢复任务): whatever was put on for the period has a task that takes it off again."""

from __future__ import annotations

from datetime import datetime, timedelta

from tlsec.i18n import _
from tlsec.period.models import ChecklistItem, Period, TemporaryControl
from tlsec.period.models_freeze import Block

PREFIX = "restore:"


def task_for(control: TemporaryControl) -> ChecklistItem:
    """The task of a new control, due at its end."""
    text = _("恢复：{target}（{what}）——{restore}").format(
        target=control.target, what=control.what, restore=control.restore
    )
    return ChecklistItem.objects.create(
        period=control.period, phase="review", key=f"{PREFIX}{control.pk}", text=text[:500],
        owner=control.owner, due=control.until, control=control,
    )  # fmt: skip


def ensure(period: Period, now: datetime, days: int) -> list[ChecklistItem]:
    """Open restore tasks for every control still on, and one for every point that still blocks.

    A task is due at the control's end or `days` from now, whichever is earlier. Returns all that are open.
    """
    latest = now + timedelta(days=days)
    tasks = []
    for control in period.controls.filter(ended=None).order_by("id"):
        task = control.tasks.order_by("-id").first() or task_for(control)
        if task.done is not None:  # ticked off while the control is still on
            task.done, task.done_by, task.proof, task.proof_sha256 = None, "", "", ""
        task.due = min(task.due, latest)
        task.version += 1
        task.save()
        tasks.append(task)
    for point in _points():
        tasks.append(_block_task(period, point, latest))
    return tasks


def _points() -> list[str]:
    rows = Block.objects.filter(lifted=None).order_by("point")
    return list(rows.values_list("point", flat=True).distinct())


def _block_task(period: Period, point: str, latest: datetime) -> ChecklistItem:
    n = Block.objects.filter(lifted=None, point=point).count()
    text = _("恢复：{point} 上仍有 {n} 条封禁，逐条解封或写明继续的依据").format(point=point, n=n)
    task, made = ChecklistItem.objects.get_or_create(
        period=period, key=f"{PREFIX}block:{point}"[:80],
        defaults={"phase": "review", "text": text[:500], "due": latest},
    )  # fmt: skip
    if not made:
        task.text, task.done, task.done_by = text[:500], None, ""
        task.due = min(task.due, latest)
        task.version += 1
        task.save()
    return task
