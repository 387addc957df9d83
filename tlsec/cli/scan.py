"""tlsec scan: run a plan or look at one target now; go on with a run that was cut short."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import (
    CANNOT_RUN,
    FINDINGS,
    actor,
    fail,
    faults_end_here,
    open_workspace,
    print_json,
)
from tlsec.i18n import _, listed

if TYPE_CHECKING:
    from tlsec.scan.models import Run
    from tlsec.scan.runs import Ground

INTERRUPTED = 130


@click.command(
    help=_("按计划巡检（缺省为第一个计划），或只看一个目标；resume 续跑中断的巡检。")
    + "\n\n"
    + _("例：tlsec scan；tlsec scan --target S14；tlsec scan --dry-run；tlsec scan resume 12")
)
@click.argument("plan", required=False, metavar=_("[计划|resume]"))
@click.argument("run_id", required=False, type=int, metavar=_("[编号]"))
@click.option("--target", help=_("资产、系统、主机名、地址或 地址:端口"))
@click.option("--dry-run", is_flag=True, help=_("只列出会触及的地址、端口和探针，不发送任何数据"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.option(
    "--fail-on",
    type=click.Choice(["none", "fail"]),
    default="none",
    help=_("有不符合项时退出码为 1"),
)
@click.pass_context
def scan(
    ctx: click.Context,
    plan: str | None,
    run_id: int | None,
    target: str | None,
    dry_run: bool,
    as_json: bool,
    fail_on: str,
) -> None:
    _one_wish(plan, run_id, target)
    ground = open_ground(ctx)
    if dry_run:
        _dry_run(ground, plan, target, as_json)
        return
    run = _resumed(run_id) if plan == "resume" else _begun(ground, plan, target, actor(ctx))
    done = work(ground, run, actor(ctx), quiet=as_json)
    _report(run, done, as_json)
    if not done:
        sys.exit(INTERRUPTED)
    from tlsec.scan import runs

    if fail_on == "fail" and runs.summary(run)["verdicts"].get("fail"):
        sys.exit(FINDINGS)


def _one_wish(plan: str | None, run_id: int | None, target: str | None) -> None:
    """A plan, a run to go on with, or a target: what is named twice must not be half ignored."""
    if target is not None and not target.strip():
        raise click.UsageError(_("--target 是空的"))
    if target is not None and plan is not None:
        raise click.UsageError(_("计划与 --target 只能写一个"))
    if run_id is not None and plan != "resume":
        raise click.UsageError(_("巡检编号只用于续跑：tlsec scan resume 编号"))


def open_ground(ctx: click.Context) -> Ground:
    """The opened workspace with content, register and plans read."""
    from datetime import UTC, datetime

    workspace = open_workspace(ctx)
    from tlsec.scan import plans, runs

    now = datetime.now(UTC)
    with faults_end_here():
        if (file := workspace.root / "plans.yaml").is_file():
            plans.sync(file, now)
        return runs.Ground.of(workspace, now)


def _plan(name: str | None) -> Any:
    from tlsec.scan.models import Plan

    plan = Plan.objects.filter(id=name).first() if name else Plan.objects.order_by("id").first()
    if plan is None and not name:
        fail(_("还没有计划：在工作区写 plans.yaml。"), 2)
    if plan is None:
        known = listed(Plan.objects.values_list("id", flat=True)) or _("无")
        fail(_("没有计划 {name}，可用：{known}").format(name=name or "", known=known), 2)
    return plan


def _begun(ground: Ground, name: str | None, target: str | None, who: str) -> Run:
    from datetime import UTC, datetime

    from tlsec.scan import plans, runs

    with faults_end_here():
        if target:
            specs = runs.target_jobs(ground, target)
            title = _("巡检目标 {target}").format(target=target)
            return runs.begin(ground, specs, who, kind="target", title=title)
        plan = _plan(name)
        jobs = runs.plan_jobs(ground, plans.steps_of(plan), datetime.now(UTC))
        return runs.begin(ground, jobs, who, kind="plan", title=plan.title, plan=plan.id)


def _resumed(run_id: int | None) -> Run:
    from django.db.models import Q

    from tlsec.scan.models import Job, Run

    left = Job.objects.filter(state__in=(Job.State.WAITING, Job.State.LEASED)).values("run")
    unfinished = Run.objects.filter(Q(state=Run.State.RUNNING) | Q(pk__in=left))
    unfinished = unfinished.exclude(kind="retest").order_by("-id")  # a retest is begun anew
    run = unfinished.filter(pk=run_id).first() if run_id else unfinished.first()
    if run is None:
        fail(_("没有可续跑的巡检"), 2)
    run.state = Run.State.RUNNING
    run.save(update_fields=["state"])
    return run


def work(ground: Ground, run: Run, who: str, quiet: bool) -> bool:
    """Work off a run with a progress bar. Ends the command with 3 when no scope permits it."""
    from tlsec.scan import lease, runs

    counts = lease.counts(run.pk)
    left = sum(counts.get(state, 0) for state in ("waiting", "leased"))
    try:
        with show.progress(left, run.title, quiet) as bar:
            return runs.go(ground, run, who, bar.advance)
    except runs.NothingPermitted:
        fail(_("目标不在有效授权范围内，未发送任何数据；已记入审计链。"), CANNOT_RUN)


def _report(run: Run, done: bool, as_json: bool) -> None:
    from tlsec.scan import runs

    summary = runs.summary(run)
    if as_json:
        print_json(summary)
        return
    out = show.console()
    if not done:
        left = summary["jobs"].get("waiting", 0)
        out.print(_("已停止。已完成的结果都在库中，还有 {n} 项未做。").format(n=left))
        out.print(_("续跑：tlsec scan resume {id}").format(id=run.pk))
    line = _("巡检 {id}：对象 {targets} 个，观测 {observations} 条，用时 {duration_s} 秒")
    out.print(
        line.format(id=run.pk, **{k: summary[k] for k in ("targets", "observations", "duration_s")})
    )
    states = [f"{show.word(show.VERDICTS, s)} {n}" for s, n in summary["verdicts"].items()]
    out.print(_("判定：") + "  ".join(states))
    alerts = summary["alerts"]
    out.print(_("告警：新增 {new}，再现 {again}").format(**alerts))
    if alerts["new"] or alerts["again"]:
        out.print(_("查看：tlsec register list"))


def _dry_run(ground: Ground, name: str | None, target: str | None, as_json: bool) -> None:
    """Every address, port and probe, in a stream: a big city is listed without being held."""
    from datetime import UTC, datetime

    from tlsec.scan import jobs, plans, runs

    with faults_end_here():
        specs = (
            runs.target_jobs(ground, target)
            if target
            else runs.plan_jobs(ground, plans.steps_of(_plan(name)), datetime.now(UTC))
        )
        lines = jobs.preview(iter(specs))
        if as_json:
            print_json(
                {
                    "jobs": [
                        {"probe": p.probe, "vantage": p.vantage, "target": p.what, "ports": p.ports}
                        for p in lines
                    ]
                }
            )
            return
        addresses: set[str] = set()
        count = ports = 0
        for p in lines:
            count += 1
            ports += len(p.ports)
            if p.probe == "net.port":
                addresses.add(p.what)
            extra = " " + ",".join(map(str, p.ports)) if p.ports else ""
            click.echo(f"{p.vantage}\t{p.probe}\t{p.what}{extra}")
        click.echo(
            _("共 {count} 项：{addresses} 个地址，{ports} 次端口探测；未发送任何数据。").format(
                count=count, addresses=len(addresses), ports=ports
            ),
            err=True,
        )
