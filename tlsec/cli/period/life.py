"""tlsec period open, status, enter, close."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, actor, fail, open_workspace, print_json, with_example
from tlsec.cli.period.common import print_changes, refusals_end_here
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.period.models import Period
    from tlsec.period.periods import Done

PHASES = ["prepare", "ready", "live", "review"]


@click.command(
    "open",
    help=with_example(
        _("按文件打开一个重保期；同时只能有一个。--sample 用工作区里没有文件时的示例"),
        "tlsec period open period.yaml",
    ),
)
@click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False), required=False, metavar=_("[文件]")
)
@click.option("--sample", is_flag=True, help=_("用示例重保期，实战从今天开始"))
@click.option("--phase", type=click.Choice(PHASES), help=_("从哪个阶段开始，缺省按日期"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def open_(ctx: click.Context, file: Path | None, sample: bool, phase: Any, as_json: bool) -> None:
    root = open_workspace(ctx).root
    from tlsec.period import definition, periods
    from tlsec.period import sample as sampled

    now = datetime.now(UTC)
    if sample == (file is not None):
        fail(_("写一个文件，或用 --sample，两者取一"), BAD_INPUT)
    source = file or root / definition.FILE
    if sample and not source.is_file():
        sampled.write(root, now.astimezone(show.LOCAL).date())
    if not source.is_file():
        fail(_("找不到文件 {file}").format(file=source), BAD_INPUT)
    with refusals_end_here():
        done = periods.open_(definition.load(source), now, actor(ctx), phase)
    _print(done, as_json, _("已打开 {title}，现在是{phase}阶段。"))


@click.command(
    help=with_example(
        _("进入后面的阶段，打印会改变什么；--dry-run 只看不做"), "tlsec period enter live --dry-run"
    )
)
@click.argument("phase", type=click.Choice(PHASES), metavar="PHASE")
@click.option("--reason", default="", help=_("还有未完成的任务时，为什么仍要进入"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.option("--dry-run", is_flag=True, help=_("只列出会改变什么"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def enter(
    ctx: click.Context, phase: Any, reason: str, version: int | None, dry_run: bool, as_json: bool
) -> None:
    open_workspace(ctx)
    from tlsec.period import periods

    with refusals_end_here():
        if dry_run:
            changes = periods.preview(phase)
            if as_json:
                print_json({"dry_run": True, "changes": [asdict(each) for each in changes]})
            else:
                print_changes(changes)
            return
        done = periods.enter(phase, datetime.now(UTC), actor(ctx), reason, version)
    _print(done, as_json, _("{title} 进入{phase}阶段。"))


@click.command(
    help=with_example(
        _("关闭重保期：态势改回，冻结解除，没有恢复的临时措施列成任务"), "tlsec period close"
    )
)
@click.option("--reason", default="", help=_("没到总结阶段就关闭的理由"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def close(ctx: click.Context, reason: str, version: int | None, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.period import periods

    with refusals_end_here():
        done = periods.close(datetime.now(UTC), actor(ctx), reason, version)
    _print(done, as_json, _("{title} 已关闭。"))


def _print(done: Done, as_json: bool, text: str) -> None:
    from tlsec.period.profile import phase_names

    period = done.period
    if as_json:
        print_json(
            {
                "id": period.id, "state": period.state, "phase": period.phase,
                "version": period.version, "changes": [asdict(each) for each in done.changes],
                "undone": list(done.tasks),
            }
        )  # fmt: skip
        return
    out = show.console()
    name = phase_names()[period.phase]
    out.print(text.format(title=show.cell(period.title), phase=name))
    print_changes(done.changes)
    for task in done.tasks:
        out.print("  [yellow]" + _("未完成：{task}").format(task=show.cell(task)) + "[/]")


@click.command(help=with_example(_("重保期现在的样子"), "tlsec period status"))
@click.argument("period_id", required=False, default="", metavar=_("[编号]"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def status(ctx: click.Context, period_id: str, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.period import periods

    now = datetime.now(UTC)
    with refusals_end_here():
        period = periods.found(period_id)
        data = _status(period, now)
    if as_json:
        print_json(data)
        return
    _show(period, data)


def _status(period: Period, now: datetime) -> dict[str, Any]:
    from tlsec.period import counting, freezing, periods, roster, zero
    from tlsec.period.models import ChecklistItem, TemporaryControl
    from tlsec.period.models_daily import DailyReport
    from tlsec.period.numbers import ask

    profile = periods.profile_of(period)
    today = now.astimezone(show.LOCAL).date()
    tasks = ChecklistItem.objects.filter(period=period)
    controls = TemporaryControl.objects.filter(period=period, ended=None)
    reporting = today in zero.days(period, profile) and period.state == "open"
    standings = zero.standings(period, today, now) if reporting else []
    day_ago = now - timedelta(days=1)
    numbers = {
        key: ask(asked).value
        for key, asked in (
            ("places", counting.assets(period)),
            ("tested_24h", counting.tested(period, day_ago, now)),
            ("open", counting.open_at(now)),
            ("overdue", counting.overdue_at(now)),
            ("blocks", counting.blocks_at(now)),
        )
    }
    return {
        "id": period.id, "title": period.title, "type": period.kind, "state": period.state,
        "phase": period.phase, "version": period.version, "raised": period.raised is not None,
        "phases": [
            {"phase": p.name, "from": p.start, "until": p.until, "entered": p.entered, "left": p.left}
            for p in period.phases.order_by("id")
        ],
        "systems": len(period.systems),
        "numbers": numbers,
        "tasks": {
            "all": tasks.count(), "done": tasks.exclude(done=None).count(),
            "overdue": tasks.filter(done=None, required=True, due__lt=now).count(),
        },
        "controls": {"on": controls.count(), "overdue": controls.filter(until__lte=now).count()},
        "freezes": [
            {"rule": f.rule, "systems": f.systems, "until": f.until} for f in freezing.in_force(now)
        ],
        "zero": zero.counts(standings) if standings else None,
        "duty": [
            {"role": s.role, "person": s.person, "phone": s.phone, "shift": s.name, "until": s.until}
            for s in roster.on_duty(now)
        ],
        "dailies": DailyReport.objects.filter(period=period).values("day").distinct().count(),
    }  # fmt: skip


def _show(period: Period, data: dict[str, Any]) -> None:
    from tlsec.period.freezing import RULES
    from tlsec.period.profile import kind_names, phase_names, role_names

    out, names = show.console(), phase_names()
    raised = _("态势已提升") if data["raised"] else _("平时态势")
    kind, phase = kind_names()[period.kind], names[period.phase]
    state = phase if period.state == "open" else _("已关闭")
    out.print(
        f"[bold]{show.cell(period.title)}[/]  {show.cell(period.id)}  {kind}  {state}  {raised}"
    )
    table = show.table(_("阶段"), _("计划"), _("进入"), _("离开"))
    for row in data["phases"]:
        plan = f"{show.moment(row['from'])[:10]} — {show.moment(row['until'] - timedelta(minutes=1))[:10]}"
        table.add_row(
            names[row["phase"]], plan, show.moment(row["entered"]), show.moment(row["left"])
        )
    out.print(table)
    numbers, tasks, controls = data["numbers"], data["tasks"], data["controls"]
    lines = [
        _("保障对象 {n} 个系统；近 24 小时测到 {tested}/{places}，其余未测，不等于正常").format(
            n=data["systems"], tested=numbers["tested_24h"], places=numbers["places"]
        ),
        _("台账未结 {open} 项，逾期 {overdue} 项；封禁 {blocks} 条").format(**numbers),
        _("任务 {done}/{all}，逾期 {overdue}").format(**tasks),
        _("临时措施 {on} 项，到期未恢复 {overdue} 项").format(**controls),
    ]
    if data["zero"]:
        lines.append(
            _(
                "今日零报告应报 {required}，已报 {reported}，未报 {missing}，未到时限 {waiting}"
            ).format(**data["zero"])
        )
    for freeze in data["freezes"]:
        what = "、".join(freeze["systems"]) or _("全部保障对象")
        until = show.moment(freeze["until"])
        lines.append(
            _("变更冻结：{what} {rule}，至 {until}").format(
                what=what, rule=_(RULES[freeze["rule"]]), until=until
            )
        )
    for seat in data["duty"]:
        lines.append(
            _("在岗：{role} {person} {phone}").format(
                role=role_names()[seat["role"]], person=seat["person"], phone=seat["phone"]
            )
        )
    for line in lines:
        out.print("  " + show.cell(line))
