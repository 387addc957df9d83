"""The answer workbook as it goes out: one a unit, a sheet a system, a row a question, nothing that computes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter
from django.db import transaction

from tlsec.assess.agenda import SETTLED, STATES, Standing, agenda
from tlsec.assess.answer_rules import text_of
from tlsec.assess.evidence import Refused
from tlsec.assess.inquiry import LOCAL, Inquiry, Posed
from tlsec.assess.models import Answer
from tlsec.assess.workbook_layout import (
    COLUMNS,
    COVER,
    FORMAT,
    HIDDEN,
    KEYS,
    Key,
    Saying,
    labelled,
    said_by,
    sheet_names,
)
from tlsec.i18n import _, listed, pick
from tlsec.inventory.models import System
from tlsec.policy.question import Question
from tlsec.register import journal
from tlsec.report.words import clean, width

_LINE = 13.5  # points of a line of text
_TALLEST = 400.0  # Excel takes 409
_SPARE = 6  # points, so that the text does not touch the edge
_FONT = "微软雅黑"
_NAVY, _FILL, _GREY, _EDGE = "#1F3A5F", "#FFFBEB", "#7A828C", "#C9D1DA"


@dataclass(frozen=True, slots=True)
class Issue:
    """A workbook that went out."""

    id: str
    unit: str
    systems: tuple[str, ...]
    rows: int
    settled: int  # questions left out: excluded, or taken over from the platform


@dataclass
class _Plan:
    """What goes in: rows by system, and lists of answers that drop-downs point to."""

    id: str
    names: dict[str, str]
    rows: dict[str, list[Standing]]
    settled: int
    lists: dict[tuple[str, ...], int] = field(default_factory=dict)


def write(
    inquiry: Inquiry,
    unit: str,
    systems: Sequence[System],
    path: Path,
    by: str,
    now: datetime,
    until: date | None = None,
) -> Issue:
    """Write a unit's workbook; the file appears whole or not at all. Raises Refused when there is nothing."""
    plan = _plan(inquiry, unit, systems, now)
    if not any(plan.rows.values()):
        raise Refused(_("没有可问的问题：各系统没有题目，或都已定为不适用、沿用平台"))
    partial = path.with_name(f".{path.name}.part")
    try:
        _Writer(inquiry, plan, unit, systems, until, now, partial).write()
        with transaction.atomic():
            issue = Issue(
                plan.id,
                unit,
                tuple(plan.rows),
                sum(map(len, plan.rows.values())),
                plan.settled,
            )
            after = {
                "unit": unit, "systems": issue.systems, "asked": issue.rows, "until": until,
                "sha256": hashlib.sha256(partial.read_bytes()).hexdigest(),
            }  # fmt: skip
            journal.append(now, by, "workbook.export", plan.id, after)
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return issue


def _plan(inquiry: Inquiry, unit: str, systems: Sequence[System], now: datetime) -> _Plan:
    rows: dict[str, list[Standing]] = {}
    settled = 0
    for system in systems:
        all_ = agenda(inquiry, system, now)
        rows[system.id] = [each for each in all_ if each.state not in SETTLED]
        settled += len(all_) - len(rows[system.id])
    seed = f"{journal.head()}|{unit}|{now.isoformat()}|{sorted(rows)}"
    id_ = f"WB-{now.astimezone(LOCAL):%Y%m%d}-{hashlib.sha256(seed.encode()).hexdigest()[:8]}"
    return _Plan(id_, sheet_names((s.id, s.name) for s in systems), rows, settled)


class _Writer:
    """Writes one workbook; keeps the formats."""

    def __init__(
        self,
        inquiry: Inquiry,
        plan: _Plan,
        unit: str,
        systems: Sequence[System],
        until: date | None,
        now: datetime,
        path: Path,
    ) -> None:
        self._inquiry, self._plan, self._unit, self._systems = inquiry, plan, unit, systems
        self._until, self._now = until, now
        self._shown = _answers_shown(plan)
        self._book = xlsxwriter.Workbook(
            str(path),
            {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
        )
        self._formats = _formats(self._book)

    def write(self) -> None:
        with self._book:
            self._book.set_properties({"title": _("等级保护自查答题表"), "comments": self._plan.id})
            self._cover()
            for system in self._systems:
                self._sheet(system, self._plan.rows[system.id])
            self._hidden()

    def _cover(self) -> None:
        sheet = self._book.add_worksheet(_(COVER))
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 15)
        sheet.set_column(1, 1, 100)
        sheet.set_row(0, 34)
        sheet.write_string(0, 0, _("等级保护自查答题表"), self._formats["title"])
        for number, (label, text) in enumerate(self._explained(), 1):
            sheet.write_string(number, 0, label, self._formats["label"])
            sheet.write_string(number, 1, clean(text), self._formats["fact"])
            sheet.set_row(number, max(_lines(text, 100) * _LINE + 8, 24))
        sheet.protect()
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def _explained(self) -> list[tuple[str, str]]:
        roles = sorted(
            {row.posed.question.asked_of for rows in self._plan.rows.values() for row in rows}
        )
        known = self._inquiry.questions.roles
        until = self._until.isoformat() if self._until else _("（未定）")
        return [
            (_("发给"), self._unit),
            (_("何时交回"), until),
            (_("编号"), self._plan.id),
            (_("发出"), f"{self._now.astimezone(LOCAL):%Y-%m-%d %H:%M}"),
            (_("系统"), listed(map(_graded, self._systems))),
            (_("请谁答"), listed(pick(known[role].model_dump()) for role in roles)),
            (_("怎样填"), _("每个系统一张表，只填浅黄色的五列：答案从下拉中选，答复人写姓名，日期写 2026-10-12。")),
            (_("填多少"), _("可以只填一部分，先交回先导入；同一份表可以再交，导入过的不会重复。")),
            (_("灰色的行"), _("已有有效答复，仍属实的不用动；有变化的直接改，改过的算新的答复。")),
            (_("证据文件"), _("一行一个文件，写作“种类：文件名 2026-10-12”；只有一种时可省种类，不限时间的可省日期。")),
            (_("怎样交"), _("证据文件与本表放在同一文件夹里一起交回，文件名与表中写的一致。")),
            (_("不要"), _("不要改表名、列和锁定的单元格，不要写公式，不要另存为带宏的格式；不用的行留空，不必删除。")),
            (_("之后"), _("导入的答复须由答复人以外的人审核，审核后才算数。")),
        ]  # fmt: skip

    def _sheet(self, system: System, rows: Sequence[Standing]) -> None:
        sheet = self._book.add_worksheet(self._plan.names[system.id])
        for at, column in enumerate(COLUMNS):
            sheet.set_column(at, at, column.width)
            head = self._formats["head_fill" if column.fill else "head"]
            sheet.write_string(0, at, _(column.title), head)
        first = len(COLUMNS)
        sheet.set_column(first, first + len(KEYS) - 1, 10, None, {"hidden": True})
        for at, name in enumerate(KEYS, first):
            sheet.write_string(0, at, name, self._formats["key"])
        sheet.set_row(0, 30)
        for number, row in enumerate(rows, 1):
            self._row(sheet, number, system, row)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, max(len(rows), 1), len(COLUMNS) - 1)
        sheet.protect(
            "", {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True}
        )
        self._print(sheet, system)

    def _print(self, sheet: Any, system: System) -> None:
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.3, right=0.3, top=0.7, bottom=0.55)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.print_area(0, 0, max(len(self._plan.rows[system.id]), 1), len(COLUMNS) - 1)
        sheet.hide_gridlines(2)
        title = clean(f"{system.id} {system.name} {system.grade}").replace("&", "&&")[:150]
        sheet.set_header(f'&C&"{_FONT},Bold"&14{title}')
        sheet.set_footer("&L" + self._plan.id + _("&R第 &P 页，共 &N 页"))

    def _row(self, sheet: Any, number: int, system: System, row: Standing) -> None:
        shown = self._shown.get(row.valid.attestation.ref) if row.valid else None
        question = row.posed.question
        said = _shown(shown, question) if shown else Saying("", "", "", "", "")
        values = [*self._asked(row), *_cells(said), self._state(row)]
        tallest = 1
        for at, (column, text) in enumerate(zip(COLUMNS, values, strict=True)):
            look = "plain" if not column.fill else "shown" if shown else "fill"
            if column.name == "on":
                look += "_day"
            self._text(sheet, number, at, text, look)
            tallest = max(tallest, _lines(text, column.width))
        sheet.set_row(number, min(tallest * _LINE + _SPARE, _TALLEST))
        key = Key(
            question.id,
            question.version,
            row.object,
            shown.pk if shown else 0,
            row.newest.pk if row.newest else 0,
        )
        keys = [*map(str, key), key.fingerprint(self._plan.id, system.id)]
        for at, text in enumerate(keys, len(COLUMNS)):
            sheet.write_string(number, at, text, self._formats["key"])
        self._drop_down(sheet, number, question)

    def _asked(self, row: Standing) -> list[str]:
        posed, catalog = row.posed, self._inquiry.catalog
        item = posed.item.id + (f"\n{row.object}" if row.object else "")
        return [
            item,
            text_of(catalog.point_of(posed.item)),
            text_of(posed.item),
            "\n".join([pick(posed.question.ask.model_dump()), *labelled(posed.question)]),
            _look_for(posed),
        ]

    def _state(self, row: Standing) -> str:
        word = _(STATES[row.state][0])
        if row.valid is None:
            return word
        return (
            word
            + "\n"
            + _("至 {day}").format(day=row.valid.attestation.expires.astimezone(LOCAL).date())
        )

    def _text(self, sheet: Any, number: int, at: int, text: str, look: str) -> None:
        if text:
            sheet.write_string(number, at, clean(text), self._formats[look])
        else:
            sheet.write_blank(number, at, None, self._formats[look])

    def _drop_down(self, sheet: Any, number: int, question: Question) -> None:
        """The answers come from the hidden sheet: a list inside the rule ends at 255 characters."""
        texts = tuple(labelled(question))
        line = self._plan.lists.setdefault(texts, len(self._plan.lists))
        rule = {
            "validate": "list",
            "source": f"={HIDDEN}!$F${line + 1}:${chr(ord('F') + len(texts) - 1)}${line + 1}",
            "ignore_blank": True,
            "error_title": _("从下拉中选"),
            "error_message": _("只能选列出的答案；要补充的话写在“说明”里。"),
        }
        sheet.data_validation(number, 5, number, 5, rule)

    def _hidden(self) -> None:
        """A-D: facts and rows, one a line; F onward: the lists."""
        sheet = self._book.add_worksheet(HIDDEN)
        line = count()

        def put(*texts: str) -> None:
            number = next(line)
            for at, text in enumerate(texts):
                sheet.write_string(number, at, text)

        put("format", FORMAT)
        put("issue", self._plan.id)
        put("unit", self._unit)
        for system in self._systems:
            put("sheet", self._plan.names[system.id], system.id)
            for row in self._plan.rows[system.id]:
                put("row", system.id, row.posed.question.id, row.object)
        for texts, number in self._plan.lists.items():
            for at, text in enumerate(texts, 5):
                sheet.write_string(number, at, text)
        sheet.protect()
        sheet.very_hidden()


def _answers_shown(plan: _Plan) -> dict[int, Answer]:
    wanted = [r.valid.attestation.ref for rows in plan.rows.values() for r in rows if r.valid]
    return {a.pk: a for a in Answer.objects.filter(pk__in=wanted).prefetch_related("evidence")}


def _graded(system: System) -> str:
    return _("{name}（{note}）").format(name=f"{system.id} {system.name}", note=system.grade)


def _shown(answer: Answer, question: Question) -> Saying:
    """An answer as its row shows it, with the letter of the drop-down."""
    said = said_by(answer, question)
    texts = dict(zip(question.choices, labelled(question), strict=True))
    return replace(said, answer=texts.get(answer.answer, said.answer))


def _cells(said: Saying) -> list[str]:
    return [said.answer, said.note, said.evidence, said.by, said.on]


def _look_for(posed: Posed) -> str:
    """What to look at, then each kind of evidence with the answers that need it."""
    question = posed.question
    parts = [pick(text.model_dump()) for text in question.asked_at(posed.item.level)]
    for key, kind in question.evidence.items():
        needed = [chr(ord("A") + i) for i, c in enumerate(question.answers) if key in c.needs]
        remarks = []
        if needed:
            remarks.append(_("选 {answers} 须交").format(answers=listed(needed)))
        if kind.dated_within:
            remarks.append(_("{n} 天以内，写明日期").format(n=kind.dated_within))
        text = _("证据：{kind}").format(kind=text_of(kind))
        parts.append(
            _("{name}（{note}）").format(name=text, note=listed(remarks, "，")) if remarks else text
        )
    return "\n".join(parts)


def _lines(text: str, columns: float) -> int:
    """Lines a text takes in a column; a full-width character takes two of its units."""
    room = max(columns - 1, 1)
    return sum(ceil(2 * width(line) / room) or 1 for line in text.split("\n"))


def _formats(book: Any) -> dict[str, Any]:
    base = {"font_name": _FONT, "font_size": 10, "valign": "top", "text_wrap": True}
    edge = {"border": 1, "border_color": _EDGE}
    # quote_prefix keeps Excel from taking a text that begins with = for a formula when it is edited
    fill = {**base, **edge, "num_format": "@", "quote_prefix": True, "locked": False}
    head = {
        **base,
        **edge,
        "bold": True,
        "font_color": "#FFFFFF",
        "valign": "vcenter",
        "align": "center",
    }
    made = {
        "title": {**base, "text_wrap": False, "font_size": 16, "bold": True, "font_color": _NAVY},
        "label": {**base, **edge, "bold": True, "bg_color": "#EEF2F6", "valign": "vcenter"},
        "fact": {**base, **edge, "valign": "vcenter", "num_format": "@"},
        "head": {**head, "bg_color": _NAVY},
        "head_fill": {**head, "bg_color": "#9A6700"},
        "plain": {**base, **edge, "num_format": "@"},
        "plain_day": {**base, **edge},
        "fill": {**fill, "bg_color": _FILL},
        "fill_day": {**fill, "bg_color": _FILL, "num_format": "yyyy-mm-dd", "quote_prefix": False},
        "shown": {**fill, "font_color": _GREY},
        "shown_day": {**fill, "font_color": _GREY, "num_format": "yyyy-mm-dd", "quote_prefix": False},
        "key": {"num_format": "@", "font_color": _GREY},
    }  # fmt: skip
    return {name: book.add_format(look) for name, look in made.items()}
