"""tlsec watch: the monitors, how things stand, the clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, fail, faults_end_here, print_json, with_example
from tlsec.cli.scan import open_ground
from tlsec.i18n import N_, _

if TYPE_CHECKING:
    from tlsec.watch.service import Content

STATES = {
    "ok": (N_("正常"), "green"),
    "suspect": (N_("待核实"), "yellow"),
    "one-sided": (N_("仅一侧可见"), "yellow"),
    "confirmed": (N_("已确认"), "bold red"),
    "unknown": (N_("未判明"), "yellow"),
}
KINDS = {"outage": (N_("不可用"), ""), "tamper": (N_("篡改"), "")}


@click.group(
    help=_("持续监测：监测项、现状、计时。监测写在工作区的 monitors.yaml，由 tlsec serve 执行。")
    + "\n\n"
    + _("例：tlsec watch status；tlsec watch clocks")
)
def watch() -> None: ...


def _content(ctx: click.Context) -> Content:
    from datetime import UTC, datetime

    ground = open_ground(ctx)
    from tlsec.watch.service import Content

    with faults_end_here():
        return Content.on(ground, datetime.now(UTC))


@watch.command("list", help=with_example(_("全部监测项"), "tlsec watch list --json"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    found = _content(ctx)
    rows: list[dict[str, Any]] = []
    for monitor in found.monitors.monitors:
        spots = [spot for spot in found.spots if spot.monitor.id == monitor.id]
        rows.append(
            {
                "id": monitor.id,
                "title": monitor.title,
                "every": min((spot.every for spot in spots), default=monitor.every),
                "vantage": monitor.vantage,
                "second": monitor.second,
                "second_tries": sum(spot.second is None for spot in spots),
                "spots": len(spots),
                "confirm": monitor.confirm or found.ladder.confirm.failures,
                "checks": monitor.checks,
                "paused": monitor.paused,
            }
        )
    if as_json:
        print_json({"monitors": rows})
        return
    out = show.console()
    if not rows:
        out.print(_("还没有监测项：在工作区写 monitors.yaml。"))
        return
    table = show.table(
        _("编号"), _("名称"), _("周期（秒）"), _("从"), _("核实"), _("处"), _("连续失败"),
        _("检查项"), flexible=[1, 7],
    )  # fmt: skip
    for row in rows:
        second = str(row["second"] or "")
        tries, checks = row["second_tries"], row["checks"]
        if tries:
            again = _("再试 {n} 处").format(n=tries)
            second = f"{second} · {again}" if second and tries != row["spots"] else again
        table.add_row(
            str(row["id"]), show.cell(row["title"]), f"{row['every']:.10g}", str(row["vantage"]),
            second, str(row["spots"]), str(row["confirm"]), " ".join(checks),
        )  # fmt: skip
    out.print(table)


@watch.command(
    help=with_example(_("现状：线路、待核实与已确认的失败、准点情况"), "tlsec watch status")
)
@click.option("--all", "everything", is_flag=True, help=_("包括正常的"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def status(ctx: click.Context, everything: bool, as_json: bool) -> None:
    from datetime import UTC, datetime

    open_ground(ctx)
    from tlsec.watch import status as view

    found = view.read(datetime.now(UTC), everything)
    if as_json:
        print_json(found.as_json())
        return
    out = show.console()
    for line in found.lines:
        up = f"[green]{_('通')}[/]" if line.up else f"[bold red]{_('不通')}[/]"
        text = _("线路 {vantage} {up}，自 {since}").format(
            vantage=line.vantage, up=up, since=show.moment(line.since)
        )
        out.print(text + (f"（{show.cell(line.detail)}）" if line.detail and not line.up else ""))
    if found.beats is None:
        out.print(_("最近一小时没有监测：tlsec serve 没有运行，或没有监测项。"))
    else:
        beats = found.beats
        text = _(
            "最近一小时：{looks} 次，平均晚 {mean} 毫秒，最晚 {worst} 毫秒；"
            "超时限 {late} 次，跳过 {skipped} 次，线路不通未看 {down} 次"
        )
        out.print(
            text.format(
                looks=beats.looks,
                mean=beats.mean_ms,
                worst=beats.worst_ms,
                late=beats.late,
                skipped=beats.skipped,
                down=beats.line_down,
            )
        )
    counts = "，".join(f"{show.word(STATES, k)} {n}" for k, n in found.counts.items())
    out.print(counts or _("还没有看过任何一处。"))
    table = show.table(
        _("现状"), _("监测"), _("检查项"), _("资产"), _("位置"), _("次数"), _("自"), _("最近正常"),
        _("说明"), flexible=[4, 8],
    )  # fmt: skip
    for row in found.rows:
        table.add_row(
            show.word(STATES, row.state), row.monitor, row.check, show.cell(row.subject),
            show.cell(row.where), str(row.count), show.moment(row.failing_since),
            show.moment(row.last_success), show.cell(row.said),
        )  # fmt: skip
    if found.rows:
        out.print(table)


@watch.command(help=with_example(_("不可用与篡改的计时，及下一门槛"), "tlsec watch clocks --all"))
@click.option("--all", "everything", is_flag=True, help=_("包括已结束的"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def clocks(ctx: click.Context, everything: bool, as_json: bool) -> None:
    from datetime import UTC, datetime

    ground = open_ground(ctx)
    from tlsec import content
    from tlsec.policy import thresholds
    from tlsec.watch import status as view

    lines = thresholds.load(content.policies(ground.workspace.root))
    rows = view.clocks(lines, datetime.now(UTC), everything)
    if as_json:
        print_json({"clocks": [row.as_json() for row in rows]})
        return
    out = show.console()
    table = show.table(
        _("类别"), _("资产"), _("位置"), _("自"), _("确认"), _("至"), _("分钟"), _("下一门槛"),
        _("用去"), flexible=[2],
    )  # fmt: skip
    for row in rows:
        following = _("{level} {n} 分钟").format(level=row.level, n=row.limit) if row.level else "—"
        table.add_row(
            show.word(KINDS, row.kind), show.cell(row.subject), show.cell(row.where),
            show.moment(row.since), show.moment(row.confirmed), show.moment(row.ended),
            str(row.minutes), following, f"{row.used}%" if row.level else "—",
        )  # fmt: skip
    out.print(table if rows else _("没有正在计时的中断或篡改。"))


@watch.command(
    help=with_example(_("立即看一遍（全部或一项监测），按同样的规则记账"), "tlsec watch run portal")
)
@click.argument("monitor", required=False, metavar=_("[监测]"))
@click.pass_context
def run(ctx: click.Context, monitor: str | None) -> None:
    found = _content(ctx)
    from tlsec.watch import status as view
    from tlsec.watch.service import Watch, busy

    if monitor and monitor not in {each.id for each in found.monitors.monitors}:
        fail(_("没有监测 {id}").format(id=monitor), BAD_INPUT)
    if owner := busy():
        fail(_("{owner} 正在值守，监测由它执行").format(owner=owner), BAD_INPUT)
    spots = [spot for spot in found.spots if monitor in (None, spot.monitor.id)]
    root = found.ground.workspace.root
    Watch(root, lambda text: click.echo(text, err=True)).once(found, spots)
    counts = view.counts({spot.monitor.id for spot in spots})
    said = "，".join(f"{show.word(STATES, k)} {n}" for k, n in counts.items())
    text = _("看了 {n} 处：{said}").format(n=len(spots), said=said or "—")
    show.console().print(text)
