"""What comes back into the answers: planned first, shown with every conflict, then taken in one go a file.

A draft that would overwrite what somebody else said in the meantime is a conflict; nothing of it is taken
unless the user decides. A file is one transaction, so that an interrupted import is either there or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Literal

from django.db import transaction

from tlsec.assess.answer_rules import Proof
from tlsec.assess.answers import newest, record, review
from tlsec.assess.evidence import Kept, Refused, inside
from tlsec.assess.inquiry import LOCAL, Inquiry
from tlsec.assess.models import Answer
from tlsec.assess.workbook_layout import Saying
from tlsec.i18n import _
from tlsec.marked_yaml import Fault
from tlsec.policy.question import Question
from tlsec.register import journal

Take = Literal["ours", "theirs"] | None


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer about to be taken. `where`: its place; `known`: the newest answer it was planned on."""

    where: str
    system: str
    question: Question
    answer: str
    by: str
    at: datetime
    object: str = ""
    note: str = ""
    proofs: tuple[Proof, ...] = ()
    known: int = 0


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two words about the same thing. `ours`: what is recorded; `theirs`: what the file says."""

    where: str
    system: str
    question: str
    object: str
    why: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Reviewing:
    """A reviewer's acceptance of everything in a file, given with it."""

    by: str
    at: datetime
    note: str = ""


@dataclass
class Outcome:
    """What one file brings. `answers`: rows made, in the order of `drafts`; none in a dry run.

    `reviewing`: accept what is taken, and what is there `already`, as that person.
    """

    file: str
    issue: str = ""
    drafts: list[Draft] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    unchanged: int = 0
    already: int = 0
    reviewing: Reviewing | None = None
    known: list[int] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    refused: list[Fault] = field(default_factory=list)
    deleted: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Something of the file was not taken and somebody has to look at it."""
        return bool(self.conflicts or self.refused)


def summary(saying: Saying) -> str:
    """One line of what somebody said."""
    parts = [
        saying.answer or "—",
        saying.note.replace("\n", " "),
        saying.evidence.replace("\n", "、"),
    ]
    who = _("（{by} {on}）").format(by=saying.by or "—", on=saying.on or "—")
    return "；".join(part for part in parts if part) + who


def moment_of(day: date | None, now: datetime) -> datetime:
    """When something dated a day was said: now for today or no date, else the day's beginning here."""
    if day is None or day == now.astimezone(LOCAL).date():
        return now
    return datetime.combine(day, time(), LOCAL).astimezone(now.tzinfo)


def find_proof(
    folder: Path,
    kind: str,
    name: str,
    dated: date | None,
    inquiry: Inquiry,
    known: Iterable[Answer],
) -> Proof:
    """A named file in the evidence folder, or one handed in before with a known answer. Raises Refused."""
    path = inside(folder, name)
    if path.exists() or path.is_symlink():
        return Proof(kind, path, dated)
    for answer in known:
        for file in answer.evidence.all():
            if (file.kind, file.name) == (kind, name) and inquiry.store.intact(file.sha256):
                stored = inquiry.store.path(file.sha256)
                kept = Kept(file.sha256, file.size)
                return Proof(kind, stored, dated or file.dated, name, kept)
    message = _("证据文件夹 {folder} 里没有 {file}")
    raise Refused(message.format(folder=folder, file=name))


def take_in(inquiry: Inquiry, outcome: Outcome, actor: str, now: datetime) -> None:
    """Take a file's drafts in one transaction.

    Evidence is copied before the transaction begins, so that large files do not hold the store up; a
    draft whose file cannot be kept becomes a fault, one that was overtaken meanwhile a conflict.
    """
    ready = [
        kept for draft in outcome.drafts if (kept := _kept(inquiry, draft, outcome)) is not None
    ]
    outcome.drafts, made = [], []
    with transaction.atomic():
        last = {system: newest(system) for system in {draft.system for draft in ready}}
        for draft in ready:
            current = last[draft.system].get((draft.question.id, draft.object))
            if (current.pk if current else 0) != draft.known:
                outcome.conflicts.append(_overtaken(draft, current))
                continue
            answer = record(
                inquiry, draft.system, draft.question.id, draft.answer, draft.by, draft.at,
                object=draft.object, note=draft.note, evidence=draft.proofs,
                source=Path(outcome.file).name, actor=actor, now=now,
            )  # fmt: skip
            made.append(answer.pk)
            outcome.drafts.append(draft)
            _accept(outcome, answer, actor, now)
        for answer in Answer.objects.filter(pk__in=outcome.known):
            _accept(outcome, answer, actor, now)
        if made or outcome.conflicts:
            name = Path(outcome.file).name
            after = {"file": name, "answers": made, "conflicts": len(outcome.conflicts)}
            journal.append(now, actor, "answers.import", outcome.issue or name, after)
    outcome.answers = made


def _accept(outcome: Outcome, answer: Answer, actor: str, now: datetime) -> None:
    said = outcome.reviewing
    if said is None or answer.reviews.filter(by=said.by.strip()).exists():
        return
    review(answer.pk, said.by, True, said.at, said.note, actor=actor, now=now)


def _overtaken(draft: Draft, current: Answer | None) -> Conflict:
    ours = summary(_plain(current)) if current else "—"
    theirs = f"{draft.answer}；{draft.note}"
    why = _("导入期间另有人答复")
    return Conflict(draft.where, draft.system, draft.question.id, draft.object, why, ours, theirs)


def _plain(answer: Answer) -> Saying:
    return Saying(
        answer.answer, answer.note, "", answer.by, answer.at.astimezone(LOCAL).date().isoformat()
    )


def _kept(inquiry: Inquiry, draft: Draft, outcome: Outcome) -> Draft | None:
    """The draft with its evidence in the store; None, and faults, where that cannot be."""
    proofs: list[Proof] = []
    wrong: list[str] = []
    for proof in draft.proofs:
        try:
            kept = proof.kept or inquiry.store.keep(proof.path)
        except Refused as error:
            wrong += error.sentences
        else:
            proofs.append(replace(proof, kept=kept, name=proof.shown))
    outcome.refused += [Fault(draft.where, sentence) for sentence in wrong]
    return None if wrong else replace(draft, proofs=tuple(proofs))


def between_files(outcomes: Sequence[Outcome], take: Take) -> None:
    """Drafts about the same thing that differ become conflicts; with "theirs" the last one named counts."""
    groups: dict[tuple[str, str, str], list[tuple[Outcome, Draft]]] = {}
    for outcome in outcomes:
        for draft in outcome.drafts:
            key = (draft.system, draft.question.id, draft.object)
            groups.setdefault(key, []).append((outcome, draft))
    for group in groups.values():
        if len(group) == 1:
            continue
        same = len({_said(draft) for _outcome, draft in group}) == 1
        for outcome, draft in group[:-1] if same or take == "theirs" else group:
            outcome.drafts.remove(draft)
            if same:
                outcome.already += 1
            elif take is None:
                other = next(d for _o, d in group if d is not draft and _said(d) != _said(draft))
                outcome.conflicts.append(_two(draft, other))


def _said(draft: Draft) -> tuple[object, ...]:
    files = frozenset((proof.kind, proof.shown, proof.dated) for proof in draft.proofs)
    return (draft.answer, draft.note, draft.by, draft.at, files)


def _two(draft: Draft, other: Draft) -> Conflict:
    why = _("与 {place} 说法不同").format(place=other.where)
    texts = [f"{d.answer}；{d.note}（{d.by}）" for d in (other, draft)]
    return Conflict(draft.where, draft.system, draft.question.id, draft.object, why, *texts)
