"""tlsec assess export, import: questions out as a workbook, answers in from workbooks and YAML."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.assess.answers import open_inquiry, refusals_end_here
from tlsec.cli.context import (
    BAD_INPUT,
    FINDINGS,
    actor,
    fail,
    faults_end_here,
    print_json,
    with_example,
)
from tlsec.i18n import _, listed

if TYPE_CHECKING:
    from tlsec.assess.inquiry import Inquiry
    from tlsec.assess.intake import Outcome, Take
    from tlsec.inventory.models import System

_YAML = (".yaml", ".yml")


@click.command(
    help=with_example(
        _("把一个单位（或一个系统）的问题导出成 XLSX 工作簿，填好后导回"),
        _("tlsec assess export 市数据局 答题.xlsx --until 2026-12-10"),
    )
)
@click.argument("names", metavar=_("[单位] [文件]"), nargs=-1)
@click.option("--system", "only", help=_("只导出一个系统"))
@click.option("--until", help=_("请在哪天以前交回，写在说明页"))
@click.option("--force", is_flag=True, help=_("文件已存在时覆盖"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def export(
    ctx: click.Context,
    names: tuple[str, ...],
    only: str | None,
    until: str | None,
    force: bool,
    as_json: bool,
) -> None:
    most = 1 if only else 2
    if len(names) > most or (not names and not only):
        raise click.UsageError(_("写单位，或用 --system 写系统；后面可跟文件名"))
    inquiry = open_inquiry(ctx)
    from tlsec.assess import workbook
    from tlsec.assess.workbook_layout import day_of

    day = day_of(until) if until else None
    if until and day is None:
        raise click.UsageError(_("--until {text} 不是日期，写作 2026-12-10").format(text=until))
    now = datetime.now(UTC)
    with refusals_end_here():
        unit, systems = _systems(names, only)
        given = names[-1] if len(names) == most else ""
        stem = systems[0].id if only else unit
        path = Path(given or _("{name}-答题.xlsx").format(name=stem))
        if path.suffix.lower() != ".xlsx":
            fail(_("{file}：工作簿的文件名要以 .xlsx 结尾").format(file=path), BAD_INPUT)
        if path.exists() and not force:
            fail(
                _("{file} 已存在，可能已有人填写；要覆盖请加 --force").format(file=path), BAD_INPUT
            )
        issue = workbook.write(inquiry, unit, systems, path, actor(ctx), now, day)
    if as_json:
        print_json({"file": str(path), **asdict(issue)})
        return
    message = _(
        "{file}：{systems} 个系统 {rows} 题，编号 {id}；不适用或沿用平台的 {settled} 题未列"
    )
    click.echo(
        message.format(
            file=path, systems=len(issue.systems), rows=issue.rows, id=issue.id,
            settled=issue.settled,
        )
    )  # fmt: skip


def _systems(names: tuple[str, ...], only: str | None) -> tuple[str, list[System]]:
    """The unit and the graded systems that go into its workbook. Raises Refused."""
    from tlsec.assess.evidence import Refused
    from tlsec.assess.inquiry import find_system
    from tlsec.inventory.models import System, Unit

    if only:
        system = find_system(only)
        return system.unit_id, [system]
    unit = Unit.objects.filter(id=names[0]).first() or Unit.objects.filter(name=names[0]).first()
    if unit is None:
        if System.objects.filter(id=names[0]).exists():
            message = _("{id} 是系统，不是单位：写作 --system {id}")
            raise Refused(message.format(id=names[0]))
        owners = System.objects.order_by("unit_id").values_list("unit_id", flat=True).distinct()
        message = _("台账里没有单位 {name}；有系统的单位：{known}")
        raise Refused(message.format(name=names[0], known=listed(owners) or _("无")))
    graded = System.objects.filter(unit=unit.id, grade__isnull=False).select_related("zone")
    systems = list(graded.order_by("ordinal", "id"))
    if not systems:
        raise Refused(_("{unit} 没有已定级的系统").format(unit=unit.id))
    return unit.id, systems


@click.command(
    "import",
    help=with_example(
        _(
            "导入填好的工作簿，或 YAML 写的答复。先 --dry-run 看会导入什么；"
            "与现有答复冲突的列出来，不替你决定。"
        ),
        _("tlsec assess import 市数据局-答题.xlsx --evidence 证据/"),
    ),
)
@click.argument(
    "files", metavar=_("文件…"), nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--evidence", type=click.Path(path_type=Path, file_okay=False, exists=True),
    help=_("证据文件所在文件夹，缺省为导入文件所在的文件夹"),
)  # fmt: skip
@click.option(
    "--take", type=click.Choice(["ours", "theirs"]), help=_("冲突时留现有的，或用文件里的")
)
@click.option("--unit", default="", help=_("只收发给这个单位的工作簿"))
@click.option("--dry-run", is_flag=True, help=_("只看会导入什么，不导入"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def import_(
    ctx: click.Context,
    files: tuple[Path, ...],
    evidence: Path | None,
    take: Take,
    unit: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    inquiry = open_inquiry(ctx)
    from tlsec.assess import intake

    now = datetime.now(UTC)
    with faults_end_here():
        outcomes = _planned(inquiry, files, evidence, now, take, unit)
    if not dry_run:
        with refusals_end_here():
            for outcome in outcomes:
                intake.take_in(inquiry, outcome, actor(ctx), now)
    if as_json:
        print_json({"dry_run": dry_run, "files": [_keys(each) for each in outcomes]})
    else:
        for each in outcomes:
            _print(each, dry_run)
    if any(each.open for each in outcomes):
        ctx.exit(FINDINGS)


def _planned(
    inquiry: Inquiry,
    files: tuple[Path, ...],
    evidence: Path | None,
    now: datetime,
    take: Take,
    unit: str,
) -> list[Outcome]:
    """Both kinds of files together, so that what two files say of one thing is compared across them."""
    from tlsec.assess import answers_yaml, workbook_import
    from tlsec.assess.intake import between_files
    from tlsec.marked_yaml import Fault, Faulty

    faults: list[Fault] = []
    planned: dict[Path, Outcome] = {}
    for file in dict.fromkeys(files):
        try:
            if not file.exists():
                raise Faulty([Fault(str(file), _("没有这个文件"))])
            if file.suffix.lower() in _YAML:
                found = answers_yaml.plan(inquiry, [file], evidence, now, take)
            else:
                found = workbook_import.plan(inquiry, [file], evidence, now, take, unit)
            planned[file] = found[0]
        except Faulty as error:
            faults += error.faults
    if faults:
        raise Faulty(faults)
    outcomes = list(planned.values())
    between_files(outcomes, take)
    return outcomes


def _keys(each: Outcome) -> dict[str, Any]:
    return {
        "file": each.file,
        "issue": each.issue,
        "taken": [
            {"id": id_, "where": d.where, "system": d.system, "question": d.question.id,
             "object": d.object, "answer": d.answer, "by": d.by}
            for id_, d in zip_longest(each.answers, each.drafts)  # no ids in a dry run
        ],
        "unchanged": each.unchanged,
        "already": each.already,
        "conflicts": [asdict(conflict) for conflict in each.conflicts],
        "refused": [asdict(fault) for fault in each.refused],
        "deleted": [
            {"system": s, "question": q, "object": o} for s, q, o in each.deleted
        ],
    }  # fmt: skip


def _print(each: Outcome, dry_run: bool) -> None:
    taken = _("将收下 {n} 条") if dry_run else _("收下 {n} 条，待审核")
    if each.reviewing and not dry_run:
        taken = _("收下 {n} 条，已审核")
    parts = [taken.format(n=len(each.drafts))]
    for text, n in (
        (_("未改动 {n} 行"), each.unchanged),
        (_("先前已收 {n} 条"), each.already),
        (_("冲突 {n} 处"), len(each.conflicts)),
        (_("不能收 {n} 处"), len(each.refused)),
        (_("行被删除或清空 {n} 处（原有答复不受影响）"), len(each.deleted)),
    ):
        if n:
            parts.append(text.format(n=n))
    click.echo(f"{each.file}：" + listed(parts, "；"))
    for fault in each.refused:
        click.echo(f"  {fault}", err=True)
    for system, question, object_ in each.deleted:
        click.echo("  " + listed(filter(None, (system, question, object_)), "，"))
    if each.conflicts:
        table = show.table(_("位置"), _("原因"), _("现有"), _("文件里"), flexible=[0, 1, 2, 3])
        for c in each.conflicts:
            table.add_row(*map(show.cell, (c.where, c.why, c.ours, c.theirs)))
        show.console().print(table)
        click.echo(
            _("冲突的都没有收；核对后用 --take ours 留现有的，或 --take theirs 用文件里的。")
        )


@click.command(help=with_example(_("核对证据文件：有没有丢失或被改动的"), "tlsec assess verify"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    inquiry = open_inquiry(ctx)
    from tlsec.assess.models import EvidenceFile

    damaged = list(inquiry.store.verify())
    total = EvidenceFile.objects.count()
    if as_json:
        print_json({"files": total, "damaged": [asdict(each) for each in damaged]})
    else:
        for each in damaged:
            click.echo(str(each))
        message = _("证据文件 {n} 份，有问题的 {bad} 份")
        click.echo(message.format(n=total, bad=len(damaged)))
    if damaged:
        ctx.exit(FINDINGS)
