"""tlsec assess questions, answer, review: what is asked of a system, who says what, who accepts it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tlsec.cli import show
from tlsec.cli.context import (
    BAD_INPUT,
    actor,
    fail,
    faults_end_here,
    open_workspace,
    print_json,
    with_example,
)
from tlsec.i18n import _, listed, pick

if TYPE_CHECKING:
    from tlsec.assess.agenda import Standing
    from tlsec.assess.answer_rules import Proof
    from tlsec.assess.inquiry import Inquiry
    from tlsec.assess.models import Answer
    from tlsec.inventory.models import System


def open_inquiry(ctx: click.Context) -> Inquiry:
    """The opened workspace's questions and evidence."""
    workspace = open_workspace(ctx)
    from tlsec.assess.inquiry import Inquiry

    with faults_end_here():
        return Inquiry.of(workspace.root)


@contextmanager
def refusals_end_here() -> Iterator[None]:
    """What is refused ends the command with every sentence on stderr and exit code 2."""
    from tlsec.assess.evidence import Refused

    try:
        yield
    except Refused as error:
        fail(str(error), BAD_INPUT)


@click.command(
    help=with_example(
        _("一个系统要答哪些问题、问谁、答到哪一步"), "tlsec assess questions S02 --open"
    )
)
@click.argument("system", metavar=_("系统"))
@click.option(
    "--open", "only_open", is_flag=True, help=_("只列还要人来答的：未答、退回、将到期、已过期")
)
@click.option("--role", help=_("只列问某个角色的（roles.yaml 中的编号或名称）"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def questions(
    ctx: click.Context, system: str, only_open: bool, role: str | None, as_json: bool
) -> None:
    inquiry = open_inquiry(ctx)
    from tlsec.assess.agenda import agenda
    from tlsec.assess.inquiry import find_system

    with refusals_end_here():
        row = find_system(system)
        every = agenda(inquiry, row, datetime.now(UTC))
    wanted = _role(inquiry, role) if role else ""
    shown = [
        each
        for each in every
        if (each.to_answer or not only_open)
        and (not wanted or each.posed.question.asked_of == wanted)
    ]
    if as_json:
        print_json({"system": row.id, "questions": [_keys(each) for each in shown]})
        return
    _print(inquiry, row, shown, every)


def _role(inquiry: Inquiry, named: str) -> str:
    roles = inquiry.questions.roles
    found = next((k for k, text in roles.items() if named in (k, text.zh, text.en)), "")
    if not found:
        known = listed(f"{key}（{pick(text.model_dump())}）" for key, text in roles.items())
        fail(_("没有角色 {role}，可用：{known}").format(role=named, known=known), BAD_INPUT)
    return found


def _keys(each: Standing) -> dict[str, object]:
    question, said = each.posed.question, each.valid.attestation if each.valid else None
    return {
        "item": each.posed.item.id, "line": each.posed.item.line, "question": question.id,
        "version": question.version, "object": each.object, "role": question.asked_of,
        "methods": question.methods, "ask": pick(question.ask.model_dump()), "state": each.state,
        "answers": [{"id": c.id, "means": c.means, "needs": c.needs} for c in question.answers],
        "answer": said.answer if said else None, "by": said.by if said else None,
        "reviewer": said.reviewer if said else None, "expires": said.expires if said else None,
        "newest": each.newest.pk if each.newest else None,
    }  # fmt: skip


def _print(inquiry: Inquiry, system: System, shown: list[Standing], every: list[Standing]) -> None:
    from tlsec.assess.agenda import STATES

    table = show.table(
        _("条款"), _("问题编号"), _("问"), _("问谁"), _("状态"), flexible=[1, 2],
        title=f"{system.id} {show.cell(system.name)} {system.grade}",
    )  # fmt: skip
    for each in shown:
        question = each.posed.question
        role = inquiry.questions.roles[question.asked_of]
        table.add_row(
            each.posed.item.id,
            show.cell(question.id + (f" [{each.object}]" if each.object else "")),
            show.cell(pick(question.ask.model_dump())),
            show.cell(pick(role.model_dump())),
            show.word(STATES, each.state),
        )
    show.console().print(table if shown else _("没有符合条件的问题。"))
    counts = {state: sum(each.state == state for each in every) for state in STATES}
    click.echo(
        listed(
            _("{name} {n}").format(name=_(STATES[state][0]), n=n)
            for state, n in counts.items()
            if n
        )
    )


@click.command(
    help=with_example(
        _("答一个问题，或在终端里逐题作答；每答一题立即保存。答复由另一人审核后才算数。"),
        _(
            "tlsec --as 周若川 assess answer S02 ces.identity.unique --choose all "
            "--evidence list=账号清单.pdf@2026-11-20"
        ),
    )
)
@click.argument("system", metavar=_("系统"))
@click.argument("question", metavar=_("[问题]"), required=False)
@click.option("--object", "object_", default="", help=_("只说一项资产（资产编号），缺省说整个系统"))
@click.option("--choose", help=_("选哪个答案（编号或原文）"))
@click.option("--note", default="", help=_("说明"))
@click.option(
    "--evidence", multiple=True, help=_("证据：种类=文件，或 种类=文件@2026-11-20，可多次")
)
@click.option("--next", "only_next", is_flag=True, help=_("只答下一个未答的"))
@click.pass_context
def answer(
    ctx: click.Context,
    system: str,
    question: str | None,
    object_: str,
    choose: str | None,
    note: str,
    evidence: tuple[str, ...],
    only_next: bool,
) -> None:
    if choose is None and (note or evidence):
        raise click.UsageError(_("--note 与 --evidence 要和 --choose 一起用"))
    if choose is not None and not question:
        raise click.UsageError(_("--choose 要写明答哪个问题"))
    if only_next and question:
        raise click.UsageError(_("--next 与问题编号只能写一个"))
    if choose is None and not sys.stdin.isatty():
        raise click.UsageError(
            _("逐题作答要在终端里；不在终端时用 --choose，或用工作簿、YAML 导入")
        )
    inquiry = open_inquiry(ctx)
    with refusals_end_here():
        if choose is not None and question:
            _one(ctx, inquiry, system, question, object_, choose, note, evidence)
            return
        from tlsec.cli.assess import asking

        asking.ask(inquiry, system, actor(ctx), question, object_, only_next)


def _one(
    ctx: click.Context,
    inquiry: Inquiry,
    system: str,
    question: str,
    object_: str,
    choose: str,
    note: str,
    evidence: tuple[str, ...],
) -> None:
    from tlsec.assess import answers
    from tlsec.assess.answer_rules import choice_of

    asked = inquiry.questions.by_id.get(question)
    choice = choice_of(asked, choose) if asked else None
    made = answers.record(
        inquiry, system, question, choice.id if choice else choose, actor(ctx), datetime.now(UTC),
        object=object_, note=note, evidence=[proof(each) for each in evidence],
    )  # fmt: skip
    message = _("已记为第 {id} 号答复，有效到 {day}；须由另一人审核：{command}")
    command = f"tlsec --as … assess review {made.system} {made.pk} --accept"
    click.echo(message.format(id=made.pk, day=show.moment(made.expires), command=command))


def proof(text: str) -> Proof:
    """KIND=FILE or KIND=FILE@2026-11-20."""
    from tlsec.assess.answer_rules import Proof
    from tlsec.assess.workbook_layout import day_of

    kind, mark, rest = text.partition("=")
    name, at, ending = rest.rpartition("@")
    day = day_of(ending) if at else None
    if not mark or not kind or not rest:
        message = _("--evidence {text}：写作 种类=文件 或 种类=文件@2026-11-20")
        raise click.UsageError(message.format(text=text))
    return Proof(kind.strip(), Path(name if day else rest).expanduser(), day)


@click.command(
    help=with_example(
        _("审核答复：须由答复人以外的人。不写编号时列出待审核的。"),
        _("tlsec --as 吴景和 assess review S02 --all-from 周若川 --accept"),
    )
)
@click.argument("system", metavar=_("系统"))
@click.argument("answer_ids", metavar=_("[答复编号]…"), type=int, nargs=-1)
@click.option("--all-from", help=_("某人在该系统待审核的全部答复"))
@click.option("--accept/--reject", "accepted", default=None, help=_("认可，或退回（须写 --note）"))
@click.option("--note", default="", help=_("审核意见"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def review(
    ctx: click.Context,
    system: str,
    answer_ids: tuple[int, ...],
    all_from: str | None,
    accepted: bool | None,
    note: str,
    as_json: bool,
) -> None:
    if answer_ids and all_from:
        raise click.UsageError(_("答复编号与 --all-from 只能写一个"))
    if (answer_ids or all_from) and accepted is None:
        raise click.UsageError(_("请写 --accept 或 --reject"))
    inquiry = open_inquiry(ctx)
    from django.db import transaction

    from tlsec.assess import answers
    from tlsec.assess.answer_rules import same_person
    from tlsec.assess.inquiry import find_system
    from tlsec.assess.models import Answer

    now = datetime.now(UTC)
    with refusals_end_here():
        row = find_system(system)
        pending = answers.waiting_for_review(now, row.id)
        if not answer_ids and all_from is None:
            _pending(inquiry, pending, as_json)
            return
        ids = list(answer_ids)
        if all_from is not None:
            ids = [each.pk for each in pending if same_person(each.by, all_from)]
        own = set(Answer.objects.filter(system=row.id, pk__in=ids).values_list("pk", flat=True))
        if strange := [str(each) for each in ids if each not in own]:
            message = _("{system} 没有第 {ids} 号答复")
            fail(message.format(system=row.id, ids=listed(strange)), BAD_INPUT)
        with transaction.atomic():  # all of them or none
            for each in ids:
                answers.review(each, actor(ctx), bool(accepted), now, note)
    if as_json:
        print_json({"system": row.id, "accepted": accepted, "answers": ids})
        return
    said = _("已认可 {n} 条答复") if accepted else _("已退回 {n} 条答复")
    click.echo(said.format(n=len(ids)))


def _pending(inquiry: Inquiry, pending: list[Answer], as_json: bool) -> None:
    if as_json:
        rows = [
            {"id": a.pk, "question": a.question, "object": a.object, "answer": a.answer,
             "means": a.means, "by": a.by, "at": a.at, "note": a.note,
             "evidence": [{"kind": f.kind, "name": f.name, "sha256": f.sha256, "dated": f.dated}
                          for f in a.evidence.all()]}
            for a in pending
        ]  # fmt: skip
        print_json({"waiting": rows})
        return
    from tlsec.assess.workbook_layout import said_by

    table = show.table(
        _("编号"), _("问题"), _("答案"), _("证据"), _("答复人"), _("时间"), flexible=[1, 2, 3]
    )
    for each in pending:
        question = inquiry.questions.by_id.get(each.question)
        said = said_by(each, question)
        asked = pick(question.ask.model_dump()) if question else each.question
        text = said.answer + (f"\n{said.note}" if said.note else "")
        table.add_row(
            str(each.pk), _cells(asked + (f" [{each.object}]" if each.object else "")),
            _cells(text), _cells(said.evidence), show.cell(each.by), show.moment(each.at),
        )  # fmt: skip
    show.console().print(table if pending else _("没有待审核的答复。"))


def _cells(text: str) -> str:
    return "\n".join(show.cell(line) for line in text.split("\n"))
