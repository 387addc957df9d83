"""tlsec register dispatch, receipt: notices to units, and who signed for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, actor, fail, print_json, with_example
from tlsec.cli.refusals import refusals_end_here
from tlsec.cli.scan import open_ground
from tlsec.i18n import _, listed

if TYPE_CHECKING:
    from tlsec.register.dispatch import Letter
    from tlsec.scan.runs import Ground


@click.command(
    help=with_example(
        _("下发：单位（或编号）的已确认事项编入整改通知书，取文号，开始签收计时"),
        _(
            "tlsec register dispatch 市医保局；tlsec register dispatch YJ-2026-00003 YJ-2026-00007 --dry-run"
        ),
    )
)
@click.argument("names", metavar=_("单位或编号…"), nargs=-1, required=True)
@click.option("--number", default="", help=_("用已有的文号（一次只发一个单位），缺省自动取下一号"))
@click.option(
    "--format", "form", type=click.Choice(["docx", "pdf"]), help=_("通知书的格式，缺省 docx")
)
@click.option("--no-paper", is_flag=True, help=_("只下发，通知书以后再印"))
@click.option("--dry-run", is_flag=True, help=_("只看会发什么，不下发"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def dispatch(
    ctx: click.Context,
    names: tuple[str, ...],
    number: str,
    form: str | None,
    no_paper: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    ground = open_ground(ctx)
    from tlsec.register import dispatch as sending

    with refusals_end_here():
        letters = sending.letters(names)
    if number and len(letters) > 1:
        units = listed(letter.unit for letter in letters)
        fail(_("--number 一次只用于一个单位，这里有：{units}").format(units=units), BAD_INPUT)
    if dry_run:
        _would(letters, as_json)
        return
    now, mark = datetime.now(UTC), ground.workspace.config.notice_mark
    done = []
    for letter in letters:
        with refusals_end_here():
            issued = sending.issue(letter, mark, actor(ctx), now, number)
        paper = "" if no_paper else _paper(ground, issued.number, form or "docx")
        done.append(
            {
                "number": issued.number,
                "unit": issued.unit,
                "items": list(issued.items),
                "paper": paper,
            }
        )
        if not as_json:
            text = _("{number} → {unit}：{n} 项 {nos}")
            click.echo(
                text.format(
                    number=issued.number, unit=issued.unit, n=len(issued.items),
                    nos=listed(issued.items),
                )
            )  # fmt: skip
            if paper:
                click.echo("  " + paper)
    if as_json:
        print_json({"notices": done})


def _would(letters: list[Letter], as_json: bool) -> None:
    if as_json:
        keys = [
            {"number": None, "unit": each.unit, "items": [i.no for i in each.items], "paper": ""}
            for each in letters
        ]
        print_json({"notices": keys})
        return
    table = show.table(_("单位"), _("编号"), _("等级"), _("隐患"), _("时限"), flexible=[3])
    for each in letters:
        for item in each.items:
            severity = show.word(show.SEVERITIES, item.severity)
            what = show.cell(item.description or item.title)
            table.add_row(show.cell(each.unit), item.no, severity, what, show.moment(item.due))
    show.console().print(table)


def _paper(ground: Ground, number: str, form: str) -> str:
    """The notice as a file. The items are out by then: without the file the number still holds."""
    from tlsec.cli.report import NothingToPrint, Wish
    from tlsec.cli.report_notice import notice
    from tlsec.report.errors import PaperError

    try:
        return str(notice(ground, Wish(form, no=number)).path)
    except (PaperError, NothingToPrint, OSError) as error:
        again = _("已下发；以后再印：tlsec report notice --no {number}").format(number=number)
        click.echo(f"{error}\n{again}", err=True)
        return ""


@click.command(
    help=with_example(
        _("签收：记下谁在什么时候签收了哪一份通知书（送达回执）"),
        _('tlsec register receipt 整改〔2026〕3号 --by 周若川 --at "2026-11-24 09:30"'),
    )
)
@click.argument("number", metavar=_("文号"))
@click.option("--by", "person", required=True, help=_("单位的签收人"))
@click.option("--at", help=_("签收时间（北京时间），缺省为现在"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def receipt(ctx: click.Context, number: str, person: str, at: str | None, as_json: bool) -> None:
    open_ground(ctx)
    from tlsec.register import dispatch as sending
    from tlsec.register.exchange_layout import moment_of

    now = datetime.now(UTC)
    when = moment_of(at) if at else now
    if when is None:
        fail(_("看不懂时间“{text}”，写作 2026-11-24 09:30").format(text=at), BAD_INPUT)
    with refusals_end_here():
        done, before = sending.receipt(number, person, when, now, actor(ctx))
    if as_json:
        print_json({"number": number, "by": person, "at": when, "signed": done, "before": before})
        return
    click.echo(
        _("{number}：{who} 签收 {n} 项 {nos}").format(
            number=number, who=person, n=len(done), nos=listed(done)
        )
    )
    if before:
        click.echo(_("先前已签收或已结：{nos}").format(nos=listed(before)))
