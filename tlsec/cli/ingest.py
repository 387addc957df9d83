"""tlsec ingest: alerts from other systems as they come, the systems that send them, what could not be read."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import (
    BAD_INPUT,
    CANNOT_RUN,
    actor,
    fail,
    faults_end_here,
    open_workspace,
    print_json,
    with_example,
)
from tlsec.i18n import _

if TYPE_CHECKING:
    from pathlib import Path

    from tlsec.ingest.parsing import Readers
    from tlsec.ingest.settings import Settings
    from tlsec.register.intake import Ground


@click.group(
    help=_("接入外来告警：syslog、CEF、Suricata、Alertmanager、网页推送、扫描报表。")
    + "\n\n"
    + _("例：tlsec ingest serve；tlsec ingest sources")
)
def ingest() -> None: ...


def open_intake(root: Path) -> tuple[Settings, Readers, Ground]:
    """ingest.yaml with its maps, and the limits of the policy. Faulty files end the command."""
    from tlsec import content
    from tlsec.ingest import settings as files
    from tlsec.ingest import severity
    from tlsec.ingest.parsing import Readers
    from tlsec.register import sources
    from tlsec.register.intake import Ground

    with faults_end_here():
        tables = severity.load(content.policies(root))
        ground = Ground.of(root)
        settings = files.read(root, tables)
    sources.sync(settings, ground.limits, datetime.now(UTC))
    return settings, Readers.of(settings, tables, ground.limits.reading), ground


@ingest.command(
    help=with_example(
        _("按 ingest.yaml 监听与跟读，直到 Ctrl-C 或 SIGTERM；收到的先入库再结束。"),
        "tlsec ingest serve",
    )
)
@click.pass_context
def serve(ctx: click.Context) -> None:
    workspace = open_workspace(ctx)
    settings, readers, ground = open_intake(workspace.root)
    from tlsec.ingest.listen import CannotListen
    from tlsec.ingest.station import Station
    from tlsec.register import feed, opening, positions

    def store(batch: Any, lost: Any) -> None:
        feed.store(batch, lost, datetime.now(UTC), ground, readers)

    def idle() -> bool:
        return opening.open_waiting(datetime.now(UTC), ground.limits.per_batch_items) > 0

    def say(text: str) -> None:
        click.echo(text, err=True)

    station = Station(
        settings, ground.limits, workspace.root, store, idle, positions.of,
        lambda: datetime.now(UTC), say,
    )  # fmt: skip
    try:
        with faults_end_here():
            asyncio.run(_until_told(station, settings))
    except CannotListen as error:
        fail(str(error), CANNOT_RUN)
    click.echo(_("已结束接入。"), err=True)


async def _until_told(station: Any, settings: Settings) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ending.set)

    def ready() -> None:
        for listener in settings.listeners:
            click.echo(_("监听 {name}").format(name=listener.name), err=True)
        for source in settings.sources.values():
            if source.tail:
                click.echo(_("跟读 {name}").format(name=source.tail), err=True)
        click.echo(_("开始接入，Ctrl-C 结束。"), err=True)

    await station.run(ending, ready)


@ingest.command(
    help=with_example(_("来源：最近上报、数量、时钟偏差、隔离"), "tlsec ingest sources")
)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def sources(ctx: click.Context, as_json: bool) -> None:
    root = open_workspace(ctx).root
    from tlsec.register import sources as table
    from tlsec.register import storm
    from tlsec.register.models_intake import Source

    _settings, _readers, ground = open_intake(root)
    now = datetime.now(UTC)
    rows = list(Source.objects.exclude(parser="").order_by("pk"))
    skewed = ground.limits.clocks.warned_skew_seconds
    said = storm.banner(now)
    if as_json:
        keys = [
            {
                "id": s.pk, "title": s.title, "parser": s.parser, "version": s.parser_version,
                "state": table.state(s, now), "last_seen": s.last_seen, "events": s.events,
                "repeated": s.repeated, "left": s.left, "left_what": s.left_what,
                "quarantined": s.quarantined, "lost": s.lost, "skew_seconds": s.skew,
                "in_hour": s.in_hour, "last_hour": s.last_hour,
                "expected_per_hour": s.expected_per_hour,
            }
            for s in rows
        ]  # fmt: skip
        print_json({"sources": keys, "hour": asdict(said)})
        return
    listing = show.table(
        _("来源"), _("解析"), _("现状"), _("最近"), _("告警"), _("重复"), _("略过"), _("隔离"),
        _("丢失"), _("时钟偏差"), flexible=[0],
    )  # fmt: skip
    for s in rows:
        drift = "—" if s.skew is None else _("{n:+.0f} 秒").format(n=s.skew)
        if s.skew is not None and abs(s.skew) > skewed:
            drift = f"[red]{drift}[/]"
        counts = [str(n) for n in (s.events, s.repeated, s.left, s.quarantined, s.lost)]
        state = show.word(show.SOURCES, table.state(s, now))
        listing.add_row(
            show.cell(s.title or s.pk), s.parser, state, show.moment(s.last_seen), *counts, drift
        )
    out = show.console()
    out.print(listing if listing.row_count else _("还没有来源。"))
    if said.merged:
        text = _("近一小时 {events} 条，合并为 {alerts} 个告警（合并 {merged} 条，留样 {kept} 条）")
        out.print(text.format(**asdict(said)))


@ingest.group(
    help=_("隔离区：读不懂的原文，按来源与原因计数。")
    + "\n\n"
    + _("例：tlsec ingest quarantine list")
)
def quarantine() -> None: ...


@quarantine.command("list", help=with_example(_("列出"), "tlsec ingest quarantine list --json"))
@click.option("--source", help=_("只看一个来源"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, source: str | None, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.register.models_intake import Quarantine

    found = Quarantine.objects.order_by("-last_seen", "-pk")
    if source:
        found = found.filter(source=source)
    if as_json:
        keys = [
            {
                "id": q.pk, "source": q.source, "reason": q.reason, "count": q.count,
                "size": q.size, "first_seen": q.first_seen, "last_seen": q.last_seen,
            }
            for q in found.iterator()
        ]  # fmt: skip
        print_json({"quarantine": keys})
        return
    listing = show.table(
        _("编号"), _("来源"), _("原因"), _("次数"), _("最近"), _("原文开头"), flexible=[2, 5]
    )
    for q in found[:200]:
        start = bytes(q.raw)[:60].decode("utf-8", "replace")
        listing.add_row(
            str(q.pk), show.cell(q.source), show.cell(q.reason), str(q.count),
            show.moment(q.last_seen), show.cell(start),
        )  # fmt: skip
    show.console().print(listing if listing.row_count else _("隔离区是空的。"))


@quarantine.command("show", help=with_example(_("原文"), "tlsec ingest quarantine show 3"))
@click.argument("id", type=int)
@click.pass_context
def show_(ctx: click.Context, id: int) -> None:
    open_workspace(ctx)
    row = _row(id)
    out = show.console()
    out.print(f"{show.cell(row.source)}  {show.cell(row.reason)}")
    raw = bytes(row.raw)
    if len(raw) < row.size:
        out.print(_("只留了前 {n} 字节，全长 {size}").format(n=len(raw), size=row.size))
    from tlsec.ingest.reading import text_of

    for line in text_of(raw).splitlines():
        out.print(show.cell(line))


@quarantine.command(
    help=with_example(
        _("用现在的解析与对照再读一遍；读得懂的转为告警"), "tlsec ingest quarantine retry --all"
    )
)
@click.argument("ids", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help=_("全部"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def retry(ctx: click.Context, ids: tuple[int, ...], everything: bool, as_json: bool) -> None:
    root = open_workspace(ctx).root
    _settings, readers, ground = open_intake(root)
    from tlsec.register import quarantine as kept

    rows = _chosen(ids, everything)
    done = kept.retry(rows, readers, ground, actor(ctx), datetime.now(UTC))
    if as_json:
        print_json(asdict(done))
        return
    text = _("再读 {tried} 条：{read} 条读懂，{failed} 条仍读不懂，{cut} 条原文不全不能再读")
    click.echo(text.format(**asdict(done)))


@quarantine.command(help=with_example(_("清除，记入审计链"), "tlsec ingest quarantine drop 3 4"))
@click.argument("ids", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help=_("全部"))
@click.option("--reason", default="", help=_("说明"))
@click.pass_context
def drop(ctx: click.Context, ids: tuple[int, ...], everything: bool, reason: str) -> None:
    open_workspace(ctx)
    from tlsec.register import quarantine as kept

    n = kept.drop(_chosen(ids, everything), actor(ctx), datetime.now(UTC), reason)
    click.echo(_("清除 {n} 条").format(n=n))


def _row(id: int) -> Any:
    from tlsec.register.models_intake import Quarantine

    row = Quarantine.objects.filter(pk=id).first()
    if row is None:
        fail(_("隔离区没有 {id}").format(id=id), BAD_INPUT)
    return row


def _chosen(ids: tuple[int, ...], everything: bool) -> list[Any]:
    from tlsec.register.models_intake import Quarantine

    if bool(ids) == everything:
        fail(_("写明编号，或用 --all"), BAD_INPUT)
    return list(Quarantine.objects.order_by("pk")) if everything else [_row(id) for id in ids]
