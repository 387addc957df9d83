"""Tables of a scan. Rows that come in bulk are written by `bulk.insert`, so they hold no ORM logic."""

from __future__ import annotations

from django.db import models


class Plan(models.Model):
    """A plan of plans.yaml as it is being run; the file is the source, this row is its state."""

    id = models.CharField(primary_key=True, max_length=64)
    title = models.CharField(max_length=200)
    cadence = models.CharField(max_length=64)
    steps = models.JSONField()
    paused = models.BooleanField(default=False)
    last_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    missed = models.IntegerField(default=0)


class Run(models.Model):
    """One pass over a plan, a target or a retest."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"

    kind = models.CharField(max_length=16)  # plan, target, retest
    plan = models.CharField(max_length=64, blank=True)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    actor = models.CharField(max_length=100)
    started = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    late = models.BooleanField(default=False)  # caught up after a missed time
    versions = models.JSONField(default=dict)  # profile, catalogue
    ports_asked = models.IntegerField(default=0)
    new_alerts = models.IntegerField(default=0)
    again_alerts = models.IntegerField(default=0)


class Job(models.Model):
    """A leased unit of work: one probe on one target. `key` makes creating it twice harmless."""

    class State(models.TextChoices):
        WAITING = "waiting"
        LEASED = "leased"
        DONE = "done"
        REFUSED = "refused"  # out of scope
        LOST = "lost"  # given up after too many broken leases

    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    key = models.CharField(max_length=300)
    probe = models.CharField(max_length=40)
    target = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    owner = models.CharField(max_length=60, blank=True)
    lease_until = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="job_once_a_run")]
        indexes = [models.Index(fields=["run", "state"])]


class Observation(models.Model):
    """One attempt at one locator. `locator_key` is the canonical text of `locator`."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    probe = models.CharField(max_length=40)
    probe_version = models.IntegerField()
    subject = models.CharField(max_length=100)
    locator_key = models.CharField(max_length=500)
    vantage = models.CharField(max_length=40)
    started = models.DateTimeField()
    ended = models.DateTimeField()
    reason = models.CharField(max_length=20, blank=True)  # "" when done
    detail = models.CharField(max_length=300, blank=True)
    facts = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "probe", "locator_key"], name="observed_once_a_run"
            )
        ]
        indexes = [models.Index(fields=["probe", "locator_key", "-id"])]


class Verdict(models.Model):
    """What one check said of one observation (same run, probe and locator)."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    probe = models.CharField(max_length=40)
    locator_key = models.CharField(max_length=500)
    subject = models.CharField(max_length=100)
    check_id = models.CharField(max_length=80)
    check_version = models.IntegerField()
    profile = models.CharField(max_length=80)  # id@version
    state = models.CharField(max_length=16)
    why = models.CharField(max_length=500, blank=True)
    clauses = models.JSONField()
    waived = models.CharField(
        max_length=40, blank=True
    )  # the waiver that covers every failing clause
    now = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "check_id", "locator_key"], name="judged_once_a_run"
            )
        ]
        indexes = [
            models.Index(fields=["run", "state"]),
            models.Index(fields=["check_id", "locator_key", "-id"]),
        ]


class Baseline(models.Model):
    """Facts that later ones are compared with; the first ones taken, or those a person approved."""

    probe = models.CharField(max_length=40)
    locator_key = models.CharField(max_length=500)
    facts = models.JSONField()
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True)
    taken = models.DateTimeField()
    approved_by = models.CharField(max_length=100, blank=True)
    visits = models.IntegerField(default=0)  # that something was learnt from (noise.py)
    noise = models.JSONField(default=dict)
    seen = models.JSONField(default=dict)
    measures = models.JSONField(default=dict)  # noise.Limits it was learnt by

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["probe", "locator_key"], name="one_baseline_a_place")
        ]


class Traffic(models.Model):
    """What a run sent to one address."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    address = models.CharField(max_length=45)
    connections = models.IntegerField()
    datagrams = models.IntegerField()
    bytes_read = models.BigIntegerField()
    refused_by_scope = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["run", "address"])]


class Lease(models.Model):
    """Who does what only one process may do (the scheduler's tick)."""

    name = models.CharField(primary_key=True, max_length=40)
    owner = models.CharField(max_length=60)
    until = models.DateTimeField()


# the table of this app that lives in a file of its own; Django looks for it from here
import tlsec.scan.models_retest  # noqa: E402, F401
