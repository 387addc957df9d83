"""What writer and reader of the answer workbook agree on: sheets, columns, keys and how cells are written."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from tlsec.assess.answer_rules import choice_of, text_of
from tlsec.assess.inquiry import LOCAL
from tlsec.assess.models import Answer
from tlsec.i18n import N_, in_every_language
from tlsec.policy.question import Choice, Question

COVER = N_("说明")
HIDDEN = "_tlsec"  # the very hidden sheet: whose workbook this is, its rows, the drop-downs' lists
FORMAT = "tlsec-answers/1"
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f']")
_SEPARATORS = re.compile(r"[：:=;；\n]")
_MOST = 31  # characters of a sheet's name (Excel)


class Column(NamedTuple):
    """A column of a system's sheet. `width` in characters; `fill`: people write in it."""

    name: str
    title: str
    width: float
    fill: bool = False


COLUMNS = (
    Column("item", N_("条款"), 10.5),
    Column("point", N_("控制点"), 11),
    Column("requirement", N_("要求"), 20),
    Column("question", N_("问题与答案"), 36),
    Column("look_for", N_("看什么、要什么证据"), 36),
    Column("answer", N_("选哪个"), 17, fill=True),
    Column("note", N_("说明"), 20, fill=True),
    Column("evidence", N_("证据文件"), 20, fill=True),
    Column("by", N_("答复人"), 9.5, fill=True),
    Column("on", N_("答复日期"), 11.5, fill=True),
    Column("state", N_("发出时"), 11),
)
KEYS = ("question", "version", "object", "shown", "newest", "fingerprint")
WIDTH = len(COLUMNS) + len(KEYS)


class Key(NamedTuple):
    """The hidden part of a row: `shown` the answer printed in it, `newest` the last known; 0 for none."""

    question: str
    version: int
    object: str
    shown: int
    newest: int

    def fingerprint(self, issue: str, system: str) -> str:
        """Ties the row to its workbook and sheet, so that a changed or pasted row is noticed."""
        text = json.dumps([issue, system, *self], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:20]


class Wanted(NamedTuple):
    """A piece of the evidence cell: kind as written ("" where not), file name, date of the paper."""

    kind: str
    name: str
    dated: date | None


@dataclass(frozen=True, slots=True)
class Saying:
    """What the five fill-in cells of a row say."""

    answer: str
    note: str
    evidence: str
    by: str
    on: str

    @property
    def empty(self) -> bool:
        """Nothing was answered; name and date alone come from filling down a column."""
        return not (self.answer or self.note or self.evidence)


def labelled(question: Question) -> list[str]:
    """The answers as a sheet writes them: A. …, B. …"""
    return [f"{chr(ord('A') + i)}. {text_of(c)}" for i, c in enumerate(question.answers)]


def chosen(question: Question, written: str) -> Choice | None:
    """The choice a cell means: letter and words, words alone, letter alone or id."""
    text = unicodedata.normalize("NFKC", " ".join(written.split()))
    exact = choice_of(question, written)
    found = re.fullmatch(r"([A-Za-z])(?:\s*[.、:,)]\s*(.*))?", text)
    if exact is not None or found is None:
        return exact
    at = ord(found[1].upper()) - ord("A")
    if at >= len(question.answers):
        return None
    # a letter whose words are another answer's is unclear
    said = choice_of(question, found[2]) if found[2] else question.answers[at]
    return said if said is question.answers[at] else None


def said_by(answer: Answer, question: Question | None) -> Saying:
    """An answer as its row shows it."""
    choice = question.choices.get(answer.answer) if question else None
    lines = []
    for file in answer.evidence.all():
        kind = question.evidence.get(file.kind) if question else None
        label = text_of(kind) if kind else file.kind
        label = file.kind if _SEPARATORS.search(label) else label
        lines.append(f"{label}：{file.name}" + (f" {file.dated}" if file.dated else ""))
    return Saying(
        text_of(choice) if choice else answer.answer,
        answer.note,
        "\n".join(lines),
        answer.by,
        answer.at.astimezone(LOCAL).date().isoformat(),
    )


def sheet_names(systems: Iterable[tuple[str, str]]) -> dict[str, str]:
    """System id → name of its sheet, unique as Excel sees it."""
    taken = {name.casefold() for name in (*in_every_language(COVER), HIDDEN, "history")}
    names: dict[str, str] = {}
    for id_, title in systems:
        base = _FORBIDDEN.sub(" ", f"{id_} {title}").strip()[:_MOST].strip()
        name, number = base, 2
        while name.casefold() in taken:
            tail = f"~{number}"
            name, number = base[: _MOST - len(tail)] + tail, number + 1
        taken.add(name.casefold())
        names[id_] = name
    return names


_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_AT_END = re.compile(rf"(?:^|[\s@（(])\s*({_DATE.pattern})\s*[)）]?$")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")


def day_of(text: str) -> date | None:
    """A day as people write it: 2026-3-5, 2026/03/05, 2026年3月5日, 20260305; None for anything else."""
    plain = unicodedata.normalize("NFKC", text).strip().removesuffix(" 00:00")
    found = _DATE.fullmatch(plain) or _COMPACT.fullmatch(plain)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def wanted(text: str) -> list[Wanted]:
    """The evidence cell: a file a line, "kind：file 2026-03-05", kind and date where they are needed."""
    pieces = []
    for line in re.split(r"[\n;；]", text):
        line = line.strip()
        if not line:
            continue
        kind, mark, rest = re.match(r"([^：:=]*)([：:=]?)(.*)", line, re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
        name = rest if mark else kind
        ending = _AT_END.search(name)
        dated = day_of(ending[1]) if ending else None
        if ending and dated:
            name = name[: ending.start()]
        pieces.append(Wanted(kind.strip() if mark else "", name.strip(), dated))
    return pieces


def kind_of(question: Question, written: str, needs: Iterable[str]) -> str:
    """The key of a kind as written; where it is not, the one kind there is to mean. "" when unclear."""
    if written:
        plain = " ".join(written.split())
        for key, kind in question.evidence.items():
            if plain in (key, " ".join(kind.zh.split()), " ".join(kind.en.split())):
                return key
        return ""
    needed = list(needs)
    if len(needed) == 1:
        return needed[0]
    return next(iter(question.evidence)) if len(question.evidence) == 1 else ""
