"""tlsec register export, import: a unit's open items out as a workbook, and what it filled in back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, FINDINGS, actor, fail, open_workspace, print_json
from tlsec.cli.context import with_example as example
from tlsec.cli.refusals import refusals_end_here
from tlsec.i18n import _, listed

if TYPE_CHECKING:
    from tlsec.register.exchange_import import Outcome, Take


@click.command(
    help=example(
        _("把一个单位已下发的待办导出成 XLSX 反馈表，给没有账号的单位填写，填好后导回"),
        _("tlsec register export 市医保局 反馈表.xlsx"),
    )
)
@click.argument("unit", metavar=_("单位"))
@click.argument("file", metavar=_("[文件]"), required=False, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help=_("文件已存在时覆盖"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def export(ctx: click.Context, unit: str, file: Path | None, force: bool, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.register import exchange

    with refusals_end_here():
        named = exchange.unit_named(unit)
        path = file or Path(_("{name}-整改反馈表.xlsx").format(name=_plain(named)))
        if path.suffix.lower() != ".xlsx":
            fail(_("{file}：工作簿的文件名要以 .xlsx 结尾").format(file=path), BAD_INPUT)
        if path.exists() and not force:
            text = _("{file} 已存在，可能已有人填写；要覆盖请加 --force")
            fail(text.format(file=path), BAD_INPUT)
        issue = exchange.write(named, path, actor(ctx), datetime.now(UTC))
    if as_json:
        print_json({"file": str(path), **asdict(issue)})
        return
    text = _("{file}：{unit} {n} 项，编号 {id}")
    click.echo(text.format(file=path, unit=issue.unit, n=len(issue.items), id=issue.id))
    if issue.waiting:
        click.echo(_("另有 {n} 项尚未下发，未列").format(n=issue.waiting))


def _plain(text: str) -> str:
    """A unit's name as a file name: nothing in it may lead to another folder."""
    return "".join(c if c.isalnum() or c in "-_（）()" else "_" for c in text)[:60]


@click.command(
    "import",
    help=example(
        _(
            "导入单位填好的反馈表：签收、整改、证据、延期各按平常操作记在填写人名下；冲突的列出来，不替你决定"
        ),
        _("tlsec register import 市医保局-整改反馈表.xlsx --evidence 证据/ --dry-run"),
    ),
)
@click.argument(
    "files", metavar=_("文件…"), nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--evidence", type=click.Path(path_type=Path, file_okay=False, exists=True),
    help=_("证据文件所在文件夹，缺省为导入文件所在的文件夹"),
)  # fmt: skip
@click.option(
    "--take", type=click.Choice(["ours", "theirs"]), help=_("冲突时留现有的，或用文件里的")
)
@click.option("--unit", default="", help=_("只收发给这个单位的工作簿"))
@click.option("--dry-run", is_flag=True, help=_("只看会导入什么，不导入"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def import_(
    ctx: click.Context,
    files: tuple[Path, ...],
    evidence: Path | None,
    take: Take,
    unit: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    open_workspace(ctx)
    from tlsec.register import exchange_import

    with refusals_end_here():
        outcomes = exchange_import.take_in(
            files, evidence, actor(ctx), datetime.now(UTC), take, unit, dry_run
        )
    if as_json:
        print_json({"dry_run": dry_run, "files": [_keys(each) for each in outcomes]})
    else:
        for each in outcomes:
            _print(each, dry_run)
    if any(each.open for each in outcomes):
        ctx.exit(FINDINGS)


def _keys(each: Outcome) -> dict[str, Any]:
    refused = [{"where": fault.where, "what": fault.message} for fault in each.refused]
    return asdict(each) | {"refused": refused}


def _command(name: str) -> str:
    from tlsec.register.transitions import COMMANDS

    title = _(COMMANDS[name.removesuffix("?")].title)
    return _("提请{title}").format(title=title) if name.endswith("?") else title


def _print(each: Outcome, dry_run: bool) -> None:
    taken = _("将收下 {n} 项") if dry_run else _("收下 {n} 项")
    parts = [taken.format(n=len(each.taken))]
    for text, n in (
        (_("未改动 {n} 行"), each.unchanged),
        (_("先前已收 {n} 项"), each.already),
        (_("冲突 {n} 处"), len(each.conflicts)),
        (_("不能收 {n} 处"), len(each.refused)),
        (_("行被删除或清空 {n} 处（台账不受影响）"), len(each.deleted)),
    ):
        if n:
            parts.append(text.format(n=n))
    click.echo(f"{each.file}：" + listed(parts, "；"))
    for row in each.taken:
        what = listed(map(_command, row.commands))
        click.echo("  " + _("{no} {who}：{what}").format(no=row.no, who=row.by, what=what))
    for fault in each.refused:
        click.echo(f"  {fault}", err=True)
    if each.conflicts:
        table = show.table(
            _("位置"), _("编号"), _("原因"), _("台账"), _("文件里"), flexible=[0, 2, 3, 4]
        )
        for c in each.conflicts:
            table.add_row(*map(show.cell, (c.where, c.no, c.why, c.ours, c.theirs)))
        show.console().print(table)
        click.echo(
            _("冲突的都没有收；核对后用 --take ours 留现有的，或 --take theirs 用文件里的。")
        )
