"""Tables of what people add to an item: words, proof, exceptions with an end, second signatures."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tlsec.register.models import RiskItem


class Comment(models.Model):
    """What somebody wrote to an item."""

    item = models.ForeignKey(RiskItem, on_delete=models.PROTECT, related_name="comments")
    at = models.DateTimeField()
    by = models.CharField(max_length=100)
    text = models.CharField(max_length=2000)


class EvidenceFile(models.Model):
    """A file that proves something of an item, kept by its SHA-256 in the store (evidence.py).

    `passes`: for the record of a retest by machine, how many passes in a row it proves; else 0.
    """

    item = models.ForeignKey(RiskItem, on_delete=models.PROTECT, related_name="evidence")
    at = models.DateTimeField()
    by = models.CharField(max_length=100)
    kind = models.CharField(max_length=20)  # a key of evidence.KINDS
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    passes = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["sha256"])]


class _Held(models.Model):
    """An exception that somebody asked for, another approved, and that ends by itself.

    `warned`: days before the end of the last warning given. `ended` with its cause: expired, revoked,
    review (a key period began), fixed, or the command that took the item elsewhere.
    """

    asked_by = models.CharField(max_length=100)
    approved_by = models.CharField(max_length=100)
    reason = models.CharField(max_length=1000)
    start = models.DateTimeField()
    until = models.DateTimeField()
    warned = models.PositiveSmallIntegerField(null=True)
    ended = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=40, blank=True)

    class Meta:
        abstract = True


class ItemWaiver(_Held):
    """接受: the risk is borne until the end. The register's exceptions for checks are inventory.Waiver."""

    item = models.ForeignKey(RiskItem, on_delete=models.PROTECT, related_name="waivers")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ended", "until"])]


class Mitigation(_Held):
    """缓释: a control that holds the risk down until the fix."""

    item = models.ForeignKey(RiskItem, on_delete=models.PROTECT, related_name="mitigations")
    control = models.CharField(max_length=1000)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ended", "until"])]


class Request(models.Model):
    """A command that waits for a second person. `state`: asked, approved, refused, stale."""

    item = models.ForeignKey(RiskItem, on_delete=models.PROTECT, related_name="requests")
    command = models.CharField(max_length=30)
    version = models.IntegerField()
    params = models.JSONField(default=dict)
    reason = models.CharField(max_length=1000)
    asked = models.DateTimeField()
    asked_by = models.CharField(max_length=100)
    decided = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, default="asked")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "id"])]
