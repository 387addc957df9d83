"""What becomes of jobs: probes that raise, jobs that kill, leases that break, results that come twice."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.scan.fakes import Ports, begin, ports_of
from tlsec.facts import Done
from tlsec.probe.base import Result
from tlsec.probe.net_port import Port, PortFacts

if TYPE_CHECKING:
    from tlsec.scan.jobs import JobSpec
    from tlsec.scan.runs import Ground

HERE = ("203.0.113.10", "203.0.113.11", "203.0.113.12")


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    """Every port is open; 203.0.113.11 breaks the probe at its second port."""
    from tlsec.scan import runs

    def broken(port: int) -> None:
        if port != 1:
            raise RuntimeError("接错线")

    fake = Ports(a203_0_113_11=broken)
    monkeypatch.setattr(runs, "probes_of", lambda workspace: {"net.port": fake})
    yield fake


def observed(run: int) -> dict[tuple[str, int], str]:
    """(address, port) → reason, "" when done."""
    import json

    from tlsec.scan.models import Observation

    rows = Observation.objects.filter(run=run).values_list("locator_key", "reason")
    places = [(json.loads(key), reason) for key, reason in rows]
    return {(place["address"], place["port"]): reason for place, reason in places}


def counts(run: int) -> dict[str, int]:
    from tlsec.scan import lease

    return lease.counts(run)


def test_a_raising_probe_is_an_error_and_the_scan_goes_on(ground: Ground, probe: Ports) -> None:
    from tlsec.scan import runs
    from tlsec.scan.models import Observation, Verdict

    run = begin(ground, [ports_of(address, 1, 2, 3) for address in HERE])
    assert runs.go(ground, run, "甲")
    bug = "bug_in_probe"
    seen = observed(run.pk)
    assert seen == {(address, port): "" for address in HERE for port in (1, 2, 3)} | {
        (HERE[1], 2): bug,
        (HERE[1], 3): bug,  # what was not asked any more is not passed over in silence
    }
    detail = Observation.objects.filter(run=run, reason=bug).first()
    assert detail is not None and detail.detail == "RuntimeError: 接错线"
    states = Verdict.objects.filter(run=run, why=bug).values_list("state", flat=True)
    assert set(states) == {"error"}
    assert counts(run.pk) == {"done": 3}


def test_an_unknown_vantage_probe_or_asset_is_an_error_of_its_job_only(
    ground: Ground, probe: Ports
) -> None:
    from tlsec.scan import jobs, runs
    from tlsec.scan.models import Observation

    run = begin(
        ground,
        [
            ports_of(HERE[0], 1),
            ports_of(HERE[0], 1, vantage="gone"),
            jobs.spec("inventory.record", "z6", asset="A-gone"),
        ],
    )
    assert runs.go(ground, run, "甲")
    reasons = Observation.objects.filter(run=run).order_by("probe", "vantage")
    assert list(reasons.values_list("probe", "vantage", "reason")) == [
        ("inventory.record", "z6", "bug_in_probe"),
        ("net.port", "gone", "bug_in_probe"),
        ("net.port", "z6", ""),
    ]


def test_a_job_that_breaks_its_lease_three_times_is_lost_and_said_so(
    ground: Ground, probe: Ports
) -> None:
    from tlsec.scan import lease, runs, summary
    from tlsec.scan.models import Job, Verdict

    run = begin(ground, [ports_of(address, 1) for address in (HERE[0], HERE[2])])
    poison = Job.objects.filter(run=run).order_by("id")[:1].get()
    now = datetime.now(UTC)
    for n in range(lease.MAX_TRIES):  # a process takes it and dies of it
        later = now + n * 2 * lease.LEASE
        assert poison.id in [job.id for job in lease.take(run.pk, 1 + n, f"甲:1:{n}", later)]
        others = Job.objects.filter(run=run).exclude(pk=poison.pk)
        others.update(state="waiting", tries=0, owner="", lease_until=None)
    Job.objects.filter(pk=poison.pk).update(lease_until=now)
    assert runs.go(ground, run, "甲")
    assert counts(run.pk) == {"done": 1, "lost": 1}
    assert probe.asked == [(HERE[2], 1)]
    assert observed(run.pk) == {(HERE[0], 1): "lost", (HERE[2], 1): ""}
    assert set(Verdict.objects.filter(run=run, why="lost").values_list("state", flat=True)) == {
        "error"
    }
    paper = summary.of(run, ground.workspace, ground.policy)
    assert any(row.reason == summary.reason_word("lost") for row in paper.untested)


def test_fresh_jobs_come_before_those_that_once_killed_a_process(ground: Ground) -> None:
    from tlsec.scan import lease

    run = begin(ground, [ports_of(address, 1) for address in HERE])
    now = datetime.now(UTC)
    first = lease.take(run.pk, 1, "甲:1:1", now)
    later = lease.take(run.pk, 3, "乙:1:1", now + 2 * lease.LEASE)
    assert [job.id for job in later][-1] == first[0].id
    assert [job.tries for job in later] == [1, 1, 2]


def test_an_orderly_stop_is_no_fault_of_the_job(ground: Ground) -> None:
    from tlsec.scan import lease

    run = begin(ground, [ports_of(HERE[0], 1)])
    for _n in range(5):
        (job,) = lease.take(run.pk, 9, lease.me(), datetime.now(UTC))
        assert job.tries == 1
        lease.release(run.pk, lease.me())


@pytest.mark.parametrize(
    ("owner", "free"),
    [
        ("{host}:{pid}:{born}", False),  # alive: this very process
        ("{host}:{pid}:7", True),  # the pid lives, but as another process
        ("{host}:4194999:7", True),  # beyond any pid
        ("elsewhere:{pid}:7", False),  # of another machine nothing is known but the lease
    ],
)
def test_whose_lease_is_broken_at_once(ground: Ground, owner: str, free: bool) -> None:
    from tlsec.scan import lease

    run = begin(ground, [ports_of(HERE[0], 1)])
    now = datetime.now(UTC)
    host, pid, born = lease.me().rsplit(":", 2)
    assert host == socket.gethostname()[:30]
    assert int(pid) == os.getpid()
    lease.take(run.pk, 1, owner.format(host=host, pid=pid, born=born), now)
    lease.release_dead(run.pk, now)
    assert bool(lease.take(run.pk, 1, "乙:1:1", now + timedelta(seconds=1))) is free


def test_results_of_a_job_that_was_handed_on_are_dropped(ground: Ground) -> None:
    from tlsec.scan import lease
    from tlsec.scan.executor import Finished
    from tlsec.scan.judging import Judging
    from tlsec.scan.models import Job, Run
    from tlsec.scan.waivers import Waivers

    run = begin(ground, [ports_of(HERE[0], 1)])
    now = datetime.now(UTC)
    (slow,) = lease.take(run.pk, 1, "甲:1:1", now)
    (quick,) = lease.take(run.pk, 1, "乙:1:1", now + 2 * lease.LEASE)
    judging = Judging(
        run, ground.policy, ground.lookup, ground.sla, ground.recurrence_days, Waivers([])
    )

    def finished(job: Job) -> Finished:
        place = {"address": HERE[0], "port": 1, "proto": "tcp", "vantage": "z6"}
        result = Result(place, Done(PortFacts(Port(1, "open"))))
        return Finished(job, 1, [(result, now, now)])

    judging.store([finished(slow)])
    assert counts(run.pk) == {"leased": 1}
    judging.store([finished(quick)])
    judging.store([finished(quick)])
    judging.store([finished(slow)])
    assert counts(run.pk) == {"done": 1}
    assert Run.objects.get(pk=run.pk).ports_asked == 1


def test_a_run_is_planned_whole_or_not_at_all(ground: Ground) -> None:
    from tlsec.register.models import Journal
    from tlsec.scan.models import Job, Run

    def specs() -> Iterator[JobSpec]:
        for port in range(5000):
            yield ports_of(f"203.0.{port // 256}.{port % 256}", 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin(ground, specs())
    assert (Run.objects.count(), Job.objects.count(), Journal.objects.count()) == (0, 0, 0)


def test_the_same_job_planned_twice_is_one(ground: Ground, probe: Ports) -> None:
    from tlsec.scan import lease, runs

    run = begin(ground, [ports_of(HERE[0], 1), ports_of(HERE[0], 1)])
    lease.add(run.pk, [ports_of(HERE[0], 1)])
    assert runs.go(ground, run, "甲")
    assert probe.asked == [(HERE[0], 1)]


def test_closed_ports_are_counted_and_kept_only_where_they_matter(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An undeclared closed port leaves no row, unless an alert stands there: then it is seen to clear."""
    from tlsec.register.models import Alert
    from tlsec.scan import jobs, runs

    class Switched(Ports):
        state = "open"

        async def run(self, target: Any, gateway: Any) -> Any:
            async for result in super().run(target, gateway):
                yield Result(
                    result.locator, Done(PortFacts(Port(result.locator["port"], self.state)))
                )

    fake = Switched()
    monkeypatch.setattr(runs, "probes_of", lambda workspace: {"net.port": fake})
    job = jobs.spec(
        "net.port", "z6", asset="A-S16", address="192.0.2.11", ports=(27017,), declared=(),
        follow=False,
    )  # fmt: skip
    runs.go(ground, begin(ground, [job]), "甲")
    alert = Alert.objects.get(check_id="net.exposure")
    assert (alert.open, alert.condition) == (True, "firing")
    fake.state = "closed"
    run = begin(ground, [job, ports_of(HERE[0], 9)])
    runs.go(ground, run, "甲")
    alert.refresh_from_db()
    assert (alert.open, alert.condition) == (True, "clear")  # noted; only a retest closes
    assert set(observed(run.pk)) == {("192.0.2.11", 27017), (HERE[0], 9)}
