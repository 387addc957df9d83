"""A test message by one channel, to see whether it works before it has to."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tlsec.i18n import _
from tlsec.notify import channels, redact
from tlsec.notify.bucket import Bucket
from tlsec.notify.config import Setup
from tlsec.notify.message import Message, Sent
from tlsec.register import journal
from tlsec.register.delivery import locked, log
from tlsec.register.models_outbox import Notice, SendLog


def send(setup: Setup, name: str, to: tuple[str, ...], who: str, now: datetime) -> Sent:
    """One test message by one channel, at once and without a second try. It counts in the channel's limit
    and in the send log; a channel that is shut, or whose minute is used up, is not tried.
    """
    with transaction.atomic():
        state = locked(name)
        bucket = Bucket.of(setup.limit(name), state.sent_at, now.timestamp())
        if state.shut_until and state.shut_until > now:
            return Sent(False, _("对方限流，停用中"))
        if not bucket.free(urgent=True):
            return Sent(False, _("这一分钟的限额已用完"))
        state.sent_at, state.tried_at = list(bucket.take(now.timestamp()).sent), now
        state.save()
        notice = Notice.objects.create(
            key="test", audience="test", channel=name, urgency="normal", rank=1,
            title=_("测试通知"), text=_("这是 {who} 发的测试消息，不用处理。").format(who=who),
            made=now, next_at=now, state=Notice.State.FAILED, finished=now,
        )  # fmt: skip
        log([notice], SendLog.Event.TRIED, now, name)
    message = Message(
        notice.key, notice.title, redact.clean(notice.text, setup.secrets), "normal",
        to or setup.channels[name].to, "", f"tlsec-{notice.pk}",
    )  # fmt: skip
    sent = channels.build(setup, name).send(message, now)
    detail = redact.clean(sent.detail, setup.secrets)[:300]
    with transaction.atomic():
        state = locked(name)
        if sent.ok:
            state.ok_at, state.error, state.rest_until = now, "", None
            Notice.objects.filter(pk=notice.pk).update(state=Notice.State.SENT)
        else:
            state.error_at, state.error = now, detail
            if sent.throttled:
                state.shut_until = now + timedelta(seconds=sent.retry_after or 0)
        state.save()
        journal.append(now, who, "notice.test", name, {"ok": sent.ok, "detail": detail})
        event = SendLog.Event.ACCEPTED if sent.ok else SendLog.Event.FAILED
        log([notice], event, now, name, detail)
    return Sent(sent.ok, detail, sent.retry_after, sent.throttled, sent.perhaps)
