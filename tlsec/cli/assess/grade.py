"""tlsec assess grade: the grading questionnaire, what follows from it, and its versions."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.assess.grade_form import ask, template, words
from tlsec.cli.context import (
    BAD_INPUT,
    actor,
    fail,
    faults_end_here,
    open_workspace,
    print_json,
)
from tlsec.cli.systems import system_named
from tlsec.i18n import _, listed

if TYPE_CHECKING:
    from tlsec.assess.grading import Recorded
    from tlsec.assess.models import Grading
    from tlsec.inventory.models import System
    from tlsec.policy.grading import Form, Graded, Gradings

_OBJECTS = ["nation", "public", "citizens"]
_DEGREES = ["general", "serious", "grave"]


@click.command(
    help=_("给系统定级：回答问卷（谁受侵害、多严重），按矩阵得出 S、A、G，每次变更存一版。")
    + "\n\n\b\n"
    + _("例：")
    + "\n  tlsec assess grade S02"
    + "\n  tlsec assess grade S02 --form S02.yaml --reason "
    + _("服务范围扩大")
    + "\n  tlsec assess grade S02 --s-object public --s-degree serious"
    + " --a-object public --a-degree general"
    + "\n  tlsec assess grade --form-template > S02.yaml"
)
@click.argument("system", required=False, metavar=_("[系统]"))
@click.option("--form", "form_file", type=click.Path(path_type=Path), help=_("填好的问卷（YAML）"))
@click.option("--form-template", is_flag=True, help=_("输出空白问卷；系统已有定级的按其填好"))
@click.option("--s-object", multiple=True, type=click.Choice(_OBJECTS), help=_("业务信息：客体"))
@click.option("--s-degree", multiple=True, type=click.Choice(_DEGREES), help=_("业务信息：程度"))
@click.option("--a-object", multiple=True, type=click.Choice(_OBJECTS), help=_("系统服务：客体"))
@click.option("--a-degree", multiple=True, type=click.Choice(_DEGREES), help=_("系统服务：程度"))
@click.option("--matrix", help=_("定级矩阵，缺省 gbt22240-2020，另有 mps-2025-template"))
@click.option("--reason", default="", help=_("变更原因，第二版起必填"))
@click.option("--dry-run", is_flag=True, help=_("只算不存"))
@click.option("--show", "history", is_flag=True, help=_("查看历次版本"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def grade(
    ctx: click.Context,
    /,
    system: str | None,
    form_file: Path | None,
    form_template: bool,
    matrix: str | None,
    reason: str,
    dry_run: bool,
    history: bool,
    as_json: bool,
    **ticked: tuple[str, ...],
) -> None:
    """Find the system and what is wanted of it."""
    options = _from_options(ticked)
    if sum((form_file is not None, bool(options), form_template, history)) > 1:
        fail(_("--form、--form-template、--show 与客体程度选项只能用一种"), BAD_INPUT)
    if system is None and not form_template:
        fail(_("要给哪个系统定级？写系统编号，如 tlsec assess grade S02"), BAD_INPUT)
    if not (form_file or options or form_template or history or _terminal()):
        text = _(
            "不在终端里，不能逐项提问：用 --form 给出填好的问卷（--form-template 输出空白问卷）"
        )
        fail(text, BAD_INPUT)
    workspace = open_workspace(ctx)
    from tlsec import content
    from tlsec.assess import grading
    from tlsec.policy import grading as rules

    with faults_end_here():
        gradings = rules.load(content.policies(workspace.root))
    of = system_named(system) if system is not None else None
    last = grading.latest(of.id) if of else None
    if form_template:
        before = grading.form_of(last) if last else None
        click.echo(template(gradings.questionnaire, before), nl=False)
    elif of is not None and history:
        _history(of, as_json)
    elif of is not None:
        chosen = matrix or (last.matrix if last else rules.DEFAULT)
        wish = _Wish(form_file, options, chosen, reason, dry_run, as_json)
        _grade(of, gradings, last, wish, actor(ctx))


@dataclass(frozen=True, slots=True)
class _Wish:
    """How the form comes, by which matrix it is read, what becomes of it."""

    file: Path | None
    options: dict[str, Any] | None
    matrix: str
    reason: str
    dry_run: bool
    as_json: bool

    @property
    def asking(self) -> bool:
        return self.file is None and self.options is None


def _grade(system: System, gradings: Gradings, last: Grading | None, wish: _Wish, who: str) -> None:
    """Compute, preview, keep, and say what it means for the inventory."""
    from tlsec.assess import grading
    from tlsec.policy import grading as rules

    if wish.matrix not in gradings.matrices:
        message = _("没有定级矩阵 {id}，可用：{known}")
        fail(message.format(id=wish.matrix, known=listed(gradings.matrices)), BAD_INPUT)
    form = _form(gradings, wish, system, last)
    result = rules.grade(gradings.matrices[wish.matrix], form)
    reason = wish.reason
    if not wish.as_json or wish.asking:
        _preview(result, form, gradings)
    if wish.asking and not wish.dry_run:
        reason = _confirmed(last, form, result, reason)
    recorded = None if wish.dry_run else _record(system, form, result, reason, who)
    remarks = grading.differences(system, result.grade, result.g)
    remarks += grading.floor_remarks(system, result.g, gradings)
    questions = grading.matrix_question(form, result, gradings)
    if wish.as_json:
        print_json(_data(system, result, recorded, remarks, questions))
    else:
        _tell(system, result, recorded, [*remarks, *questions])


def _terminal() -> bool:
    return sys.stdin.isatty()


def _from_options(ticked: dict[str, tuple[str, ...]]) -> dict[str, Any] | None:
    """A form from --s-object … --a-degree; None when none is given."""
    if not any(ticked.values()):
        return None
    form = {}
    for part in ("s", "a"):
        objects, degrees = ticked[f"{part}_object"], ticked[f"{part}_degree"]
        if not objects or len(objects) != len(degrees):
            message = _("--{part}-object 与 --{part}-degree 要成对给出，业务信息和系统服务都要有")
            fail(message.format(part=part), BAD_INPUT)
        harms = [
            {"object": object_, "degree": degree}
            for object_, degree in zip(objects, degrees, strict=True)
        ]
        form[part] = {"harms": harms}
    return form


def _form(gradings: Gradings, wish: _Wish, system: System, last: Grading | None) -> Form:
    from tlsec import marked_yaml
    from tlsec.assess import grading
    from tlsec.policy import grading as rules

    with faults_end_here():
        if wish.file is not None:
            if not wish.file.is_file():
                fail(_("没有文件 {path}").format(path=wish.file), BAD_INPUT)
            return rules.read_form(marked_yaml.load(wish.file), gradings.questionnaire)
        before = grading.form_of(last) if last else None
        answers = wish.options or ask(gradings.questionnaire, before, system.business)
        marked = marked_yaml.Marked(_("问卷"), answers, {})
        return rules.read_form(marked, gradings.questionnaire)


def _confirmed(last: Grading | None, form: Form, result: Graded, reason: str) -> str:
    """Ask whether to keep it, and why where a version is there already."""
    same = last is not None and last.form == form.model_dump(mode="json")
    if last is not None and not reason and not (same and last.matrix == result.matrix):
        reason = click.prompt(_("变更原因"))
    if not click.confirm(_("保存这一版？"), default=True):
        click.echo(_("没有保存。"), err=True)
        sys.exit(0)
    return reason


def _record(system: System, form: Form, result: Graded, reason: str, who: str) -> Recorded:
    from tlsec.assess import grading

    try:
        return grading.record(system, form, result, reason, who, datetime.now(UTC))
    except grading.ReasonNeeded as error:
        fail(_("{problem}（--reason）").format(problem=error), BAD_INPUT)


def _preview(result: Graded, form: Form, gradings: Gradings) -> None:
    """Every row, column and cell that was read, and what counts."""
    asked = gradings.questionnaire
    matrix = gradings.matrices[result.matrix]
    shown = show.table(
        _("部分"), _("受侵害的客体"), _("侵害程度"), _("等级"), _("取值"), flexible=[1]
    )
    for step in result.steps:
        shown.add_row(
            words(asked.named("parts", step.part)),
            show.cell(words(matrix.by_object[step.object])),
            words(asked.named("degrees", step.degree)),
            str(step.level) + (_("（待核）") if step.verify else ""),
            f"[bold]{_('取此')}[/]" if step.counts else "",
        )
    out = show.console()
    out.print(shown)
    text = _("{matrix}：业务信息 {s} 级，系统服务 {a} 级，取高 → [bold]{grade}[/]，第 {g} 级")
    out.print(
        text.format(matrix=result.matrix, s=result.s, a=result.a, grade=result.grade, g=result.g)
    )


def _tell(system: System, result: Graded, recorded: Recorded | None, remarks: list[str]) -> None:
    if recorded is None:
        click.echo(_("只算不存。"))
    elif recorded.new:
        click.echo(
            _("已存 {system} 第 {n} 版定级").format(system=system.name, n=recorded.row.version)
        )
    else:
        click.echo(_("与第 {n} 版相同，没有新的版本").format(n=recorded.row.version))
    if result.outside:
        click.echo(outside(), err=True)
    for note in result.verify:
        click.echo(_("待核：{note}").format(note=note), err=True)
    for remark in remarks:
        click.echo(_("请注意：{remark}").format(remark=remark), err=True)


def outside() -> str:
    """What is to be said of level 5."""
    return _("第五级：GB/T 22239-2019 的条款目录只到第四级，不能在此自查；由国家指定的部门管理。")


def _data(
    system: System,
    result: Graded,
    recorded: Recorded | None,
    remarks: list[str],
    questions: list[str],
) -> dict[str, Any]:
    return {
        "system": system.id,
        "name": system.name,
        "version": recorded.row.version if recorded else None,
        "new": bool(recorded and recorded.new),
        "grade": result.grade,
        "s": result.s,
        "a": result.a,
        "g": result.g,
        "matrix": result.matrix,
        "steps": [
            {name: getattr(step, name) for name in step.__dataclass_fields__}
            for step in result.steps
        ],
        "outside": result.outside,
        "remarks": remarks,
        "questions": questions,
    }


def _history(system: System, as_json: bool) -> None:
    from tlsec.assess import grading

    rows = grading.history(system.id)
    if as_json:
        versions = [
            {
                "version": row.version,
                "grade": row.grade,
                "matrix": row.matrix,
                "reason": row.reason,
                "by": row.by,
                "at": row.at.isoformat(),
                "form": row.form,
            }
            for row in rows
        ]
        print_json({"system": system.id, "inventory": system.grade, "versions": versions})
        return
    if not rows:
        click.echo(
            _("{system} 还没有填过定级问卷，台账里的定级是 {grade}").format(
                system=system.name, grade=system.grade or _("空")
            )
        )
        return
    shown = show.table(
        _("版本"), _("定级"), _("矩阵"), _("时间"), _("填写人"), _("原因"), flexible=[5]
    )
    for row in rows:
        shown.add_row(
            str(row.version),
            row.grade,
            row.matrix,
            show.moment(row.at),
            show.cell(row.by),
            show.cell(row.reason),
        )
    show.console().print(shown)
    for remark in grading.differences(system, rows[-1].grade, max(rows[-1].s, rows[-1].a)):
        click.echo(_("请注意：{remark}").format(remark=remark), err=True)
