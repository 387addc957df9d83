"""tlsec period checklist."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

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
from tlsec.cli.period.common import When, refusals_end_here
from tlsec.i18n import _


@click.command(
    help=with_example(
        _("各阶段任务清单。给出任务的键和操作就办理：done 完成、undo 重开、assign 指定责任人"),
        _("tlsec period checklist backups done --proof 恢复演练记录"),
    )
)
@click.argument("key", required=False, metavar=_("[任务]"))
@click.argument(
    "act", required=False, type=click.Choice(["done", "undo", "assign"]), metavar=_("[操作]")
)
@click.option(
    "--phase", type=click.Choice(["prepare", "ready", "live", "review"]), help=_("只看一个阶段")
)
@click.option("--proof", default="", help=_("完成的依据，一句话"))
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=_("证明文件，记下哈希"),
)
@click.option("--owner", default="", help=_("责任人（assign）"))
@click.option("--due", type=When(end=True), help=_("时限（assign）"))
@click.option("--reason", default="", help=_("为什么重开（undo）"))
@click.option("--version", type=int, help=_("看到的版本号；他人已更新时拒绝"))
@click.option("--fail-on", type=click.Choice(["overdue"]), help=_("有逾期任务时以 1 结束"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def checklist(
    ctx: click.Context, key: str | None, act: str | None, phase: str | None, proof: str,
    file: Path | None, owner: str, due: datetime | None, reason: str, version: int | None,
    fail_on: str | None, as_json: bool,
) -> None:  # fmt: skip
    open_workspace(ctx)
    from tlsec.period import checklist as tasks
    from tlsec.period import periods

    now = datetime.now(UTC)
    if bool(key) != bool(act):
        fail(_("任务和操作要一起写，如：backups done"), BAD_INPUT)
    with refusals_end_here():
        if key and act == "done":
            tasks.done(key, now, actor(ctx), proof, file, version)
        elif key and act == "undo":
            tasks.undo(key, now, actor(ctx), reason, version)
        elif key:
            tasks.assign(key, owner, now, actor(ctx), due, version)
        rows = list(tasks.of(periods.found(), phase or ""))
    rows = [row for row in rows if key in (None, row.key)]
    late = [row for row in rows if row.required and row.done is None and row.due < now]
    if as_json:
        print_json(
            {
                "tasks": [
                    {
                        "key": r.key, "phase": r.phase, "text": r.text, "owner": r.owner,
                        "due": r.due, "required": r.required, "done": r.done,
                        "done_by": r.done_by, "proof": r.proof, "sha256": r.proof_sha256,
                        "version": r.version,
                    }
                    for r in rows
                ],
                "overdue": len(late),
            }
        )  # fmt: skip
    else:
        from tlsec.period.profile import phase_names

        names = phase_names()
        table = show.table(
            _("阶段"), _("任务"), _("键"), _("责任人"), _("时限"), _("完成"), flexible=[1]
        )
        for r in rows:
            state = (
                show.moment(r.done)[5:]
                if r.done
                else ("[bold red]" + _("逾期") + "[/]" if r in late else "")
            )
            table.add_row(
                names[r.phase],
                show.cell(r.text),
                r.key,
                show.cell(r.owner),
                show.moment(r.due)[5:10],
                state,
            )
        show.console().print(table)
    if fail_on and late:
        ctx.exit(FINDINGS)
