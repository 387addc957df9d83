"""Questions one by one in the terminal: skip, back, quit; every answer is kept the moment it is given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tlsec.assess.agenda import SETTLED, STATES, Standing, agenda
from tlsec.assess.answer_rules import Proof, text_of
from tlsec.assess.answers import record
from tlsec.assess.evidence import Refused
from tlsec.assess.inquiry import find_system
from tlsec.assess.workbook_layout import day_of
from tlsec.cli import show
from tlsec.i18n import _, listed, pick

if TYPE_CHECKING:
    from tlsec.assess.inquiry import Inquiry
    from tlsec.policy.question import Choice, Question

_SKIP, _BACK, _QUIT = "s", "b", "q"


class _Again(Exception):
    """The person changed their mind in the middle of an answer."""


def ask(
    inquiry: Inquiry,
    system_id: str,
    person: str,
    question_id: str | None,
    object_: str,
    only_next: bool,
) -> None:
    """Ask what is open, or the one question named. Ends at the last one, on q and at the end of input."""
    system = find_system(system_id)
    every = agenda(inquiry, system, datetime.now(UTC))
    about = list(_about(every, object_))
    if question_id is not None:
        asked = [each for each in about if each.posed.question.id == question_id]
        if not asked:
            message = _("{system} 没有问题 {id}")
            raise Refused(message.format(system=system.id, id=question_id))
    else:
        asked = [each for each in about if each.to_answer][: 1 if only_next else None]
    if not asked:
        click.echo(_("没有要答的问题了。"))
        return
    click.echo(_("以 {person} 的名义作答；每题输入编号，{keys}").format(
        person=person, keys=_("s 跳过，b 回上一题，q 结束")))  # fmt: skip
    try:
        _through(inquiry, system.id, person, asked, object_)
    except (click.Abort, EOFError):  # Ctrl-C, Ctrl-D: what was answered is kept
        click.echo()
    left = [e for e in agenda(inquiry, system, datetime.now(UTC)) if e.to_answer]
    message = _("本次结束；{system} 还有 {n} 题要答，接着答：{command}")
    command = f"tlsec assess answer {system.id}"
    click.echo(message.format(system=system.id, n=len(left), command=command))


def _about(every: list[Standing], object_: str) -> Iterator[Standing]:
    """Each question once, as it stands for the object; one that was never asked about it is open."""
    asked: dict[str, Standing] = {}
    for each in every:
        known = asked.get(each.posed.question.id)
        if known is None or each.object == object_:
            asked[each.posed.question.id] = each
    for each in asked.values():
        fresh = each.object != object_ and each.state not in SETTLED
        yield Standing(each.posed, object_, "open") if fresh else each


def _through(
    inquiry: Inquiry, system: str, person: str, asked: list[Standing], object_: str
) -> None:
    at = 0
    while at < len(asked):
        each = asked[at]
        _show(inquiry, each, at + 1, len(asked))
        question = each.posed.question
        said = click.prompt(_("答案"), prompt_suffix="：").strip()
        if said == _QUIT:
            break
        if said == _SKIP:
            at += 1
            continue
        if said == _BACK:
            at = max(at - 1, 0)
            continue
        choice = _chosen(question, said)
        if choice is None:
            message = _("没有这个选项，请输入 1 到 {n}、s、b 或 q")
            click.echo(message.format(n=len(question.answers)))
            continue
        try:
            _keep(inquiry, system, person, question, choice, object_)
        except _Again:
            continue
        at += 1


def _show(inquiry: Inquiry, each: Standing, number: int, total: int) -> None:
    out, posed = show.console(), each.posed
    point = inquiry.catalog.point_of(posed.item)
    out.rule(
        f"{number}/{total}  {posed.item.id} {show.cell(text_of(point))}  "
        + show.word(STATES, each.state),
        align="left",
    )
    lines = [
        (_("要求"), text_of(posed.item)),
        (_("问"), pick(posed.question.ask.model_dump())),
        *((_("看"), pick(t.model_dump())) for t in posed.question.asked_at(posed.item.level)),
    ]
    for label, text in lines:
        out.print(_("{name}：{value}").format(name=label, value=show.cell(text)))
    for n, choice in enumerate(posed.question.answers, 1):
        needs = listed(text_of(posed.question.evidence[need]) for need in choice.needs)
        remark = (
            " [dim]" + show.cell(_("须交：{needs}").format(needs=needs)) + "[/]" if needs else ""
        )
        out.print(f"  [bold]{n}[/] {show.cell(text_of(choice))}{remark}")


def _chosen(question: Question, said: str) -> Choice | None:
    if said.isdecimal() and 1 <= int(said) <= len(question.answers):
        return question.answers[int(said) - 1]
    return question.choices.get(said)


def _keep(
    inquiry: Inquiry, system: str, person: str, question: Question, choice: Choice, object_: str
) -> None:
    """Ask for note and papers, record; faults are said and the question is asked again."""
    note = click.prompt(_("说明（可空）"), default="", show_default=False, prompt_suffix="：")
    proofs = [_paper(question, need) for need in choice.needs]
    try:
        made = record(
            inquiry, system, question.id, choice.id, person, datetime.now(UTC),
            object=object_, note=note.strip(), evidence=proofs,
        )  # fmt: skip
    except Refused as error:
        click.echo(str(error), err=True)
        raise _Again from error
    click.echo(_("已保存（第 {id} 号），待另一人审核。").format(id=made.pk))


def _paper(question: Question, need: str) -> Proof:
    kind = question.evidence[need]
    name = click.prompt(
        _("证据“{kind}”的文件（空：重选答案）").format(kind=text_of(kind)),
        default="", show_default=False, prompt_suffix="：",
    ).strip()  # fmt: skip
    if not name:
        raise _Again
    dated = None
    if kind.dated_within:
        text = click.prompt(
            _("这份证据的日期（{n} 天以内，如 2026-10-12）").format(n=kind.dated_within),
            default="", show_default=False, prompt_suffix="：",
        )  # fmt: skip
        dated = day_of(text)
    return Proof(need, Path(name.strip("'\"")).expanduser(), dated)
