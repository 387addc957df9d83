"""A changed page (or other drift) accepted by a person: the newest observation becomes the baseline."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tlsec.facts import locator_key
from tlsec.i18n import _
from tlsec.policy.bundle import Policy
from tlsec.register import items, journal
from tlsec.register.items import Refused
from tlsec.register.transitions import OPEN
from tlsec.scan.models import Baseline, Observation


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
                },
            )
            after = {"item": no, "place": dict(alert.locator), "run": seen.run_id}
            journal.append(now, actor, "baseline.accept", no, after, reason)
            count += 1
    return count
