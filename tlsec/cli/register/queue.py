"""tlsec register queue: claimed fixes on their way through the retests of the serving process."""

from __future__ import annotations

import click

from tlsec.cli import show
from tlsec.cli.context import open_workspace, print_json, with_example
from tlsec.i18n import N_, _

STATES = {
    "waiting": N_("等待"),
    "between": N_("等下一次"),
    "passed": N_("通过"),
    "failed": N_("未通过"),
    "left": N_("已另行处理"),
}


@click.command(
    help=with_example(
        _("等待自动复测的事项：通过几次、下次什么时候、为什么还没测成（tlsec serve 逐项复测）"),
        "tlsec register queue --all",
    )
)
@click.option("--all", "everything", is_flag=True, help=_("包括已测完的"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def queue(ctx: click.Context, everything: bool, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.scan.models_retest import Retest
    from tlsec.scan.retest_queue import waiting

    rows = Retest.objects.order_by("pk") if everything else waiting()
    if as_json:
        keys = [
            {
                "no": row.item, "state": row.state, "passes": row.passes, "rounds": row.rounds,
                "tries": row.tries, "why": row.why, "queued": row.queued, "last": row.last_at,
                "next": row.next_at,
            }
            for row in rows
        ]  # fmt: skip
        print_json({"retests": keys})
        return
    table = show.table(
        _("编号"), _("状态"), _("通过"), _("下次"), _("上次"), _("说明"), flexible=[5]
    )
    for row in rows:
        table.add_row(
            row.item, _(STATES[row.state]), str(row.passes), show.moment(row.next_at),
            show.moment(row.last_at), show.cell(row.why),
        )  # fmt: skip
    show.console().print(table if table.row_count else _("没有等待复测的事项。"))
