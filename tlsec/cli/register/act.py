"""tlsec register move, waive, merge…: one command on one item.

A command that needs a second person becomes a request when nobody is named by --approved-by.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tlsec.cli.context import BAD_INPUT, actor, fail, open_workspace, print_json, with_example
from tlsec.cli.register.words import state_word, until_of
from tlsec.i18n import _

_OPTIONS: dict[str, Callable[[], Any]] = {
    "until": lambda: click.option(
        "--until", help=_("到什么时候：2026-12-31、2026-12-31T18:00、+30d、+4h")
    ),
    "control": lambda: click.option("--control", help=_("采取的临时控制")),
    "into": lambda: click.option("--into", metavar=_("编号"), help=_("并入哪一项")),
    "severity": lambda: click.option("--severity", help=_("等级：critical、high、medium、low")),
    "case": lambda: click.option("--case", help=_("事件编号")),
    "notice": lambda: click.option("--notice", help=_("通知书文号")),
    "file": lambda: click.option("--file", type=click.Path(path_type=Path), help=_("证据文件")),
    "kind": lambda: click.option("--kind", help=_("证据种类：screenshot、document、log、other")),
}


def given(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options of a command's values, with reason, version, second person and JSON."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        for option in (
            click.option("--json", "as_json", is_flag=True, help=_("输出 JSON")),
            click.option("--approved-by", "approver", default="", help=_("批准人，须为另一人")),
            click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝")),
            click.option("--reason", default="", help=_("说明")),
            *(_OPTIONS[name]() for name in reversed(names)),
            click.argument("no", metavar=_("编号")),
        ):
            function = option(function)
        return click.pass_context(function)

    return decorate


def act(
    ctx: click.Context,
    no: str,
    name: str,
    reason: str,
    version: int | None,
    approver: str,
    as_json: bool,
    **values: Any,
) -> None:
    """Give the command and say what became of it."""
    open_workspace(ctx)
    from tlsec.register import guards, items, requests
    from tlsec.register.call import Call

    now = datetime.now(UTC)
    params = {key: value for key, value in values.items() if value is not None}
    if "until" in params:
        params["until"] = until_of(params["until"], now)
    try:
        guards.known(name)
        call = Call(name, actor(ctx), now, reason, version, approver, params)
        try:
            item = items.give(no, call)
        except items.NeedsSecond:
            _asked(no, requests.ask(no, call).pk, as_json)
            return
    except items.Refused as error:
        fail(str(error), BAD_INPUT)
    if as_json:
        print_json({"no": no, "state": item.state, "version": item.version, "request": None})
    else:
        click.echo(_("{no} 现为“{state}”").format(no=no, state=state_word(item.state)))


def _asked(no: str, request: int, as_json: bool) -> None:
    from tlsec.register import items

    if as_json:
        item = items.find(no)
        print_json({"no": no, "state": item.state, "version": item.version, "request": request})
        return
    text = _("已提请（第 {n} 号），等待另一人批准：tlsec --as 批准人 register approve {n}")
    click.echo(text.format(n=request))


@click.command(
    help=_("对一项作出操作：confirm 研判确认、dispatch 下发、sign 签收、claim-fixed 反馈已整改……")
    + "\n\n"
    + _("例：tlsec --as 王五 register move YJ-2026-00003 claim-fixed --reason 已更换证书")
)
@given(*_OPTIONS)
@click.argument("command", metavar=_("操作"))
def move(ctx: click.Context, no: str, command: str, **values: Any) -> None:
    act(ctx, no, command, **values)


@click.command(
    help=with_example(
        _("延期：同一状态，新时限，须批准"),
        _(
            "tlsec register extend YJ-2026-00003 --until +7d --reason 采购未到货 --approved-by 周若川"
        ),
    )
)
@given("until")
def extend(ctx: click.Context, no: str, **values: Any) -> None:
    act(ctx, no, "extend", **values)


@click.command(
    help=with_example(
        _("缓释：先用临时控制压住，到期自动失效并重新计时"),
        _(
            "tlsec register mitigate YJ-2026-00003 --control 防火墙已封堵3389 --until +20d --reason 等待停机窗口"
        ),
    )
)
@given("until", "control")
def mitigate(ctx: click.Context, no: str, **values: Any) -> None:
    act(ctx, no, "mitigate", **values)


@click.command(
    help=with_example(
        _("接受：在期限内承担风险，到期自动失效并重新计时"),
        _("tlsec register waive YJ-2026-00003 --until +30d --reason 系统下月下线"),
    )
)
@given("until")
def waive(ctx: click.Context, no: str, **values: Any) -> None:
    act(ctx, no, "waive", **values)


@click.command(
    help=with_example(
        _("撤销接受、缓释、误报或不适用"),
        _("tlsec register revoke YJ-2026-00003 --reason 情况有变"),
    )
)
@given()
def revoke(ctx: click.Context, no: str, **values: Any) -> None:
    act(ctx, no, "revoke", **values)


@click.command(
    help=with_example(
        _("并入另一项：只建立联系，不复制，可撤销"),
        _("tlsec register merge YJ-2026-00004 --into YJ-2026-00003 --reason 同一原因"),
    )
)
@given("into")
def merge(ctx: click.Context, no: str, **values: Any) -> None:
    act(ctx, no, "merge", **values)


@click.command(
    help=with_example(
        _("撤销并入，回到并入前的状态"), _("tlsec register unmerge YJ-2026-00004 --reason 原因不同")
    )
)
@given()
def unmerge(ctx: click.Context, no: str, **values: Any) -> None:
    act(ctx, no, "unmerge", **values)


@click.command(
    "raise",
    help=with_example(_("调高等级"), "tlsec register raise YJ-2026-00003 --severity critical"),
)
@given("severity")
def raise_(ctx: click.Context, no: str, **values: Any) -> None:
    act(ctx, no, "raise", **values)


@click.command(
    help=with_example(
        _("调低等级：要说明；高及以上须另一人批准"),
        _("tlsec register lower YJ-2026-00003 --severity medium --reason 仅内网可达"),
    )
)
@given("severity")
def lower(ctx: click.Context, no: str, **values: Any) -> None:
    act(ctx, no, "lower", **values)


@click.command(
    help=with_example(
        _("留言"), _("tlsec register comment YJ-2026-00003 --reason 电话已通知科信办")
    )
)
@given()
def comment(ctx: click.Context, no: str, **values: Any) -> None:
    act(ctx, no, "comment", **values)


@click.command(
    help=with_example(
        _("上传证据；按内容保存，不能改也不能换"),
        _("tlsec register attach YJ-2026-00003 --file 整改照片.png --kind screenshot"),
    )
)
@given("file", "kind")
def attach(ctx: click.Context, no: str, **values: Any) -> None:
    act(ctx, no, "attach", **values)
