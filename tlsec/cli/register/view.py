"""tlsec register view: lists kept by name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, actor, fail, open_workspace, print_json, with_example
from tlsec.cli.register.list import filters
from tlsec.i18n import _, listed


@click.group(
    help=with_example(_("存好的视图：筛选与排序起个名字"), _("tlsec register list --view 望川逾期"))
)
def view() -> None: ...


@view.command(
    help=with_example(
        _("存一个视图；同名的被替换"),
        _("tlsec register view save 望川逾期 --county 望川县 --overdue --sort priority"),
    )
)
@click.argument("name", metavar=_("名称"))
@filters
@click.option("--sort", default="", help=_("排序：no、priority、due、severity、opened"))
@click.pass_context
def save(ctx: click.Context, /, name: str, sort: str, **chosen: Any) -> None:
    open_workspace(ctx)
    from tlsec.register import views
    from tlsec.register.refused import Refused

    wanted = {key: value for key, value in chosen.items() if value}
    try:
        views.find(wanted, datetime.now(UTC))
        row = views.save(name, wanted, sort, actor(ctx), datetime.now(UTC))
    except Refused as error:
        fail(str(error), BAD_INPUT)
    click.echo(_("已存视图 {name}").format(name=row.name))


@view.command("list", help=with_example(_("存好的视图"), "tlsec register view list"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.register.models_muting import SavedView

    rows = list(SavedView.objects.order_by("name"))
    if as_json:
        keys = [
            {"name": r.name, "filters": r.filters, "sort": r.sort, "by": r.by, "at": r.at}
            for r in rows
        ]
        print_json({"views": keys})
        return
    table = show.table(_("名称"), _("筛选"), _("排序"), _("存者"), flexible=[1])
    for r in rows:
        wanted = listed(f"{key}={value}" for key, value in r.filters.items())
        table.add_row(show.cell(r.name), show.cell(wanted), r.sort or "no", show.cell(r.by))
    show.console().print(table if rows else _("还没有存好的视图。"))
