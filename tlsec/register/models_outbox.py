"""Tables of what people are told: the queue, the log of every try, the state of a channel, escalations."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models


class Notice(models.Model):
    """A message to one audience by one channel. Delivered at least once.

    `channel` is "" until the worker has looked up who gets it and how. `version`: the state of the key's
    object that it was made for; null: it holds whatever came after. `batch`: the digest that carried it.
    A row is taken by writing `taken_by` and `taken_until`; a taker that died loses it at that time.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"
        CANCELLED = "cancelled"
        DIGESTED = "digested"  # told as a line of a digest

    key = models.CharField(max_length=100)
    version = models.IntegerField(null=True)
    audience = models.CharField(max_length=140)
    channel = models.CharField(max_length=40, blank=True)
    urgency = models.CharField(max_length=10)
    rank = models.PositiveSmallIntegerField()  # 0 urgent, 1 normal, 2 digest: the order of delivery
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=4000)
    link = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    together = models.BooleanField(default=False)  # it waited: goes out in a digest
    tries = models.PositiveIntegerField(default=0)
    made = models.DateTimeField()
    next_at = models.DateTimeField()
    finished = models.DateTimeField(null=True)
    taken_by = models.CharField(max_length=60, blank=True)
    taken_until = models.DateTimeField(null=True)
    batch = models.CharField(max_length=40, blank=True)
    instead_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["channel", "rank", "next_at"],
                condition=models.Q(state="queued"),
                name="notice_queued",
            ),
            models.Index(fields=["key", "state"]),
        ]


class SendLog(models.Model):
    """What was done with a notice, in order; rows are only ever added. No secret stands in `detail`."""

    class Event(models.TextChoices):
        QUEUED = "queued"
        TRIED = "tried"  # written before the try: one without an end tells of a process that died
        ACCEPTED = "accepted"
        FAILED = "failed"
        FALLBACK = "fallback"
        CANCELLED = "cancelled"
        DIGESTED = "digested"

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="log")
    at = models.DateTimeField()
    channel = models.CharField(max_length=40, blank=True)
    event = models.CharField(max_length=10, choices=Event.choices)
    detail = models.CharField(max_length=300, blank=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("the send log is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("the send log is append-only")


class ChannelState(models.Model):
    """What a channel did of late, so that its limits hold across restarts and processes.

    `sent_at`: times of the last minute's messages as POSIX seconds. `shut_until`: the other side throttles
    us. `rest_until`: it could not be reached, so that the next message need not wait for it.
    """

    channel = models.CharField(max_length=40, primary_key=True)
    sent_at = models.JSONField(default=list)
    shut_until = models.DateTimeField(null=True)
    rest_until = models.DateTimeField(null=True)
    digested_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    ok_at = models.DateTimeField(null=True)
    error_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)


class EscalationRun(models.Model):
    """One climb up an escalation policy for one key. `version`: the state it was started for.

    `step` and `round`: where it stands; `next_at`: when its next timer is due, null when it ended.
    `asked_at`: when the one who acknowledged was asked whether he still works on it.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        ACKED = "acked"
        ENDED = "ended"

    key = models.CharField(max_length=100)
    version = models.IntegerField(null=True)
    policy = models.CharField(max_length=40)
    unit = models.CharField(max_length=100, blank=True)
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=4000)
    link = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    step = models.PositiveIntegerField(default=0)
    round = models.PositiveIntegerField(default=0)
    climbs = models.PositiveIntegerField(default=1)  # how often it began anew because an ack lapsed
    started = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    late = models.PositiveIntegerField(default=0)  # timers that ran late and merged
    acked_by = models.CharField(max_length=100, blank=True)
    acked_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key", "policy"],
                condition=~models.Q(state="ended"),
                name="one_escalation_a_key",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["next_at"])]
