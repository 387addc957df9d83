"""The worker of the outbox: routes, limits, sends, tries again, falls back, merges into digests.

Two processes may run it at once. A notice and a place in its channel's budget are taken in one transaction,
"tried" is logged before the try and its end after it; one whose taker died is taken again when its time is up.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from django.db import connection, connections, transaction
from django.db.models import Q, QuerySet

from tlsec import content
from tlsec.i18n import _
from tlsec.marked_yaml import Faulty
from tlsec.notify import channels, config, redact
from tlsec.notify.bucket import Bucket
from tlsec.notify.config import Setup
from tlsec.notify.message import Message, Sent, Urgency
from tlsec.register import outbox, people
from tlsec.register.models_outbox import ChannelState, Notice, SendLog

AT_ONCE = 2000  # rows routed, or put into one digest, in one transaction
LONGEST = 25.0  # seconds that one round may last; the rest is due at the next
THREADS = 8
PASSES = 4
_QUEUED = Q(state=Notice.State.QUEUED)


def workspace_root() -> Path:
    return Path(os.environ["TLSEC_WORKSPACE"])


def setup_of(root: Path) -> Setup:
    """The workspace's settings of notices. Raises Faulty."""
    return config.load(root, content.policies(root))


@dataclass
class Done:
    """What a round did, by channel: messages accepted and tries that failed."""

    sent: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)


def deliver(
    now: datetime, setup: Setup | None = None, elapsed: Callable[[], float] = time.monotonic
) -> Done:
    """One round. `elapsed` counts seconds: the round's own time moves on while it waits for others.

    While notify.yaml has faults, urgent notices still go to the screen and file of this machine; the
    faults are raised at the end.
    """
    if not Notice.objects.filter(_QUEUED, next_at__lte=now).exists():
        return Done()
    faulty: Faulty | None = None
    if setup is None:
        try:
            setup = setup_of(workspace_root())
        except Faulty as error:
            faulty, setup = error, config.emergency(workspace_root(), content.policies())
    worker = _Worker(setup, now, elapsed, emergency=faulty is not None)
    worker.run()
    if faulty:
        raise faulty
    return worker.done


class _Worker:
    def __init__(
        self, setup: Setup, now: datetime, elapsed: Callable[[], float], emergency: bool
    ) -> None:
        self.setup, self.done = setup, Done()
        self._now, self._elapsed, self._start = now, elapsed, elapsed()
        self._me = uuid.uuid4().hex
        self._emergency = emergency
        self._visited: set[str] = set()

    def now(self) -> datetime:
        return self._now + timedelta(seconds=self._elapsed() - self._start)

    def run(self) -> None:
        outbox.drop_stale(self._now)
        self._route()
        for _pass in range(PASSES):  # what fell back goes out in the same round
            names = self._waiting()
            if not names:
                return
            self._send_all(names)

    def _waiting(self) -> list[str]:
        """Channels with something due that they have not been tried with in this round."""
        due = Notice.objects.filter(_QUEUED, next_at__lte=self.now()).exclude(channel="")
        names = set(due.order_by().values_list("channel", flat=True).distinct())
        known = names & set(self.setup.channels)
        if not self._emergency:
            for name in names - known:
                self._orphans(name)
                known.add(config.LOCAL)
        fresh = sorted(known - self._visited) or sorted(known & {config.LOCAL})
        self._visited |= known
        return fresh

    def _send_all(self, names: list[str]) -> None:
        """Each channel in a thread of its own, so that a slow one holds up no other."""
        if len(names) == 1 or connection.in_atomic_block:  # other threads would wait for its end
            for name in names:
                self._channel(name)
            return
        with ThreadPoolExecutor(min(THREADS, len(names))) as pool:
            running = [pool.submit(copy_context().run, self._in_thread, name) for name in names]
        for each in running:
            each.result()

    def _in_thread(self, name: str) -> None:
        try:
            self._channel(name)
        finally:
            connections.close_all()

    # who gets it, and by which channels

    def _route(self) -> None:
        """Give every new notice its channels: the row itself takes the first, copies take the others."""
        rows = Notice.objects.filter(_QUEUED, channel="", next_at__lte=self._now)
        if self._emergency:
            rows = rows.filter(rank=0)
        while True:
            with transaction.atomic():
                found = list(rows.select_for_update().order_by("rank", "id")[:AT_ONCE])
                for row in found:
                    self._give_channels(row)
            if len(found) < AT_ONCE:
                return

    def _give_channels(self, row: Notice) -> None:
        urgency = cast(Urgency, row.urgency)
        names = self.setup.route(row.audience, urgency)
        at = self.setup.when(urgency, self._now)
        row.together = urgency == "digest" or at > self._now
        row.channel, row.next_at = names[0], at
        row.save(update_fields=["channel", "next_at", "together"])
        for name in names[1:]:
            copy = _copy(row, name, at)
            copy.save(force_insert=True)
            log([copy], SendLog.Event.QUEUED, self._now, name)

    def _orphans(self, name: str) -> None:
        """Rows of a channel that is no longer set up go to the local one."""
        with transaction.atomic():
            rows = list(Notice.objects.select_for_update().filter(_QUEUED, channel=name))
            log(rows, SendLog.Event.FALLBACK, self._now, name, _("通道已不在 notify.yaml 里"))
            Notice.objects.filter(pk__in=[r.pk for r in rows]).update(channel=config.LOCAL)

    # one channel

    def _channel(self, name: str) -> None:
        channel = channels.build(self.setup, name)
        while (self.now() - self._now).total_seconds() < LONGEST:
            taken = self._take(name)
            if not taken:
                break
            message = self._message(name, taken)
            sent = channel.send(message, self.now())
            self._finish(name, taken, sent)
        self._divert(name)

    def _due(self, name: str, urgent: bool, now: datetime) -> QuerySet[Notice]:
        free = Q(taken_until=None) | Q(taken_until__lte=now)
        rows = Notice.objects.filter(_QUEUED, free, channel=name, next_at__lte=now)
        return rows.filter(rank=0) if urgent else rows.filter(rank__gt=0)

    def _take(self, name: str) -> list[Notice]:
        """The next message of a channel: one notice, or a digest's; none when nothing may go now."""
        with transaction.atomic():
            state = locked(name)
            now = self.now()
            if closed(state, now):
                return []
            bucket = Bucket.of(self.setup.limit(name), state.sent_at, now.timestamp())
            rows = self._choose(name, True, bucket, state, now)
            if not rows and not self._emergency:
                rows = self._choose(name, False, bucket, state, now)
            if not rows:
                return []
            state.sent_at = list(bucket.take(now.timestamp()).sent)
            state.tried_at = now
            if len(rows) > 1 and rows[0].rank:
                state.digested_at = now
            state.save()
            self._claim(rows, now)
        return rows

    def _choose(
        self, name: str, urgent: bool, bucket: Bucket, state: ChannelState, now: datetime
    ) -> list[Notice]:
        free = bucket.free(urgent)
        due = self._due(name, urgent, now).order_by("rank", "next_at", "id")
        if not free or (first := due.first()) is None:
            return []
        crowded = due[: free + 1].count() > free
        if not crowded and not first.together:
            return [first]
        same = due
        if not channels.shared(self.setup, name):
            same = same.filter(audience=first.audience)
        if not crowded:
            same = same.filter(together=True)
        if not urgent and crowded and state.digested_at:
            gap = timedelta(seconds=self.setup.ladder.digest.gap_seconds)
            if now - state.digested_at < gap:
                return []
        return list(same[:AT_ONCE])

    def _claim(self, rows: list[Notice], now: datetime) -> None:
        until = now + timedelta(seconds=self.setup.ladder.retry.taken_seconds)
        batch = uuid.uuid4().hex if len(rows) > 1 else ""
        again = _("前一次没有结果，再发") if any(row.taken_by for row in rows) else ""
        Notice.objects.filter(pk__in=[row.pk for row in rows]).update(
            taken_by=self._me, taken_until=until, batch=batch
        )
        for row in rows:
            row.batch = batch
        log(rows, SendLog.Event.TRIED, now, rows[0].channel, again)

    # what goes out

    def _message(self, name: str, rows: list[Notice]) -> Message:
        first = rows[0]
        secrets = self.setup.secrets
        urgency = cast(Urgency, first.urgency)
        if len(rows) == 1:
            return Message(
                first.key, redact.clean(first.title, secrets), redact.clean(first.text, secrets),
                urgency, self._addresses(name, rows), first.link or self._link(first.key),
                f"tlsec-{first.pk}",
            )  # fmt: skip
        most = self.setup.ladder.digest.lines
        lines = [f"{i}. {row.title}" for i, row in enumerate(rows[:most], 1)]
        if len(rows) > most:
            lines.append(_("……另有 {n} 条，见台账").format(n=len(rows) - most))
        title = _("紧急通知 {n} 条") if urgency == "urgent" else _("通知汇总 {n} 条")
        return Message(
            "digest", title.format(n=len(rows)), redact.clean("\n".join(lines), secrets), urgency,
            self._addresses(name, rows), self.setup.console, f"tlsec-{first.batch}",
        )  # fmt: skip

    def _link(self, key: str) -> str:
        from urllib.parse import quote

        console = self.setup.console
        return f"{console.rstrip('/')}/ack/{quote(key, safe='')}" if console else ""

    def _addresses(self, name: str, rows: list[Notice]) -> tuple[str, ...]:
        """Of everybody that the rows are for, and the channel's fixed ones."""
        by = channels.mentions(self.setup, name)
        fixed = self.setup.channels[name].to
        if not by:
            return fixed
        audiences = dict.fromkeys(row.audience for row in rows)
        found = [
            getattr(person, by)
            for audience in audiences
            for person in people.of(audience, self.setup, self.now())
        ]
        return tuple(dict.fromkeys((*(address for address in found if address), *fixed)))

    # what came of it

    def _finish(self, name: str, rows: list[Notice], sent: Sent) -> None:
        detail = redact.clean(sent.detail, self.setup.secrets)[:300]
        with transaction.atomic():
            state = locked(name)
            now = self.now()
            counts = self.done.sent if sent.ok else self.done.failed
            counts[name] = counts.get(name, 0) + 1
            mine = _QUEUED & Q(pk__in=[row.pk for row in rows], taken_by=self._me)
            if sent.ok:
                state.ok_at, state.error = now, ""
                end = Notice.State.DIGESTED if len(rows) > 1 else Notice.State.SENT
                Notice.objects.filter(mine).update(state=end, finished=now, taken_until=None)
                event = SendLog.Event.DIGESTED if len(rows) > 1 else SendLog.Event.ACCEPTED
                log(rows, event, now, name, detail)
            else:
                state.error_at, state.error = now, detail
                if sent.throttled:
                    state.shut_until = now + timedelta(seconds=sent.retry_after or 0)
                elif sent.retry_after is not None:
                    state.rest_until = now + timedelta(seconds=self.setup.ladder.retry.rest_seconds)
                if sent.perhaps:
                    detail = _("{why}；可能已送达").format(why=detail)[:300]
                log(rows, SendLog.Event.FAILED, now, name, detail)
                for row in Notice.objects.select_for_update().filter(mine):
                    self._again(row, sent, now)
            state.save()

    def _again(self, row: Notice, sent: Sent, now: datetime) -> None:
        """Try later, or take the way round. Urgent ones wait for no second try where a fallback is set."""
        waits = self.setup.ladder.retry.waits_seconds
        row.taken_by, row.taken_until = "", None
        if not sent.throttled:  # being told to wait is no try of this notice
            row.tries += 1
        hopeless = sent.retry_after is None or row.tries > len(waits)
        fallback = self.setup.channels[row.channel].fallback
        if hopeless or (row.rank == 0 and fallback):
            row.state, row.finished = Notice.State.FAILED, now
        else:
            wait = waits[max(row.tries, 1) - 1]
            row.next_at = now + timedelta(seconds=max(wait, sent.retry_after or 0))
        row.save()
        if hopeless or row.rank == 0:
            self._instead(row, fallback or config.LOCAL, now)

    def _instead(self, row: Notice, target: str, now: datetime) -> None:
        """The same notice by another channel, once a row."""
        if target == row.channel or Notice.objects.filter(instead_of=row).exists():
            return
        copy = _copy(row, target, now)
        copy.instead_of = row
        copy.save(force_insert=True)
        log([row], SendLog.Event.FALLBACK, now, target)
        log([copy], SendLog.Event.QUEUED, now, target)

    def _divert(self, name: str) -> None:
        """Urgent notices do not stand before a closed door: they go round it without a try."""
        now = self.now()
        state = ChannelState.objects.filter(channel=name).first()
        if state is None or not closed(state, now):
            return
        fallback = self.setup.channels[name].fallback
        with transaction.atomic():
            for row in self._due(name, True, now).select_for_update():
                if fallback:
                    row.state, row.finished = Notice.State.FAILED, now
                    row.save()
                self._instead(row, fallback or config.LOCAL, now)


def closed(state: ChannelState, now: datetime) -> bool:
    """A channel that throttles us, or that could not be reached a moment ago."""
    return any(until is not None and until > now for until in (state.shut_until, state.rest_until))


def locked(name: str) -> ChannelState:
    ChannelState.objects.get_or_create(channel=name)
    return ChannelState.objects.select_for_update().get(channel=name)


def _copy(row: Notice, channel: str, at: datetime) -> Notice:
    return Notice(
        key=row.key, version=row.version, audience=row.audience, channel=channel,
        urgency=row.urgency, rank=row.rank, title=row.title, text=row.text, link=row.link,
        together=row.together, made=row.made, next_at=at,
    )  # fmt: skip


def log(
    rows: list[Notice], event: SendLog.Event, now: datetime, channel: str, detail: str = ""
) -> None:
    SendLog.objects.bulk_create(
        SendLog(notice=row, at=now, channel=channel, event=event, detail=detail[:300])
        for row in rows
    )
