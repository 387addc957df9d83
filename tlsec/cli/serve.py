"""tlsec serve: the plans, day and night."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from tlsec.cli import show
from tlsec.cli.scan import open_ground
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.scan.models import Plan


@click.command(
    help=_("按 plans.yaml 的周期持续巡检；错过的只补跑一次并标明。Ctrl-C 结束。")
    + "\n\n"
    + _("例：tlsec serve")
)
@click.option("--once", is_flag=True, help=_("只看一次时钟，跑完到期的计划就结束"))
@click.pass_context
def serve(ctx: click.Context, once: bool) -> None:
    open_ground(ctx)
    from apscheduler.schedulers.blocking import BlockingScheduler

    from tlsec.scan import lease
    from tlsec.schedule import ticker

    owner = lease.me()
    stop = threading.Event()

    def look() -> None:
        if not stop.is_set():
            elected = ticker.tick(
                owner, datetime.now(UTC), lambda plan, late: _start(ctx, plan, late)
            )
            if not elected:
                click.echo(_("另一进程正在值守，本进程待命。"), err=True)

    if once:
        look()
        ticker.resign(owner)
        return
    scheduler = BlockingScheduler(timezone="Asia/Shanghai")
    scheduler.add_job(
        look, "interval", seconds=5, coalesce=True, max_instances=1, next_run_time=datetime.now(UTC)
    )

    def end(*_signal: object) -> None:
        stop.set()
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, end)
    click.echo(_("开始值守，Ctrl-C 结束。下次运行见 tlsec plan next。"), err=True)
    try:
        scheduler.start()
    except KeyboardInterrupt:
        stop.set()
    ticker.resign(owner)
    click.echo(_("已结束值守。"), err=True)


def _start(ctx: click.Context, plan: Plan, late: bool) -> None:
    """One run of a plan with freshly read content, so that edited files count from the next run on."""
    from tlsec.cli.context import actor
    from tlsec.scan import plans, runs

    ground = open_ground(ctx)
    now = datetime.now(UTC)
    jobs = runs.plan_jobs(ground, plans.steps_of(plan), now)
    run = runs.begin(
        ground, jobs, actor(ctx), kind="plan", title=plan.title, plan=plan.id, late=late
    )
    mark = _("（补跑）") if late else ""
    click.echo(f"{show.moment(now)} {plan.title}{mark} #{run.pk}", err=True)
    done = runs.go(ground, run, actor(ctx))
    counts = runs.summary(run)["alerts"]
    text = _("完成，新告警 {new}，再现 {again}") if done else _("已停止")
    click.echo(f"{show.moment(datetime.now(UTC))} {plan.title} {text.format(**counts)}", err=True)
