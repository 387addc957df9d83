"""tlsec register silence, depend: what keeps alerts from being told, always with an end or a cause."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, actor, fail, open_workspace, print_json, with_example
from tlsec.cli.register.words import until_of
from tlsec.i18n import _, listed


@click.group(
    help=with_example(
        _("静默：照常计数、照常显示，只是不告知；到期自动结束"), "tlsec register silence list"
    )
)
def silence() -> None: ...


@silence.command(
    help=with_example(
        _("静默符合全部条件的告警（条件=值，检查项可以 * 结尾）"),
        _("tlsec register silence add subject=A-S14 check=tls.* --until +4h --reason 换证中"),
    )
)
@click.argument("match", nargs=-1, required=True, metavar=_("条件=值..."))
@click.option("--until", required=True, help=_("到什么时候：2026-12-31T18:00、+4h"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--approved-by", "approver", default="", help=_("批准人，须为另一人"))
@click.option("--covers-new", is_flag=True, help=_("新出现的告警也静默；缺省时新告警会结束静默"))
@click.pass_context
def add(
    ctx: click.Context,
    match: tuple[str, ...],
    until: str,
    reason: str,
    approver: str,
    covers_new: bool,
) -> None:
    open_workspace(ctx)
    from tlsec.register import silences
    from tlsec.register.refused import Refused

    now = datetime.now(UTC)
    wanted = {key: value for key, _equals, value in (part.partition("=") for part in match)}
    end = until_of(until, now)
    assert end is not None
    try:
        row = silences.add(now, actor(ctx), wanted, end, reason, approver, covers_new)
    except Refused as error:
        fail(str(error), BAD_INPUT)
    text = _("静默 S{n} 到 {until} 为止，现有 {count} 条告警在内")
    click.echo(text.format(n=row.pk, until=show.moment(row.until), count=len(row.members)))


@silence.command("list", help=with_example(_("在用的静默"), "tlsec register silence list"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.register import silences

    rows = silences.live(datetime.now(UTC))
    if as_json:
        keys = [
            {
                "silence": r.pk, "match": r.match, "until": r.until, "by": r.by,
                "approved_by": r.approved_by, "reason": r.reason, "covers_new": r.covers_new,
                "members": len(r.members),
            }
            for r in rows
        ]  # fmt: skip
        print_json({"silences": keys})
        return
    table = show.table(
        _("静默"), _("条件"), _("告警数"), _("到"), _("设者"), _("说明"), flexible=[1, 5]
    )
    for r in rows:
        wanted = listed(f"{key}={value}" for key, value in r.match.items())
        table.add_row(
            f"S{r.pk}", show.cell(wanted), str(len(r.members)), show.moment(r.until),
            show.cell(r.by), show.cell(r.reason),
        )  # fmt: skip
    show.console().print(table if rows else _("没有在用的静默。"))


@silence.command(help=with_example(_("提前结束一个静默"), "tlsec register silence end 3"))
@click.argument("number", type=int, metavar=_("静默号"))
@click.option("--reason", default="", help=_("说明"))
@click.pass_context
def end(ctx: click.Context, number: int, reason: str) -> None:
    open_workspace(ctx)
    from tlsec.register import silences
    from tlsec.register.refused import Refused

    try:
        silences.end(datetime.now(UTC), actor(ctx), number, reason=reason)
    except Refused as error:
        fail(str(error), BAD_INPUT)
    click.echo(_("静默 S{n} 已结束，仍在告警而未告知的随即告知").format(n=number))


@click.group(
    help=with_example(
        _("依赖关系：上级故障时，它后面的告警列在其下，不逐条告知"), "tlsec register depend list"
    )
)
def depend() -> None: ...


@depend.command(
    "add",
    help=with_example(
        _("登记一条依赖：种类 all（自身线路）、zone、system、asset"),
        _("tlsec register depend add zone Z7 --on A-GW7 --check avail. --note 青禾区出口"),
    ),
)
@click.argument("kind", metavar=_("种类"))
@click.argument("target", metavar=_("对象"), default="")
@click.option("--on", "cause", required=True, help=_("依赖谁（资产编号；自身线路写 u:uplink）"))
@click.option("--check", "checks", multiple=True, required=True, help=_("压下哪些检查项（开头）"))
@click.option("--cause-check", "causes", multiple=True, help=_("上级的哪些告警才算（开头）"))
@click.option("--note", default="", help=_("说明"))
@click.pass_context
def depend_add(
    ctx: click.Context,
    kind: str,
    target: str,
    cause: str,
    checks: tuple[str, ...],
    causes: tuple[str, ...],
    note: str,
) -> None:
    open_workspace(ctx)
    from tlsec.register import inhibition
    from tlsec.register.refused import Refused

    try:
        row = inhibition.add(
            datetime.now(UTC), actor(ctx), kind, target, cause, checks, causes, note
        )
    except Refused as error:
        fail(str(error), BAD_INPUT)
    click.echo(_("已登记第 {n} 号依赖关系").format(n=row.pk))


@depend.command("list", help=with_example(_("在用的依赖关系"), "tlsec register depend list"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def depend_list(ctx: click.Context, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.register.models_muting import Inhibition

    rows = list(Inhibition.objects.filter(ended=None).order_by("id"))
    if as_json:
        keys = [
            {
                "dependency": r.pk, "kind": r.kind, "target": r.target, "on": r.cause,
                "checks": r.checks, "cause_checks": r.cause_checks, "note": r.note,
            }
            for r in rows
        ]  # fmt: skip
        print_json({"dependencies": keys})
        return
    table = show.table(_("依赖"), _("种类"), _("对象"), _("依赖谁"), _("检查项"), flexible=[4])
    for r in rows:
        table.add_row(
            str(r.pk), r.kind, show.cell(r.target), show.cell(r.cause), show.cell(listed(r.checks))
        )
    show.console().print(table if rows else _("没有登记依赖关系。"))


@depend.command("end", help=with_example(_("停用一条依赖"), "tlsec register depend end 3"))
@click.argument("number", type=int, metavar=_("依赖号"))
@click.option("--reason", default="", help=_("说明"))
@click.pass_context
def depend_end(ctx: click.Context, number: int, reason: str) -> None:
    open_workspace(ctx)
    from tlsec.register import inhibition
    from tlsec.register.refused import Refused

    try:
        inhibition.end(datetime.now(UTC), actor(ctx), number, reason)
    except Refused as error:
        fail(str(error), BAD_INPUT)
    click.echo(_("第 {n} 号依赖关系已停用").format(n=number))
