"""tlsec case report, told, transfer, handover: what goes out of the house about a case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from tlsec.cli import case_show
from tlsec.cli.context import actor, open_workspace, print_json, with_example
from tlsec.cli.refusals import moment_of, refusals_end_here
from tlsec.i18n import _, listed

if TYPE_CHECKING:
    from tlsec.policy.reporting import Content


def _content(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, mark, text = pair.partition("=")
        if not mark:
            message = _("--item {pair} 写作 项目=内容，如 cause=弱口令被猜中")
            raise click.UsageError(message.format(pair=pair[:40]))
        found[name.strip()] = text
    return found


@click.command(
    help=_(
        "写报告单：first 首报、more 续报、summary 处置总结，按次编号；首报前两项没有写的由已知情况写成。"
        "加 --sign 次数 只登记签发人。写好后用 tlsec report incident --case 编号 打印。"
    )
    + "\n\n"
    + _("例：tlsec case report SJ-2026-0001 --kind first --item cause=正在排查 --signer 吴景和")
)
@click.argument("no", metavar=_("编号"))
@click.option(
    "--kind", type=click.Choice(["first", "more", "summary"]), default="first", help=_("种类")
)
@click.option("--item", "items", multiple=True, help=_("项目=内容，可多个；项目见 --list"))
@click.option("--signer", default="", help=_("签发人"))
@click.option("--phone", default="", help=_("报告人电话"))
@click.option("--sign", "sign", type=int, help=_("给第几次报告登记签发人"))
@click.option("--list", "listing", is_flag=True, help=_("列出报告的项目"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def report(
    ctx: click.Context, no: str, kind: str, items: tuple[str, ...], signer: str, phone: str,
    sign: int | None, listing: bool, as_json: bool,
) -> None:  # fmt: skip
    content = _content(items)
    open_workspace(ctx)
    from tlsec.incident import keeping, reports
    from tlsec.policy import reporting

    now, who = datetime.now(UTC), actor(ctx)
    with refusals_end_here():
        if listing:
            _list(reports.contents(reporting.load(keeping.folders()), kind), as_json)
            return
        row = (
            reports.sign(no, sign, signer, who, now)
            if sign
            else reports.write(no, kind, content, who, now, signer, phone)
        )
    empty = [
        each.name
        for each in reports.contents(reporting.load(keeping.folders()), row.kind)
        if not row.content.get(each.id)
    ]
    if as_json:
        print_json(
            {"no": no, "n": row.n, "kind": row.kind, "content": row.content, "signer": row.signer,
             "missing": empty}
        )  # fmt: skip
        return
    click.echo(_("{no} 第{n}次报告已写成").format(no=no, n=row.n))
    if empty:
        click.echo(_("须补报：{names}").format(names=listed(empty, "；")), err=True)


def _list(rows: list[Content], as_json: bool) -> None:
    if as_json:
        print_json({"items": [{"id": r.id, "title": r.name, "required": r.required} for r in rows]})
        return
    for row in rows:
        must = _("（必填）") if row.required else ""
        click.echo(f"{row.id}  {row.name}{must}")


@click.command(
    help=_(
        "登记已报告：报给谁、何时、怎样报的；该项时限就此停止。报给谁见 tlsec case clocks 的 --json 中 id。"
    )
    + "\n\n"
    + _("例：tlsec case told SJ-2026-0001 verbal province --at '2026-11-24 09:40' --channel 12387")
)
@click.argument("no", metavar=_("编号"))
@click.argument("duties", metavar=_("报给谁…"), nargs=-1)
@click.option("--at", help=_("何时报的，缺省现在"))
@click.option("--channel", default="", help=_("怎样报的"))
@click.option("--receiver", default="", help=_("谁接的"))
@click.option("--nth", type=int, help=_("报出的是第几次报告，缺省最近一次"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def told(
    ctx: click.Context, no: str, duties: tuple[str, ...], at: str | None, channel: str,
    receiver: str, nth: int | None, as_json: bool,
) -> None:  # fmt: skip
    open_workspace(ctx)
    from tlsec.incident import reports

    now = datetime.now(UTC)
    with refusals_end_here():
        row = reports.told(
            no, duties, actor(ctx), now, moment_of("--at", at), channel, receiver, nth
        )
    case_show.told(row, now, as_json)


@click.command(
    help=_("线索移送公安机关：列出全部证据文件和哈希，须另一人批准；证据缺失或被改动的不能移送。")
    + "\n\n"
    + _(
        "例：tlsec case transfer SJ-2026-0001 --to 市公安局网安支队 --suspicion 非法侵入计算机信息系统 "
        "--facts 首页被替换 --approved-by 吴景和"
    )
)
@click.argument("no", metavar=_("编号"))
@click.option("--to", default="", help=_("移送给谁"))
@click.option("--suspicion", default="", help=_("涉嫌什么"))
@click.option("--facts", default="", help=_("主要事实"))
@click.option("--clues", default="", help=_("线索"))
@click.option("--preserved", default="", help=_("现场保护情况"))
@click.option("--contact", default="", help=_("联系方式"))
@click.option("--approved-by", default="", help=_("批准人"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def transfer(
    ctx: click.Context, no: str, to: str, suspicion: str, facts: str, clues: str, preserved: str,
    contact: str, approved_by: str, as_json: bool,
) -> None:  # fmt: skip
    open_workspace(ctx)
    from tlsec.incident import transfers

    handed = transfers.Handed(to, suspicion, facts, clues, preserved, contact, approved_by)
    with refusals_end_here():
        row = transfers.make(no, handed, actor(ctx), datetime.now(UTC))
    if as_json:
        print_json({"no": row.no, "case": no, "to": row.to, "evidence": row.evidence})
        return
    text = _("{no} 已作成，证据 {n} 件；打印：tlsec report transfer --case {case}")
    click.echo(text.format(no=row.no, n=len(row.evidence), case=no))


@click.command(
    help=with_example(
        _("登记公安机关接收移送：谁接收、受理编号"),
        _("tlsec case handover XS-2026-0001 --by 李明澈 --receipt 网安受〔2026〕18号"),
    )
)
@click.argument("no", metavar=_("移送单编号"))
@click.option("--by", default="", help=_("接收人"))
@click.option("--receipt", default="", help=_("受理编号"))
@click.option("--at", help=_("何时接收，缺省现在"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def handover(
    ctx: click.Context, no: str, by: str, receipt: str, at: str | None, as_json: bool
) -> None:
    open_workspace(ctx)
    from tlsec.incident import transfers

    now = datetime.now(UTC)
    with refusals_end_here():
        row = transfers.received(no, by, actor(ctx), now, moment_of("--at", at), receipt)
    if as_json:
        print_json(
            {
                "no": row.no,
                "received": row.received,
                "by": row.received_by,
                "receipt": row.receipt_no,
            }
        )
        return
    click.echo(_("{no} 已由{who}接收").format(no=row.no, who=row.received_by))
