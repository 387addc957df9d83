"""tlsec plan: what runs when."""

from __future__ import annotations

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, actor, fail, print_json, with_example
from tlsec.cli.scan import open_ground
from tlsec.i18n import _


@click.group(
    help=_("巡检计划：查看、暂停、恢复。计划本身写在工作区的 plans.yaml。")
    + "\n\n"
    + _("例：tlsec plan list；tlsec plan pause daily")
)
def plan() -> None: ...


@plan.command(
    "list", help=with_example(_("全部计划及下次、上次、漏跑次数"), "tlsec plan list --json")
)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    _show(ctx, as_json, soonest=False)


@plan.command("next", help=with_example(_("按下次运行时间排列"), "tlsec plan next"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def next_(ctx: click.Context, as_json: bool) -> None:
    _show(ctx, as_json, soonest=True)


def _show(ctx: click.Context, as_json: bool, soonest: bool) -> None:
    open_ground(ctx)
    from tlsec.scan.models import Plan

    rows = list(Plan.objects.order_by("next_at" if soonest else "id"))
    if as_json:
        keys = [
            {
                "id": p.id,
                "title": p.title,
                "next": p.next_at,
                "last": p.last_at,
                "missed": p.missed,
                "paused": p.paused,
            }
            for p in rows
        ]
        print_json({"plans": keys})
        return
    out = show.console()
    if not rows:
        out.print(_("还没有计划：在工作区写 plans.yaml。"))
        return
    table = show.table(
        _("编号"), _("名称"), _("周期"), _("下次"), _("上次"), _("漏跑"), _("状态"), flexible=[1]
    )
    for p in rows:
        state = _("已暂停") if p.paused else _("运行")
        table.add_row(
            p.id,
            show.cell(p.title),
            p.cadence,
            show.moment(p.next_at),
            show.moment(p.last_at),
            str(p.missed),
            state,
        )
    out.print(table)


@plan.command(help=with_example(_("暂停一个计划"), "tlsec plan pause daily"))
@click.argument("plan_id", metavar=_("计划"))
@click.pass_context
def pause(ctx: click.Context, plan_id: str) -> None:
    _set_paused(ctx, plan_id, True)


@plan.command(help=with_example(_("恢复一个计划"), "tlsec plan resume daily"))
@click.argument("plan_id", metavar=_("计划"))
@click.pass_context
def resume(ctx: click.Context, plan_id: str) -> None:
    _set_paused(ctx, plan_id, False)


def _set_paused(ctx: click.Context, plan_id: str, paused: bool) -> None:
    from datetime import UTC, datetime

    open_ground(ctx)
    from django.db import transaction

    from tlsec.register import journal
    from tlsec.scan.models import Plan
    from tlsec.scan.plans import next_time

    row = Plan.objects.filter(id=plan_id).first()
    if row is None:
        fail(_("没有计划 {id}").format(id=plan_id), BAD_INPUT)
    now = datetime.now(UTC)
    with transaction.atomic():
        row.paused = paused
        row.next_at = next_time(row.cadence, now)
        row.save()
        name = "plan.pause" if paused else "plan.resume"
        journal.append(now, actor(ctx), name, plan_id, {"paused": paused})
    text = _("已暂停 {id}") if paused else _("已恢复 {id}，下次 {next}")
    click.echo(text.format(id=plan_id, next=show.moment(row.next_at)))
