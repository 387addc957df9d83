"""tlsec register: the ledger of risks, and the commands on its rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

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
from tlsec.cli.scan import open_ground
from tlsec.i18n import _, language, listed

if TYPE_CHECKING:
    from tlsec.policy.bundle import Policy
    from tlsec.register.models import RiskItem


MAX_SHOWN = 48


@click.group(
    help=_("风险预警台账：从发现到复测销号。")
    + "\n\n"
    + _(
        "例：tlsec register list；tlsec register move YJ-2026-00003 confirm；tlsec register close YJ-2026-00003"
    )
)
def register() -> None: ...


@register.command(
    "list", help=_("台账各项") + "\n\n" + _("例：tlsec register list --county 望川县")
)
@click.option("--all", "everything", is_flag=True, help=_("包括已销号、误报、不适用的"))
@click.option("--county", help=_("只看一个县区"))
@click.option("--unit", help=_("只看一个单位"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(
    ctx: click.Context, everything: bool, county: str | None, unit: str | None, as_json: bool
) -> None:
    open_workspace(ctx)
    from tlsec.register.models import RiskItem
    from tlsec.register.transitions import OPEN

    rows = RiskItem.objects.order_by("no")
    if not everything:
        rows = rows.filter(state__in=OPEN)
    if county:
        rows = rows.filter(county=county)
    if unit:
        rows = rows.filter(unit=unit)
    if as_json:
        print_json({"items": [_keys(item) for item in rows.prefetch_related("alerts")]})
        return
    table = show.table(
        _("编号"), _("等级"), _("状态"), _("系统与单位"), _("隐患"), _("时限"), flexible=[3, 4]
    )
    now = datetime.now(UTC)
    for item in rows:
        due = show.moment(item.due)[5:10]
        late = item.due and item.due < now and not item.closed
        table.add_row(
            item.no,
            show.word(show.SEVERITIES, item.severity),
            state_word(item.state),
            f"{show.cell(item.system or item.address)}\n[dim]{show.cell(item.unit or _('（无主）'))}[/]",
            show.cell(_cut(title(item))),
            f"[bold red]{due}[/]" if late else due,
        )
    show.console().print(table if table.row_count else _("台账里没有未结事项。"))


def _cut(text: str) -> str:
    """The head of a long sentence; `register show` has it whole."""
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def _keys(item: RiskItem) -> dict[str, object]:
    return {
        "no": item.no, "state": item.state, "check": item.check_id, "asset": item.subject,
        "unit": item.unit, "county": item.county, "system": item.system,
        "severity": item.severity, "due": item.due, "title": item.title,
        "address": item.address, "description": item.description, "opened": item.opened,
        "closed": item.closed, "alerts": [alert.fingerprint for alert in item.alerts.all()],
    }  # fmt: skip


def state_word(state: str) -> str:
    """The user's word for a handling state."""
    from tlsec.register.transitions import STATE_NAMES, State

    return _(STATE_NAMES[State(state)])


def title(item: RiskItem) -> str:
    """What is wrong, in the user's language where the alert has it."""
    if language() == "en":
        alert = item.alerts.order_by("-id").first()
        if alert and alert.message_en:
            return alert.message_en
    return item.description or item.title


@register.command(
    "show", help=with_example(_("一项的全部内容和经过"), "tlsec register show YJ-2026-00003")
)
@click.argument("no", metavar=_("编号"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def show_(ctx: click.Context, no: str, as_json: bool) -> None:
    ground = open_ground(ctx)
    from tlsec.register import items
    from tlsec.register.models import Journal
    from tlsec.register.transitions import allowed

    try:
        item = items.find(no)
    except items.Refused as error:
        fail(str(error), BAD_INPUT)
    history = list(Journal.objects.filter(object=no).order_by("seq"))
    if as_json:
        steps = [
            {"at": j.at, "actor": j.actor, "command": j.command, "reason": j.reason}
            for j in history
        ]
        print_json(
            _keys(item) | {"remediation": item.remediation, "items": item.items, "history": steps}
        )
        return
    out = show.console()
    out.print(
        f"[bold]{item.no}[/]  {show.word(show.SEVERITIES, item.severity)}  {state_word(item.state)}"
    )
    asked, advice = _asked(item, ground.policy)
    for label, value in (
        (_("检查要求"), asked),
        (_("说明"), title(item)),
        (_("检查项"), item.check_id),
        (_("条款"), listed(item.items)),
        (_("系统"), item.system),
        (_("单位"), item.unit),
        (_("县区"), item.county),
        (_("位置"), item.address),
        (_("整改建议"), advice),
        (_("时限"), show.moment(item.due)),
        (_("整改措施"), item.measure),
        (_("复测结果"), item.retest_result),
    ):
        if value:
            out.print("  " + _("{name}：{value}").format(name=label, value=show.cell(value)))
    out.print(_("经过"))
    for record in history:
        reason = _("（{note}）").format(note=show.cell(record.reason)) if record.reason else ""
        out.print(
            f"  {show.moment(record.at)}  {show.cell(record.actor)}  {_command_word(record.command)}{reason}"
        )
    if may := allowed(item.state):
        out.print(
            _("可用操作：")
            + listed(_("{name}（{note}）").format(name=c.name, note=_(c.title)) for c in may)
        )


def _asked(item: RiskItem, policy: Policy) -> tuple[str, str]:
    """What the check asks for and how to mend: as recorded, or as the check says it in English."""
    loaded = policy.checks.get(item.check_id)
    if language() != "en" or loaded is None:
        return item.title, item.remediation
    return loaded.check.title.en, loaded.check.remediation.en


def _command_word(command: str) -> str:
    from tlsec.register.transitions import COMMANDS

    if command == "baseline.accept":
        return _("认可新基线")
    name = command.removeprefix("item.")
    return (
        _("列入台账")
        if name == "open"
        else _(COMMANDS[name].title)
        if name in COMMANDS
        else command
    )


@register.command(
    help=_("对一项作出操作：confirm 研判确认、dispatch 下发、sign 签收、claim-fixed 反馈已整改……")
    + "\n\n"
    + _("例：tlsec --as 王五 register move YJ-2026-00003 claim-fixed --reason 已更换证书")
)
@click.argument("no", metavar=_("编号"))
@click.argument("command", metavar=_("操作"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.pass_context
def move(ctx: click.Context, no: str, command: str, reason: str, version: int | None) -> None:
    open_workspace(ctx)
    from tlsec.register import items

    try:
        item = items.command(no, command, actor(ctx), datetime.now(UTC), reason, version)
    except items.Refused as error:
        fail(str(error), BAD_INPUT)
    click.echo(_("{no} 现为“{state}”").format(no=no, state=state_word(item.state)))


@register.command(
    help=_("复测一项，通过后销号；只有复测通过才能销号。")
    + "\n\n"
    + _("例：tlsec register close YJ-2026-00003")
)
@click.argument("no", metavar=_("编号"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def close(ctx: click.Context, no: str, as_json: bool) -> None:
    ground = open_ground(ctx)
    from tlsec.register.items import Refused
    from tlsec.scan.retest import retest

    try:
        result = retest(ground, no, actor(ctx), lambda text: click.echo(text, err=True))
    except Refused as error:
        fail(str(error), BAD_INPUT)
    if as_json:
        print_json(
            {
                "no": no,
                "result": result.state,
                "passes": result.passes,
                "needed": result.needed,
                "why": result.why,
            }
        )
    elif result.state == "pass":
        click.echo(_("{no} 复测通过，已销号。").format(no=no))
    else:
        click.echo(_("{no} 未销号：{why}").format(no=no, why=result.why))
    if result.state != "pass":
        ctx.exit(FINDINGS)


@register.command(
    help=_("把最近一次看到的内容认可为新基线（网页改版等），再反馈整改并复测即可销号。")
    + "\n\n"
    + _("例：tlsec register accept YJ-2026-00017 --reason 经批准的改版，已核对页面")
)
@click.argument("no", metavar=_("编号"))
@click.option("--reason", default="", help=_("说明"))
@click.pass_context
def accept(ctx: click.Context, no: str, reason: str) -> None:
    ground = open_ground(ctx)
    from tlsec.register.items import Refused
    from tlsec.scan import baselines

    try:
        count = baselines.accept(ground.policy, no, actor(ctx), datetime.now(UTC), reason)
    except Refused as error:
        fail(str(error), BAD_INPUT)
    click.echo(
        _("已更新 {n} 处基线；反馈整改后运行 tlsec register close {no}").format(n=count, no=no)
    )
