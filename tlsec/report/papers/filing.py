"""备案表 of one graded object: six tables as far as the register knows them, blanks marked.

Which boxes there are is content (`reports/filing.yaml`); the values come from Filing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic import Field as PydanticField

from tlsec import marked_yaml
from tlsec.i18n import _, language
from tlsec.report import blocks, content, sheet
from tlsec.report.blocks import Block, Column, Document, Field, FieldGrid, Heading, Note, Table
from tlsec.report.papers.grading_data import Filing, Surface
from tlsec.report.words import day

FILE = "reports/filing.yaml"
ON, OFF = "■", "□"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Named(_Strict):
    zh: str
    en: str

    @property
    def text(self) -> str:
        """In the language in force."""
        return self.en if language() == "en" else self.zh


class Needs(_Strict):
    """The box is for those whose box `key` says `is`."""

    key: str
    is_: str = PydanticField(alias="is")


class Box(_Named):
    """A box of the form. `key`: where its value comes from, "" for what only the unit knows."""

    key: str
    wide: bool = False
    options: dict[str, _Named] = {}
    hint: _Named | None = None
    needs: Needs | None = None


class FormTable(_Named):
    """表一 to 表六."""

    id: str
    fields: list[Box]


class Form(_Strict):
    """filing.yaml."""

    form: str
    source: str
    verify: str
    blank: str
    tables: list[FormTable]


@dataclass(frozen=True, slots=True)
class Filled:
    """A box with what goes into it. `known`: the register filled it, or a part of it."""

    label: str
    value: str
    wide: bool
    known: bool


@cache
def form(overlay: Path | None = None) -> Form:
    """The form in force. Raises Faulty with file:line for a key that nothing fills."""
    marked = marked_yaml.load(content.find(FILE, overlay))
    result = marked_yaml.parse(Form, marked)
    known = set(keys())
    faults = [
        marked.fault(("tables", i, "fields", j), _("没有可填入 {slot} 的内容").format(slot=key))
        for i, table in enumerate(result.tables)
        for j, box in enumerate(table.fields)
        for key in (box.key, box.needs.key if box.needs else "")
        if key and key not in known
    ]
    if faults:
        raise marked_yaml.Faulty(faults)
    return result


def keys() -> Iterator[str]:
    """Every value that a box may take, as `unit.name`."""
    from typing import get_type_hints

    for part, kind in get_type_hints(Filing).items():
        for name in getattr(kind, "__dataclass_fields__", ()):
            yield f"{part}.{name}"


def filled(filing: Filing, form_: Form | None = None) -> list[tuple[FormTable, list[Filled]]]:
    """Every table of the form with its boxes filled."""
    used = form_ or form()
    return [
        (table, [_fill(box, filing, used.blank) for box in table.fields]) for table in used.tables
    ]


def _fill(box: Box, filing: Filing, blank: str) -> Filled:
    if box.needs and attrgetter(box.needs.key)(filing) not in ("", box.needs.is_):
        return Filled(box.text, _("不适用"), box.wide, True)
    value: Any = attrgetter(box.key)(filing) if box.key else ""
    if box.options:
        chosen = value if isinstance(value, tuple) else (value,)
        ticks = "　".join(
            f"{ON if code in chosen else OFF}{code}{option.text}"
            for code, option in box.options.items()
        )
        known = bool(set(chosen) & set(box.options))
        return Filled(box.text, ticks if known else f"{ticks}　{blank}", box.wide, known)
    text = "\n".join(value) if isinstance(value, tuple) else str(value)
    hint = _("（{note}）").format(note=box.hint.text) if box.hint else ""
    return Filled(box.text, text or blank + hint, box.wide, bool(text))


def build(filing: Filing, form_: Form | None = None) -> Document:
    """The form as a Document; `document.remarks` says what the sender has to check."""
    used = form_ or form()
    title = _("网络安全等级保护备案表")
    body: list[Block] = [blocks.Title(title), _cover(filing, used)]
    if filing.example:
        body.append(Note(_("样例数据，不得作为公文使用")))
    for number, (table, boxes) in enumerate(filled(filing, used)):
        if number:
            body.append(blocks.PageBreak())
        body.append(Heading(table.text))
        body.append(FieldGrid(tuple(_rows(boxes))))
        if table.id == "system":
            body += _surfaces(filing.system.surfaces)
    note = _(
        "表式依据：{source}。{verify}。{blank}为台账不掌握、由单位填写的栏目；身份证件号码不进入本工具。"
    )
    body.append(Note(note.format(source=used.source, verify=used.verify, blank=used.blank)))
    meta = blocks.Meta(filing.date, filing.unit.name, title, filing.certificate)
    remarks = (used.verify, *filing.remarks)
    return Document("form", title, tuple(body), meta, remarks=remarks)


def _cover(filing: Filing, used: Form) -> FieldGrid:
    return FieldGrid(
        (
            (Field(_("备案单位"), filing.unit.name or used.blank),),
            (Field(_("定级对象"), filing.system.name or used.blank),),
            (
                Field(_("备案证明编号"), filing.certificate or used.blank),
                Field(_("填表日期"), day(filing.date)),
            ),
        )
    )


def _rows(boxes: list[Filled]) -> Iterator[tuple[Field, ...]]:
    """Two narrow boxes a row, a wide one alone."""
    waiting: Field | None = None
    for box in boxes:
        field = Field(box.label, box.value)
        if not box.wide and waiting is None:
            waiting = field
            continue
        if not box.wide and waiting is not None:
            yield (waiting, field)
            waiting = None
            continue
        if waiting is not None:
            yield (waiting,)
            waiting = None
        yield (field,)
    if waiting is not None:
        yield (waiting,)


def _surface_columns() -> tuple[str, ...]:
    return (_("IP 地址范围"), _("域名"), _("协议和端口"), _("开放范围"))


def _surfaces(surfaces: tuple[Surface, ...]) -> list[Block]:
    """表二's IP range, domain names and ports: the declared attack surface."""
    heading = Heading(_("源站 IP 地址范围、域名、协议和端口"), 2)
    if not surfaces:
        return [heading, Note(_("台账没有登记端点。"))]
    columns = tuple(
        Column(title, width) for title, width in zip(_surface_columns(), (4, 5, 4, 2), strict=True)
    )
    rows = tuple((each.addresses, each.hosts, each.ports, each.exposure) for each in surfaces)
    note = _("与台账登记的端点一致；巡检发现的未登记端口、域名另按风险预警台账处理。")
    return [heading, Table(columns, rows, "small"), Note(note)]


def write_sheets(filing: Filing, path: Path, form_: Form | None = None) -> None:
    """The form's data as a workbook: a sheet a table, to copy into the authority's own form."""
    used = form_ or form()
    known, blank = _("已填"), _("待填")
    columns = (
        sheet.SheetColumn(_("栏目"), 30),
        sheet.SheetColumn(_("内容"), 90),
        sheet.SheetColumn(_("来源"), 10, "center"),
    )
    sheets: list[sheet.Grid | sheet.Facts] = [
        sheet.Grid(
            _sheet_name(table.text),
            columns,
            [(box.label, box.value, known if box.known else blank) for box in boxes],
            marks=(sheet.Mark(2, blank, "#FEF3C7", "#92600A"),),
            title=table.text,
            paper="A4",
        )
        for table, boxes in filled(filing, used)
    ]
    surfaces = [
        (each.addresses, each.hosts, each.ports, each.exposure) for each in filing.system.surfaces
    ]
    titles = (sheet.SheetColumn(name, 32) for name in _surface_columns())
    sheets.insert(2, sheet.Grid(_("表二附 IP 域名端口"), tuple(titles), surfaces, paper="A4"))
    made = datetime.combine(filing.date, time(), UTC)
    title = _("网络安全等级保护备案表")
    sheet.write(path, sheets, sheet.Properties(title, filing.unit.name, made))


def _sheet_name(text: str) -> str:
    """What Excel takes as a name: 31 characters, some forbidden."""
    plain = "".join(" " if c in "[]:*?/\\　" else c for c in text)
    return " ".join(plain.split())[:31]
