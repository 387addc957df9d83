"""Tables of a key period: what it is, what has to be done in it, what is done to last only as long.

Every row that people change carries a `version`; a command names the one it saw.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Period(models.Model):
    """A key period. `definition` is the file it was opened from (plan.py), `raised` what entering changed.

    `phase`: prepare 备战, ready 临战, live 实战, review 总结. `systems`: ids of the protected systems.
    """

    class State(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    id = models.CharField(primary_key=True, max_length=40)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)  # major 重大保障, exercise 护网
    profile = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    phase = models.CharField(max_length=10)
    systems = models.JSONField(default=list)
    definition = models.JSONField()
    raised = models.JSONField(null=True)  # what was changed and has to be put back; null: nothing
    opened = models.DateTimeField()
    opened_by = models.CharField(max_length=100)
    closed = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="open"), name="one_open_period"
            )
        ]


class Phase(models.Model):
    """A phase of a period: planned window, and when it was really entered and left."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="phases")
    name = models.CharField(max_length=10)
    start = models.DateTimeField()
    until = models.DateTimeField()
    entered = models.DateTimeField(null=True)
    left = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["period", "name"], name="one_phase_a_name")
        ]


class TemporaryControl(models.Model):
    """Something done only for the period: a site shut, a white list, an isolated segment.

    `restore`: how it is taken back. It always has an end and a task to take it back.
    """

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="controls")
    kind = models.CharField(max_length=20)  # a key of controls.KINDS
    target = models.CharField(max_length=200)
    system = models.CharField(max_length=64, blank=True)
    what = models.CharField(max_length=1000)
    restore = models.CharField(max_length=1000)
    owner = models.CharField(max_length=100)
    by = models.CharField(max_length=100)
    start = models.DateTimeField()
    until = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=100, blank=True)
    ended_note = models.CharField(max_length=1000, blank=True)
    told = models.DateTimeField(null=True)  # when its owner was told that its end has passed
    version = models.IntegerField(default=1)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ended", "until"])]


class ChecklistItem(models.Model):
    """A thing to be done in a phase. `key` is that of the profile, or restore:<what> for a restore task."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="checklist")
    phase = models.CharField(max_length=10)
    key = models.CharField(max_length=80)
    text = models.CharField(max_length=500)
    owner = models.CharField(max_length=100, blank=True)
    due = models.DateTimeField()
    required = models.BooleanField(default=True)
    control = models.ForeignKey(
        TemporaryControl, on_delete=models.PROTECT, null=True, related_name="tasks"
    )
    done = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=100, blank=True)
    proof = models.CharField(max_length=300, blank=True)
    proof_sha256 = models.CharField(max_length=64, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["period", "key"], name="one_task_a_key")
        ]
        indexes: ClassVar = [models.Index(fields=["period", "phase", "done"])]


# the tables of this app that live in files of their own; Django looks for them from here
import tlsec.period.models_daily  # noqa: E402
import tlsec.period.models_duty  # noqa: E402
import tlsec.period.models_freeze  # noqa: E402, F401
