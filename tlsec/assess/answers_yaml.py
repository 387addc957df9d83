"""Answers in bulk as YAML, for offline kits: one system a file, all of it or none of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.assess.answer_rules import Proof, choice_of, problems, same_person
from tlsec.assess.answers import newest
from tlsec.assess.evidence import Refused
from tlsec.assess.inquiry import LOCAL, Inquiry, find_system, local_day
from tlsec.assess.intake import (
    Conflict,
    Draft,
    Outcome,
    Reviewing,
    Take,
    find_proof,
    moment_of,
    summary,
)
from tlsec.assess.models import Answer
from tlsec.assess.workbook_layout import day_of, said_by
from tlsec.i18n import _
from tlsec.inventory.models import System
from tlsec.marked_yaml import Fault, Faulty, Marked, Path_
from tlsec.policy.question import Question


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Evidence(_Strict):
    kind: str
    file: str
    dated: str = ""


class _Answer(_Strict):
    question: str
    object: str = ""
    answer: str
    by: str = ""
    on: str = ""
    note: str = ""
    evidence: list[_Evidence] = []


class _Reviews(_Strict):
    by: str = Field(min_length=1)
    on: str = ""
    note: str = ""


class _File(_Strict):
    """`by` and `on` stand for answers that do not say their own."""

    system: str
    by: str = ""
    on: str = ""
    reviews: _Reviews | None = None
    answers: list[_Answer]


def plan(
    inquiry: Inquiry,
    files: Sequence[Path],
    evidence: Path | None,
    now: datetime,
    take: Take = None,
) -> list[Outcome]:
    """What the files would bring; nothing is changed. Raises Faulty with all faults of all files."""
    outcomes, faults = [], []
    for file in files:
        try:
            marked = marked_yaml.load(file)
            data = marked_yaml.parse(_File, marked)
            system = find_system(data.system)
        except Faulty as error:
            faults += error.faults
        except Refused as error:
            faults += [marked.fault(("system",), text) for text in error.sentences]
        else:
            reader = _Reader(inquiry, system, marked, data, evidence or file.parent, now, take)
            outcomes.append(reader.plan())
            faults += reader.faults
    if faults:
        raise Faulty(faults)
    return outcomes


class _Reader:
    """One file's answers, each to one end: already there, draft, conflict or fault."""

    def __init__(
        self,
        inquiry: Inquiry,
        system: System,
        marked: Marked,
        data: _File,
        folder: Path,
        now: datetime,
        take: Take,
    ) -> None:
        self._inquiry, self._system, self._marked, self._data = inquiry, system, marked, data
        self._folder, self._now, self._take = folder, now, take
        self._newest = newest(system.id)
        self.faults: list[Fault] = []

    def _fault(self, at: Path_, *messages: str) -> None:
        self.faults += [self._marked.fault(at, message) for message in messages]

    def plan(self) -> Outcome:
        out = Outcome(self._marked.name, reviewing=self._reviewing())
        seen: set[tuple[str, str]] = set()
        for i, row in enumerate(self._data.answers):
            key = (row.question, row.object)
            if key in seen:
                self._fault(("answers", i), _("同一问题、同一对象在本文件里答了两次"))
            seen.add(key)
            draft = self._draft(i, row, out.reviewing)
            if draft is not None:
                self._place(out, draft, dated=bool(row.on or self._data.on))
        return out

    def _reviewing(self) -> Reviewing | None:
        said = self._data.reviews
        if said is None:
            return None
        day = self._day(("reviews", "on"), said.on)
        return Reviewing(said.by, moment_of(day, self._now), said.note)

    def _draft(self, i: int, row: _Answer, reviewing: Reviewing | None) -> Draft | None:
        at: Path_ = ("answers", i)
        before = len(self.faults)
        question = self._inquiry.questions.by_id.get(row.question)
        if question is None:
            self._fault((*at, "question"), _("没有问题 {id}").format(id=row.question))
            return None
        try:
            self._inquiry.item_of(self._system, question.line)
        except Refused as error:
            self._fault((*at, "question"), *error.sentences)
        by = row.by or self._data.by
        said = moment_of(self._day((*at, "on"), row.on or self._data.on), self._now)
        choice = choice_of(question, row.answer)
        proofs = self._proofs(at, question, row)
        answer = choice.id if choice else row.answer
        if proofs is not None:
            wrong = problems(
                self._system, question, answer, by, said,
                object=row.object, note=row.note, evidence=proofs,
            )  # fmt: skip
            self._fault((*at, "answer"), *wrong)
        if reviewing is not None:
            self._reviewable(at, by, said, reviewing)
        if len(self.faults) > before or proofs is None:
            return None
        current = self._newest.get((row.question, row.object))
        where = self._marked.where(at)
        return Draft(
            where, self._system.id, question, answer, by, said, row.object, row.note.strip(),
            tuple(proofs), current.pk if current else 0,
        )  # fmt: skip

    def _reviewable(self, at: Path_, by: str, said: datetime, reviewing: Reviewing) -> None:
        if by and same_person(by, reviewing.by):
            message = _("答复人与审核人同为 {by}，须由另一人审核")
            self._fault((*at, "by"), message.format(by=by))
        if reviewing.at < said:
            self._fault((*at, "on"), _("审核日期早于答复日期"))

    def _proofs(self, at: Path_, question: Question, row: _Answer) -> list[Proof] | None:
        current = self._newest.get((row.question, row.object))
        found: list[Proof] = []
        before = len(self.faults)
        for j, piece in enumerate(row.evidence):
            place = (*at, "evidence", j)
            dated = self._day((*place, "dated"), piece.dated, future=True)
            try:
                known = [current] if current else []
                proof = find_proof(
                    self._folder, piece.kind, piece.file, dated, self._inquiry, known
                )
            except Refused as error:
                self._fault((*place, "file"), *error.sentences)
            else:
                found.append(proof)
        return found if len(self.faults) == before else None

    def _day(self, at: Path_, text: str, *, future: bool = False) -> date | None:
        if not text:
            return None
        day = day_of(text)
        if day is None:
            self._fault(at, _("“{text}”不是日期，写作 2026-10-12").format(text=text[:40]))
        elif not future and day > self._now.astimezone(LOCAL).date():
            self._fault(at, _("日期 {day} 在将来").format(day=day))
        return day

    def _place(self, out: Outcome, draft: Draft, *, dated: bool) -> None:
        current = self._newest.get((draft.question.id, draft.object))
        if current is not None and _repeats(draft, current, dated=dated):
            out.already += 1
            out.known.append(current.pk)
        elif current is None or current.at <= draft.at or self._take == "theirs":
            out.drafts.append(draft)
        elif self._take is None:
            out.conflicts.append(_older(draft, current))
        else:
            out.unchanged += 1


def _repeats(draft: Draft, current: Answer, *, dated: bool) -> bool:
    """The same person said the same with the same papers, on the same day where one is given."""
    ours = {(file.kind, file.name, file.dated) for file in current.evidence.all()}
    theirs = {(proof.kind, proof.shown, proof.dated) for proof in draft.proofs}
    if (current.answer, current.note, current.by) != (draft.answer, draft.note, draft.by.strip()):
        return False
    return ours == theirs and (not dated or local_day(draft.at) == local_day(current.at))


def _older(draft: Draft, current: Answer) -> Conflict:
    choice = draft.question.choices[draft.answer]
    theirs = _("{name}（{note}）").format(
        name=choice.zh, note=f"{draft.by} {draft.at.astimezone(LOCAL).date()}"
    )
    ours = summary(said_by(current, draft.question))
    why = _("已有更晚的答复")
    return Conflict(draft.where, draft.system, draft.question.id, draft.object, why, ours, theirs)
