"""Tables of the clocks: one row a clock, one row a stretch of its time. The arithmetic: policy/clock.py."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tlsec.register.models import RiskItem


class Clock(models.Model):
    """One of the four clocks of an item. What it says is computed from its segments and the time.

    `due` repeats what the segments say, for queries; null while there is no limit, while it is paused and
    after it stopped. `next_at`: when the sweep has to look at it again. `told`: rungs already told of,
    0 none, 1 warned, 2 due, 3 overdue once… `item_version`: the state of the item it was set for.
    """

    class Kind(models.TextChoices):
        JUDGE = "judge"  # 研判
        SIGN = "sign"  # 下发→签收
        FIX = "fix"  # 处置
        RETEST = "retest"  # 复测

    item = models.ForeignKey(RiskItem, on_delete=models.PROTECT, related_name="clocks")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    due = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    told = models.PositiveIntegerField(default=0)
    item_version = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "kind"], name="one_clock_a_kind")
        ]
        indexes: ClassVar = [models.Index(fields=["next_at"]), models.Index(fields=["kind", "due"])]


class ClockSegment(models.Model):
    """A stretch of a clock's time under one calendar. Rows are added and ended, never rewritten.

    `limit` and `left` in microseconds of open time: the whole allowance, and what was left of it at `start`
    (negative once overdue); null for no limit. `until`: when a pause ends by itself.
    """

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="segments")
    n = models.PositiveIntegerField()
    start = models.DateTimeField()
    stop = models.DateTimeField(null=True)
    calendar = models.CharField(
        max_length=20
    )  # of ladders/calendars.yaml; "paused": no time counts
    limit = models.BigIntegerField(null=True)
    left = models.BigIntegerField(null=True)
    until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["clock", "n"], name="one_segment_a_number")
        ]
