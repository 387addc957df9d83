"""tlsec register requests, approve, refuse: the second person."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, actor, fail, open_workspace, print_json, with_example
from tlsec.cli.register.words import state_word
from tlsec.i18n import _


@click.command(help=with_example(_("等待另一人批准的提请"), "tlsec register requests"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def requests(ctx: click.Context, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.register import requests as waiting
    from tlsec.register.transitions import COMMANDS

    rows = list(waiting.waiting())
    if as_json:
        keys = [
            {
                "request": r.pk, "no": r.item.no, "command": r.command, "params": r.params,
                "reason": r.reason, "asked": r.asked, "asked_by": r.asked_by,
            }
            for r in rows
        ]  # fmt: skip
        print_json({"requests": keys})
        return
    table = show.table(
        _("提请"), _("编号"), _("操作"), _("提请人"), _("时间"), _("说明"), flexible=[5]
    )
    for r in rows:
        table.add_row(
            str(r.pk), r.item.no, _(COMMANDS[r.command].title), show.cell(r.asked_by),
            show.moment(r.asked), show.cell(r.reason),
        )  # fmt: skip
    show.console().print(table if rows else _("没有等待批准的提请。"))


@click.command(
    help=with_example(
        _("批准一份提请，随即办理；不能批准自己提的"), _("tlsec --as 周若川 register approve 3")
    )
)
@click.argument("request", type=int, metavar=_("提请号"))
@click.pass_context
def approve(ctx: click.Context, request: int) -> None:
    open_workspace(ctx)
    from tlsec.register import items
    from tlsec.register import requests as waiting

    try:
        item = waiting.approve(request, actor(ctx), datetime.now(UTC))
    except items.Refused as error:
        fail(str(error), BAD_INPUT)
    click.echo(_("{no} 现为“{state}”").format(no=item.no, state=state_word(item.state)))


@click.command(
    help=with_example(
        _("不批准一份提请，或收回自己提的"),
        _("tlsec --as 周若川 register refuse 3 --reason 先做临时封堵"),
    )
)
@click.argument("request", type=int, metavar=_("提请号"))
@click.option("--reason", default="", help=_("说明"))
@click.pass_context
def refuse(ctx: click.Context, request: int, reason: str) -> None:
    open_workspace(ctx)
    from tlsec.register import items
    from tlsec.register import requests as waiting

    try:
        row = waiting.refuse(request, actor(ctx), datetime.now(UTC), reason)
    except items.Refused as error:
        fail(str(error), BAD_INPUT)
    click.echo(_("{no} 的提请已退回").format(no=row.item.no))
