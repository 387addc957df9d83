"""Jobs are leased in the database, so a killed scan loses nothing and does nothing twice."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Count, F

from tlsec.scan import bulk
from tlsec.scan.jobs import JobSpec
from tlsec.scan.models import Job

LEASE = timedelta(seconds=120)
MAX_TRIES = 3


def me() -> str:
    """This process, told apart from another that later gets the same pid."""
    return f"{_host()}:{os.getpid()}:{_born(os.getpid())}"


def _host() -> str:
    return socket.gethostname()[:30]  # an owner has 60 characters


def _born(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def add(run: int, specs: Iterable[JobSpec]) -> None:
    """Rows for jobs, in chunks; a job that the run already has is left alone."""
    stream = iter(specs)
    while chunk := list(islice(stream, bulk.CHUNK)):
        bulk.insert(
            Job,
            (
                {
                    "run_id": run, "key": s.key, "probe": s.probe, "target": dict(s.target),
                    "state": Job.State.WAITING,
                }
                for s in chunk
            ),
        )  # fmt: skip


def take(run: int, count: int, owner: str, now: datetime) -> list[Job]:
    """Lease up to `count` jobs; those whose lease broke before come last, lest one of them ends us again.

    A job handed out with more than MAX_TRIES tries is not to be run but to be given up as lost.
    """
    with transaction.atomic():
        waiting = Job.objects.filter(run=run, state=Job.State.WAITING)
        broken = Job.objects.filter(run=run, state=Job.State.LEASED, lease_until__lt=now)
        lock = connection.features.has_select_for_update_skip_locked
        jobs: list[Job] = []
        for queue in (waiting, broken):
            if len(jobs) < count:
                rows = queue.order_by("id")[: count - len(jobs)]
                jobs += rows.select_for_update(skip_locked=True) if lock else rows
        Job.objects.filter(id__in=[job.id for job in jobs]).update(
            state=Job.State.LEASED, owner=owner, lease_until=now + LEASE, tries=F("tries") + 1
        )
    for job in jobs:
        job.tries, job.owner = job.tries + 1, owner
    return jobs


def held(jobs: Iterable[Job]) -> set[int]:
    """Ids of the jobs that whoever took them still holds; the others were handed on or are settled."""
    taken = {job.id: job.owner for job in jobs}
    rows = Job.objects.filter(id__in=list(taken), state=Job.State.LEASED)
    if connection.features.has_select_for_update:
        rows = rows.select_for_update()
    return {id_ for id_, owner in rows.values_list("id", "owner") if owner == taken[id_]}


def settle(jobs: Iterable[int], state: str) -> None:
    """Mark jobs done or refused; part of the transaction that stores what they brought."""
    Job.objects.filter(id__in=list(jobs)).update(state=state, owner="", lease_until=None)


def release(run: int, owner: str) -> None:
    """Give back what this process holds: it was stopped before it finished them, through no fault of theirs."""
    Job.objects.filter(run=run, state=Job.State.LEASED, owner=owner).update(
        state=Job.State.WAITING, owner="", lease_until=None, tries=F("tries") - 1
    )


def release_dead(run: int, now: datetime) -> None:
    """Break at once the leases of dead processes of this host, without waiting for their end."""
    held = Job.objects.filter(run=run, state=Job.State.LEASED)
    for owner in held.values_list("owner", flat=True).distinct():
        host, pid, born = owner.rsplit(":", 2)
        if host == _host() and _born(int(pid)) != born:
            held.filter(owner=owner).update(lease_until=now - LEASE)


def counts(run: int) -> dict[str, int]:
    """Jobs by state."""
    rows = Job.objects.filter(run=run).values_list("state").annotate(n=Count("id"))
    return dict(rows.order_by("state"))
