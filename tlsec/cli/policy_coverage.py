"""How the coverage of the catalogue looks: a table, the items left, a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from tlsec.cli.show import cell, console, table
from tlsec.i18n import N_, _, language
from tlsec.policy.catalog import EXTENSIONS, LEVELS, Catalog, Item
from tlsec.policy.coverage import WAYS
from tlsec.report import coverage_chart

_EXTENSIONS = {
    "general": N_("通用"),
    "cloud": N_("云计算"),
    "mobile": N_("移动互联"),
    "iot": N_("物联网"),
    "ics": N_("工业控制"),
}


def table_of(data: Mapping[str, Any]) -> None:
    """Items by level, part of the standard and the way they are settled."""
    heads = (_("检查和问卷"), _("仅问卷"), _("仅检查"), _("无途径"))
    shown = table(_("等级"), _("部分"), _("标准"), _("收录"), *heads)
    for level in LEVELS:
        for extension in EXTENSIONS:
            row = data["levels"][str(level)][extension]
            open_ = row["uncovered"]
            shown.add_row(
                str(level) if extension == EXTENSIONS[0] else "",
                _(_EXTENSIONS[extension]),
                *(str(row[key]) for key in ("published", "items", *WAYS[:-1])),
                f"[bold red]{open_}[/]" if open_ else "[green]0[/]",
            )
    console().print(shown)
    message = _(
        "检查项 {checks} 个，问题 {questions} 个。有途径只表示能判定，不等于条款已经符合；"
        "检查项多数只能说明一部分，仍要人回答。"
    )
    click.echo(message.format(checks=data["checks"], questions=data["questions"]))


def left(items: Sequence[Item]) -> None:
    """Items without a way, in the order of the standard."""
    if not items:
        click.echo(_("目录里的条款都有判定途径"))
        return
    shown = table(_("条款"), _("要求线"), _("要求"), flexible=(2,))
    for item in items:
        shown.add_row(item.id, cell(item.line), cell(getattr(item, language())))
    console().print(shown)
    click.echo(_("没有途径的条款 {n} 条").format(n=len(items)))


def picture(data: Mapping[str, Any], catalog: Catalog) -> str:
    """The same numbers as an SVG."""
    rows = [
        coverage_chart.Row(
            level,
            _(_EXTENSIONS[extension]),
            **{way: data["levels"][str(level)][extension][way] for way in WAYS},
        )
        for level in LEVELS
        for extension in EXTENSIONS
    ]
    source = _("{standard}；检查项 {checks} 个，问题 {questions} 个").format(
        standard=catalog.id.upper().replace("GBT", "GB/T "),
        checks=data["checks"],
        questions=data["questions"],
    )
    return coverage_chart.draw(rows, _("等级保护条款的判定途径"), source)
