"""Tables of what keeps an alert from being told, of what raises the watch, and of saved lists."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class VerdictMemory(models.Model):
    """A judgement that holds for one fingerprint until it ends: false positive or not applicable.

    The alert is still counted and shown; nobody is told of it.
    """

    fingerprint = models.CharField(max_length=70)
    verdict = models.CharField(max_length=20)  # false-positive, not-applicable
    item = models.CharField(max_length=20)  # number of the item it was judged on
    by = models.CharField(max_length=100)
    reason = models.CharField(max_length=1000)
    start = models.DateTimeField()
    until = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=models.Q(ended=None),
                name="one_verdict_remembered",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["ended", "until"])]


class Silence(models.Model):
    """Nobody is told of what matches until the end. Every value of `match` has to equal; see silences.py.

    `members`: fingerprints that matched when it was made; another one that comes ends the silence, unless
    `covers_new`. `warned`: its owner was told that it will end.
    """

    match = models.JSONField()
    members = models.JSONField(default=list)
    covers_new = models.BooleanField(default=False)
    by = models.CharField(max_length=100)
    approved_by = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=1000)
    start = models.DateTimeField()
    until = models.DateTimeField()
    warned = models.BooleanField(default=False)
    ended = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ended", "until"])]


class Inhibition(models.Model):
    """What depends on what: while `cause` is in trouble, its dependants' troubles are shown under it.

    `target`: what depends, by `kind` (all, zone, system, asset); "" for all. `cause`: subject of the alert
    that explains them, e.g. a gateway's asset id, or u:uplink for our own line. Checks by their beginnings.
    """

    kind = models.CharField(max_length=10)
    target = models.CharField(max_length=100, blank=True)
    cause = models.CharField(max_length=100)
    cause_checks = models.JSONField(default=list)
    checks = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True)
    by = models.CharField(max_length=100)
    made = models.DateTimeField()
    ended = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["cause"])]


class SavedView(models.Model):
    """A list that somebody wants again: filters and order of `register list` by name."""

    name = models.CharField(max_length=60, unique=True)
    filters = models.JSONField(default=dict)
    sort = models.CharField(max_length=20, blank=True)
    by = models.CharField(max_length=100)
    at = models.DateTimeField()


class Posture(models.Model):
    """What a key period raises, from `start` until it is lowered. Written by the period room.

    `systems`: ids of the protected objects; empty for all. `profile`: limits of ladders/sla.yaml.
    `uplift`: steps that new items of protected objects are raised by. `silence_hours`: longest silence
    (null: no own limit). `two_person`: a silence needs a second person.
    """

    period = models.CharField(max_length=40)
    profile = models.CharField(max_length=40)
    systems = models.JSONField(default=list)
    uplift = models.PositiveSmallIntegerField(default=0)
    silence_hours = models.PositiveIntegerField(null=True)
    two_person = models.BooleanField(default=True)
    start = models.DateTimeField()
    until = models.DateTimeField(null=True)  # planned end; the period room lowers it

    class Meta:
        indexes: ClassVar = [models.Index(fields=["start", "until"])]
