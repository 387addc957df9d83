"""tlsec register close, accept: the retest that alone closes an item, and an approved baseline."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from tlsec.cli.context import BAD_INPUT, FINDINGS, actor, fail, print_json
from tlsec.cli.scan import open_ground
from tlsec.i18n import _


@click.command(
    help=_("复测一项，通过后销号；只有复测通过才能销号。")
    + "\n\n"
    + _("例：tlsec register close YJ-2026-00003")
)
@click.argument("no", metavar=_("编号"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def close(ctx: click.Context, no: str, as_json: bool) -> None:
    ground = open_ground(ctx)
    from tlsec.register.items import Refused
    from tlsec.scan.retest import retest

    try:
        result = retest(ground, no, actor(ctx), lambda text: click.echo(text, err=True))
    except Refused as error:
        fail(str(error), BAD_INPUT)
    if as_json:
        print_json(
            {
                "no": no,
                "result": result.state,
                "passes": result.passes,
                "needed": result.needed,
                "why": result.why,
            }
        )
    elif result.state == "pass":
        click.echo(_("{no} 复测通过，已销号。").format(no=no))
    else:
        click.echo(_("{no} 未销号：{why}").format(no=no, why=result.why))
    if result.state != "pass":
        ctx.exit(FINDINGS)


@click.command(
    help=_("把最近一次看到的内容认可为新基线（网页改版等），再反馈整改并复测即可销号。")
    + "\n\n"
    + _("例：tlsec register accept YJ-2026-00017 --reason 经批准的改版，已核对页面")
)
@click.argument("no", metavar=_("编号"))
@click.option("--reason", default="", help=_("说明"))
@click.pass_context
def accept(ctx: click.Context, no: str, reason: str) -> None:
    ground = open_ground(ctx)
    from tlsec.register.items import Refused
    from tlsec.scan import baselines

    try:
        count = baselines.accept(ground.policy, no, actor(ctx), datetime.now(UTC), reason)
    except Refused as error:
        fail(str(error), BAD_INPUT)
    click.echo(
        _("已更新 {n} 处基线；反馈整改后运行 tlsec register close {no}").format(n=count, no=no)
    )
