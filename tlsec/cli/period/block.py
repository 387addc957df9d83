"""tlsec period block list, add, lift, import, export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from tlsec.cli import show
from tlsec.cli.context import actor, open_workspace, print_json, with_example
from tlsec.cli.period.common import When, refusals_end_here
from tlsec.i18n import _


@click.group(
    help=_("封禁清单：每条都有截止时间和解封条件。") + "\n\n" + _("例：tlsec period block list")
)
def block() -> None: ...


@block.command(
    "list", help=with_example(_("在封的地址；--all 连已解封的"), "tlsec period block list")
)
@click.option("--all", "everything", is_flag=True, help=_("包括已解封的"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.period.blocking import DIRECTIONS
    from tlsec.period.models_freeze import Block

    rows = Block.objects.order_by("id")
    rows = rows if everything else rows.filter(lifted=None)
    if as_json:
        keys = ("id", "network", "direction", "basis", "point", "start", "until", "operator",
                "lift_when", "lifted", "lifted_by", "version")  # fmt: skip
        print_json({"blocks": [{key: getattr(row, key) for key in keys} for row in rows]})
        return
    now = datetime.now(UTC)
    table = show.table(
        "#", _("IP/段"), _("方向"), _("封禁点"), _("依据"), _("截止"), flexible=[3, 4]
    )
    for row in rows:
        until = show.moment(row.until)[5:]
        if row.lifted:
            until = "[dim]" + _("已解封") + "[/]"
        elif row.until < now:
            until = f"[bold red]{until}[/]"
        table.add_row(str(row.pk), row.network, _(DIRECTIONS[row.direction]), show.cell(row.point),
                      show.cell(row.basis), until)  # fmt: skip
    show.console().print(table if table.row_count else _("没有封禁。"))


@block.command(
    help=with_example(
        _("登记一条封禁；本市地址段和过宽的地址段会被拒绝"),
        _(
            "tlsec period block add 45.83.64.0/24 --basis YJ-2026-00012 --point 出口防火墙 --until 2026-10-24"
            " --lift-when 攻击停止七天"
        ),
    )
)
@click.argument("network", metavar=_("地址或段"))
@click.option("--direction", type=click.Choice(["in", "out", "both"]), default="in", help=_("方向"))
@click.option("--basis", required=True, help=_("依据，如告警号"))
@click.option("--point", required=True, help=_("在哪里封"))
@click.option("--until", required=True, type=When(end=True), help=_("截止"))
@click.option("--lift-when", required=True, help=_("解封条件"))
@click.option("--operator", default="", help=_("谁去封的，缺省为操作人"))
@click.pass_context
def add(
    ctx: click.Context, network: str, direction: str, basis: str, point: str, until: datetime,
    lift_when: str, operator: str,
) -> None:  # fmt: skip
    open_workspace(ctx)
    from tlsec.period import blocking

    who = actor(ctx)
    asked = blocking.Asked(network, direction, basis, point, until, operator or who, lift_when)
    with refusals_end_here():
        row = blocking.add(asked, datetime.now(UTC), who)
    click.echo(_("已登记第 {id} 条：{net}").format(id=row.pk, net=row.network))


@block.command(help=with_example(_("解封一条"), _("tlsec period block lift 3 --reason 误封")))
@click.argument("number", type=int, metavar="#")
@click.option("--reason", required=True, help=_("理由"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.pass_context
def lift(ctx: click.Context, number: int, reason: str, version: int | None) -> None:
    open_workspace(ctx)
    from tlsec.period import blocking

    with refusals_end_here():
        blocking.lift(number, datetime.now(UTC), actor(ctx), reason, version)
    click.echo(_("已解封第 {id} 条").format(id=number))


@block.command(
    "import",
    help=with_example(_("并入防火墙、WAF 导出的清单（CSV，UTF-8 或 GB18030）；要么全收，要么一条不收"),
                      _("tlsec period block import 封禁.csv")),
)  # fmt: skip
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar=_("文件")
)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def import_(ctx: click.Context, file: Path, as_json: bool) -> None:
    open_workspace(ctx)
    from dataclasses import asdict

    from tlsec.period import blocking

    with refusals_end_here():
        merged = blocking.import_csv(file, datetime.now(UTC), actor(ctx))
    if as_json:
        print_json(asdict(merged))
        return
    text = _("新增 {added}，延长 {longer}，解封 {lifted}，不变 {same}")
    click.echo(text.format(**asdict(merged)))


@block.command(
    help=with_example(
        _("导出在封清单（CSV），给防火墙、WAF 用"), _("tlsec period block export --output 封禁.csv")
    )
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("写到文件，缺省写到标准输出"),
)
@click.option("--all", "everything", is_flag=True, help=_("包括已解封的"))
@click.pass_context
def export(ctx: click.Context, output: Path | None, everything: bool) -> None:
    open_workspace(ctx)
    from tlsec.period import blocking
    from tlsec.period.models_freeze import Block

    rows = Block.objects.order_by("id")
    text = blocking.export_csv(rows if everything else rows.filter(lifted=None))
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8-sig", newline="")
    click.echo(str(output))
