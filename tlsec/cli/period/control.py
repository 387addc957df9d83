"""tlsec period control list, add, end."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from tlsec.cli import show
from tlsec.cli.context import FINDINGS, actor, open_workspace, print_json, with_example
from tlsec.cli.period.common import When, refusals_end_here
from tlsec.i18n import _

KINDS = ["shutdown", "whitelist", "isolate", "block", "feature", "other"]


@click.group(
    help=_("临时措施：每项都有截止时间和恢复任务。") + "\n\n" + _("例：tlsec period control list")
)
def control() -> None: ...


@control.command("list", help=with_example(_("在用的临时措施"), "tlsec period control list"))
@click.option("--all", "everything", is_flag=True, help=_("包括已恢复的"))
@click.option("--fail-on", type=click.Choice(["overdue"]), help=_("有到期未恢复的以 1 结束"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, everything: bool, fail_on: str | None, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.period import periods
    from tlsec.period.controls import KINDS as NAMES

    now = datetime.now(UTC)
    with refusals_end_here():
        rows = periods.found().controls.order_by("until", "id")
    rows = rows if everything else rows.filter(ended=None)
    late = [row for row in rows if row.ended is None and row.until <= now]
    if as_json:
        keys = ("id", "kind", "target", "system", "what", "restore", "owner", "start", "until",
                "ended", "ended_by", "version")  # fmt: skip
        print_json(
            {"controls": [{k: getattr(r, k) for k in keys} for r in rows], "overdue": len(late)}
        )
    else:
        table = show.table(
            "#", _("类型"), _("对象"), _("做了什么"), _("责任人"), _("截止"), flexible=[2, 3]
        )
        for row in rows:
            until = show.moment(row.until)[5:]
            until = f"[bold red]{until}[/]" if row in late else _("已恢复") if row.ended else until
            table.add_row(str(row.pk), _(NAMES[row.kind]), show.cell(row.target), show.cell(row.what),
                          show.cell(row.owner), until)  # fmt: skip
        show.console().print(table if table.row_count else _("没有临时措施。"))
    if fail_on and late:
        ctx.exit(FINDINGS)


@control.command(
    help=with_example(
        _("登记一项临时措施，同时生成恢复任务"),
        _(
            "tlsec period control add shutdown S20 --what 夜间关闭驿站管理后台 --restore 恢复反向代理规则"
            " --owner 王怀瑾 --until 2026-10-24"
        ),
    )
)
@click.argument("kind", type=click.Choice(KINDS), metavar=_("类型"))
@click.argument("target", metavar=_("对象"))
@click.option("--what", required=True, help=_("做了什么"))
@click.option("--restore", required=True, help=_("怎么恢复"))
@click.option("--owner", required=True, help=_("责任人"))
@click.option("--until", required=True, type=When(end=True), help=_("截止"))
@click.option("--system", default="", help=_("哪个系统"))
@click.pass_context
def add(
    ctx: click.Context, kind: str, target: str, what: str, restore: str, owner: str,
    until: datetime, system: str,
) -> None:  # fmt: skip
    open_workspace(ctx)
    from tlsec.period import controls

    asked = controls.Asked(kind, target, what, restore, owner, until, system)
    with refusals_end_here():
        row = controls.add(asked, datetime.now(UTC), actor(ctx))
    click.echo(_("已登记临时措施 {id}，恢复任务 restore:{id}").format(id=row.pk))


@control.command(
    help=with_example(_("恢复一项"), _("tlsec period control end 2 --note 已恢复，页面访问正常"))
)
@click.argument("number", type=int, metavar="#")
@click.option("--note", required=True, help=_("怎样确认业务正常"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.pass_context
def end(ctx: click.Context, number: int, note: str, version: int | None) -> None:
    open_workspace(ctx)
    from tlsec.period import controls

    with refusals_end_here():
        controls.end(number, datetime.now(UTC), actor(ctx), note, version)
    click.echo(_("临时措施 {id} 已恢复").format(id=number))
