"""Runs: start, go on, stop, sum up. The one door through which anything is probed."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from django.db import transaction
from django.db.models import Count

from tlsec import content
from tlsec.facts import Done, Target
from tlsec.i18n import _
from tlsec.inventory import record
from tlsec.inventory.lookup import Lookup
from tlsec.marked_yaml import Fault, Faulty
from tlsec.policy import bundle, words
from tlsec.policy.bundle import Policy
from tlsec.probe import (
    dns_records,
    http_page,
    http_visit,
    led_status,
    net_port,
    net_service,
    registry,
    tls_handshake,
)
from tlsec.probe.base import Probe, Result
from tlsec.probe.gateway import Gateway, GatewayError, Translate
from tlsec.register import journal, sla
from tlsec.scan import bulk, jobs, lease, plan_check
from tlsec.scan.executor import Executor, Finished
from tlsec.scan.jobs import JobSpec
from tlsec.scan.judging import Judging
from tlsec.scan.models import Job, Observation, Plan, Run, Traffic, Verdict
from tlsec.scan.plans import Step
from tlsec.scan.refusals import Refusals
from tlsec.scan.waivers import Waivers
from tlsec.workspace import Workspace

Progress = Callable[[int, int], None]


class NothingPermitted(Exception):
    """Every target is outside a live scope; nothing was sent."""


@dataclass(frozen=True)
class Ground:
    """What every run stands on: the opened workspace's content, register and rules."""

    workspace: Workspace
    policy: Policy
    lookup: Lookup
    sla: sla.Sla
    recurrence_days: int

    @classmethod
    def of(cls, workspace: Workspace, now: datetime) -> Ground:
        folders = content.policies(workspace.root)
        policy = bundle.load(folders, content.fact_types(), workspace.config.profile)
        limits, recurrence = sla.load(folders, workspace.config.sla)
        lookup = Lookup(now)
        plan_check.check(workspace.root / "plans.yaml", policy, lookup)
        return cls(workspace, policy, lookup, limits, recurrence)


def translate_for(workspace: Workspace) -> Translate:
    """Paper addresses are dialled as they are, or on loopback where the workspace says practice range."""
    if not workspace.config.practice_range:
        return lambda address, port: (address, port)
    from tlsec.range import mapping, state

    running = state.read(workspace.data)
    shift = running.port_shift if running else 0
    return lambda address, port: mapping.translate(address, port, shift if port else 0)


def plan_jobs(ground: Ground, steps: Iterable[Step], now: datetime) -> Iterator[JobSpec]:
    """The jobs of a plan's steps, in a stream."""
    for step in steps:
        yield from jobs.build(step, ground.lookup, ground.policy.ports, now)


def target_jobs(ground: Ground, target: str) -> list[JobSpec]:
    """The jobs for one asset, system, host name or address[:port]. Faulty when it is none of these."""
    lookup = ground.lookup
    address, port = _address(target)
    if address:
        known = [row for row in lookup.endpoints(address=address) if port in (0, row.port)]
        asset = lookup.find_asset(address=address) or f"u:{address}"
        listed = ground.policy.ports.get("high-risk", [])
        ports = (port,) if port else tuple(sorted({*listed, *(row.port for row in known)}))
        declared = tuple(row.port for row in known)
        first = jobs.spec(
            "net.port", main_vantage(ground), asset=asset, address=address, ports=ports,
            declared=declared, follow=True,
        )  # fmt: skip
        step = _everything(ground, assets=[asset])
        rest = (j for j in jobs.build(step, lookup, ground.policy.ports, datetime.now(UTC)))
        same = [j for j in rest if j.target.get("address") == address and j.probe != "net.port"]
        return [first, *(j for j in same if port in (0, j.target.get("port")))]
    for step in (
        _everything(ground, assets=[target]),
        _everything(ground, systems=[target]),
        _everything(ground, assets=[lookup.find_asset(host=target) or "-"]),
    ):
        found = list(jobs.build(step, lookup, ground.policy.ports, datetime.now(UTC)))
        if found:
            return found
    raise Faulty([Fault(target, _("台账里没有这个资产、系统、主机名，也不是地址"))])


def _everything(ground: Ground, **narrow: Any) -> Step:
    probes = [*(p for p in registry.PROBES if p not in jobs.WATCH_ONLY), record.ID]
    return Step(vantage=main_vantage(ground), probes=probes, ports="high-risk", **narrow)


def main_vantage(ground: Ground) -> str:
    """The vantage of the first plan's first step: where this machine stands."""
    plan = Plan.objects.order_by("id").first()
    return str(plan.steps[0]["vantage"]) if plan else next(iter(ground.lookup.vantages), "here")


def _address(target: str) -> tuple[str, int]:
    from ipaddress import ip_address

    text, port = target, 0
    if target.startswith("[") and "]" in target:
        text, _sep, tail = target[1:].partition("]")
        port = int(tail[1:]) if tail[1:].isdigit() else 0
    elif target.count(":") == 1 and target.rsplit(":", 1)[1].isdigit():
        text, tail = target.rsplit(":", 1)
        port = int(tail)
    if port > 65535:
        return "", 0
    try:
        return str(ip_address(text)), port
    except ValueError:
        return "", 0


def begin(
    ground: Ground,
    specs: Iterable[JobSpec],
    actor: str,
    *,
    kind: str,
    title: str,
    plan: str = "",
    late: bool = False,
) -> Run:
    """A run with its jobs in the database, all or none of them; nothing is sent yet."""
    profile, catalog = ground.policy.profile, ground.policy.catalog
    with transaction.atomic():
        run = Run.objects.create(
            kind=kind,
            plan=plan,
            title=title,
            actor=actor,
            started=datetime.now(UTC),
            late=late,
            versions={
                "profile": f"{profile.id}@{profile.version}",
                "catalog": f"{catalog.id}@{catalog.version}",
            },
        )
        lease.add(run.pk, specs)
        after = {"kind": kind, "title": title}
        journal.append(run.started, actor, "run.begin", f"run-{run.pk}", after)
    return run


def go(
    ground: Ground,
    run: Run,
    actor: str,
    progress: Progress = lambda done, added: None,
    opened: Callable[[Gateway], None] = lambda gateway: None,
    only: frozenset[str] | None = None,
) -> bool:
    """Work until the run is done (True) or stopped by a signal (False).

    Raises NothingPermitted, with nothing sent, when no job with an address lies in a live scope.
    """
    refusals = Refusals(run.pk, actor)
    gateway = Gateway(
        scopes=ground.lookup.scopes(),
        now=lambda: datetime.now(UTC),
        translate=translate_for(ground.workspace),
        on_refusal=refusals.note,
    )
    opened(gateway)  # whoever started the run may pull its stop switch
    lease.release_dead(run.pk, datetime.now(UTC))
    if run.kind != "plan" and not _any_permitted(gateway, run):
        with transaction.atomic():
            refusals.write()
            Job.objects.filter(run=run).update(state=Job.State.REFUSED)
            _end(run, Run.State.STOPPED, actor)
        raise NothingPermitted
    refusals.drop()  # what that look counted is counted again by the jobs themselves
    done = _execute(ground, run, gateway, refusals, progress, only)
    with transaction.atomic():
        refusals.write()
        _keep_traffic(run, gateway)
        _end(run, Run.State.DONE if done else Run.State.STOPPED, actor)
    return done


def _any_permitted(gateway: Gateway, run: Run) -> bool:
    """Whether one of the jobs left may be sent; also when none of them has an address."""
    left = Job.objects.filter(run=run, state__in=(Job.State.WAITING, Job.State.LEASED))
    addressed = False
    for target in left.values_list("target", flat=True).iterator():
        if not target.get("address"):
            continue
        addressed = True
        try:
            gateway.permit(target["address"], target.get("port", 0))
        except GatewayError:
            continue
        return True
    return not addressed


def _execute(
    ground: Ground,
    run: Run,
    gateway: Gateway,
    refusals: Refusals,
    progress: Progress,
    only: frozenset[str] | None,
) -> bool:
    judging = Judging(
        run,
        ground.policy,
        ground.lookup,
        ground.sla,
        ground.recurrence_days,
        Waivers(ground.lookup.waivers()),
        keep_all=run.kind != "plan",
        only=only,
    )

    def store(batch: list[Finished]) -> int:
        with transaction.atomic():
            refusals.write()
            return judging.store(batch)

    executor = Executor(
        run=run.pk,
        gateway=gateway,
        probes=probes_of(ground.workspace),
        vantages=ground.lookup.vantage,
        store=store,
        records=lambda target: _record(ground, target),
        progress=progress,
    )

    async def work() -> bool:
        loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(name, gateway.stop)
        return await executor.work()

    return asyncio.run(work())


def _record(ground: Ground, target: Target) -> Result:
    facts = record.read(target.asset, datetime.now(UTC), ground.workspace.receipts)
    return Result({"asset": target.asset}, Done(facts))


def probes_of(workspace: Workspace, bodies: bool = False) -> dict[str, Probe]:
    """Every probe as this workspace wants it: with its roots, page marks and words.

    `bodies`: pages are handed out as they were read (the watch keeps those that changed).
    """
    roots = [
        certificate
        for name in workspace.config.trust
        if (file := workspace.root / name).is_file()
        for certificate in _certificates(file, name)
    ]
    marks = http_page.load_signatures(_marks(workspace.root))
    lists = words.load(content.policies(workspace.root))
    return {
        probe.id: probe
        for probe in (
            net_port.NetPort(),
            net_service.NetService(),
            tls_handshake.TlsHandshake(roots=roots),
            http_page.HttpPage(signatures=marks, words=words.Words(lists), bodies=bodies),
            http_visit.HttpVisit(),
            led_status.LedStatus(),
            dns_records.DnsRecords(),
        )
    }


def _certificates(file: Path, name: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except ValueError as error:
        raise Faulty([Fault(name, _("不是 PEM 格式的证书文件（tlsec.yaml 的 trust）"))]) from error


def _marks(root: Path) -> Path:
    folders = content.policies(root)
    return next(f for r in reversed(folders) if (f := r / "marks" / "default-pages.yaml").is_file())


def _keep_traffic(run: Run, gateway: Gateway) -> None:
    bulk.insert(
        Traffic,
        (
            {
                "run_id": run.pk, "address": t.address, "connections": t.connections,
                "datagrams": t.datagrams, "bytes_read": t.bytes_read,
                "refused_by_scope": t.refused_by_scope,
            }
            for t in gateway.traffic()
        ),
    )  # fmt: skip


def _end(run: Run, state: str, actor: str) -> None:
    """Close the run, unless another process still works on it or has already closed it."""
    run.refresh_from_db()
    now = datetime.now(UTC)
    alive = Job.objects.filter(run=run, state=Job.State.LEASED, lease_until__gt=now).exists()
    if run.state == Run.State.DONE or alive:
        return
    run.state, run.ended = state, now
    run.save(update_fields=["state", "ended"])
    journal.append(now, actor, f"run.{state}", f"run-{run.pk}", summary(run))
    Plan.objects.filter(id=run.plan).update(last_at=run.started)


def summary(run: Run) -> dict[str, Any]:
    """The numbers of a run, with the keys that machines read (architecture §7)."""
    verdicts: dict[str, int] = dict(
        Verdict.objects.filter(run=run, waived="")
        .values_list("state")
        .annotate(n=Count("id"))
        .order_by("state")
    )
    if waived := Verdict.objects.filter(run=run).exclude(waived="").count():
        verdicts["waived"] = waived
    ended = run.ended or datetime.now(UTC)
    return {
        "run": run.pk,
        "state": run.state,
        "targets": Observation.objects.filter(run=run).values("subject").distinct().count(),
        "jobs": lease.counts(run.pk),
        "observations": Observation.objects.filter(run=run).count(),
        "ports_asked": run.ports_asked,
        "verdicts": verdicts,
        "alerts": {"new": run.new_alerts, "again": run.again_alerts},
        "duration_s": round((ended - run.started).total_seconds(), 1),
    }
