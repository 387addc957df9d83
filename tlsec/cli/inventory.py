"""tlsec inventory: bring the register in and out, check it, look at it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import click

from tlsec.cli import context, show
from tlsec.i18n import _, listed

_NOT_SHOWN = ("note", "phone", "mail", "line", "document")
_SHOWN = 9  # columns a terminal has room for; --json has them all


@click.group(
    help=_("资产台账：导入、导出、检查、查看。") + "\n\n" + _("例：tlsec inventory list systems")
)
def inventory() -> None:
    """The group; its commands follow."""


@inventory.command(
    "import",
    help=_("把目录、YAML 文件或 XLSX 工作簿导入台账。有一处错误就一行也不导入。")
    + "\n\n\b\n"
    + _("例：")
    + "\n  tlsec inventory import inventory/\n  tlsec inventory import assets.xlsx --prune",
)
@click.argument("source", type=click.Path(path_type=Path), required=False)
@click.option("--prune", is_flag=True, help=_("来源中已没有的行从台账删除"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def import_(ctx: click.Context, source: Path | None, prune: bool, as_json: bool) -> None:
    """Import, and say what it did."""
    workspace = context.open_workspace(ctx)
    from tlsec.inventory.columns import table
    from tlsec.inventory.importer import import_register

    with context.faults_end_here():
        counts = import_register(source or workspace.root / "inventory", prune)
    if as_json:
        context.print_json({"tables": {name: asdict(count) for name, count in counts.items()}})
        return
    headings = [_("表"), _("新增"), _("变更"), _("不变"), _("删除")]
    _print_table(
        headings, ([table(name).title, *map(str, asdict(n).values())] for name, n in counts.items())
    )


@inventory.command(
    help=_("把台账导出成 XLSX 工作簿或 YAML 目录，改完可原样导回。")
    + "\n\n\b\n"
    + _("例：")
    + "\n  tlsec inventory export assets.xlsx\n  tlsec inventory export inventory/"
)
@click.argument("target", type=click.Path(path_type=Path))
@click.pass_context
def export(ctx: click.Context, target: Path) -> None:
    """Export the whole register."""
    context.open_workspace(ctx)
    from tlsec.inventory.exporter import export_register

    with context.faults_end_here():
        for path in export_register(target):
            click.echo(path)


@inventory.command(
    help=_("检查台账文件，列出全部错误及其位置，不导入。")
    + "\n\n\b\n"
    + _("例：")
    + "\n  tlsec inventory lint\n  tlsec inventory lint assets.xlsx"
)
@click.argument("source", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def lint(ctx: click.Context, source: Path | None, as_json: bool) -> None:
    """Judge files; needs a workspace only when no file is named."""
    from tlsec.inventory.checking import lint as judge
    from tlsec.marked_yaml import Faulty

    with context.faults_end_here():
        try:
            rows, faults = judge(source or context.workspace_dir(ctx) / "inventory")
        except Faulty as error:
            rows, faults = {}, error.faults
        if as_json:
            context.print_json({"rows": rows, "faults": [asdict(fault) for fault in faults]})
            ctx.exit(context.BAD_INPUT if faults else context.DONE)
        if faults:
            raise Faulty(faults)
    total = sum(rows.values())
    click.echo(_("{tables} 张表 {rows} 行，没有错误").format(tables=len(rows), rows=total))


@inventory.command(
    "list",
    help=_("查看台账中的一张表，缺省为资产（assets）。")
    + "\n\n\b\n"
    + _("例：")
    + "\n  tlsec inventory list\n  tlsec inventory list systems --county 澜溪县 --json",
)
@click.argument("name", metavar=_("[表]"), default="assets")
@click.option("--zone", help=_("只看某区域"))
@click.option("--unit", help=_("只看某单位"))
@click.option("--county", help=_("只看某县区"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(
    ctx: click.Context,
    name: str,
    zone: str | None,
    unit: str | None,
    county: str | None,
    as_json: bool,
) -> None:
    """List one table, streaming when as JSON."""
    from tlsec.inventory.columns import table_named, tables

    of = table_named(name)
    if of is None:
        names = listed(
            _("{name}（{note}）").format(name=each.name, note=each.title)
            for each in tables().values()
        )
        context.fail(
            _("没有“{name}”这张表，只有 {names}").format(name=name, names=names), context.BAD_INPUT
        )
    context.open_workspace(ctx)
    from tlsec.inventory import store
    from tlsec.inventory.cells import cell_text, plain_row

    only = []
    for column, key in (("zone", zone), ("unit", unit), ("county", county)):
        condition = store.condition(of.name, column, key) if key else None
        if condition is not None:
            only.append(condition)
        elif key:
            message = _("「{table}」表不能按 --{column} 筛选").format(table=of.title, column=column)
            context.fail(message, context.BAD_INPUT)
    found = store.rows(of.name, *only)
    if as_json:
        _stream_json(of.name, (plain_row(of, row) for row in found))
        return
    first = next(found, None)
    if first is None:
        click.echo(_("没有符合条件的行"), err=True)
        return
    shown = [column for column in of.columns if column.name not in _NOT_SHOWN][:_SHOWN]
    lines = ([cell_text(c, getattr(row, c.field)) for c in shown] for row in chain([first], found))
    _print_table([column.title for column in shown], lines)


def _stream_json(name: str, rows: Iterator[dict[str, Any]]) -> None:
    """One document, written row by row, so that a large register does not sit in memory."""
    click.echo(f'{{"table": {json.dumps(name)}, "rows": [', nl=False)
    for i, row in enumerate(rows):
        click.echo((",\n  " if i else "\n  ") + json.dumps(row, ensure_ascii=False), nl=False)
    click.echo("\n]}")


def _print_table(headings: list[str], rows: Iterable[list[str]]) -> None:
    shown = show.table(*headings, flexible=range(1, len(headings)))
    for row in rows:
        shown.add_row(*map(show.cell, row))
    show.console().print(shown)
