"""tlsec period freeze list, ask, approve, refuse, revoke."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from tlsec.cli import show
from tlsec.cli.context import actor, open_workspace, print_json, with_example
from tlsec.cli.period.common import When, refusals_end_here
from tlsec.cli.scan import open_ground
from tlsec.i18n import _, listed

if TYPE_CHECKING:
    from tlsec.period.models_freeze import FreezeException


@click.group(help=_("变更冻结和例外。") + "\n\n" + _("例：tlsec period freeze list"))
def freeze() -> None: ...


def _states() -> dict[str, str]:
    return {
        "asked": _("待审批"),
        "approved": _("同意"),
        "refused": _("不同意"),
        "revoked": _("已收回"),
    }


@freeze.command("list", help=with_example(_("冻结规则和例外"), "tlsec period freeze list"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.period import freezing, periods
    from tlsec.period.models_freeze import Freeze, FreezeException

    with refusals_end_here():
        period = periods.found()
    rows = list(Freeze.objects.filter(period=period).order_by("id"))
    exceptions = list(FreezeException.objects.filter(freeze__period=period).order_by("id"))
    if as_json:
        print_json(
            {
                "freezes": [
                    {"rule": r.rule, "systems": r.systems, "from": r.start, "until": r.until,
                     "ended": r.ended, "number": r.number}
                    for r in rows
                ],
                "exceptions": [_keys(e) for e in exceptions],
            }
        )  # fmt: skip
        return
    out = show.console()
    table = show.table(_("规则"), _("系统"), _("时段"), _("文号"), flexible=[1])
    for r in rows:
        what = listed(r.systems) or _("全部保障对象")
        table.add_row(_(freezing.RULES[r.rule]), what, freezing.window(r), show.cell(r.number))
    out.print(table)
    table = show.table(
        _("例外"), _("状态"), _("系统"), _("内容"), _("窗口"), _("静默的检查"), flexible=[3, 5]
    )
    for e in exceptions:
        table.add_row(
            e.number, _states()[e.state], listed(e.systems), show.cell(e.what), freezing.window(e),
            listed(c["check"] for c in e.checks) or _("无"),
        )  # fmt: skip
    if exceptions:
        out.print(table)


def _keys(e: FreezeException) -> dict[str, object]:
    return {
        "number": e.number, "state": e.state, "systems": e.systems, "what": e.what,
        "checks": e.checks, "from": e.start, "until": e.until, "asked_by": e.asked_by,
        "decided_by": e.decided_by, "version": e.version,
    }  # fmt: skip


@freeze.command(
    help=with_example(
        _("申请一项例外。--check 写明窗口里哪些检查项静默，别的照常告警"),
        _(
            "tlsec period freeze ask S01 --what 首页专题上线 --risk 页面错乱 --rollback 还原旧版"
            ' --from "2026-10-17 20:00" --until "2026-10-17 23:00" --check web.page-change'
        ),
    )
)
@click.argument("systems", nargs=-1, required=True, metavar=_("系统…"))
@click.option("--what", required=True, help=_("变更内容"))
@click.option("--risk", required=True, help=_("风险"))
@click.option("--rollback", required=True, help=_("回退办法"))
@click.option("--from", "start", required=True, type=When(), help=_("窗口开始"))
@click.option("--until", required=True, type=When(end=True), help=_("窗口截止"))
@click.option("--check", "checks", multiple=True, help=_("静默的检查项，或 检查项:条款；可多次"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def ask(
    ctx: click.Context, systems: tuple[str, ...], what: str, risk: str, rollback: str,
    start: datetime, until: datetime, checks: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    ground = open_ground(ctx)
    from tlsec.period import freezing

    asked = freezing.Asked(systems, what, risk, rollback, start, until, checks)
    with refusals_end_here():
        row = freezing.ask(asked, ground.policy, datetime.now(UTC), actor(ctx))
    if as_json:
        print_json(_keys(row))
    else:
        click.echo(_("已申请 {no}，等待另一人审批").format(no=row.number))


def _decide(
    ctx: click.Context, number: str, approve: bool, reason: str, version: int | None
) -> None:
    open_workspace(ctx)
    from tlsec.period import freezing

    with refusals_end_here():
        row = freezing.decide(number, approve, datetime.now(UTC), actor(ctx), reason, version)
    click.echo(_("{no}：{state}").format(no=row.number, state=_states()[row.state]))


@freeze.command(
    help=with_example(
        _("同意一项例外，申请人不能自己批"), _("tlsec --as 周若川 period freeze approve 编号")
    )
)
@click.argument("number", metavar=_("编号"))
@click.option("--reason", default="", help=_("意见"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.pass_context
def approve(ctx: click.Context, number: str, reason: str, version: int | None) -> None:
    _decide(ctx, number, True, reason, version)


@freeze.command(
    help=with_example(
        _("不同意一项例外"), _("tlsec period freeze refuse 编号 --reason 可推迟到保障期后")
    )
)
@click.argument("number", metavar=_("编号"))
@click.option("--reason", required=True, help=_("理由"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.pass_context
def refuse(ctx: click.Context, number: str, reason: str, version: int | None) -> None:
    _decide(ctx, number, False, reason, version)


@freeze.command(
    help=with_example(
        _("提前收回已批准的例外"), _("tlsec period freeze revoke 编号 --reason 变更取消")
    )
)
@click.argument("number", metavar=_("编号"))
@click.option("--reason", required=True, help=_("理由"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.pass_context
def revoke(ctx: click.Context, number: str, reason: str, version: int | None) -> None:
    open_workspace(ctx)
    from tlsec.period import freezing

    with refusals_end_here():
        freezing.revoke(number, datetime.now(UTC), actor(ctx), reason, version)
    click.echo(_("已收回 {no}").format(no=number))
