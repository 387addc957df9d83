"""tlsec roster: who is on duty when, swaps, contact check, files in and out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import (
    BAD_INPUT,
    FINDINGS,
    actor,
    fail,
    open_workspace,
    print_json,
    with_example,
)
from tlsec.cli.period.common import Day, refusals_end_here
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.period.models_duty import Shift

ROLES = ["leader", "main", "backup", "support"]


@click.group(
    help=_("值班表：排班、换班、替班、核验、日历。")
    + "\n\n"
    + _("例：tlsec roster show；tlsec roster check")
)
def roster() -> None: ...


def _window(first: date | None, days: int) -> tuple[datetime, datetime]:
    start = first or datetime.now(UTC).astimezone(show.LOCAL).date()
    begin = datetime.combine(start, time(), show.LOCAL)
    return begin, begin + timedelta(days=days)


def _keys(row: Shift) -> dict[str, Any]:
    return {
        "id": row.pk, "day": row.day, "shift": row.name, "role": row.role, "person": row.person,
        "unit": row.unit, "phone": row.phone, "from": row.start, "until": row.until,
        "planned": row.planned, "note": row.note, "version": row.version,
    }  # fmt: skip


@roster.command(
    "show", help=with_example(_("几天的值班表；--now 只看此刻谁在岗"), "tlsec roster show --days 3")
)
@click.option("--from", "first", type=Day(), help=_("从哪天起，缺省为今天"))
@click.option("--days", type=click.IntRange(1, 400), default=7, help=_("几天"))
@click.option("--now", "at_once", is_flag=True, help=_("此刻谁在岗"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def show_(ctx: click.Context, first: date | None, days: int, at_once: bool, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.period import papers
    from tlsec.period import roster as rosters
    from tlsec.period.profile import role_names

    start, until = _window(first, days)
    found = rosters.between(start, until).filter(start__gte=start)
    rows = rosters.on_duty(datetime.now(UTC)) if at_once else list(found)
    if as_json:
        print_json({"shifts": [_keys(row) for row in rows]})
        return
    names = role_names()
    table = show.table(
        "#", _("日期"), _("班次"), _("岗位"), _("姓名"), _("电话"), _("说明"), flexible=[6]
    )
    for row in rows:
        swapped = row.planned and row.planned != row.person
        note = _("替 {name}").format(name=row.planned) + f" {row.note}" if swapped else row.note
        table.add_row(str(row.pk), f"{row.day:%m-%d} {papers.day_mark(row.day)}", show.cell(row.name),
                      names[row.role], show.cell(row.person), show.cell(row.phone), show.cell(note))  # fmt: skip
    show.console().print(
        table if rows else _("没有排班。用 tlsec roster import 或 tlsec roster set")
    )


@roster.command(
    "set",
    help=with_example(
        _("排一个班位，已有人的换成这个人"),
        _("tlsec roster set 2026-10-16 白班 08:00-20:00 main 吴景和"),
    ),
)
@click.argument("day", type=Day(), metavar=_("日期"))
@click.argument("name", metavar=_("班次"))
@click.argument("span", metavar=_("起-止"))
@click.argument("role", type=click.Choice(ROLES), metavar=_("岗位"))
@click.argument("person", metavar=_("姓名"))
@click.option("--unit", default="", help=_("单位，同名时写"))
@click.option("--place", default="", help=_("地点"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.pass_context
def set_(
    ctx: click.Context, day: date, name: str, span: str, role: str, person: str, unit: str,
    place: str, reason: str, version: int | None,
) -> None:  # fmt: skip
    open_workspace(ctx)
    from tlsec.period import roster as rosters
    from tlsec.period import roster_files
    from tlsec.period.definition import ShiftSpec
    from tlsec.period.models_duty import Shift

    first, _dash, last = span.partition("-")
    try:
        spec = ShiftSpec.model_validate({"name": name, "from": first, "until": last})
    except ValueError:
        fail(_("起止应写成 08:00-20:00"), BAD_INPUT)
    found = roster_files.find_person(person, unit)
    if found is None:
        fail(_("台账里没有这个人，或有同名的，请加 --unit：{name}").format(name=person), BAD_INPUT)
    start, until = rosters.times(spec, day)
    row = Shift(
        day=day, name=name, role=role, seat=1, start=start, until=until, person=found.name,
        unit=found.unit_id, title=found.role, phone=found.phone, mail=found.mail, place=place,
        note=reason,
    )  # fmt: skip
    with refusals_end_here():
        rosters.place(row, datetime.now(UTC), actor(ctx), version, reason)
    click.echo(_("已排第 {id} 个班位").format(id=row.pk))


@roster.command(
    help=with_example(
        _("换班：两个班位的人互换；或 --with 姓名，由另一人替班"),
        _("tlsec roster swap 12 16 --reason 出差"),
    )
)
@click.argument("first", type=int, metavar="#")
@click.argument("second", type=int, required=False, metavar="[#]")
@click.option("--with", "person", default="", help=_("替班的人"))
@click.option("--unit", default="", help=_("替班人的单位，同名时写"))
@click.option("--reason", required=True, help=_("替班说明"))
@click.pass_context
def swap(
    ctx: click.Context, first: int, second: int | None, person: str, unit: str, reason: str
) -> None:
    open_workspace(ctx)
    from tlsec.period import roster as rosters
    from tlsec.period import roster_files

    now = datetime.now(UTC)
    if (second is None) == (not person):
        fail(_("写另一个班位，或用 --with 写替班的人，两者取一"), BAD_INPUT)
    with refusals_end_here():
        if second is not None:
            a, b = rosters.swap(first, second, now, actor(ctx), reason)
            text = _("{a} 与 {b} 已换班").format(a=b.person, b=a.person)
        else:
            found = roster_files.find_person(person, unit)
            if found is None:
                message = _("台账里没有这个人，或有同名的，请加 --unit：{name}")
                fail(message.format(name=person), BAD_INPUT)
            row = rosters.stand_in(first, found, now, actor(ctx), reason)
            text = _("第 {id} 个班位由 {who} 替班").format(id=row.pk, who=row.person)
    click.echo(text)


@roster.command(
    "import",
    help=with_example(_("导入值班表（XLSX 或 CSV），列：日期、班次、起、止、岗位、姓名；要么全收，要么一条不收"),
                      _("tlsec roster import 值班表.xlsx")),
)  # fmt: skip
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar=_("文件")
)
@click.pass_context
def import_(ctx: click.Context, file: Path) -> None:
    open_workspace(ctx)
    from tlsec.period import roster_files

    with refusals_end_here():
        n = roster_files.take(file, datetime.now(UTC), actor(ctx))
    click.echo(_("已排 {n} 个班位").format(n=n))


@roster.command(
    help=with_example(
        _("导出日历（iCal），导进手机和办公软件"), _("tlsec roster ical --output 值班.ics")
    )
)
@click.option("--from", "first", type=Day(), help=_("从哪天起，缺省为今天"))
@click.option("--days", type=click.IntRange(1, 400), default=30, help=_("几天"))
@click.option("--person", default="", help=_("只要一个人的"))
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("写到文件，缺省写到标准输出"),
)
@click.pass_context
def ical(
    ctx: click.Context, first: date | None, days: int, person: str, output: Path | None
) -> None:
    open_workspace(ctx)
    from tlsec.period import roster as rosters
    from tlsec.period import roster_files

    rows = rosters.between(*_window(first, days))
    rows = rows.filter(person=person) if person else rows
    text = roster_files.ical(rows, datetime.now(UTC), _("值班表"))
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8", newline="")
    click.echo(str(output))


@roster.command(
    help=with_example(
        _("核验：哪些时段缺人，谁的电话没有在规定天数内拨通；有问题以 1 结束"), "tlsec roster check"
    )
)
@click.option("--from", "first", type=Day(), help=_("从哪天起，缺省为今天"))
@click.option("--days", type=click.IntRange(1, 400), default=7, help=_("几天"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def check(ctx: click.Context, first: date | None, days: int, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.period import contacts, periods
    from tlsec.period import roster as rosters
    from tlsec.period.profile import load, role_names

    now = datetime.now(UTC)
    start, until = _window(first, days)
    start = max(start, now)
    period = periods.current()
    with refusals_end_here():
        profile = periods.profile_of(period) if period else load().profile("major")
    gaps = rosters.gaps(start, until, profile.roster.required)
    people = contacts.of(start, until, now, profile.contact_days)
    stale = [each for each in people if not each.fresh]
    if as_json:
        print_json(
            {
                "gaps": [{"role": g.role, "from": g.start, "until": g.until} for g in gaps],
                "unconfirmed": [
                    {"person": p.person, "unit": p.unit, "phone": p.phone, "last": p.last, "reached": p.reached}
                    for p in stale
                ],
                "people": len(people),
            }
        )  # fmt: skip
    else:
        out = show.console()
        for g in gaps:
            text = _("缺人：{role} {a} 至 {b}")
            out.print(
                "[red]"
                + text.format(
                    role=role_names()[g.role], a=show.moment(g.start), b=show.moment(g.until)
                )
                + "[/]"
            )
        for p in stale:
            text = _("未核验：{name} {phone}，最近一次 {last}")
            out.print(
                text.format(
                    name=show.cell(p.person), phone=show.cell(p.phone), last=show.moment(p.last)
                )
            )
        text = _("在表 {n} 人，{days} 天内拨通 {ok} 人")
        out.print(
            text.format(n=len(people), days=profile.contact_days, ok=len(people) - len(stale))
        )
    if gaps or stale:
        ctx.exit(FINDINGS)


@roster.command(
    help=with_example(_("记下一次拨测"), _("tlsec roster contact 吴景和 --reached --how 手机"))
)
@click.argument("person", metavar=_("姓名"))
@click.option("--reached/--missed", default=True, help=_("拨通 / 没有拨通"))
@click.option("--how", default="", help=_("怎么联系的"))
@click.pass_context
def contact(ctx: click.Context, person: str, reached: bool, how: str) -> None:
    open_workspace(ctx)
    from tlsec.period import contacts

    with refusals_end_here():
        contacts.note(person, reached, datetime.now(UTC), actor(ctx), how)
    click.echo(_("已记下：{name}").format(name=person))
