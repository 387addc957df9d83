"""tlsec assess exclude, inherit: what does not apply, and what the platform answers for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import click

from tlsec.cli import show
from tlsec.cli.assess.answers import open_inquiry, refusals_end_here
from tlsec.cli.context import FINDINGS, actor, faults_end_here, print_json, with_example
from tlsec.i18n import _


def _day(option: str, text: str | None) -> date | None:
    from tlsec.assess.workbook_layout import day_of

    day = day_of(text) if text else None
    if text and day is None:
        message = _("{option} {text} 不是日期，写作 2026-12-10")
        raise click.UsageError(message.format(option=option, text=text))
    return day


@click.command(
    help=with_example(
        _("定要求对某系统不适用：写明理由和决定人，可定期限，可收回。不写条款时列出生效的。"),
        _("tlsec assess exclude S21 8.1.4.1-d --reason 信息屏不设登录 --decided-by 冯清越"),
    )
)
@click.argument("system", metavar=_("系统"))
@click.argument("lines", metavar=_("[条款或要求线]…"), nargs=-1)
@click.option("--reason", default="", help=_("理由"))
@click.option("--decided-by", default="", help=_("由谁决定"))
@click.option("--until", help=_("到哪天为止，缺省不限"))
@click.option("--end", "ended", is_flag=True, help=_("收回：要求重新适用"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def exclude(
    ctx: click.Context,
    system: str,
    lines: tuple[str, ...],
    reason: str,
    decided_by: str,
    until: str | None,
    ended: bool,
    as_json: bool,
) -> None:
    if ended and (decided_by or until):
        raise click.UsageError(_("收回时不写 --decided-by 与 --until"))
    if not lines and (ended or reason or decided_by or until):
        raise click.UsageError(_("请写明条款或要求线"))
    inquiry = open_inquiry(ctx)
    from django.db import transaction

    from tlsec.assess import exclusions
    from tlsec.assess.inquiry import find_system

    now, who = datetime.now(UTC), actor(ctx)
    day = _day("--until", until)
    with refusals_end_here():
        row = find_system(system)
        if not lines:
            _excluded(list(exclusions.in_force(row.id, now).values()), as_json)
            return
        with transaction.atomic():  # all of them or none
            made = [
                exclusions.end(inquiry, row.id, line, reason, who, now)
                if ended
                else exclusions.exclude(inquiry, row.id, line, reason, decided_by, who, now, day)
                for line in dict.fromkeys(lines)
            ]
    if as_json:
        print_json({"exclusions": [_exclusion(each) for each in made]})
        return
    said = _("{system} 的 {line} 重新适用") if ended else _("{system} 的 {line} 定为不适用")
    for each in made:
        click.echo(said.format(system=each.system, line=each.line))


def _exclusion(row: Any) -> dict[str, Any]:
    return {
        "system": row.system, "line": row.line, "reason": row.reason, "decided_by": row.decided_by,
        "until": row.until, "ended": row.ended, "by": row.by, "at": row.at,
    }  # fmt: skip


def _excluded(rows: list[Any], as_json: bool) -> None:
    if as_json:
        print_json({"exclusions": [_exclusion(row) for row in rows]})
        return
    table = show.table(_("要求线"), _("理由"), _("决定人"), _("到"), flexible=[0, 1])
    for row in rows:
        until = str(row.until) if row.until else _("不限")
        table.add_row(*map(show.cell, (row.line, row.reason, row.decided_by, until)))
    show.console().print(table if rows else _("没有生效的不适用决定。"))


@click.command(
    help=with_example(
        _("云上系统沿用平台的测评结论：平台方负责的条款以平台报告为准，到期为止"),
        _("tlsec assess inherit S02 --platform S23 --reference 测评-2026-017 --until 2027-06-30"),
    )
)
@click.argument("system", metavar=_("系统"))
@click.option("--platform", default="", help=_("台账中的平台系统；不在台账里的不写"))
@click.option("--reference", help=_("平台测评报告的编号"))
@click.option("--until", help=_("沿用到哪天"))
@click.option("--note", default="", help=_("说明"))
@click.option("--list", "listing", is_flag=True, help=_("列出历次沿用"))
@click.option("--end", "ended", is_flag=True, help=_("不再沿用"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def inherit(
    ctx: click.Context,
    system: str,
    platform: str,
    reference: str | None,
    until: str | None,
    note: str,
    listing: bool,
    ended: bool,
    as_json: bool,
) -> None:
    if not (listing or ended) and not (reference and until):
        raise click.UsageError(_("要写 --reference 和 --until；看历次沿用请用 --list"))
    inquiry = open_inquiry(ctx)
    from tlsec.assess import inheritance
    from tlsec.assess.inquiry import find_system

    now = datetime.now(UTC)
    day = _day("--until", until)
    with refusals_end_here():
        row = find_system(system)
        if listing:
            _inherited(row.id, now, as_json)
            return
        if ended:
            inheritance.end(row.id, note, actor(ctx), now)
            click.echo(_("{system} 从今天起不再沿用平台结论").format(system=row.id))
            return
        assert day is not None and reference is not None
        with faults_end_here():
            allowed = inheritance.limits(inquiry.folders)
        made = inheritance.inherit(
            allowed, row.id, platform, reference, day, actor(ctx), now, note=note
        )
    if as_json:
        print_json({**_inheritance(made.row), "findings": list(made.findings)})
    else:
        message = _("{system} 沿用 {platform} 的结论（{reference}）到 {day}")
        shown = made.row.platform or _("台账外的平台")
        click.echo(
            message.format(
                system=row.id, platform=shown, reference=made.row.reference, day=made.row.until
            )
        )
        for sentence in made.findings:
            click.echo(_("注意：{text}").format(text=sentence), err=True)
    if made.findings:
        ctx.exit(FINDINGS)


def _inheritance(row: Any) -> dict[str, Any]:
    return {
        "system": row.system, "platform": row.platform, "reference": row.reference,
        "from": row.valid_from, "until": row.until, "note": row.note, "by": row.by, "at": row.at,
    }  # fmt: skip


def _inherited(system: str, now: datetime, as_json: bool) -> None:
    from tlsec.assess import inheritance
    from tlsec.assess.models import Inheritance

    rows = list(Inheritance.objects.filter(system=system).order_by("pk"))
    standing = inheritance.in_force(system, now)
    findings = inheritance.findings(system, now)
    if as_json:
        print_json(
            {
                "inheritances": [_inheritance(row) for row in rows],
                "in_force": _inheritance(standing) if standing else None,
                "findings": findings,
            }
        )
        return
    table = show.table(_("平台"), _("报告编号"), _("起"), _("止"), _("现在"), flexible=[0, 1])
    for row in rows:
        live = _("生效") if standing and row.pk == standing.pk else "—"
        shown = row.platform or _("台账外的平台")
        until = str(row.until) if row.until >= row.valid_from else _("停止沿用")
        table.add_row(*map(show.cell, (shown, row.reference, row.valid_from, until, live)))
    show.console().print(table if rows else _("没有沿用过平台结论。"))
    for sentence in findings:
        click.echo(_("注意：{text}").format(text=sentence), err=True)
