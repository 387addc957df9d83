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
    drill = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True)  # when people were last told, which is not muting
    told_severity = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], condition=models.Q(open=True), name="one_open_head"
            )
        ]
        indexes = [
            models.Index(fields=["fingerprint", "-episode"]),
            models.Index(
                fields=["id"], condition=models.Q(open=True, told_at=None), name="alert_untold"
            ),
            models.Index(fields=["subject"], condition=models.Q(open=True), name="alert_heads_of"),
        ]


class RiskItem(models.Model):
    """A row of the ledger. `version` rises with each command; a stale command is refused.

    Severity is three columns: what the machine said, what the asset weighs (1..4, its grade), and the
    final one that limits and papers go by. `state` is what people do; whether the source still fires is
    in the alerts, and whether anybody is told is computed (muting.py), so neither is a state.
    """

    no = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=20)
    version = models.IntegerField(default=1)
    source = models.CharField(max_length=20, default="monitor")  # a key of transitions.SOURCES
    drill = models.BooleanField(default=False)
    period = models.CharField(max_length=40, blank=True)  # the key period it was opened in
    case = models.CharField(max_length=40, blank=True)  # number of the case it became
    check_id = models.CharField(max_length=80)
    probed = models.BooleanField(default=True)  # a check of ours can retest it
    title = models.CharField(max_length=200)
    category = models.CharField(max_length=60, blank=True)
    flaw = models.CharField(max_length=60, blank=True)  # CVE or CNVD number
    subject = models.CharField(max_length=100)
    address = models.CharField(max_length=300, blank=True)
    unit = models.CharField(max_length=100, blank=True)
    county = models.CharField(max_length=100, blank=True)
    system = models.CharField(max_length=100, blank=True)
    system_id = models.CharField(max_length=64, blank=True)
    zone = models.CharField(max_length=20, blank=True)
    machine_severity = models.CharField(max_length=10)
    asset_weight = models.PositiveSmallIntegerField(default=1)
    severity = models.CharField(max_length=10)
    description = models.CharField(max_length=1000)
    impact = models.CharField(max_length=1000, blank=True)
    remediation = models.CharField(max_length=1000, blank=True)
    items = models.JSONField(default=list)  # clause ids at the system's grade
    opened = models.DateTimeField()
    due = models.DateTimeField(null=True)  # of the fix clock, repeated for lists
    dispatched = models.DateTimeField(null=True)
    notice = models.CharField(max_length=60, blank=True)  # 文号 it was sent out under
    signed = models.DateTimeField(null=True)
    extended_to = models.DateTimeField(null=True)
    extended_by = models.CharField(max_length=100, blank=True)  # who approved it
    fix_claimed = models.DateTimeField(null=True)
    fixer = models.CharField(max_length=100, blank=True)
    measure = models.CharField(max_length=1000, blank=True)
    retested = models.DateTimeField(null=True)
    retested_by = models.CharField(max_length=100, blank=True)
    retest_result = models.CharField(max_length=300, blank=True)
    closed = models.DateTimeField(null=True)
    closure_reason = models.CharField(max_length=40, blank=True)
    reopened = models.IntegerField(default=0)
    recurrence_of = models.CharField(max_length=20, blank=True)
    merged_into = models.CharField(max_length=20, blank=True)
    before_merge = models.CharField(max_length=20, blank=True)  # the state to go back to
    alerts = models.ManyToManyField(Alert, related_name="items")

    class Meta:
        indexes = [
            models.Index(fields=["state", "due"]),
            models.Index(fields=["due"]),
            models.Index(fields=["unit", "state"]),
            models.Index(fields=["system_id", "state"]),
            models.Index(fields=["merged_into"]),
        ]


class Numbering(models.Model):
    """The last number given under a prefix (YJ-2026-), so that the next is found without looking through all."""

    prefix = models.CharField(max_length=20, primary_key=True)
    last = models.PositiveIntegerField()


class Journal(models.Model):
    """Append-only record of every command, each holding the hash of the one before."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    command = models.CharField(max_length=60)
    object = models.CharField(max_length=100)
    after = models.JSONField()
    reason = models.CharField(max_length=1000, blank=True)
    batch = models.CharField(max_length=40, blank=True)  # the bulk command it was part of
    previous = models.CharField(max_length=64, unique=True)  # unique: the chain cannot fork
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["object", "seq"])]


# the tables of this app that live in files of their own; Django looks for them from here
import tlsec.register.models_clocks  # noqa: E402
import tlsec.register.models_handling  # noqa: E402
import tlsec.register.models_intake  # noqa: E402
import tlsec.register.models_muting  # noqa: E402
import tlsec.register.models_outbox  # noqa: E402, F401
