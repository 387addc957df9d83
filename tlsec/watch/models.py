"""Tables of the watch: how each check stands at each place, stretches of outage and tampering, counts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Standing(models.Model):
    """How one check of one monitor stands at one place; what a killed process goes on from.

    `count` failures in a row since `failing_since`; `confirmed_at` once a second look failed too.
    `second`: what the second look said last: failed, passed, unknown, "" when none was taken.
    """

    monitor = models.CharField(max_length=64)
    check_id = models.CharField(max_length=80)
    subject = models.CharField(max_length=100)
    locator_key = models.CharField(max_length=500)
    state = models.CharField(max_length=16, default="unknown")  # of the last verdict
    count = models.IntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    second = models.CharField(max_length=10, blank=True)
    second_from = models.CharField(max_length=40, blank=True)  # vantage; "" for a second try
    second_at = models.DateTimeField(null=True)
    last_success = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)  # the last look that could tell
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["monitor", "check_id", "locator_key"], name="one_standing_a_place"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["failing_since"]),
            models.Index(fields=["subject"]),
        ]


class Spell(models.Model):
    """A confirmed stretch of outage or tampering at one place: from its first failed look to the next success.

    `line`: which thresholds apply (a measure of ladders/incident-thresholds.yaml, "" for none).
    `marks`: ids of the marks already warned of.
    """

    kind = models.CharField(max_length=10)  # outage, tamper
    monitor = models.CharField(max_length=64)
    check_id = models.CharField(max_length=80)
    subject = models.CharField(max_length=100)
    system_id = models.CharField(max_length=64, blank=True)
    locator_key = models.CharField(max_length=500)
    page = models.CharField(max_length=10, blank=True)  # home, other
    line = models.CharField(max_length=40, blank=True)
    last_success = models.DateTimeField(null=True)  # the last one before it
    since = models.DateTimeField()  # machine detection: the first failed look
    confirmed = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    marks = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["monitor", "check_id", "locator_key"],
                condition=models.Q(ended=None),
                name="one_open_spell",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "since"]), models.Index(fields=["ended"])]


class Tally(models.Model):
    """Visits of one place on one day (Asia/Shanghai). Looks that could not tell are counted apart."""

    monitor = models.CharField(max_length=64)
    subject = models.CharField(max_length=100)
    locator_key = models.CharField(max_length=500)
    day = models.DateField()
    visits = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    untold = models.IntegerField(default=0)
    first = models.DateTimeField()
    last = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["monitor", "locator_key", "day"], name="one_tally_a_day"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["day"])]


class Beat(models.Model):
    """One minute of the watch: looks begun, how late the latest was, how many could not be begun."""

    minute = models.DateTimeField(primary_key=True)
    looks = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)  # the look before was still going on
    late = models.IntegerField(default=0)  # begun later than the limit of ladders/watch.yaml
    drift_sum_ms = models.BigIntegerField(default=0)
    drift_max_ms = models.IntegerField(default=0)
    line_down = models.IntegerField(default=0)  # not begun: our own line was down


class Uplink(models.Model):
    """How our own line stands at a vantage."""

    vantage = models.CharField(primary_key=True, max_length=40)
    up = models.BooleanField()
    since = models.DateTimeField()
    asked = models.DateTimeField()
    detail = models.CharField(max_length=300, blank=True)


class PageCopy(models.Model):
    """A page kept as evidence of a confirmed change, by content hash in data/evidence."""

    monitor = models.CharField(max_length=64)
    subject = models.CharField(max_length=100)
    locator_key = models.CharField(max_length=500)
    check_id = models.CharField(max_length=80)
    at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    size = models.IntegerField()
    kind = models.CharField(max_length=10, default="html")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["locator_key", "-at"]),
            models.Index(fields=["at"]),
        ]
