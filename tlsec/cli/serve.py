"""tlsec serve: the plans and the watch, day and night."""

from __future__ import annotations

import signal
import threading
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tlsec.cli import show
from tlsec.cli.context import actor
from tlsec.cli.scan import open_ground
from tlsec.i18n import _
from tlsec.marked_yaml import Faulty
from tlsec.schedule.hooks import HOOKS, Hook

if TYPE_CHECKING:
    from tlsec.probe.gateway import Gateway
    from tlsec.scan.models import Plan
    from tlsec.watch.service import Keeping

LOOK_SECONDS = 5


@click.command(
    help=_(
        "按 plans.yaml 的周期巡检、按 monitors.yaml 持续监测；错过的只补跑一次并标明。Ctrl-C 结束。"
    )
    + "\n\n"
    + _("例：tlsec serve")
)
@click.option("--once", is_flag=True, help=_("只看一次时钟，跑完到期的计划就结束"))
@click.pass_context
def serve(ctx: click.Context, once: bool) -> None:
    root = open_ground(ctx).workspace.root
    serving = Serving(root, actor(ctx), beside=not once)
    if once:
        serving.look()
        for hook in HOOKS:
            serving.duty(hook)
        serving.resign()
        return
    from apscheduler.schedulers.blocking import BlockingScheduler

    scheduler = BlockingScheduler(timezone="Asia/Shanghai")
    scheduler.add_job(
        serving.look, "interval", seconds=LOOK_SECONDS, coalesce=True, max_instances=1,
        next_run_time=datetime.now(UTC),
    )  # fmt: skip

    for hook in HOOKS:
        scheduler.add_job(
            serving.duty, "interval", args=[hook], seconds=hook.seconds, coalesce=True,
            max_instances=1, id=hook.name,
        )  # fmt: skip

    def end(*_signal: object) -> None:
        serving.stop()
        scheduler.shutdown(wait=False)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    click.echo(_("开始值守，Ctrl-C 结束。下次运行见 tlsec plan next。"), err=True)
    scheduler.start()
    serving.resign()
    click.echo(_("已结束值守。"), err=True)


class Serving:
    """One process that looks at the clock, runs what is due one plan after the other, and keeps the watch.

    `beside`: a plan runs in a thread of its own, so that a long one holds up neither the next look at the
    clock (which keeps the lease) nor the duties nor the watch.
    """

    def __init__(self, root: Path, actor: str, beside: bool = True) -> None:
        from tlsec.scan import lease

        self._root, self._actor, self._owner = root, actor, lease.me()
        self._beside = beside
        self._stopped = threading.Event()
        self._busy = threading.Lock()  # held during a look
        self._running: Gateway | None = None
        self._plan: threading.Thread | None = None
        self._monitors: Keeping | None = None
        self._standing_by = False
        self._said = ""  # the faults last told

    def stop(self) -> None:
        """End the run of this moment and start no other. From any thread."""
        self._stopped.set()
        if running := self._running:
            running.stop()
        if self._monitors is not None:
            self._monitors.stop()

    def look(self) -> None:
        """One look at plans.yaml and the clock.

        A fault in the file is said once and nothing is started until it is mended; what was missed by
        then is caught up.
        """
        with self._busy:
            self._look()

    def _look(self) -> None:
        from tlsec.scan import plans
        from tlsec.schedule import ticker

        if self._stopped.is_set():
            return
        now = datetime.now(UTC)
        try:
            if (file := self._root / "plans.yaml").is_file():
                plans.sync(file, now)
        except Faulty as error:
            self._say(error)
            return
        self._said = ""
        start = self._start_beside if self._beside else self._start
        elected = ticker.tick(self._owner, now, start, going=self._free)
        self._watch(elected)
        if not elected and not self._standing_by:
            click.echo(_("另一进程正在值守，本进程待命。"), err=True)
        self._standing_by = not elected

    def _free(self) -> bool:
        """Whether a plan may be handed out; one that is not stays due for the next look."""
        running = self._plan is not None and self._plan.is_alive()
        return not self._stopped.is_set() and not running

    def _start_beside(self, plan: Plan, late: bool) -> None:
        here = copy_context()  # the language of the user goes along

        def work() -> None:
            from django.db import close_old_connections, connection

            try:
                self._start(plan, late)
            except Exception as error:  # told; the next plan and the watch go on
                text = _("计划 {id} 中断（{error}）")
                said = f"{type(error).__name__}: {error}"
                click.echo(text.format(id=plan.id, error=said), err=True)
            finally:
                close_old_connections()
                connection.close()

        self._plan = threading.Thread(target=here.run, args=(work,), name="tlsec-plan")
        self._plan.start()

    def _watch(self, elected: bool) -> None:
        """The monitors run in the one process that holds the lease."""
        if not self._beside:
            return
        if self._monitors is None:
            from tlsec.watch.service import Keeping

            self._monitors = Keeping(self._root, lambda text: click.echo(text, err=True))
        if elected and not self._stopped.is_set():
            self._monitors.begin()
        else:
            self._monitors.stop()

    def duty(self, hook: Hook) -> None:
        """One run of a duty, in a thread of its own; its failure is told and ends nothing else."""
        from django.db import close_old_connections

        from tlsec.schedule import ticker

        now = datetime.now(UTC)
        if self._stopped.is_set() or not ticker.elected(self._owner, now):
            return
        try:
            hook.load()(now)
        except (
            Exception
        ) as error:  # a duty is somebody else's code: nothing of it may end the watch
            text = _("值守任务 {name} 出错，下次再试（{error}）")
            click.echo(
                text.format(name=hook.name, error=f"{type(error).__name__}: {error}"), err=True
            )
        finally:
            close_old_connections()

    def resign(self) -> None:
        """Free the place for another process, when the run of this moment has put its results away."""
        from tlsec.schedule import ticker

        if self._plan is not None:
            self._plan.join()
        if self._monitors is not None:
            self._monitors.end()
        with self._busy:
            ticker.resign(self._owner)

    def _start(self, plan: Plan, late: bool) -> None:
        """One run of a plan with freshly read content, so that edited files count from the next run on."""
        from django.db.models import F

        from tlsec import workspace
        from tlsec.scan import plans, runs
        from tlsec.scan.models import Plan

        now = datetime.now(UTC)
        try:
            ground = runs.Ground.of(workspace.read(self._root), now)
            jobs = runs.plan_jobs(ground, plans.steps_of(plan), now)
            run = runs.begin(
                ground, jobs, self._actor, kind="plan", title=plan.title, plan=plan.id, late=late
            )
            mark = _("（补跑）") if late else ""
            click.echo(f"{show.moment(now)} {plan.title}{mark} #{run.pk}", err=True)
            done = runs.go(ground, run, self._actor, opened=self._opened)
            self._running = None
            counts = runs.summary(run)["alerts"]
            text = _("完成，新告警 {new}，再现 {again}") if done else _("已停止")
            said = text.format(**counts)
            click.echo(f"{show.moment(datetime.now(UTC))} {plan.title} {said}", err=True)

        except Faulty as error:
            self._say(error)
            Plan.objects.filter(id=plan.id).update(missed=F("missed") + 1)

    def _say(self, error: Faulty) -> None:
        """Every fault of a file on stderr, once as long as they stay the same."""
        if str(error) != self._said:
            click.echo(str(error), err=True)
        self._said = str(error)

    def _opened(self, gateway: Gateway) -> None:
        self._running = gateway
        if self._stopped.is_set():  # the signal came while the run was being planned
            gateway.stop()
