"""Table of the retest queue: what is kept between two passes, so that a killed process loses nothing."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Retest(models.Model):
    """One claimed fix on its way through its passes. Rows stay when they have ended.

    `claimed`: the claim it is for. `version`: of the item while this row has it in its retest; null before.
    `passes` seen in a row in the runs of `rounds`. `next_at`: when to look next, null when it ended; moved
    ahead while a look is on, so that one that was killed is looked at again. `why`: what it waits for, or
    how it ended. `tries`: looks in a row that tested nothing.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        BETWEEN = "between"  # passed at least once, and waits for the next pass
        PASSED = "passed"
        FAILED = "failed"
        LEFT = "left"  # the item went elsewhere: retested by hand, judged, merged

    item = models.CharField(max_length=20)
    claimed = models.DateTimeField(null=True)
    version = models.IntegerField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    passes = models.PositiveSmallIntegerField(default=0)
    rounds = models.JSONField(default=list)
    tries = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=300, blank=True)
    queued = models.DateTimeField()
    last_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item"],
                condition=models.Q(next_at__isnull=False),
                name="one_retest_an_item",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["next_at"])]
