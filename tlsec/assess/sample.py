"""Answers of the sample city: a compact story a system, written out as files that the ordinary import takes.

A story says what holds for all questions and what is different at some lines; its days count from today.
It is spread over the questions that exist, so a new question is answered like the others. All invented.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.assess import inheritance
from tlsec.assess.inquiry import Inquiry, Posed, find_system
from tlsec.i18n import _
from tlsec.policy.question import Choice, Question

FOLDER = Path(__file__).parent / "sample"
EVIDENCE = "evidence"
_PAPER_DAYS = 3  # a paper is that much older than the answer it belongs to, where it may be

Means = Literal["met", "partly", "not_met", "none"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Exception(_Strict):
    """Of a line. `on`: days from today, None as the others; `reviewed` false: still waits for another."""

    line: str
    means: Means
    note: str = ""
    on: int | None = Field(default=None, le=0)
    reviewed: bool = True


class _Excluded(_Strict):
    lines: list[str]
    reason: str
    decided_by: str


class _Decided(_Strict):
    case: str
    decision: Literal["confirmed", "lowered", "dismissed"]
    reason: str
    by: str
    mitigation: str = ""
    level: str = ""


class _Inherits(_Strict):
    platform: str
    reference: str
    days: int = Field(ge=1)


class Story(_Strict):
    """One file of the folder. `answer`: what holds where nothing else is said; `notes`: by line."""

    system: str
    by: str
    reviewer: str
    on: int = Field(le=0)
    answer: Means
    inherits: _Inherits | None = None
    notes: dict[str, str] = {}
    exceptions: list[_Exception]
    excluded: list[_Excluded] = []
    decided: list[_Decided] = []


def stories() -> list[Story]:
    """All of them, platforms first, so that what others take over is there. Raises Faulty."""
    found = [
        marked_yaml.parse(Story, marked_yaml.load(file)) for file in sorted(FOLDER.glob("*.yaml"))
    ]
    platforms = {story.inherits.platform for story in found if story.inherits}
    return sorted(found, key=lambda story: (story.system not in platforms, story.system))


def write(inquiry: Inquiry, root: Path, today: date) -> list[Path]:
    """Write `answers/` of a workspace whose register is loaded; the files with answers."""
    folder = root / "answers"
    folder.mkdir(exist_ok=True)
    written, papers = [], _Papers()
    told = stories()
    for story in told:
        given = list(_given(inquiry, story, today))
        for reviewed, name in (
            (True, story.system),
            (False, _("{id}-待审").format(id=story.system)),
        ):
            part = [each for each in given if each.reviewed == reviewed]
            if part:
                file = folder / f"{name}.yaml"
                file.write_text(_text(story, part, reviewed=reviewed), encoding="utf-8")
                written.append(file)
                papers.add(part)
    papers.write(folder / EVIDENCE)
    (folder / "README.md").write_text(_readme(told, today), encoding="utf-8")
    return written


@dataclass(frozen=True, slots=True)
class Given:
    """One answer as the file will say it."""

    posed: Posed
    choice: Choice
    note: str
    on: date
    reviewed: bool

    @property
    def question(self) -> Question:
        return self.posed.question

    def dated(self, kind: str) -> date:
        """Day of a paper: a little before the answer, unless it must be fresher."""
        within = self.question.evidence[kind].dated_within or _PAPER_DAYS
        return self.on - timedelta(days=min(_PAPER_DAYS, within))


def _given(inquiry: Inquiry, story: Story, today: date) -> Iterator[Given]:
    system = find_system(story.system)
    special = {each.line: each for each in story.exceptions}
    silent = {line for each in story.excluded for line in each.lines}
    for posed in inquiry.posed(system):
        line = inquiry.catalog.lines[posed.item.line]
        theirs = inheritance.carries(line.responsibility) or posed.question.side == "provider"
        if line.id in silent or (story.inherits is not None and theirs):
            continue
        plain = _Exception(line=line.id, means=story.answer, note=story.notes.get(line.id, ""))
        said = special.get(line.id, plain)
        choice = next((c for c in posed.question.answers if c.means == said.means), None)
        if choice is not None:
            on = today + timedelta(days=story.on if said.on is None else said.on)
            yield Given(posed, choice, said.note, on, said.reviewed)


def _text(story: Story, given: Iterable[Given], *, reviewed: bool) -> str:
    """A file of answers_yaml, made to be read: the item before each answer, the choice in words behind it."""
    lines = [
        _("# 样例答复，全部虚构；证据是 {folder}/ 下的样例文件").format(folder=EVIDENCE),
        f"system: {story.system}",
        f"by: {_quoted(story.by)}",
    ]
    if reviewed:
        lines.append(f"reviews: {{by: {_quoted(story.reviewer)}}}")
    lines.append("answers:")
    for each in given:
        lines += [
            "",
            f"  # {each.posed.item.id} {each.question.ask.zh}",
            f"  - question: {each.question.id}",
            f"    answer: {each.choice.id}  # {each.choice.zh}",
            f'    on: "{each.on}"',
        ]
        if each.note:
            lines.append(f"    note: {_quoted(each.note)}")
        if each.choice.needs:
            lines.append("    evidence:")
        for kind in each.choice.needs:
            file, dated = f"{EVIDENCE}/{kind}.txt", each.dated(kind)
            lines.append(f'      - {{kind: {kind}, file: {file}, dated: "{dated}"}}')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@dataclass
class _Papers:
    """One small file a kind of evidence, which stands for all papers of that kind."""

    kinds: dict[str, set[str]] = field(default_factory=dict)

    def add(self, given: Iterable[Given]) -> None:
        for each in given:
            for kind in each.choice.needs:
                self.kinds.setdefault(kind, set()).add(each.question.evidence[kind].zh)

    def write(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        for kind, stands_for in self.kinds.items():
            lines = [_("样例证据，全部虚构，不能用于真实的自查。本文件代替下列材料：")]
            lines += [f"- {text}" for text in sorted(stands_for)]
            (folder / f"{kind}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _readme(told: Iterable[Story], today: date) -> str:
    """What to type, in order; every command can be copied as it stands."""
    told = list(told)
    names = " ".join(story.system for story in told)
    parts = [
        _("# 等保自查样例：{names}").format(names=names),
        _("在工作区目录里依次运行。人物、答复和证据全部虚构。"),
        _("先让靶场跑起来并巡检一遍，机器能看的由机器看："),
        _block(["tlsec range up", "tlsec scan"]),
        _("导入答复。文件里写明了谁答、谁审；名字带“待审”的还没有人审："),
        _block(["tlsec assess import answers/*.yaml"]),
        _("不适用的由人决定，云上系统沿用平台的结论："),
        _block([*_exclusions(told), *_inheritances(told, today)]),
        _("看每个系统站在哪里，疑似高风险由人判定，再下结论："),
        _block(
            [
                "tlsec assess status",
                *_decisions(told),
                *(f"tlsec assess conclude {story.system}" for story in told),
            ]
        ),
        _("任何一个数都能追到底："),
        _block(["tlsec assess status S02 --explain score", "tlsec assess status S05 --explain 8.1.2.2-b"]),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _block(commands: Iterable[str]) -> str:
    return "\n".join(["```sh", *commands, "```"])


def _exclusions(told: Iterable[Story]) -> Iterator[str]:
    for story in told:
        for each in story.excluded:
            yield shlex.join(
                ["tlsec", "--as", story.reviewer, "assess", "exclude", story.system, *each.lines,
                 "--reason", each.reason, "--decided-by", each.decided_by]
            )  # fmt: skip


def _inheritances(told: Iterable[Story], today: date) -> Iterator[str]:
    for story in told:
        if story.inherits is not None:
            until = today + timedelta(days=story.inherits.days)
            yield shlex.join(
                ["tlsec", "--as", story.by, "assess", "inherit", story.system,
                 "--platform", story.inherits.platform, "--reference", story.inherits.reference,
                 "--until", until.isoformat()]
            )  # fmt: skip


def _decisions(told: Iterable[Story]) -> Iterator[str]:
    for story in told:
        for each in story.decided:
            words = ["tlsec", "--as", each.by, "assess", "decide", story.system, each.case,
                     each.decision, "--reason", each.reason]  # fmt: skip
            if each.mitigation:
                words += ["--mitigation", each.mitigation, "--level", each.level]
            yield shlex.join(words)
