"""A changed page (or other drift) accepted by a person: the newest observation becomes the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from tlsec.facts import locator_key
from tlsec.i18n import _
from tlsec.policy.bundle import Policy
from tlsec.register import items, journal
from tlsec.register.items import Refused
from tlsec.register.transitions import OPEN
from tlsec.scan import noise
from tlsec.scan.models import Baseline, Observation
from tlsec.scan.noise import Learnt, Limits


def compared(
    row: Baseline, facts: Mapping[str, Any] | None, limits: Limits | None, learning: bool
) -> Mapping[str, Any]:
    """What a place's facts are held against: the approved ones, but for what was learnt to be noise.

    `limits`: of a monitor that learns; within its first visits each is learnt from, once.
    """
    approved: Mapping[str, Any] = row.facts
    if facts is None or row.probe != "http.page" or not facts["page"].get("parts"):
        return approved
    learnt = Learnt(row.visits, row.noise, row.seen)
    due = limits is not None and learning and row.visits < limits.visits
    if limits is not None and due and noise.learn(learnt, approved, facts, limits):
        row.visits, row.noise, row.seen = learnt.visits, learnt.noise, learnt.seen
        row.measures = asdict(limits)
        row.save(update_fields=["visits", "noise", "seen", "measures"])
    if not (row.noise or row.seen):
        return approved
    if noise.only_noise(learnt, approved, facts, limits or Limits(**row.measures)):
        return noise.as_the_same(approved, facts)
    return approved


def accept(policy: Policy, no: str, actor: str, now: datetime, reason: str) -> int:
    """Make what was last seen at the places of an item the approved baseline; how many places.

    The item stays open: its closing is still proved by a retest, now against the new baseline.
    Raises Refused for an item of another kind of check, or without a reason.
    """
    item = items.find(no)
    loaded = policy.checks.get(item.check_id)
    if loaded is None or not loaded.check.baseline:
        raise Refused(_("{no} 不是与基线比较的检查项，没有基线可更新").format(no=no))
    if item.state not in OPEN:
        raise Refused(_("{no} 已结，不能更新基线").format(no=no))
    if not reason.strip():
        raise Refused(_("更新基线需要说明，请加 --reason"))
    probe = loaded.check.probe_id
    count = 0
    with transaction.atomic():
        for alert in item.alerts.filter(open=True):
            key = locator_key(alert.locator)
            seen = (
                Observation.objects.filter(probe=probe, locator_key=key, reason="")
                .order_by("-id")
                .first()
            )
            if seen is None:
                continue
            Baseline.objects.update_or_create(
                probe=probe,
                locator_key=key,
                defaults={
                    "facts": seen.facts,
                    "run": seen.run,
                    "taken": seen.ended,
                    "approved_by": actor,
                    # what changes by itself on the new page is learnt anew
                    "visits": 0,
                    "noise": {},
                    "seen": {},
                },
            )
            after = {"item": no, "place": dict(alert.locator), "run": seen.run_id}
            journal.append(now, actor, "baseline.accept", no, after, reason)
            count += 1
    return count
