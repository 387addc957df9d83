"""tlsec notify: channels, the queue, what was sent, and the word that somebody has it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import (
    BAD_INPUT,
    FINDINGS,
    actor,
    fail,
    faults_end_here,
    open_workspace,
    print_json,
    with_example,
)
from tlsec.i18n import N_, _

if TYPE_CHECKING:
    from tlsec.notify.config import Setup

STATES = {
    "queued": (N_("待发"), "yellow"),
    "sent": (N_("已发"), "green"),
    "failed": (N_("未发成"), "bold red"),
    "cancelled": (N_("已撤销"), "dim"),
    "digested": (N_("已并入汇总"), "green"),
}
EVENTS = {
    "queued": (N_("列入待发"), ""),
    "tried": (N_("发送"), ""),
    "accepted": (N_("对方已收"), "green"),
    "failed": (N_("未成"), "red"),
    "fallback": (N_("转备用通道"), "yellow"),
    "cancelled": (N_("撤销"), "dim"),
    "digested": (N_("并入汇总，对方已收"), "green"),
}
URGENCIES = {
    "urgent": (N_("紧急"), "bold red"),
    "normal": (N_("一般"), ""),
    "digest": (N_("汇总"), "dim"),
}


@click.group(
    help=_("通知：通道、待发、发送记录、确认。通道写在工作区的 notify.yaml。")
    + "\n\n"
    + _("例：tlsec notify list")
)
def notify() -> None: ...


def _setup(ctx: click.Context) -> Setup:
    open_workspace(ctx)
    from tlsec.register import delivery

    with faults_end_here():
        return delivery.setup_of(delivery.workspace_root())


@notify.command("list", help=with_example(_("通道、限额、最近结果"), "tlsec notify list --json"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    setup = _setup(ctx)
    rows = [_channel(setup, id_, datetime.now(UTC)) for id_ in setup.channels]
    if as_json:
        print_json({"channels": rows})
        return
    out = show.console()
    table = show.table(
        _("通道"), _("类型"), _("每分钟"), _("近一分钟"), _("待发"), _("最近发成"), _("现状"),
        flexible=[6],
    )  # fmt: skip
    for row in rows:
        limit = _("{n}（紧急留 {kept}）").format(n=row["per_minute"], kept=row["reserved"])
        table.add_row(
            show.cell(row["id"]), row["kind"], limit, str(row["last_minute"]), str(row["queued"]),
            show.moment(row["ok_at"]), _standing(row),
        )  # fmt: skip
    out.print(table)
    for row in rows:
        if row["verify"]:
            out.print(
                _("待核：{name}").format(name=show.cell(f"{row['kind']} {row['verify']}")),
                style="dim",
            )


def _channel(setup: Setup, id_: str, now: datetime) -> dict[str, Any]:
    from tlsec.notify.bucket import Bucket
    from tlsec.register.models_outbox import ChannelState, Notice

    config, limit = setup.channels[id_], setup.limit(id_)
    state = ChannelState.objects.filter(channel=id_).first() or ChannelState(channel=id_)
    shut = [at for at in (state.shut_until, state.rest_until) if at is not None and at > now]
    return {
        "id": id_,
        "kind": config.kind,
        "title": config.title,
        "per_minute": limit.per_minute,
        "reserved": limit.reserved,
        "verify": limit.verify,
        "fallback": config.fallback,
        "last_minute": len(Bucket.of(limit, state.sent_at, now.timestamp()).sent),
        "queued": Notice.objects.filter(channel=id_, state=Notice.State.QUEUED).count(),
        "ok_at": state.ok_at,
        "error_at": state.error_at,
        "error": state.error,
        "closed_until": max(shut, default=None),
        "unready": setup.unready(id_),
    }


def _standing(row: dict[str, Any]) -> str:
    if row["unready"]:
        return f"[red]{show.cell(row['unready'])}[/]"
    if row["closed_until"]:
        text = _("停用到 {at}：{why}")
        said = text.format(at=show.moment(row["closed_until"]), why=show.cell(row["error"]))
        return f"[yellow]{said}[/]"
    if row["error"]:
        return f"[yellow]{show.cell(row['error'])}[/]"
    return f"[green]{_('正常')}[/]" if row["ok_at"] else f"[dim]{_('没有用过')}[/]"


@notify.command(
    help=with_example(
        _("经一条通道发一条测试消息，占用该通道的限额；没发成退出码为 1"),
        "tlsec notify test local",
    )
)
@click.argument("channel", metavar=_("通道"))
@click.option("--to", multiple=True, help=_("发给谁：手机号或邮箱，可写多个；缺省用通道里写的"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def test(ctx: click.Context, channel: str, to: tuple[str, ...], as_json: bool) -> None:
    setup = _setup(ctx)
    from tlsec.register import trial

    if channel not in setup.channels:
        known = "、".join(setup.channels)
        fail(_("没有通道 {id}，只有 {known}").format(id=channel, known=known), BAD_INPUT)
    started = time.monotonic()
    sent = trial.send(setup, channel, to, actor(ctx), datetime.now(UTC))
    seconds = round(time.monotonic() - started, 2)
    if as_json:
        print_json({"channel": channel, "ok": sent.ok, "detail": sent.detail, "seconds": seconds})
    elif sent.ok:
        note = _("（{note}）").format(note=sent.detail) if sent.detail else ""
        click.echo(_("{id} 已发出，用时 {n} 秒").format(id=channel, n=seconds) + note)
    else:
        click.echo(_("{id} 没有发成：{why}").format(id=channel, why=sent.detail), err=True)
    if not sent.ok:
        ctx.exit(FINDINGS)


@notify.command(
    help=with_example(
        _("输出一份写有全部通道的 notify.yaml 样例，删去用不着的即可"),
        "tlsec notify example > notify.yaml",
    )
)
def example() -> None:
    from importlib.resources import files

    text = files("tlsec.notify").joinpath("example.yaml").read_text(encoding="utf-8")
    click.echo(text, nl=False)


@notify.command(help=with_example(_("待发的通知，紧急的在前"), "tlsec notify queue --json"))
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, help=_("最多列多少条"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def queue(ctx: click.Context, limit: int, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.register.models_outbox import Notice

    waiting = Notice.objects.filter(state=Notice.State.QUEUED).order_by("rank", "next_at", "id")
    total, rows = waiting.count(), list(waiting[:limit])
    if as_json:
        print_json(
            {
                "total": total,
                "notices": [
                    {
                        "id": n.pk, "key": n.key, "audience": n.audience, "channel": n.channel,
                        "urgency": n.urgency, "title": n.title, "tries": n.tries,
                        "made": n.made, "next_at": n.next_at,
                    }
                    for n in rows
                ],
            }
        )  # fmt: skip
        return
    table = show.table(
        _("缓急"), _("事由"), _("对象"), _("通道"), _("标题"), _("已试"), _("下次"), flexible=[4]
    )
    for n in rows:
        table.add_row(
            show.word(URGENCIES, n.urgency), show.cell(n.key), show.cell(n.audience),
            show.cell(n.channel or "—"), show.cell(n.title), str(n.tries), show.moment(n.next_at),
        )  # fmt: skip
    out = show.console()
    out.print(table if rows else _("没有待发的通知。"))
    if total > len(rows):
        out.print(_("共 {n} 条，列出前 {shown} 条").format(n=total, shown=len(rows)))


@notify.command(
    help=with_example(
        _("发送记录：何时经哪条通道试发、对方收没收、有没有转备用"),
        "tlsec notify log --key YJ-2026-00003",
    )
)
@click.option("--key", default="", help=_("只看这一事由（台账编号等）"))
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, help=_("最多列多少条"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def log(ctx: click.Context, key: str, limit: int, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.register.models_outbox import SendLog

    found = SendLog.objects.select_related("notice").order_by("-id")
    if key:
        found = found.filter(notice__key=key)
    rows = list(found[:limit])[::-1]
    if as_json:
        print_json(
            {
                "log": [
                    {
                        "at": r.at, "notice": r.notice_id, "key": r.notice.key,
                        "audience": r.notice.audience, "channel": r.channel, "event": r.event,
                        "title": r.notice.title, "detail": r.detail, "batch": r.notice.batch,
                    }
                    for r in rows
                ]
            }
        )  # fmt: skip
        return
    table = show.table(
        _("时间"), _("事由"), _("对象"), _("通道"), _("经过"), _("标题"), _("说明"),
        flexible=[5, 6],
    )  # fmt: skip
    for r in rows:
        table.add_row(
            show.moment(r.at), show.cell(r.notice.key), show.cell(r.notice.audience),
            show.cell(r.channel or "—"), show.word(EVENTS, r.event), show.cell(r.notice.title),
            show.cell(r.detail),
        )  # fmt: skip
    show.console().print(table if rows else _("没有发送记录。"))


@notify.command(
    help=with_example(
        _("确认：有人接手，该事由待发的通知全部撤销，升级停下"),
        _("tlsec --as 王五 notify ack YJ-2026-00003"),
    )
)
@click.argument("key", metavar=_("事由"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def ack(ctx: click.Context, key: str, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.register import outbox
    from tlsec.register.models_outbox import EscalationRun, Notice

    known = Notice.objects.filter(key=key).exists()
    if not known and not EscalationRun.objects.filter(key=key).exists():
        fail(_("没有事由 {key} 的通知").format(key=key), BAD_INPUT)
    ended = outbox.acknowledge(key, actor(ctx), datetime.now(UTC))
    if as_json:
        print_json({"key": key, "cancelled": ended})
    else:
        click.echo(_("{key} 已确认，撤销待发通知 {n} 条").format(key=key, n=ended))
