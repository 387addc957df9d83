"""网络安全风险隐患整改通知书 with 送达回执 and 整改反馈表.

The wording is content (`reports/notice.yaml`), the laws are data (`policies/ladders/legal-basis.yaml`);
the paper is Chinese in every language of the program, because the one who gets it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.report import blocks, content, words
from tlsec.report.blocks import Block, Column, Document, Field, FieldGrid, Heading, Para, Table
from tlsec.report.papers.data import SEVERITIES, Notice, Problem

FILE = "reports/notice.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ProblemWords(_Strict):
    """Wording of the list of problems."""

    heading: str
    none: str
    columns: list[str]


class Line(_Strict):
    """A paragraph; its running heading, if it has one, is the lead."""

    text: str
    lead: str = ""


class SectionWords(_Strict):
    """Wording of a section: a heading and its paragraphs."""

    heading: str
    lines: list[Line]


class RequirementWords(SectionWords):
    """Wording of what has to be done; `due_each` stands for {due} where dates differ."""

    due_each: str


class FeedbackWords(SectionWords):
    """Wording of how to answer."""

    by_default: str
    to_default: str


class Box(_Strict):
    """A box of a form."""

    label: str
    value: str = ""
    lines: float | int = 1


class ReceiptWords(_Strict):
    """The 送达回执."""

    title: str
    rows: list[list[Box]]
    note: str


class ReplyWords(_Strict):
    """The 整改反馈表: boxes, a row for every problem, boxes to sign."""

    title: str
    head: list[list[Box]]
    columns: list[str]
    blank_rows: int
    sign: list[list[Box]]
    note: str


class Wording(_Strict):
    """notice.yaml."""

    red_head: str
    title: str
    subject: str
    example_mark: str
    way: str
    not_secret: str
    grades: dict[str, str]
    basis_none: str
    basis_end: str
    opening: str
    opening_undated: str
    problems: ProblemWords
    requirements: RequirementWords
    feedback: FeedbackWords
    consequences: SectionWords
    contact: str
    signer: str
    receipt: ReceiptWords
    reply: ReplyWords


_FORM = frozenset({"title", "number", "issuer", "unit", "date", "secrecy", "circulation"})
_SLOTS: Mapping[str, frozenset[str]] = {
    "red_head": frozenset({"issuer"}),
    "opening": frozenset({"basis", "span", "way", "count", "grades"}),
    "opening_undated": frozenset({"basis", "way", "count", "grades"}),
    "requirements": frozenset({"due"}),
    "feedback": frozenset({"by", "to"}),
    "contact": frozenset({"contact", "phone"}),
    "receipt": _FORM,
    "reply": _FORM,
}


@cache
def wording(overlay: Path | None = None) -> Wording:
    """The wording in force. Raises Faulty with file:line for a slot that nothing fills."""
    marked = marked_yaml.load(content.find(FILE, overlay))
    result = marked_yaml.parse(Wording, marked)
    faults = []
    for key, value in marked.value.items():
        for path, text in _strings(value, (key,)):
            for name in sorted(words.slots(text) - _SLOTS.get(key, frozenset())):
                message = _("没有可填入 {slot} 的内容").format(slot="{" + name + "}")
                faults.append(marked.fault(path, message))
    for key, columns in (("problems", 5), ("reply", 7)):
        if len(marked.value[key]["columns"]) != columns:
            message = _("应有 {n} 个栏目").format(n=columns)
            faults.append(marked.fault((key, "columns"), message))
    if faults:
        raise marked_yaml.Faulty(faults)
    return result


def _strings(value: object, path: marked_yaml.Path_) -> list[tuple[marked_yaml.Path_, str]]:
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in _strings(item, (*path, key))]
    if isinstance(value, list):
        return [pair for i, item in enumerate(value) for pair in _strings(item, (*path, i))]
    return []


def build(notice: Notice, wording_: Wording | None = None) -> Document:
    """The notice as a Document; `document.remarks` says what the sender has to check by hand."""
    say = wording_ or wording()
    body: list[Block] = []
    if notice.red_head:
        head = words.fill(say.red_head, {"issuer": notice.issuer})
        body.append(blocks.RedHead(head, notice.number, notice.secrecy, notice.urgency))
    body.append(blocks.Title(say.title))
    if not notice.red_head:
        body.append(Para(notice.number, indent=False, align="center"))
    if notice.example:
        body.append(blocks.Note(say.example_mark))
    body.append(Para(f"{notice.unit}：", indent=False))
    body += [*_opening(notice, say), *_sections(notice, say), *_ending(notice, say)]
    body += [*_receipt(notice, say), *_reply(notice, say)]
    if notice.copies_to:
        body.append(blocks.Imprint(notice.issuer, words.day(notice.date), notice.copies_to))
    meta = blocks.Meta(notice.date, notice.issuer, say.subject, notice.number)
    return Document("gongwen", say.title, tuple(body), meta, remarks=_remarks(notice))


def _opening(notice: Notice, say: Wording) -> list[Block]:
    dated = bool(notice.found_from or notice.found_until)
    values = {
        "basis": _basis(notice, say),
        "span": words.span(notice.found_from or notice.found_until, notice.found_until),
        "way": notice.way or say.way,
        "count": str(len(notice.problems)),
        "grades": _grades(notice.problems, say),
    }
    text = words.fill(say.opening if dated else say.opening_undated, values)
    # no problem of a known grade: the brackets would be empty
    return [Para(words.formal(text).replace("（）", ""))]


def _basis(notice: Notice, say: Wording) -> str:
    if not notice.basis:
        return say.basis_none
    return "".join(f"《{law.law}》{law.articles}" for law in notice.basis) + say.basis_end


def _grades(problems: tuple[Problem, ...], say: Wording) -> str:
    count = Counter(problem.severity for problem in problems)
    grades = [grade for grade in SEVERITIES if count[grade]]
    return "、".join(f"{say.grades.get(grade, grade)}{count[grade]}项" for grade in grades)


def _sections(notice: Notice, say: Wording) -> list[Block]:
    result: list[Block] = [Heading(say.problems.heading)]
    if notice.problems:
        widths = (3.4, 2.7, 5.2, 1.2, 3.5)
        aligns: tuple[blocks.Align, ...] = ("center", "left", "left", "center", "center")
        columns = zip(say.problems.columns, widths, aligns, strict=True)
        rows = tuple(
            (p.no, p.system, p.text, say.grades.get(p.severity, p.severity), words.day(p.due))
            for p in notice.problems
        )
        result.append(Table(tuple(Column(*column) for column in columns), rows))
    else:
        result.append(Para(say.problems.none))
    due = words.day(notice.due) or say.requirements.due_each
    by = words.day(notice.feedback_by) or say.feedback.by_default
    to = notice.feedback_to or say.feedback.to_default
    for section, values in (
        (say.requirements, {"due": due}),
        (say.feedback, {"by": by, "to": to}),
        (say.consequences, {}),
    ):
        result.append(Heading(section.heading))
        result += [Para(words.fill(line.text, values), lead=line.lead) for line in section.lines]
    return result


def _ending(notice: Notice, say: Wording) -> list[Block]:
    result: list[Block] = [
        blocks.AttachmentList((say.receipt.title, say.reply.title)),
        blocks.Signature(notice.issuer, words.day(notice.date), say.signer),
    ]
    if notice.contact or notice.phone:
        values = {"contact": notice.contact or "　", "phone": notice.phone or "　"}
        result.append(Para(words.fill(say.contact, values)))
    return result


def _grid(rows: list[list[Box]], notice: Notice, say: Wording) -> FieldGrid:
    values = {
        "title": say.title,
        "number": notice.number,
        "issuer": notice.issuer,
        "unit": notice.unit,
        "date": words.day(notice.date),
        "secrecy": notice.secrecy or say.not_secret,
        "circulation": notice.circulation,
    }
    return FieldGrid(
        tuple(
            tuple(Field(box.label, words.fill(box.value, values), box.lines) for box in row)
            for row in rows
        )
    )


def _receipt(notice: Notice, say: Wording) -> list[Block]:
    return [
        blocks.Attachment("附件1", say.receipt.title),
        _grid(say.receipt.rows, notice, say),
        blocks.Note(say.receipt.note),
    ]


def _reply(notice: Notice, say: Wording) -> list[Block]:
    widths = (2.7, 1.8, 2.1, 1.6, 1.7, 2.3, 1.6)
    columns = tuple(
        Column(title, width) for title, width in zip(say.reply.columns, widths, strict=True)
    )
    empty = ("",) * (len(columns) - 1)
    numbers = [p.no for p in notice.problems] or [""] * say.reply.blank_rows
    return [
        blocks.Attachment("附件2", say.reply.title),
        _grid(say.reply.head, notice, say),
        Table(columns, tuple((no, *empty) for no in numbers), "small", row_height=3),
        _grid(say.reply.sign, notice, say),
        blocks.Note(say.reply.note),
    ]


def _remarks(notice: Notice) -> tuple[str, ...]:
    result = []
    unchecked = [f"《{law.law}》" for law in notice.basis if not law.articles]
    if not notice.basis:
        result.append(_("未给出法律依据，正文用了概括表述，请核对后补充。"))
    elif unchecked:
        result.append(_("下列依据的条号待核，正文只写名称：{laws}").format(laws=listed(unchecked)))
    if not (notice.contact and notice.phone):
        result.append(_("未给出联系人或电话，请补填。"))
    if not notice.number:
        result.append(_("未给出文号，请在编号后重新生成或手工补填。"))
    return tuple(result)
