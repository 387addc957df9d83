"""What an answer and a review must be like: every rule gives a sentence, so that all faults show at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from tlsec.assess.evidence import Kept
from tlsec.assess.inquiry import LOCAL
from tlsec.assess.models import Answer
from tlsec.i18n import _, listed, pick
from tlsec.inventory import models as inventory
from tlsec.policy.question import Choice, Question

MAX_NOTE = 2000
MAX_NAME = 100
_MAX_REVIEW = 1000  # characters of a reviewer's note
_BREAKS = "\n\t"
# marks that turn the reading direction can make a note read as something else than it is
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Proof:
    """A file handed in as evidence of a kind.

    `dated`: day of the paper itself; `name`: as shown; `kept`: where the file is in the store already.
    """

    kind: str
    path: Path
    dated: date | None = None
    name: str = ""
    kept: Kept | None = None

    @property
    def shown(self) -> str:
        return self.name or self.path.name


def problems(
    system: inventory.System,
    question: Question,
    answer_id: str,
    by: str,
    at: datetime,
    *,
    object: str = "",
    note: str = "",
    evidence: Sequence[Proof] = (),
) -> list[str]:
    """Every sentence against an answer; [] when it may be recorded. Files are not opened here."""
    wrong = [*_wrong_person(by), *_wrong_note(note)]
    choice = question.choices.get(answer_id)
    if choice is None:
        message = _("没有答案 {id}，可选：{known}")
        known = listed(f"{c.id}（{text_of(c)}）" for c in question.answers)
        wrong.append(message.format(id=answer_id or "—", known=known))
    if object and not inventory.Asset.objects.filter(id=object, system=system.id).exists():
        wrong.append(_("{system} 没有资产 {object}").format(system=system.id, object=object))
    given = {proof.kind for proof in evidence}
    for need in choice.needs if choice else ():
        if need not in given:
            message = _("选“{answer}”要交证据：{kind}（{key}）")
            kind = text_of(question.evidence[need])
            wrong.append(message.format(answer=text_of(choice), kind=kind, key=need))
    for proof in evidence:
        wrong += _wrong_proof(question, proof, at.astimezone(LOCAL).date())
    return wrong


def _wrong_person(by: str) -> list[str]:
    if not by.strip():
        return [_("没有写答复人")]
    if len(by.strip()) > MAX_NAME or not by.strip().isprintable():
        return [_("答复人姓名过长或含有控制字符")]
    return []


def _wrong_note(note: str, most: int = MAX_NOTE) -> list[str]:
    wrong = []
    if len(note) > most:
        wrong.append(_("说明超过 {n} 字").format(n=most))
    if hidden := sorted({c for c in note if is_hidden(c)}):
        codes = listed(f"U+{ord(c):04X}" for c in hidden)
        wrong.append(_("说明里有看不见的控制字符 {codes}").format(codes=codes))
    return wrong


def is_hidden(char: str) -> bool:
    """A control character, or one that turns the reading direction."""
    return char not in _BREAKS and (
        unicodedata.category(char) in ("Cc", "Cs") or char in _DIRECTION
    )


def _wrong_proof(question: Question, proof: Proof, day: date) -> list[str]:
    kind = question.evidence.get(proof.kind)
    if kind is None:
        known = listed(f"{key}（{text_of(each)}）" for key, each in question.evidence.items())
        message = _("本题没有证据种类 {kind}，可用：{known}")
        return [message.format(kind=proof.kind, known=known or _("无"))]
    if proof.dated and proof.dated > day:
        message = _("证据“{name}”的日期 {dated} 晚于答复日期 {day}")
        return [message.format(name=proof.shown, dated=proof.dated, day=day)]
    if not kind.dated_within:
        return []
    if proof.dated is None:
        message = _("证据“{name}”要写明日期：{kind}须在 {n} 天以内")
        return [message.format(name=proof.shown, kind=text_of(kind), n=kind.dated_within)]
    if (day - proof.dated).days > kind.dated_within:
        message = _("证据“{name}”的日期 {dated} 距答复已超过 {n} 天，不能再作证")
        return [message.format(name=proof.shown, dated=proof.dated, n=kind.dated_within)]
    return []


def review_problems(
    answer: Answer, reviewer: str, accepted: bool, at: datetime, note: str
) -> list[str]:
    wrong = []
    if not reviewer.strip() or len(reviewer.strip()) > MAX_NAME:
        wrong.append(_("没有写审核人，或姓名过长"))
    if same_person(reviewer, answer.by):
        message = _("第 {id} 号答复是 {by} 自己作的，须由另一人审核")
        wrong.append(message.format(id=answer.pk, by=answer.by))
    if at < answer.at:
        wrong.append(_("审核时间早于第 {id} 号答复的时间").format(id=answer.pk))
    if not accepted and not note.strip():
        wrong.append(_("退回答复要写明理由"))
    return wrong + _wrong_note(note, _MAX_REVIEW)


def text_of(thing: object) -> str:
    """The text of a choice, a kind of evidence or any {zh, en} of the content, in the user's language."""
    return pick({"zh": getattr(thing, "zh"), "en": getattr(thing, "en")})  # noqa: B009 - any such model


def same_person(one: str, other: str) -> bool:
    """Names that only differ in width, case or spaces are one person's."""

    def plain(name: str) -> str:
        return "".join(unicodedata.normalize("NFKC", name).casefold().split())

    return plain(one) == plain(other)


def choice_of(question: Question, text: str) -> Choice | None:
    """The choice a text means: its id, or its words in either language, in whatever width and spacing."""

    def plain(words: str) -> str:
        return " ".join(unicodedata.normalize("NFKC", words).split())

    wanted = plain(text)
    for choice in question.answers:
        if wanted in (choice.id, plain(choice.zh), plain(choice.en)):
            return choice
    return None
