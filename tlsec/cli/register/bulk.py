"""tlsec register bulk: one command on many items."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from tlsec.cli.context import (
    BAD_INPUT,
    FINDINGS,
    actor,
    fail,
    open_workspace,
    print_json,
    with_example,
)
from tlsec.cli.register.list import filters
from tlsec.cli.register.words import until_of
from tlsec.i18n import _


@click.command(
    help=with_example(
        _("对编号列出的或筛选出的各项作同一操作；逐项记录，共用一个批号；有被拒绝的则退出码为 1"),
        _("tlsec register bulk dispatch --unit 市住房公积金中心 --state confirmed"),
    )
)
@click.argument("command", metavar=_("操作"))
@click.argument("nos", nargs=-1, metavar=_("[编号]..."))
@filters
@click.option("--reason", default="", help=_("说明"))
@click.option("--until", help=_("到什么时候：2026-12-31、2026-12-31T18:00、+30d、+4h"))
@click.option("--into", metavar=_("编号"), help=_("并入哪一项"))
@click.option("--to-severity", help=_("调到的等级"))
@click.option("--control", help=_("采取的临时控制"))
@click.option("--approved-by", "approver", default="", help=_("批准人，须为另一人"))
@click.option("--dry-run", is_flag=True, help=_("只列出会动到哪些项"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def bulk(
    ctx: click.Context,
    /,
    command: str,
    nos: tuple[str, ...],
    reason: str,
    until: str | None,
    into: str | None,
    to_severity: str | None,
    control: str | None,
    approver: str,
    dry_run: bool,
    as_json: bool,
    **chosen: Any,
) -> None:
    open_workspace(ctx)
    from tlsec.register import bulk as many
    from tlsec.register import views
    from tlsec.register.call import Call
    from tlsec.register.refused import Refused

    now = datetime.now(UTC)
    wanted = {key: value for key, value in chosen.items() if value}
    if not nos and not wanted:
        fail(_("请列出编号，或给出筛选条件"), BAD_INPUT)
    values = {
        "until": until_of(until, now), "into": into, "severity": to_severity, "control": control,
    }  # fmt: skip
    params = {key: value for key, value in values.items() if value is not None}
    try:
        # what is named stays what was named; only a choice by filters looks at the filters
        found = list(nos) or list(views.find(wanted, now).values_list("no", flat=True))
        if dry_run:
            _would(found, command, as_json)
            return
        done = many.apply(found, Call(command, actor(ctx), now, reason, None, approver, params))
    except Refused as error:
        fail(str(error), BAD_INPUT)
    if as_json:
        outcomes = [{"no": o.no, "done": o.done, "why": o.why} for o in done.outcomes]
        print_json({"batch": done.id, "outcomes": outcomes})
    else:
        for outcome in done.refused:
            click.echo(_("{no}：{why}").format(no=outcome.no, why=outcome.why), err=True)
        text = _("批号 {batch}：办理 {n} 项，拒绝 {refused} 项")
        n = len(done.outcomes) - len(done.refused)
        click.echo(text.format(batch=done.id, n=n, refused=len(done.refused)))
    if done.refused:
        ctx.exit(FINDINGS)


def _would(nos: list[str], command: str, as_json: bool) -> None:
    if as_json:
        print_json({"command": command, "items": nos})
        return
    for no in nos:
        click.echo(no)
    click.echo(_("共 {n} 项，未作任何改动").format(n=len(nos)), err=True)
