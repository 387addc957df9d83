"""Tables of the day: what units reported, who was told that they did not, what the bureau reported."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tlsec.period.models import Period


class ZeroReport(models.Model):
    """A unit's report of one day: 无事报平安, 有情况报情况. `system`: one system's receipt, "" for the whole unit.

    `cutoff`: until when it had to be here; one that came later counts as 未报 and is kept all the same.
    """

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="zero_reports")
    unit = models.CharField(max_length=64)  # id in the register
    system = models.CharField(max_length=64, blank=True)
    day = models.DateField()
    cutoff = models.DateTimeField()
    received = models.DateTimeField()
    late = models.BooleanField()
    event = models.BooleanField()  # 有情况
    content = models.JSONField(default=dict)  # the boxes of the form
    reporter = models.CharField(max_length=100)
    source = models.CharField(max_length=10)  # file, xlsx, form
    origin = models.CharField(max_length=300, blank=True)  # the file's name
    sha256 = models.CharField(max_length=64, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["period", "unit", "system", "day"], name="one_zero_report_a_day"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["period", "day"])]


class ZeroReminder(models.Model):
    """A rung of the missing ladder that was climbed. `late`: told after its time, because nothing ran then."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="zero_reminders")
    unit = models.CharField(max_length=64)
    day = models.DateField()
    rung = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    late = models.BooleanField(default=False)
    told = models.BooleanField(default=True)  # False: a later rung was told in its place

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["period", "unit", "day", "rung"], name="one_reminder_a_rung"
            )
        ]


class DailyReport(models.Model):
    """日报: the frozen numbers of one day. A new edition is a row of its own; nothing is written over.

    `numbers`: by key {"value", "query", "rows", "digest"} (numbers.py). `facts`: lists and words of the paper.
    """

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="dailies")
    number = models.PositiveIntegerField()  # 第X期
    day = models.DateField()
    edition = models.PositiveSmallIntegerField(default=1)
    start = models.DateTimeField()
    until = models.DateTimeField()
    made = models.DateTimeField()
    made_by = models.CharField(max_length=100)
    reason = models.CharField(max_length=300, blank=True)  # of a new edition
    numbers = models.JSONField()
    facts = models.JSONField()
    digest = models.CharField(max_length=64)
    head = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["period", "day", "edition"], name="one_daily_an_edition"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["period", "-day", "-edition"])]
