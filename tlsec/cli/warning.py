"""tlsec warning: warnings to units, from draft to the last receipt."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from tlsec.cli import show, warning_draft, warning_show
from tlsec.cli.context import actor, open_workspace, print_json, with_example
from tlsec.cli.refusals import moment_of, refusals_end_here
from tlsec.i18n import _


@click.group(
    help=_(
        "预警通报：起草、研判定级、签发、发布到单位、签收反馈、升降级、解除。级别由表提出建议、人来确认；"
        "起草人不能签发。发的是内部预警通报、风险提示，不是向社会发布的预警。"
    )
    + "\n\n"
    + _("例：tlsec warning draft --title 某组件远程命令执行 --class 漏洞利用 --damage serious")
)
def warning() -> None: ...


warning.add_command(warning_draft.draft)
warning.add_command(warning_show.list_)
warning.add_command(warning_show.show_)


@warning.command(
    help=with_example(
        _("研判定级：确认预警级别，缺省为建议级别"),
        _("tlsec warning judge YB-2026-0001 --colour 黄"),
    )
)
@click.argument("no", metavar=_("编号"))
@click.option("--colour", default="", help=_("红、橙、黄、蓝；与建议不同须说明"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def judge(
    ctx: click.Context, no: str, colour: str, reason: str, version: int | None, as_json: bool
) -> None:
    open_workspace(ctx)
    from tlsec.incident import issuing

    with refusals_end_here():
        no = issuing.find(no).no
        row = issuing.conclude(no, colour, actor(ctx), datetime.now(UTC), reason, version)
    warning_show.told(row, as_json)


@warning.command(
    help=with_example(
        _("签发：由起草人以外的人作出，给出编号"), _("tlsec --as 吴景和 warning sign YB-2026-0001")
    )
)
@click.argument("no", metavar=_("编号"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.option("--return", "back", is_flag=True, help=_("不签，退回修改"))
@click.option("--reason", default="", help=_("退回的理由"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def sign(
    ctx: click.Context, no: str, version: int | None, back: bool, reason: str, as_json: bool
) -> None:
    open_workspace(ctx)
    from tlsec.incident import issuing

    now, who = datetime.now(UTC), actor(ctx)
    with refusals_end_here():
        no = issuing.find(no).no
        row = (
            issuing.give_back(no, who, now, reason) if back else issuing.sign(no, who, now, version)
        )
    warning_show.told(row, as_json)


@warning.command(
    help=with_example(
        _("发布到单位，每个单位都要签收、反馈，没有涉及的也要回“无涉及”"),
        "tlsec warning issue YB-2026-0001",
    )
)
@click.argument("no", metavar=_("编号"))
@click.option(
    "--unit", "units", multiple=True, help=_("接收单位，可多个；缺省为台账里有系统或资产的全部单位")
)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def issue(ctx: click.Context, no: str, units: tuple[str, ...], as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.incident import issuing

    with refusals_end_here():
        row = issuing.issue(issuing.find(no).no, units, actor(ctx), datetime.now(UTC))
    sent = list(row.receipts.order_by("id"))
    if as_json:
        now = datetime.now(UTC)
        print_json(
            warning_show.keys(row)
            | {"receipts": [warning_show.receipt_keys(each, now) for each in sent]}
        )
        return
    zero = sum(not each.matched for each in sent)
    message = _("{number} 已发给 {n} 个单位，其中 {zero} 个没有匹配到资产，也须回复“无涉及”")
    click.echo(message.format(number=row.number, n=len(sent), zero=zero))


@warning.command(
    help=with_example(
        _("不予发布，写明理由"),
        _("tlsec warning drop YB-2026-0001 --reason 台账无涉及且威胁低于蓝色"),
    )
)
@click.argument("no", metavar=_("编号"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def drop(ctx: click.Context, no: str, reason: str, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.incident import issuing

    with refusals_end_here():
        row = issuing.drop(issuing.find(no).no, actor(ctx), datetime.now(UTC), reason)
    warning_show.told(row, as_json)


@warning.command(
    help=_(
        "登记一个单位的签收和反馈：sign 签收、respond 开始响应、progress 进展、done 完成反馈、correct 更正。"
    )
    + "\n\n"
    + _("例：tlsec --as 秦北辰 warning receipt YB-2026-0001 市人社局 done --none")
)
@click.argument("no", metavar=_("编号"))
@click.argument("unit", metavar=_("单位"))
@click.argument(
    "step", metavar=_("操作"), type=click.Choice(["sign", "respond", "progress", "done", "correct"])
)
@click.option("--affected", type=int, help=_("涉及几项"))
@click.option("--fixed", type=int, help=_("已处置几项"))
@click.option("--none", "nothing", is_flag=True, help=_("无涉及"))
@click.option("--text", default="", help=_("处置情况"))
@click.option("--at", help=_("何时作出，缺省现在"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def receipt(
    ctx: click.Context, no: str, unit: str, step: str, affected: int | None, fixed: int | None,
    nothing: bool, text: str, at: str | None, reason: str, as_json: bool,
) -> None:  # fmt: skip
    if nothing and affected:
        raise click.UsageError(_("--none 与 --affected 只能用一个"))
    open_workspace(ctx)
    from tlsec.incident import issuing, receipts, states

    reply = "none" if nothing or affected == 0 else "affected" if affected else ""
    answer = receipts.Answer(reply, affected, fixed, text)
    now = datetime.now(UTC)
    with refusals_end_here():
        row = receipts.command(
            issuing.find(no).no, unit, step, actor(ctx), now, answer, moment_of("--at", at), reason
        )
    if as_json:
        print_json(warning_show.receipt_keys(row, now))
        return
    state = states.name(states.ReceiptState, row.state)
    click.echo(_("{unit} 现为“{state}”").format(unit=row.unit, state=state))


@warning.command(
    help=with_example(
        _("升级或降级：另起一版，由另一人签发、发布后代替原版"),
        _("tlsec warning adjust YB-2026-0001 --colour 橙 --reason 已出现在野利用"),
    )
)
@click.argument("no", metavar=_("编号"))
@click.option("--colour", required=True, help=_("红、橙、黄、蓝"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def adjust(ctx: click.Context, no: str, colour: str, reason: str, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.incident import issuing

    with refusals_end_here():
        row = issuing.adjust(issuing.find(no).no, colour, actor(ctx), datetime.now(UTC), reason)
    warning_show.told(row, as_json)


@warning.command(
    help=with_example(
        _("解除，须另一人批准"),
        _("tlsec warning lift YB-2026-0001 --reason 全部完成修复 --approved-by 吴景和"),
    )
)
@click.argument("no", metavar=_("编号"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--approved-by", default="", help=_("批准人"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def lift(ctx: click.Context, no: str, reason: str, approved_by: str, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.incident import issuing

    now = datetime.now(UTC)
    with refusals_end_here():
        row = issuing.lift(issuing.find(no).no, actor(ctx), now, reason, approved_by)
    warning_show.told(row, as_json)


@warning.command(
    help=_(
        "列出涉及的资产、责任单位和理由。写编号则对该通报重新匹配并存下，写 --product 则只试算。"
    )
    + "\n\n"
    + _('例：tlsec warning match --product "nginx <1.20.1" --zone Z3')
)
@click.argument("no", metavar=_("[编号]"), required=False)
@click.option(
    "--product", "products", multiple=True, help=_('产品和版本范围，可多个，如 "nginx <1.20.1"')
)
@click.option("--zone", "zones", multiple=True, help=_("只看这些区域，可多个"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def match(
    ctx: click.Context,
    no: str | None,
    products: tuple[str, ...],
    zones: tuple[str, ...],
    as_json: bool,
) -> None:
    if bool(no) == bool(products or zones):
        raise click.UsageError(_("写编号，或写 --product、--zone"))
    open_workspace(ctx)
    from tlsec.incident import issuing, matching

    now = datetime.now(UTC)
    with refusals_end_here():
        if no:
            found = issuing.match(issuing.find(no).no, actor(ctx), now).matches
        else:
            found = [each.data() for each in matching.find(products, zones, now)]
    if as_json:
        print_json({"matches": found, "units": matching.by_unit(found)})
        return
    table = show.table(_("单位"), _("资产"), _("位置"), _("判断和依据"), flexible=[0, 1, 3])
    for each in found:
        why = f"{_(matching.SURE[each['sure']])}\n[dim]{show.cell(each['why'])}[/]"
        unit = show.cell(each["unit"] or _("（无主）"))
        table.add_row(unit, show.cell(each["name"]), show.cell(each["place"]), why)
    show.console().print(table if found else _("没有匹配到资产；没有匹配到不等于不涉及。"))
