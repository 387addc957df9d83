"""tlsec period zero list, import, form, add, remind."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from tlsec.cli import show
from tlsec.cli.context import FINDINGS, actor, open_workspace, print_json, show_faults, with_example
from tlsec.cli.period.common import Day, refusals_end_here
from tlsec.i18n import _


def _states() -> dict[str, str]:
    return {
        "safe": _("平安"),
        "event": _("有情况"),
        "late": _("逾时（计未报）"),
        "missing": _("未报"),
        "waiting": _("未到时限"),
        "part": _("报了一部分"),
    }


@click.group(
    help=_("零报告：有情况报情况，无情况报平安；逾时按未报计。")
    + "\n\n"
    + _("例：tlsec period zero list")
)
def zero() -> None: ...


@zero.command(
    "list", help=with_example(_("各单位某天报了没有"), "tlsec period zero list --fail-on missing")
)
@click.option("--date", "day", type=Day(), help=_("哪一天，缺省为今天"))
@click.option("--fail-on", type=click.Choice(["missing"]), help=_("有未报的以 1 结束"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, day: date | None, fail_on: str | None, as_json: bool) -> None:
    root = open_workspace(ctx)
    from tlsec.period import periods, zero_files
    from tlsec.period import zero as reports

    now = datetime.now(UTC)
    day = day or now.astimezone(show.LOCAL).date()
    with refusals_end_here():
        zero_files.collect(root.receipts, now, actor(ctx))
        made = reports.standings(periods.found(), day, now)
    counts = reports.counts(made)
    if as_json:
        print_json(
            {
                "day": day, **counts,
                "units": [
                    {
                        "unit": s.duty.unit, "name": s.duty.name, "county": s.duty.county,
                        "state": s.state, "cutoff": s.cutoff, "received": s.received,
                        "reporter": s.reporter, "source": s.source, "missing": list(s.missing),
                        "contact": s.duty.contact, "phone": s.duty.phone,
                    }
                    for s in made
                ],
            }
        )  # fmt: skip
    else:
        table = show.table(
            _("单位"), _("状态"), _("截止"), _("报送"), _("报送人"), _("联系人"), flexible=[0]
        )
        for s in made:
            style = {"missing": "bold red", "late": "red", "event": "yellow"}.get(s.state, "")
            word = _states()[s.state]
            table.add_row(
                show.cell(s.duty.name), f"[{style}]{word}[/]" if style else word,
                show.moment(s.cutoff)[11:], show.moment(s.received)[5:], show.cell(s.reporter),
                show.cell(f"{s.duty.contact} {s.duty.phone}"),
            )  # fmt: skip
        out = show.console()
        out.print(table)
        out.print(
            _("应报 {required}，按时 {reported}，未报 {missing}，未到时限 {waiting}").format(
                **counts
            )
        )
    if fail_on and counts["missing"]:
        ctx.exit(FINDINGS)


@zero.command(
    "import",
    help=with_example(
        _("收下邮件寄来的零报告表（XLSX），一个文件一份"), _("tlsec period zero import 收件/*.xlsx")
    ),
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar=_("文件…"),
)
@click.option("--version", type=int, help=_("更正已收到的一份：写它的版本号"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def import_(
    ctx: click.Context, files: tuple[Path, ...], version: int | None, as_json: bool
) -> None:
    open_workspace(ctx)
    from tlsec.marked_yaml import Faulty
    from tlsec.period import zero_files
    from tlsec.register.refused import Refused

    now, taken, bad = datetime.now(UTC), [], 0
    for file in files:
        try:
            taken.append((file, zero_files.take(file, now, actor(ctx), version)))
        except Faulty as error:
            show_faults(error)
            bad += 1
        except Refused as error:
            click.echo(f"{file}: {error}", err=True)
            bad += 1
    if as_json:
        print_json(
            {
                "taken": [{"file": str(f), "unit": r.unit, "day": r.day, "late": r.late} for f, r in taken],
                "refused": bad,
            }
        )  # fmt: skip
    else:
        click.echo(_("收下 {n} 份，拒收 {bad} 份").format(n=len(taken), bad=bad))
    if bad:
        ctx.exit(2)


@zero.command(
    help=with_example(_("给单位发一份空表（XLSX）"), _("tlsec period zero form 澜溪县数据局"))
)
@click.argument("unit", metavar=_("单位"))
@click.option("--date", "day", type=Day(), help=_("哪一天，缺省为今天"))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help=_("写到哪里"))
@click.pass_context
def form(ctx: click.Context, unit: str, day: date | None, output: Path | None) -> None:
    opened = open_workspace(ctx)
    from tlsec.period import periods, zero_files

    now = datetime.now(UTC)
    day = day or now.astimezone(show.LOCAL).date()
    with refusals_end_here():
        id_ = zero_files.unit_named(unit) or unit
        opened.papers.mkdir(exist_ok=True)
        path = output or opened.papers / f"{_('零报告')}-{id_}-{day}.xlsx"
        zero_files.write_form(periods.found(), id_, day, path, now)
    click.echo(str(path))


@zero.command(
    help=with_example(
        _("电话报来的，手工登记"), _("tlsec period zero add 澜溪县数据局 --reporter 水临溪 --safe")
    )
)
@click.argument("unit", metavar=_("单位"))
@click.option("--reporter", required=True, help=_("谁报的"))
@click.option("--safe/--event", default=True, help=_("平安 / 有情况"))
@click.option("--note", default="", help=_("情况或需协调事项"))
@click.option("--date", "day", type=Day(), help=_("哪一天，缺省为今天"))
@click.option("--version", type=int, help=_("更正已收到的一份：写它的版本号"))
@click.pass_context
def add(
    ctx: click.Context, unit: str, reporter: str, safe: bool, note: str, day: date | None,
    version: int | None,
) -> None:  # fmt: skip
    open_workspace(ctx)
    from tlsec.period import periods, zero_files
    from tlsec.period import zero as reports

    now = datetime.now(UTC)
    day = day or now.astimezone(show.LOCAL).date()
    with refusals_end_here():
        came = reports.Came(
            zero_files.unit_named(unit) or unit, day, not safe, reporter, now, "form",
            content={"help": note} if note else {},
        )  # fmt: skip
        row = reports.receive(periods.running(), came, now, actor(ctx), version)
    late = _("（已逾时，按未报计）") if row.late else ""
    click.echo(_("已登记 {unit} {day}").format(unit=unit, day=day) + late)


@zero.command(help=with_example(_("现在就看一遍谁没报，按梯级催报"), "tlsec period zero remind"))
@click.pass_context
def remind(ctx: click.Context) -> None:
    root = open_workspace(ctx)
    from tlsec.period import zero as reports
    from tlsec.period import zero_files

    now = datetime.now(UTC)
    with refusals_end_here():
        zero_files.collect(root.receipts, now, actor(ctx))
        n = reports.remind(now)
    click.echo(_("发出催报 {n} 条").format(n=n))
