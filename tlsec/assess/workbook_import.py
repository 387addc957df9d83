"""Workbooks that came back, row by row against what is recorded now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tlsec.assess.answer_rules import Proof, problems
from tlsec.assess.answers import newest
from tlsec.assess.evidence import Refused
from tlsec.assess.inquiry import LOCAL, Inquiry, find_system
from tlsec.assess.intake import (
    Conflict,
    Draft,
    Outcome,
    Take,
    between_files,
    find_proof,
    moment_of,
    summary,
)
from tlsec.assess.models import Answer
from tlsec.assess.workbook_layout import Saying, chosen, day_of, kind_of, labelled, said_by, wanted
from tlsec.assess.workbook_read import Book, Filled, read
from tlsec.i18n import _, listed
from tlsec.inventory.models import System
from tlsec.marked_yaml import Fault, Faulty
from tlsec.policy.question import Choice, Question
from tlsec.register.models import Journal

_Fault: TypeAlias = Callable[..., None]  # column, then sentences


class _Meaning(NamedTuple):
    """What a saying means whatever language or spelling it is written in."""

    answer: str
    note: str
    evidence: frozenset[tuple[str, str, date | None]]
    by: str
    on: date | str


def plan(
    inquiry: Inquiry,
    files: Sequence[Path],
    evidence: Path | None,
    now: datetime,
    take: Take = None,
    unit: str = "",
) -> list[Outcome]:
    """What the workbooks would bring, one outcome a file; nothing is changed.

    Raises Faulty with all faults of all files when one of them is not ours or not safe: then none is taken.
    `unit`: refuse workbooks that went to another one.
    """
    books: list[Book] = []
    faults: list[Fault] = []
    for file in files:
        try:
            book = read(file)
        except Faulty as error:
            faults += error.faults
            continue
        faults += _not_ours(book, unit)
        books.append(book)
    if faults:
        raise Faulty(faults)
    outcomes = [
        _Rows(inquiry, book, evidence or book.path.parent, now, take).plan() for book in books
    ]
    between_files(outcomes, take)
    return outcomes


def _not_ours(book: Book, unit: str) -> list[Fault]:
    """Why a workbook that looks like ours may not be taken here."""
    if not Journal.objects.filter(command="workbook.export", object=book.issue).exists():
        message = _("编号 {issue} 不是本工作区发出的工作簿")
        return [Fault(str(book.path), message.format(issue=book.issue))]
    if unit and book.unit != unit:
        message = _("这是发给 {theirs} 的工作簿，不是 {ours} 的")
        return [Fault(str(book.path), message.format(theirs=book.unit, ours=unit))]
    found = []
    for sheet, id_ in book.sheets.items():
        system = System.objects.filter(id=id_).first()
        if system is None or system.unit_id != book.unit:
            owner = system.unit_id if system else _("无")
            message = _("系统 {system} 现在属于 {owner}，不属于工作簿所发给的 {unit}")
            text = message.format(system=id_, owner=owner, unit=book.unit)
            found.append(Fault(f"{book.path} {sheet}", text))
    return found


class _Rows:
    """The rows of one workbook, each to one end: unchanged, already there, draft, conflict or fault."""

    def __init__(
        self, inquiry: Inquiry, book: Book, folder: Path, now: datetime, take: Take
    ) -> None:
        self._inquiry, self._book, self._folder = inquiry, book, folder
        self._now, self._take = now, take
        self._newest = {system: newest(system) for system in book.sheets.values()}
        shown = {row.key.shown for row in book.rows}
        rows = Answer.objects.filter(pk__in=shown).prefetch_related("evidence")
        self._shown = {row.pk: row for row in rows}
        self._outcome = Outcome(str(book.path), book.issue, deleted=list(book.deleted))

    def plan(self) -> Outcome:
        for row in self._book.rows:
            self._row(row)
        return self._outcome

    def _row(self, row: Filled) -> None:
        key, out = row.key, self._outcome
        question = self._inquiry.questions.by_id.get(key.question)
        meant = _meaning(row.saying, question)
        shown = self._shown.get(key.shown)
        if row.saying.empty:
            if shown is not None:  # an emptied row takes nothing back
                out.deleted.append((row.system, key.question, key.object))
            else:
                out.unchanged += 1
            return
        if shown is not None and meant == _meaning(said_by(shown, question), question):
            out.unchanged += 1
            return
        current = self._newest[row.system].get((key.question, key.object))
        if current is not None and _same(meant, _meaning(said_by(current, question), question)):
            out.already += 1
            return
        conflict = self._conflict(row, question, current)
        if conflict and self._take != "theirs":
            if self._take is None:
                out.conflicts.append(conflict)
            else:
                out.unchanged += 1
            return
        self._draft(row, question, current)

    def _conflict(
        self, row: Filled, question: Question | None, current: Answer | None
    ) -> Conflict | None:
        known = current.pk if current else 0
        if question is None:
            why, ours = _("问题已不在题库中"), "—"
        elif question.version != row.key.version:
            why = _("问题已由第 {old} 版改为第 {new} 版").format(
                old=row.key.version, new=question.version
            )
            ours = question.ask.zh
        elif known != row.key.newest:
            why = _("发出后另有答复")
            ours = summary(said_by(current, question)) if current else "—"
        else:
            return None
        theirs = summary(row.saying)
        return Conflict(
            row.where(), row.system, row.key.question, row.key.object, why, ours, theirs
        )

    def _draft(self, row: Filled, question: Question | None, current: Answer | None) -> None:
        wrong: list[Fault] = []

        def fault(column: str, *messages: str) -> None:
            wrong.extend(Fault(row.where(column), message) for message in messages)

        if question is None:
            fault("answer", _("没有问题 {id}").format(id=row.key.question))
            self._outcome.refused += wrong
            return
        saying = row.saying
        choice = self._choice(question, saying, fault)
        day = self._day(saying.on, fault)
        at = moment_of(day, self._now)
        proofs, incomplete = self._proofs(row, question, choice, current, fault)
        try:
            system = find_system(row.system)
            self._inquiry.item_of(system, question.line)
        except Refused as error:
            fault("answer", *error.sentences)
        else:
            if choice is not None and not incomplete:
                found = problems(
                    system, question, choice.id, saying.by, at,
                    object=row.key.object, note=saying.note, evidence=proofs,
                )  # fmt: skip
                fault("answer", *found)
        if wrong or choice is None:
            self._outcome.refused += wrong
            return
        known = current.pk if current else 0
        draft = Draft(
            row.where(), row.system, question, choice.id, saying.by, at, row.key.object,
            saying.note, tuple(proofs), known,
        )  # fmt: skip
        self._outcome.drafts.append(draft)

    def _choice(self, question: Question, saying: Saying, fault: _Fault) -> Choice | None:
        if not saying.answer:
            fault("answer", _("写了说明或证据，但没有选答案"))
            return None
        choice = chosen(question, saying.answer)
        if choice is None:
            known = listed(labelled(question), "；")
            message = _("没有答案“{text}”，可选：{known}")
            fault("answer", message.format(text=saying.answer[:60], known=known))
        return choice

    def _day(self, text: str, fault: _Fault) -> date | None:
        if not text:
            return None
        day = day_of(text)
        if day is None:
            message = _("“{text}”不是日期，写作 2026-10-12").format(text=text[:40])
            fault("on", message)
        elif day > self._now.astimezone(LOCAL).date():
            fault("on", _("答复日期 {day} 在将来").format(day=day))
            day = None
        return day

    def _proofs(
        self,
        row: Filled,
        question: Question,
        choice: Choice | None,
        current: Answer | None,
        fault: _Fault,
    ) -> tuple[list[Proof], bool]:
        """The row's evidence, and whether some of it could not be had."""
        before = [a for a in (self._shown.get(row.key.shown), current) if a is not None]
        proofs: list[Proof] = []
        incomplete = False
        for piece in wanted(row.saying.evidence):
            kind = kind_of(question, piece.kind, choice.needs if choice else ())
            try:
                if not kind:
                    known = listed(each.zh for each in question.evidence.values()) or _("无")
                    message = _("“{text}”：请写明证据种类，如“种类：文件名”；本题可用：{known}")
                    raise Refused(message.format(text=piece.kind or piece.name, known=known))
                proofs.append(
                    find_proof(self._folder, kind, piece.name, piece.dated, self._inquiry, before)
                )
            except Refused as error:
                fault("evidence", *error.sentences)
                incomplete = True
        return proofs, incomplete


def _meaning(saying: Saying, question: Question | None) -> _Meaning:
    choice = chosen(question, saying.answer) if question else None
    needs = choice.needs if choice else ()
    files = frozenset(
        ((kind_of(question, w.kind, needs) if question else "") or w.kind, w.name, w.dated)
        for w in wanted(saying.evidence)
    )
    note = "\n".join(line.rstrip() for line in saying.note.strip().split("\n"))
    on = day_of(saying.on) or saying.on
    return _Meaning(choice.id if choice else saying.answer, note, files, saying.by.strip(), on)


def _same(theirs: _Meaning, ours: _Meaning) -> bool:
    """The same said before; a date left open agrees with any."""
    return theirs == ours or (not theirs.on and theirs[:4] == ours[:4])
