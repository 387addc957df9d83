"""Tables of the change freeze and of what was blocked."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tlsec.period.models import Period


class Freeze(models.Model):
    """封网: a rule over systems in a window. `systems` empty: all protected ones.

    `rule`: forbid 禁止变更, approve 需审批, allow 允许. Where several apply, the one that names the system wins.
    """

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="freezes")
    number = models.CharField(max_length=60, blank=True)  # 文号
    rule = models.CharField(max_length=10)
    systems = models.JSONField(default=list)
    start = models.DateTimeField()
    until = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=100)
    ended = models.DateTimeField(null=True)  # lifted
    ended_by = models.CharField(max_length=100, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ended", "start", "until"])]


class FreezeException(models.Model):
    """变更例外: a change that is allowed in its window. `checks`: [{"check", "clauses"}] that stay silent then."""

    freeze = models.ForeignKey(Freeze, on_delete=models.PROTECT, related_name="exceptions")
    number = models.CharField(max_length=30, unique=True)
    systems = models.JSONField()
    what = models.CharField(max_length=1000)
    risk = models.CharField(max_length=1000)
    rollback = models.CharField(max_length=1000)
    checks = models.JSONField(default=list)
    start = models.DateTimeField()
    until = models.DateTimeField()
    asked = models.DateTimeField()
    asked_by = models.CharField(max_length=100)
    decided = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, default="asked")  # asked, approved, refused, revoked
    reason = models.CharField(max_length=500, blank=True)  # of the decision
    version = models.IntegerField(default=1)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "start", "until"])]


class Block(models.Model):
    """封禁清单: an address or block that is refused at a point, until when, and what lifts it."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, null=True, related_name="blocks")
    network = models.CharField(max_length=49)
    direction = models.CharField(max_length=5)  # in, out, both
    basis = models.CharField(max_length=200)
    point = models.CharField(max_length=100)
    start = models.DateTimeField()
    until = models.DateTimeField()
    operator = models.CharField(max_length=100)
    lift_when = models.CharField(max_length=300)
    lifted = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=100, blank=True)
    lifted_why = models.CharField(max_length=300, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["network", "direction", "point"],
                condition=models.Q(lifted=None),
                name="blocked_once_at_a_point",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["lifted", "until"])]
