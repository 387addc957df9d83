"""One tick: the process that holds the lease starts every plan that is due, once, however late it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from tlsec.scan.models import Lease, Plan
from tlsec.scan.plans import next_time

LEASE = "schedule"
HELD = timedelta(seconds=30)
LATE = timedelta(seconds=90)


def elected(owner: str, now: datetime) -> bool:
    """This process may tick: it holds the lease, or nobody does any more."""
    free = Q(owner=owner) | Q(until__lt=now)
    if Lease.objects.filter(free, name=LEASE).update(owner=owner, until=now + HELD):
        return True
    try:
        with transaction.atomic():
            Lease.objects.create(name=LEASE, owner=owner, until=now + HELD)
    except IntegrityError:
        return False
    return True


def resign(owner: str) -> None:
    """Give the lease back at an orderly end, so that another need not wait for it to lapse."""
    Lease.objects.filter(name=LEASE, owner=owner).delete()


def due(now: datetime) -> Iterator[tuple[Plan, int]]:
    """Plans to start now, each with the number of times it was missed.

    A plan's next time is moved on as it is handed out, so that a process that ends in the first of two
    loses nothing of the second. A plan that was missed many times runs once (coalesced) and the misses
    are counted and seen.
    """
    for plan in list(Plan.objects.filter(paused=False, next_at__lte=now).order_by("next_at", "id")):
        assert plan.next_at is not None
        missed = _times(plan.cadence, plan.next_at, now)
        if now - plan.next_at > LATE:
            missed += 1
        unchanged = Plan.objects.filter(id=plan.id, paused=False, next_at=plan.next_at)
        plan.next_at = next_time(plan.cadence, now)
        if unchanged.update(next_at=plan.next_at, missed=F("missed") + missed):
            plan.missed += missed
            yield plan, missed


def _times(cadence: str, first: datetime, now: datetime) -> int:
    """How many times of the cadence lie after `first` and not after `now`; counted to 10,000 at most."""
    count, moment = 0, next_time(cadence, first + timedelta(seconds=1))
    while moment is not None and moment <= now and count < 10_000:
        count += 1
        moment = next_time(cadence, moment + timedelta(seconds=1))
    return count


def tick(
    owner: str,
    now: datetime,
    start: Callable[[Plan, bool], None],
    going: Callable[[], bool] = lambda: True,
) -> bool:
    """One look at the clock. True while this process is the elected one.

    `going` is asked before each plan: one that is not handed out stays due for the next process.
    """
    if not elected(owner, now):
        return False
    found = due(now)
    while going() and (each := next(found, None)) is not None:
        plan, missed = each
        start(plan, missed > 0)
    return True
