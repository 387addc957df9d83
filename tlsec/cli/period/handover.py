"""tlsec period handover list, give, take, withdraw."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import FINDINGS, actor, open_workspace, print_json, with_example
from tlsec.cli.period.common import refusals_end_here
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.period.models_duty import Handover


@click.group(
    help=_("交接班：交班人冻结台面并签字，接班人签收，两个人缺一不可。")
    + "\n\n"
    + _("例：tlsec --as 吴景和 period handover give 王怀瑾")
)
def handover() -> None: ...


def _keys(row: Handover) -> dict[str, Any]:
    return {
        "id": row.pk, "at": row.at, "outgoing": row.outgoing, "incoming": row.incoming,
        "taken": row.taken, "digest": row.digest, "head": row.head[:16],
    }  # fmt: skip


@handover.command(
    "list", help=with_example(_("交接班记录，并核对内容没有被改动"), "tlsec period handover list")
)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.period import handing
    from tlsec.period.models_duty import Handover

    rows = list(Handover.objects.order_by("-id")[:100])
    broken = {row.pk for row in rows if not handing.intact(row)}
    if as_json:
        print_json({"handovers": [_keys(r) | {"intact": r.pk not in broken} for r in rows]})
    else:
        table = show.table("#", _("交班时间"), _("交班人"), _("接班人"), _("签收"), _("摘要"))
        for row in rows:
            mark = "[bold red]" + _("被改动") + "[/]" if row.pk in broken else row.digest[:16]
            table.add_row(str(row.pk), show.moment(row.at), show.cell(row.outgoing),
                          show.cell(row.incoming), show.moment(row.taken), mark)  # fmt: skip
        show.console().print(table if table.row_count else _("还没有交接班。"))
    if broken:
        ctx.exit(FINDINGS)


@handover.command(
    help=with_example(
        _("交班：冻结台面"), _("tlsec --as 吴景和 period handover give 王怀瑾 --focus 盯住门户首页")
    )
)
@click.argument("incoming", metavar=_("接班人"))
@click.option("--focus", default="", help=_("重点关注"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def give(ctx: click.Context, incoming: str, focus: str, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.period import handing

    with refusals_end_here():
        row = handing.give(incoming, datetime.now(UTC), actor(ctx), focus)
    if as_json:
        print_json(_keys(row) | {"snapshot": row.snapshot})
        return
    text = _("第 {id} 号交接已冻结：未结 {items} 项，摘要 {digest}，链头 {head}")
    click.echo(
        text.format(
            id=row.pk, items=len(row.snapshot["items"]), digest=row.digest[:16], head=row.head[:16]
        )
    )
    click.echo(
        _("接班人运行：tlsec --as {who} period handover take {id}").format(
            who=row.incoming, id=row.pk
        )
    )


@handover.command(help=with_example(_("接班：签收"), _("tlsec --as 王怀瑾 period handover take 3")))
@click.argument("number", type=int, metavar="#")
@click.option("--note", default="", help=_("接班说明"))
@click.pass_context
def take(ctx: click.Context, number: int, note: str) -> None:
    open_workspace(ctx)
    from tlsec.period import handing

    with refusals_end_here():
        row = handing.take(number, datetime.now(UTC), actor(ctx), note)
    click.echo(_("{who} 已签收第 {id} 号").format(who=row.incoming, id=row.pk))


@handover.command(
    help=with_example(
        _("撤回没有人签收的交接"), _("tlsec period handover withdraw 3 --reason 接班人临时更换")
    )
)
@click.argument("number", type=int, metavar="#")
@click.option("--reason", required=True, help=_("理由"))
@click.pass_context
def withdraw(ctx: click.Context, number: int, reason: str) -> None:
    open_workspace(ctx)
    from tlsec.period import handing

    with refusals_end_here():
        handing.withdraw(number, datetime.now(UTC), actor(ctx), reason)
    click.echo(_("已撤回第 {id} 号").format(id=number))
