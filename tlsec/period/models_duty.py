"""Tables of the duty: who stands watch when, whether they can be reached, what was handed over."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tlsec.period.models import Period


class Shift(models.Model):
    """One person's place in one shift. Rosters outlive periods, so a shift belongs to none.

    `role`: leader 带班领导, main and backup 值班员, support 技术支撑. `planned`: who stood there before swaps.
    """

    day = models.DateField()  # the day it begins, in Asia/Shanghai
    name = models.CharField(max_length=20)  # 白班, 夜班
    role = models.CharField(max_length=10)
    seat = models.PositiveSmallIntegerField(default=1)  # where a role has several
    start = models.DateTimeField()
    until = models.DateTimeField()
    person = models.CharField(max_length=100)
    unit = models.CharField(max_length=100, blank=True)
    title = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    mail = models.CharField(max_length=100, blank=True)
    place = models.CharField(max_length=100, blank=True)
    planned = models.CharField(max_length=100, blank=True)
    note = models.CharField(max_length=300, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["start", "name", "role", "seat"], name="one_person_a_seat"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["role", "start", "until"])]


class Contact(models.Model):
    """Somebody was called to see whether they can be reached."""

    person = models.CharField(max_length=100)
    at = models.DateTimeField()
    by = models.CharField(max_length=100)
    reached = models.BooleanField()
    how = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person", "-at"])]


class Handover(models.Model):
    """交接班: the desk as it stood, frozen by its digest, signed by the one who goes and the one who comes.

    `head`: the journal's newest hash when it was frozen, of which papers print 16 characters.
    """

    period = models.ForeignKey(
        Period, on_delete=models.PROTECT, null=True, related_name="handovers"
    )
    at = models.DateTimeField()
    since = models.DateTimeField()  # what the snapshot counts from: the handover before
    outgoing = models.CharField(max_length=100)
    incoming = models.CharField(max_length=100)
    snapshot = models.JSONField()
    digest = models.CharField(max_length=64)
    head = models.CharField(max_length=64)
    taken = models.DateTimeField(null=True)
    taken_note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(outgoing=models.F("incoming")), name="two_people_hand_over"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["-at"])]
