"""The duty that looks after our sources: silence is an alert of its own, and ends when they speak again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tlsec import workspace
from tlsec.i18n import _
from tlsec.ingest.event import Event
from tlsec.register import intake, opening, sources
from tlsec.register.intake import Ground
from tlsec.register.models_intake import HourCount, RawEvent, Source

CHECK = "ingest.source-silent"
OURSELVES = "tlsec"
_TURNS = 50  # of opening items, so that one run of the duty ends


def watch(now: datetime) -> None:
    """Raise and clear alerts of silent sources, open items that wait, let go what is past keeping."""
    ground = Ground.of(workspace.find())
    look(now, ground)
    for _turn in range(_TURNS):
        if not opening.open_waiting(now, ground.limits.per_batch_items):
            break


def look(now: datetime, ground: Ground) -> int:
    """The heartbeat alone; how many sources changed."""
    with transaction.atomic():
        changed = sources.changes(now)
        events = [_event(row, fell, now, ground) for row, fell in changed]
        for row, fell in changed:
            Source.objects.filter(pk=row.pk).update(silent_since=now if fell else None)
        if events:
            intake.receive(events, now, ground)
    return len(events)


def _event(row: Source, fell: bool, now: datetime, ground: Ground) -> Event:
    since = row.last_seen or row.watched_from or now
    minutes = int((now - since).total_seconds() // 60)
    text = _("来源“{title}”已 {n} 分钟没有消息，期间的告警可能没有收到")
    again = _("来源“{title}”恢复上报")
    return Event(
        source=OURSELVES,
        at=now,
        received=now,
        check=CHECK,
        title=_("告警来源失联：{title}").format(title=row.title or row.pk),
        severity=ground.limits.sources.severity,
        kind="avail",
        condition="firing" if fell else "clear",
        event_id=f"{row.pk}|{'silent' if fell else 'speaks'}|{now.isoformat()}",
        host=f"source.{row.pk}",
        locus={"source": row.pk},
        message=(text if fell else again).format(title=row.title or row.pk, n=minutes),
    )


def tidy(now: datetime) -> None:
    """Let go of delivery keys without raw text, of raw samples and of hourly counts past their keeping."""
    keeping = Ground.of(workspace.find()).limits.keeping
    keys, raw = timedelta(days=keeping.delivery_days), timedelta(days=keeping.raw_days)
    RawEvent.objects.filter(raw=None, received__lt=now - keys).delete()
    RawEvent.objects.filter(received__lt=now - raw).delete()
    HourCount.objects.filter(hour__lt=now - raw).delete()
