"""tlsec alert: what the machine sees, one head a trouble and place."""

from __future__ import annotations

import click

from tlsec.cli import show
from tlsec.cli.context import open_workspace, print_json, with_example
from tlsec.cli.ingest_file import ingest
from tlsec.i18n import _, language


@click.group(help=_("告警：机器看到的，每处每项一条。") + "\n\n" + _("例：tlsec alert list --json"))
def alert() -> None: ...


alert.add_command(ingest)


@alert.command("list", help=with_example(_("未结告警"), "tlsec alert list --json"))
@click.option("--all", "everything", is_flag=True, help=_("包括已结的"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.register.models import Alert

    rows = Alert.objects.order_by("-last_seen", "id")
    if not everything:
        rows = rows.filter(open=True)
    if as_json:
        keys = [
            {
                "fingerprint": a.fingerprint, "check": a.check_id, "asset": a.subject,
                "locator": a.locator, "severity": a.severity, "condition": a.condition,
                "first_seen": a.first_seen, "last_seen": a.last_seen, "count": a.count,
                "message": a.message,
            }
            for a in rows
        ]  # fmt: skip
        print_json({"alerts": keys})
        return
    out = show.console()
    table = show.table(
        _("等级"), _("现状"), _("检查项"), _("资产"), _("说明"), _("次数"), _("最近"), flexible=[4]
    )
    for a in rows:
        text = a.message_en if language() == "en" and a.message_en else a.message
        table.add_row(
            show.word(show.SEVERITIES, a.severity),
            show.word(show.CONDITIONS, a.condition),
            a.check_id,
            show.cell(a.subject),
            show.cell(text),
            str(a.count),
            show.moment(a.last_seen),
        )
    out.print(table if table.row_count else _("没有未结告警。"))
