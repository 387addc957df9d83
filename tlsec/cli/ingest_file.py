"""tlsec alert ingest: alerts out of a file that somebody brings."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli.context import (
    BAD_INPUT,
    fail,
    faults_end_here,
    open_workspace,
    print_json,
    with_example,
)
from tlsec.i18n import _, listed

if TYPE_CHECKING:
    from tlsec.ingest.parsing import Readers

_TOLD = 20  # refused lines that are shown one by one


@click.command(
    "ingest",
    help=with_example(
        _(
            "导入一个文件：日志、eve.json、推送正文、扫描报表。同一内容再导入不重复计数，没列到的不销号。"
        ),
        _("tlsec alert ingest 漏扫.xlsx --source scanner --dry-run"),
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", required=True, help=_("ingest.yaml 里的来源"))
@click.option("--map", "named", help=_("换用 ingest/ 里的这个对照"))
@click.option("--dry-run", is_flag=True, help=_("只看会怎样，不入库"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def ingest(
    ctx: click.Context, file: Path, source: str, named: str | None, dry_run: bool, as_json: bool
) -> None:
    root = open_workspace(ctx).root
    from tlsec.cli.ingest import open_intake
    from tlsec.ingest import files

    settings, readers, ground = open_intake(root)
    if source not in settings.sources:
        text = _("没有来源 {id}，ingest.yaml 里有：{known}")
        fail(text.format(id=source, known=listed(settings.sources)), BAD_INPUT)
    if named:
        readers = _with_map(readers, source, named)
    now = datetime.now(UTC)
    with faults_end_here():
        taken, refused = _take(files.read(file, source, readers, now), now, ground, dry_run)
    counts = asdict(taken)
    if as_json:
        told = [{"line": line, "reason": reason} for line, reason in refused]
        print_json(
            {"file": str(file), "source": source, "dry_run": dry_run} | counts | {"refused": told}
        )
        return
    if dry_run:
        click.echo(_("试导入，没有入库。"))
    text = _(
        "新告警 {new}，再现 {again}，恢复 {cleared}，已有 {repeated}，略过 {left}，隔离 {quarantined}；立项 {opened}"
    )
    click.echo(text.format(**counts))
    for line, reason in refused:
        click.echo(_("第 {n} 行：{reason}").format(n=line, reason=reason), err=True)


def _with_map(readers: Readers, source: str, named: str) -> Readers:
    """The source read by another map, and by the parser that the map is for."""
    if named not in readers.maps:
        text = _("ingest/ 里没有对照 {name}，只有 {known}")
        fail(text.format(name=named, known=listed(readers.maps) or _("无")), BAD_INPUT)
    parser = {"json": "webhook", "table": "table", "syslog": "syslog"}[readers.maps[named].format]
    said = readers.sources[source].model_copy(update={"map": named, "parser": parser})
    return replace(readers, sources={**readers.sources, source: said})


def _take(
    rows: Any, now: datetime, ground: Any, dry_run: bool
) -> tuple[Any, list[tuple[int, str]]]:
    """Batch by batch, each stored as it is full; the refused lines that are told."""
    from django.db import transaction

    from tlsec.ingest.event import Rejected
    from tlsec.register import intake, opening
    from tlsec.register.intake import Taken

    taken, refused = Taken(), deque[tuple[int, str]](maxlen=_TOLD)
    batch: list[Any] = []
    size = ground.limits.listening.batch_events
    with transaction.atomic() if dry_run else _nothing():
        for number, parsed in rows:
            batch += parsed
            if len(refused) < _TOLD:
                refused += [(number, one.reason) for one in parsed if isinstance(one, Rejected)]
            if len(batch) >= size:
                taken, batch = taken + intake.receive(batch, now, ground), []
        taken += intake.receive(batch, now, ground)
        while opened := opening.open_waiting(now, ground.limits.per_batch_items):
            taken += Taken(opened=opened)
        if dry_run:
            transaction.set_rollback(True)
    return taken, list(refused)


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()
