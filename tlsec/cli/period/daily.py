"""tlsec period daily."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from tlsec.cli import show
from tlsec.cli.context import FINDINGS, actor, open_workspace, print_json, with_example
from tlsec.cli.period.common import Day, refusals_end_here
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.period.models_daily import DailyReport


@click.command(
    help=with_example(
        _(
            "日报：把一天的数和清单冻结下来，每个数都能照原来的条件再问一遍。"
            "已经有的照原样显示，写 --reason 另出新版。文书用 tlsec report daily"
        ),
        _("tlsec period daily --focus 做好明日大会直播保障"),
    )
)
@click.option("--date", "day", type=Day(), help=_("哪一天，缺省为今天"))
@click.option("--focus", default="", help=_("明日重点，接在自动列出的后面"))
@click.option("--reason", default="", help=_("为什么另出一版"))
@click.option("--verify", is_flag=True, help=_("核对：冻结的数有没有被改动，现在再问是多少"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def daily(
    ctx: click.Context, day: date | None, focus: str, reason: str, verify: bool, as_json: bool
) -> None:
    open_workspace(ctx)
    from tlsec.period import reporting

    now = datetime.now(UTC)
    with refusals_end_here():
        row = reporting.make(
            day or now.astimezone(show.LOCAL).date(), now, actor(ctx), focus, reason
        )
    if verify:
        _verify(ctx, row, as_json)
        return
    if as_json:
        print_json(
            {
                "period": row.period_id,
                "number": row.number,
                "day": row.day,
                "edition": row.edition,
                "from": row.start,
                "until": row.until,
                "digest": row.digest,
                "numbers": row.numbers,
                "facts": row.facts,
            }
        )
        return
    _show(row)


def _verify(ctx: click.Context, row: DailyReport, as_json: bool) -> None:
    from tlsec.period import reporting

    whole, changed = reporting.intact(row), reporting.changed(row)
    if as_json:
        told = [{"key": key, "then": then, "now": now} for key, then, now in changed]
        print_json({"intact": whole, "changed": told})
    else:
        out = show.console()
        out.print(
            _("冻结的内容没有被改动。") if whole else "[red]" + _("冻结的内容被改动！") + "[/]"
        )
        for key, then, now in changed:
            text = _("{key}：当时 {then}，现在再问是 {now}（之后有变化）")
            out.print("  " + text.format(key=key, then=then, now=now))
    if not whole:
        ctx.exit(FINDINGS)


def _show(row: DailyReport) -> None:
    from tlsec.period import reporting

    out = show.console()
    text = _("{title} 日报 第 {n} 期  {day}")
    out.print(
        "[bold]"
        + text.format(title=show.cell(row.period.title), n=row.number, day=row.day)
        + "[/]"
        + (_("（第 {n} 版）").format(n=row.edition) if row.edition > 1 else "")
    )
    out.print(_("统计 {a} 至 {b}").format(a=show.moment(row.start), b=show.moment(row.until)))
    out.print(show.cell(reporting.sentence(row)))
    table = show.table(_("数"), _("值"), _("依据"))
    for key, title in reporting.titles().items():
        stored = row.numbers[key]
        table.add_row(title, str(stored["value"]), f"[dim]{stored['digest'][:12]}[/]")
    out.print(table)
    down = [each for each in row.facts["running"] if each["down_minutes"]]
    for each in down:
        text = _("中断：{name} 累计 {n:g} 分钟，最长 {longest:g} 分钟")
        out.print(
            "  "
            + text.format(
                name=show.cell(each["name"]),
                n=each["down_minutes"],
                longest=each["longest_minutes"],
            )
        )
    for each in row.facts["zero"].get("absent", []):
        text = _("零报告未报：{unit} {contact} {phone}")
        out.print("  " + text.format(**{k: show.cell(v) for k, v in each.items()}))
    for line in [*row.facts["focus"], *filter(None, [row.facts["focus_said"]])]:
        out.print("  " + _("明日重点：{text}").format(text=show.cell(line)))
    out.print(f"[dim]{row.digest[:16]} / {row.head[:16]}[/]")
