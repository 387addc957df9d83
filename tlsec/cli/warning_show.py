"""tlsec warning list, show: how warnings and their receipts look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import open_workspace, print_json, with_example
from tlsec.cli.refusals import refusals_end_here
from tlsec.i18n import N_, _, listed

if TYPE_CHECKING:
    from tlsec.incident.models import Warning, WarningReceipt

COLOURS = {
    "red": (N_("红"), "bold white on red"),
    "orange": (N_("橙"), "bold dark_orange"),
    "yellow": (N_("黄"), "bold yellow"),
    "blue": (N_("蓝"), "bold blue"),
    "none": (N_("不发布"), "dim"),
    "": (N_("未定"), "dim"),
}


def told(row: Warning, as_json: bool) -> None:
    if as_json:
        print_json(keys(row))
        return
    click.echo(_("{no} 现为“{state}”").format(no=row.number or row.no, state=state_word(row)))
    if row.rule and not row.colour:
        click.echo(_("建议级别：{rule}").format(rule=row.rule))
        for mark in dict.fromkeys(row.marks):
            click.echo(_("待核：{mark}").format(mark=mark), err=True)
    click.echo(_("匹配到 {n} 处。").format(n=len(row.matches)))


def state_word(row: Warning) -> str:
    from tlsec.incident import states

    return states.name(states.WarningState, row.state)


def keys(row: Warning) -> dict[str, Any]:
    """Stable keys of one warning."""
    return {
        "no": row.no, "number": row.number, "version": row.version, "edition": row.edition,
        "state": row.state, "title": row.title, "colour_proposed": row.colour_proposed,
        "rule": row.rule, "verify": list(dict.fromkeys(row.marks)), "colour": row.colour,
        "colour_reason": row.colour_reason, "importance": row.importance, "damage": row.damage,
        "category": row.category, "source": row.source, "source_ref": row.source_ref,
        "flaw": row.flaw, "products": row.products, "zones": row.zones, "matches": row.matches,
        "replaces": row.replaces.no if row.replaces else "", "starts": row.starts,
        "until": row.until, "handle_by": row.handle_by, "drafted_by": row.drafted_by,
        "concluded_by": row.concluded_by, "signed_by": row.signed_by, "drill": row.drill,
        "times": {
            "discovered": row.discovered, "concluded": row.concluded, "signed": row.signed,
            "issued": row.issued, "ended": row.ended,
        },
        "ended_why": row.ended_why, "attachments": row.attachments,
    }  # fmt: skip


@click.command("list", help=with_example(_("预警通报一览"), "tlsec warning list --json"))
@click.option("--all", "everything", is_flag=True, help=_("包括已解除、已调整、不予发布的和演练的"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.incident import receipts
    from tlsec.incident.models import Warning
    from tlsec.incident.states import WarningState

    rows = Warning.objects.select_related("replaces").order_by("-id")
    if not everything:
        over = (WarningState.ADJUSTED, WarningState.LIFTED, WarningState.DROPPED)
        rows = rows.exclude(state__in=over).filter(drill=False)
    now = datetime.now(UTC)
    found = [
        (row, receipts.tally(row.receipts.all(), now)) for row in rows.prefetch_related("receipts")
    ]
    if as_json:
        counted = [
            keys(row) | {"receipts": {name: getattr(t, name) for name in t.__dataclass_fields__}}
            for row, t in found
        ]
        print_json({"warnings": counted})
        return
    table = show.table(
        _("编号"), _("级别"), _("状态"), _("标题"), _("签收"), _("反馈"), _("逾期"), flexible=[3]
    )
    for row, t in found:
        table.add_row(
            row.number or row.no,
            show.word(COLOURS, row.colour or row.colour_proposed),
            state_word(row),
            show.cell(row.title),
            f"{t.signed}/{t.units}",
            f"{t.done}/{t.units}",
            f"[bold red]{t.late}[/]" if t.late else "0",
        )
    show.console().print(table if found else _("没有预警通报。"))


@click.command(
    "show",
    help=with_example(_("一份预警通报的全部内容和各单位回执"), "tlsec warning show YB-2026-0001"),
)
@click.argument("no", metavar=_("编号"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def show_(ctx: click.Context, no: str, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.incident import issuing, states
    from tlsec.incident.reports import class_name
    from tlsec.register.models import Journal

    with refusals_end_here():
        row = issuing.find(no)
    now = datetime.now(UTC)
    sent = list(row.receipts.order_by("id"))
    history = Journal.objects.filter(object=row.no).order_by("seq")
    if as_json:
        steps = [
            {"at": j.at, "actor": j.actor, "command": j.command, "reason": j.reason}
            for j in history
        ]
        units = [receipt_keys(each, now) for each in sent]
        print_json(keys(row) | {"receipts": units, "history": steps})
        return
    out = show.console()
    head = f"[bold]{row.number or row.no}[/]  {show.word(COLOURS, row.colour)}  {state_word(row)}"
    out.print(f"{head}  {show.cell(row.title)}")
    for label, value in (
        (_("建议级别"), row.rule),
        (_("定级说明"), row.colour_reason),
        (_("类别"), class_name(row.category)),
        (_("代替"), row.replaces.number if row.replaces else ""),
        (_("产品和版本"), listed(row.products, "；")),
        (_("涉及"), _("{n} 处").format(n=len(row.matches))),
        (
            _("起草、研判、签发"),
            listed(filter(None, (row.drafted_by, row.concluded_by, row.signed_by))),
        ),
        (_("结束"), row.ended_why),
    ):
        if value:
            out.print("  " + _("{name}：{value}").format(name=label, value=show.cell(value)))
    if sent:
        _receipts(sent, now)
    for record in history:
        why = _("（{note}）").format(note=show.cell(record.reason)) if record.reason else ""
        out.print(
            f"  {show.moment(record.at)}  {show.cell(record.actor)}  {states.command_word(record.command)}{why}"
        )
    may = states.allowed(states.WARNING, row.state)
    out.print(_("可用操作：") + (listed(_(c.title) for c in may) or _("无")))


def receipt_keys(row: WarningReceipt, now: datetime) -> dict[str, Any]:
    """Stable keys of one unit's receipt."""
    from tlsec.incident import receipts

    return {
        "unit": row.unit, "state": row.state, "owed": receipts.owed(row, now),
        "late": receipts.late(row, now), "matched": row.matched, "delivered": row.delivered,
        "sign_by": row.sign_by, "signed": row.signed, "signed_by": row.signed_by,
        "feedback_by": row.feedback_by, "first_feedback": row.first_feedback, "done": row.done,
        "reply": row.reply, "affected": row.affected, "fixed": row.fixed, "text": row.text,
    }  # fmt: skip


def _receipts(rows: list[WarningReceipt], now: datetime) -> None:
    from tlsec.incident import receipts, states

    table = show.table(_("单位"), _("匹配"), _("状态"), _("还欠"), _("回复"), flexible=[0, 4])
    for row in rows:
        owed = receipts.owed(row, now)
        table.add_row(
            show.cell(row.unit),
            str(row.matched),
            states.name(states.ReceiptState, row.state),
            f"[bold red]{owed}[/]" if receipts.late(row, now) else owed,
            show.cell(row.text),
        )
    show.console().print(table)
