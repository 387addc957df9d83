"""What people are to be told: put in the queue with the change that it tells of, ended by whoever takes it up.

    enqueue(now, "YJ-2026-00123", "duty", "新增高风险项", "…", "urgent")     in the transaction of the change
    acknowledge("YJ-2026-00123", "王五", now)                              nothing more of that key goes out
    deliver(now)                                                            the worker, delivery.py

Delivery is at least once: a notice is lost by nothing, and a process killed between the other side's yes and
the record of it makes that one notice go out once more, with the same message id.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tlsec.i18n import _
from tlsec.notify import redact
from tlsec.notify.message import Urgency
from tlsec.register import journal
from tlsec.register.models import RiskItem
from tlsec.register.models_outbox import EscalationRun, Notice, SendLog

RANKS: dict[Urgency, int] = {"urgent": 0, "normal": 1, "digest": 2}
_KEY = 100


def enqueue(
    now: datetime,
    key: str,
    audience: str,
    title: str,
    text: str,
    urgency: Urgency = "normal",
    *,
    version: int | None = None,
    link: str = "",
) -> Notice:
    """Queue a notice. Call it inside the transaction of the change that it tells of.

    `audience`: `role`, `role@unit` or `person:id` (roles: policies/ladders/notify.yaml). `version`: the
    version of the ledger item `key` that this is for; the notice is dropped when the item has moved on.
    The same notice still in the queue is not queued twice. Raises ValueError for a key that is too long.
    """
    if not key or len(key) > _KEY:
        raise ValueError(_("通知的事由（key）应为 1 至 {n} 个字符").format(n=_KEY))
    title, text = redact.clean(title[:2000])[:200], redact.clean(text[:8000])[:4000]
    same = Notice.objects.filter(
        key=key, state=Notice.State.QUEUED, audience=audience, urgency=urgency, version=version,
        title=title, text=text, channel="",
    )  # fmt: skip
    with transaction.atomic():
        if (before := same.first()) is not None:
            return before
        notice = Notice.objects.create(
            key=key, version=version, audience=audience[:140], urgency=urgency,
            rank=RANKS[urgency], title=title, text=text, link=link[:300], made=now, next_at=now,
        )  # fmt: skip
        SendLog.objects.create(notice=notice, at=now, event=SendLog.Event.QUEUED)
    return notice


def acknowledge(key: str, who: str, now: datetime) -> int:
    """Somebody has it: end all that is queued for exactly this key, and hold its escalations.

    The number of notices ended. One that is on its way at this moment may still arrive.
    """
    from tlsec.register import escalation

    with transaction.atomic():
        ended = _cancel(_queued(key), now, _("{who} 已确认").format(who=who))
        held = escalation.hold(key, who, now)
        journal.append(now, who, "notice.ack", key, {"cancelled": ended, "escalations": held})
    return ended


def resolve(key: str, now: datetime, why: str) -> int:
    """The matter is over: end its queue and its escalations for good. For the commands that end a matter."""
    with transaction.atomic():
        EscalationRun.objects.filter(key=key).exclude(state=EscalationRun.State.ENDED).update(
            state=EscalationRun.State.ENDED, next_at=None, ended=now, ended_why=why[:60]
        )
        return _cancel(_queued(key), now, why)


def drop_stale(now: datetime) -> int:
    """End queued notices of ledger items that have moved on since."""
    bound = Notice.objects.filter(state=Notice.State.QUEUED, version__isnull=False)
    made_for = dict(bound.values_list("pk", "version"))
    if not made_for:
        return 0
    keys = dict(bound.values_list("pk", "key"))
    current = versions(set(keys.values()))
    stale = [
        pk for pk, version in made_for.items() if current.get(keys.get(pk, ""), version) != version
    ]
    if not stale:
        return 0
    with transaction.atomic():
        rows = Notice.objects.filter(pk__in=stale, state=Notice.State.QUEUED)
        return _cancel(rows, now, _("事项已有新进展"))


def versions(keys: Iterable[str]) -> dict[str, int]:
    """The present version of each key that is a ledger item."""
    found = RiskItem.objects.filter(no__in=list(keys)).values_list("no", "version")
    return dict(found)


def deliver(now: datetime) -> None:
    """Send what is due: the hook of the serving process."""
    from tlsec.register import delivery

    delivery.deliver(now)


def _queued(key: str) -> QuerySet[Notice]:
    return Notice.objects.filter(key=key, state=Notice.State.QUEUED)


def _cancel(rows: QuerySet[Notice], now: datetime, why: str) -> int:
    ids = list(rows.select_for_update().values_list("pk", flat=True))
    Notice.objects.filter(pk__in=ids).update(state=Notice.State.CANCELLED, finished=now)
    SendLog.objects.bulk_create(
        SendLog(notice_id=pk, at=now, event=SendLog.Event.CANCELLED, detail=why[:300]) for pk in ids
    )
    return len(ids)
