"""Tables of the register."""

from __future__ import annotations

from django.db import models


class Alert(models.Model):
    """One identity and episode. At most one open head a fingerprint; `condition` is the machine's only."""

    class Condition(models.TextChoices):
        FIRING = "firing"
        CLEAR = "clear"
        UNKNOWN = "unknown"  # looked, could not tell: never taken for clear

    fingerprint = models.CharField(max_length=70)
    episode = models.IntegerField(default=1)
    open = models.BooleanField(default=True)
    check_id = models.CharField(max_length=80)
    subject = models.CharField(max_length=100)  # asset id, or u:<address>
    locator = models.JSONField()
    severity = models.CharField(max_length=10)
    condition = models.CharField(max_length=10, choices=Condition.choices)
    message = models.CharField(max_length=1000)
    message_en = models.CharField(max_length=1000, blank=True)
    clauses = models.JSONField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    count = models.IntegerField(default=1)
    run = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], condition=models.Q(open=True), name="one_open_head"
            )
        ]
        indexes = [models.Index(fields=["fingerprint", "-episode"])]


class RiskItem(models.Model):
    """A row of the ledger. `version` rises with each command; a stale command is refused."""

    no = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=20)
    version = models.IntegerField(default=1)
    check_id = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    category = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=100)
    address = models.CharField(max_length=300, blank=True)
    unit = models.CharField(max_length=100, blank=True)
    county = models.CharField(max_length=100, blank=True)
    system = models.CharField(max_length=100, blank=True)
    zone = models.CharField(max_length=20, blank=True)
    severity = models.CharField(max_length=10)
    description = models.CharField(max_length=1000)
    remediation = models.CharField(max_length=1000, blank=True)
    items = models.JSONField(default=list)  # clause ids at the system's grade
    opened = models.DateTimeField()
    due = models.DateTimeField(null=True)
    dispatched = models.DateTimeField(null=True)
    signed = models.DateTimeField(null=True)
    fix_claimed = models.DateTimeField(null=True)
    fixer = models.CharField(max_length=100, blank=True)
    measure = models.CharField(max_length=1000, blank=True)
    retested = models.DateTimeField(null=True)
    retest_result = models.CharField(max_length=300, blank=True)
    closed = models.DateTimeField(null=True)
    closure_reason = models.CharField(max_length=40, blank=True)
    reopened = models.IntegerField(default=0)
    recurrence_of = models.CharField(max_length=20, blank=True)
    alerts = models.ManyToManyField(Alert, related_name="items")

    class Meta:
        indexes = [models.Index(fields=["state"]), models.Index(fields=["due"])]


class Journal(models.Model):
    """Append-only record of every command, each holding the hash of the one before."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    command = models.CharField(max_length=60)
    object = models.CharField(max_length=100)
    after = models.JSONField()
    reason = models.CharField(max_length=1000, blank=True)
    previous = models.CharField(max_length=64, unique=True)  # unique: the chain cannot fork
    hash = models.CharField(max_length=64)
