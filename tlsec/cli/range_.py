"""`tlsec range`: the practice city on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli.context import BAD_INPUT, CANNOT_RUN, fail, print_json, with_example, workspace_dir
from tlsec.i18n import _, listed, pick
from tlsec.range import control
from tlsec.range.state import RangeError, RangeState, UnknownTrouble

if TYPE_CHECKING:
    from rich.table import Table

    from tlsec.range.troubles import Trouble

_json = click.option("--json", "as_json", is_flag=True, help=_("以 JSON 输出"))


@click.group(
    "range",
    help=with_example(
        _("演练靶场：在回环地址上架起虚构的岚泽市，供巡检、演练与测试使用。"),
        "tlsec range up && tlsec range list",
    ),
)
def range_() -> None:
    pass


@contextmanager
def _said() -> Iterator[None]:
    """What the range cannot do ends the command with one sentence."""
    try:
        yield
    except UnknownTrouble as error:
        fail(str(error), BAD_INPUT)
    except RangeError as error:
        fail(str(error), CANNOT_RUN)


def _data(ctx: click.Context) -> Path:
    return workspace_dir(ctx) / "data"


@range_.command(help=with_example(_("启动靶场，等到全部服务就绪。"), "tlsec range up"))
@click.option(
    "--port-shift",
    type=click.IntRange(0, 35000),
    help=_("每个端口加上的数，免去特权；缺省取第一个空闲的"),
)
@_json
@click.pass_context
def up(ctx: click.Context, port_shift: int | None, as_json: bool) -> None:
    with _said():
        state = control.up(_data(ctx), port_shift)
    if as_json:
        print_json(state.as_json())
        return
    address, port = state.translate("203.0.113.10", 443)
    click.echo(
        _("靶场已启动：{servers} 个服务，内存 {memory} MB，端口偏移 {shift}").format(
            servers=state.servers, memory=_megabytes(state), shift=state.port_shift
        )
    )
    click.echo(_("看一眼门户：{url}").format(url=f"https://{address}:{port}/"))


@range_.command(help=with_example(_("停止靶场，不留进程、套接字和文件。"), "tlsec range down"))
@_json
@click.pass_context
def down(ctx: click.Context, as_json: bool) -> None:
    with _said():
        ended = control.down(_data(ctx))
    if as_json:
        print_json({"ended": ended})
        return
    click.echo(_("靶场已停止") if ended else _("靶场本来就没有运行"))


@range_.command(help=with_example(_("靶场是否在运行、占用多少。"), "tlsec range status --json"))
@_json
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    with _said():
        state = control.status(_data(ctx))
    if as_json:
        print_json({"running": state is not None, **(state.as_json() if state else {})})
        return
    if state is None:
        click.echo(_("靶场没有运行"))
        return
    table = _table()
    rows = (
        (_("进程"), str(state.pid)),
        (_("启动时间（UTC）"), state.started.strftime("%Y-%m-%d %H:%M:%S")),
        (_("服务"), str(state.servers)),
        (_("已接待连接"), str(state.connections)),
        (_("内存"), f"{_megabytes(state)} MB"),
        (_("端口偏移"), str(state.port_shift)),
        (_("根证书"), str(state.ca)),
        (_("故障"), listed(name for name, broken in state.troubles.items() if broken)),
    )
    table.show_header = False
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    _print(table)


@range_.command(
    "break", help=with_example(_("制造一处故障（名称或编号）。"), "tlsec range break 12")
)
@click.argument("name")
@_json
@click.pass_context
def break_(ctx: click.Context, name: str, as_json: bool) -> None:
    _switch(ctx, name, True, as_json)


@range_.command(help=with_example(_("修复一处故障（名称或编号）。"), "tlsec range mend new-mongo"))
@click.argument("name")
@_json
@click.pass_context
def mend(ctx: click.Context, name: str, as_json: bool) -> None:
    _switch(ctx, name, False, as_json)


def _switch(ctx: click.Context, name: str, broken: bool, as_json: bool) -> None:
    with _said():
        trouble = control.trouble(name)
        control.switch(_data(ctx), trouble.name, broken)
    if as_json:
        print_json(_row(trouble, broken))
        return
    text = _("已制造：{title}") if broken else _("已修复：{title}")
    click.echo(text.format(title=pick(_plain(trouble.title))))


@range_.command(
    "list", help=with_example(_("列出可制造的故障、对应检查项和现状。"), "tlsec range list")
)
@_json
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    with _said():
        state = control.status(_data(ctx))
        troubles = control.troubles()
    now = state.troubles if state else {}
    if as_json:
        print_json({"troubles": [_row(each, now.get(each.name)) for each in troubles]})
        return
    table = _table()
    for title in (_("编号"), _("名称"), _("故障"), _("检查项"), _("现状")):
        table.add_column(title, no_wrap=title != _("故障"), overflow="fold")
    for each in troubles:
        table.add_row(
            str(each.id or ""),
            each.name,
            pick(_plain(each.title)),
            each.check + ("" if each.expected == "found" else _("（应不告警）")),
            _word(now.get(each.name)),
        )
    _print(table)


def _row(trouble: Trouble, broken: bool | None) -> dict[str, Any]:
    """Stable keys; `broken` is null while the range is down."""
    return {
        "id": trouble.id,
        "name": trouble.name,
        "title": trouble.title,
        "check": trouble.check,
        "also": [each.check for each in trouble.also],
        "system": trouble.system,
        "expected": trouble.expected,
        "broken": broken,
    }


def _plain(title: Any) -> dict[str, str]:
    return dict(title)


def _word(broken: bool | None) -> str:
    if broken is None:
        return "—"
    return _("故障中") if broken else _("正常")


def _megabytes(state: RangeState) -> int:
    return round(state.memory / 2**20)


def _table() -> Table:
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, pad_edge=False)


def _print(table: Table) -> None:
    from rich.console import Console

    Console().print(table)
