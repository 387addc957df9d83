"""Answers of people: append-only, counted only after another person has looked at them, until they expire.

Of the answers to one question about one object the newest accepted one counts, newest as they were recorded;
whether a later record of an earlier word may stand is settled when it comes in (intake.py). A newer one that nobody has
reviewed does not push it out; one that was replaced never comes back, not even when its successor expires.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

from django.db import transaction

from tlsec.assess.answer_rules import Proof, problems, review_problems, same_person
from tlsec.assess.evidence import Kept, Refused
from tlsec.assess.inquiry import Inquiry, find_system
from tlsec.assess.models import Answer, EvidenceFile, Review
from tlsec.i18n import _
from tlsec.policy.item_state import Attestation, Tested
from tlsec.register import journal

_REMIND = 30  # days, for an answer whose question is no longer there


@dataclass(frozen=True, slots=True)
class ValidAnswer:
    """An answer that counts. `object` "" is the system as a whole; `waiting`: a newer one is unreviewed."""

    object: str
    line: str
    attestation: Attestation
    waiting: int = 0  # row of that newer answer


@dataclass(frozen=True, slots=True)
class Expiring:
    """A valid answer that ends soon, or one that has ended and left nothing behind."""

    system: str
    question: str
    object: str
    answer: int
    by: str
    expires: datetime
    days: int  # left; negative once it is over


def record(
    inquiry: Inquiry,
    system: str,
    question_id: str,
    answer_id: str,
    by: str,
    at: datetime,
    *,
    object: str = "",
    note: str = "",
    evidence: Iterable[Proof | tuple[str, Path, date | None]] = (),
    source: str = "",
    actor: str = "",
    now: datetime | None = None,
) -> Answer:
    """Add an answer with its evidence. Raises Refused with every reason why not.

    `at`: when the person said it; `now`: when it is recorded (default `at`); `actor`: who records it.
    """
    proofs = [each if isinstance(each, Proof) else Proof(*each) for each in evidence]
    row = find_system(system)
    question = inquiry.questions.by_id.get(question_id)
    if question is None:
        raise Refused(_("没有问题 {id}").format(id=question_id))
    inquiry.item_of(row, question.line)
    wrong = problems(row, question, answer_id, by, at, object=object, note=note, evidence=proofs)
    if wrong:
        raise Refused(*wrong)
    kept = keep(inquiry, proofs)
    choice = question.choices[answer_id]
    with transaction.atomic():
        answer = Answer.objects.create(
            by=by.strip(), at=at, system=row.id, object=object, question=question.id,
            question_version=question.version, line=question.line, answer=choice.id,
            means=choice.means, note=note, expires=at + timedelta(days=question.valid_days),
            source=source[:200],
        )  # fmt: skip
        for proof, file in zip(proofs, kept, strict=True):
            EvidenceFile.objects.create(
                by=by.strip(), at=at, answer=answer, kind=proof.kind, name=proof.shown[-200:],
                sha256=file.sha256, size=file.size, dated=proof.dated,
            )  # fmt: skip
        name = f"{row.id}/{question.id}"
        journal.append(now or at, actor or by, "answer.record", name, _recorded(answer, kept), note)
    return answer


def _recorded(answer: Answer, kept: Sequence[Kept]) -> dict[str, object]:
    """An answer as the journal has it."""
    return {
        "id": answer.pk, "system": answer.system, "question": answer.question,
        "version": answer.question_version, "object": answer.object, "answer": answer.answer,
        "means": answer.means, "by": answer.by, "at": answer.at, "expires": answer.expires,
        "evidence": [file.sha256 for file in kept], "source": answer.source,
    }  # fmt: skip


def keep(inquiry: Inquiry, proofs: Sequence[Proof]) -> list[Kept]:
    """Copy all files in before the row is written; a file without a row does no harm."""
    kept, wrong = [], []
    for proof in proofs:
        try:
            kept.append(proof.kept or inquiry.store.keep(proof.path))
        except Refused as error:
            wrong += error.sentences
    if wrong:
        raise Refused(*wrong)
    return kept


def review(
    answer_id: int,
    reviewer: str,
    accepted: bool,
    at: datetime,
    note: str = "",
    *,
    actor: str = "",
    now: datetime | None = None,
) -> Review:
    """Add another person's word on an answer; the newest one counts. Raises Refused."""
    with transaction.atomic():
        answer = Answer.objects.filter(pk=answer_id).first()
        if answer is None:
            raise Refused(_("没有第 {id} 号答复").format(id=answer_id))
        if wrong := review_problems(answer, reviewer, accepted, at, note):
            raise Refused(*wrong)
        made = Review.objects.create(
            by=reviewer.strip(), at=at, answer=answer, accepted=accepted, note=note
        )
        after = {"answer": answer.pk, "accepted": accepted, "reviewer": made.by, "at": at}
        name = f"{answer.system}/{answer.question}"
        journal.append(now or at, actor or reviewer, "answer.review", name, after, note)
    return made


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer with the review that counts at a moment."""

    answer: Answer
    review: Review | None

    @property
    def accepted(self) -> bool:
        return self.review is not None and self.review.accepted


def histories(system: str | None, now: datetime) -> dict[tuple[str, str, str], list[Judged]]:
    """(system, question, object) → what was said up to a moment, newest first."""
    rows = Answer.objects.filter(at__lte=now).order_by("-pk")
    rows = rows.prefetch_related("reviews", "evidence")
    if system is not None:
        rows = rows.filter(system=system)
    found: dict[tuple[str, str, str], list[Judged]] = {}
    for answer in rows:
        reviews = [
            each
            for each in answer.reviews.all()
            if each.at <= now and not same_person(each.by, answer.by)
        ]
        newest = max(reviews, key=lambda each: each.pk, default=None)
        key = (answer.system, answer.question, answer.object)
        found.setdefault(key, []).append(Judged(answer, newest))
    return found


def valid(system: str, now: datetime) -> list[ValidAnswer]:
    """The answers that count at a moment, by question and object."""
    return [each for each in _accepted(system, now) if each.attestation.expires > now]


def lapsed(system: str, now: datetime) -> list[ValidAnswer]:
    """The answers that would count at a moment had they not expired, by question and object."""
    return [each for each in _accepted(system, now) if each.attestation.expires <= now]


def _accepted(system: str, now: datetime) -> list[ValidAnswer]:
    found = []
    for history in histories(system, now).values():
        chosen = next((each for each in history if each.accepted), None)
        if chosen is not None:
            waiting = awaited(history)
            found.append(counted(chosen, waiting.pk if waiting else 0))
    return sorted(found, key=lambda each: (each.attestation.question, each.object))


def counted(judged: Judged, waiting: int) -> ValidAnswer:
    answer, said = judged.answer, judged.review
    assert said is not None
    attestation = Attestation(
        question=answer.question, version=answer.question_version, answer=answer.answer,
        means=cast("Tested", answer.means), by=answer.by, reviewer=said.by, at=answer.at, expires=answer.expires,
        note=answer.note, evidence=tuple(file.sha256 for file in answer.evidence.all()),
        ref=answer.pk,
    )  # fmt: skip
    return ValidAnswer(answer.object, answer.line, attestation, waiting)


def awaited(history: Sequence[Judged]) -> Answer | None:
    """The newest answer without a review, unless a newer one was accepted; returned ones do not count."""
    for each in history:
        if each.review is None:
            return each.answer
        if each.accepted:
            return None
    return None


def waiting_for_review(now: datetime, system: str | None = None) -> list[Answer]:
    """Answers that another person has to look at, oldest first."""
    found = (awaited(history) for history in histories(system, now).values())
    return sorted((a for a in found if a is not None), key=lambda a: (a.at, a.pk))


def expiring(inquiry: Inquiry, now: datetime, system: str | None = None) -> list[Expiring]:
    """Valid answers within the reminder days of their question, and those that are over; nearest first."""
    found = []
    for history in histories(system, now).values():
        chosen = next((each.answer for each in history if each.accepted), None)
        if chosen is None:
            continue
        question = inquiry.questions.by_id.get(chosen.question)
        remind = timedelta(days=question.remind_days if question else _REMIND)
        if chosen.expires - remind <= now:
            days = (chosen.expires - now) // timedelta(days=1)
            made = Expiring(
                    chosen.system,
                    chosen.question,
                    chosen.object,
                    chosen.pk,
                    chosen.by,
                    chosen.expires,
                    days,
            )  # fmt: skip
            found.append(made)
    return sorted(found, key=lambda each: (each.expires, each.answer))


def newest(system: str) -> dict[tuple[str, str], Answer]:
    """(question, object) → the last answer said, whatever became of it."""
    rows = Answer.objects.filter(system=system).order_by("pk").prefetch_related("evidence")
    return {(row.question, row.object): row for row in rows}
