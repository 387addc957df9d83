"""The block model: what a paper says, without how it looks. Pure.

Papers make blocks; renderers (docx, typst, html) print them. Text in a block is always literal: no
renderer reads markup, fields or formulas in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

from tlsec.report.words import clean

Style: TypeAlias = Literal["gongwen", "worksheet", "form"]
Align: TypeAlias = Literal["left", "center", "right"]
Size: TypeAlias = Literal["normal", "small", "tiny"]
Tone: TypeAlias = Literal["good", "warn", "bad", "open", "quiet"]


@dataclass(frozen=True, slots=True)
class RedHead:
    """版头: 发文机关标志 in red, 发文字号, the red line (GB/T 9704-2012, 7.2)."""

    issuer: str  # with 文件 where it belongs, such as 岚泽市数据局文件
    number: str  # 岚数安改〔2026〕3号
    secrecy: str = ""
    urgency: str = ""


@dataclass(frozen=True, slots=True)
class Title:
    """Title of the paper; `\\n` breaks it where sense wants it."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1-4: 一、 黑体, （一） 楷体, 1. 仿宋, （1） 仿宋. Its number is in the text."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph of body text. `indent` false: flush left, as for 主送机关.

    `lead` opens it in 楷体, as the running heading of the second level: （一）落实责任。
    """

    text: str
    indent: bool = True
    align: Align = "left"
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Small print: a remark under a table or at the end; `keep`: it stays with what follows."""

    text: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; `width` is a share of the text width, relative to the other columns.

    `tones`: cells that say exactly this are printed in that tone, bold; the word itself still
    tells them apart in black and white.
    """

    title: str
    width: float = 1.0
    align: Align = "left"
    tones: tuple[tuple[str, Tone], ...] = ()

    def tone(self, text: str) -> Tone | None:
        """The tone of a cell of this column."""
        return dict(self.tones).get(text) if self.tones else None


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose head repeats on every page. Every row has as many cells as there are columns.

    `row_height` is the least height of a body row in lines, for tables filled in by hand.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    size: Size = "normal"
    row_height: float = 1.0

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"row of {len(row)} cells in a table of {len(self.columns)}")


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing of our own as SVG (tlsec/report/charts.py), with what it says for who cannot see it.

    `width` and `height` in mm, not wider than 版心 (156). `numbers` holds every value drawn: it is
    printed in place of the drawing where a drawing cannot be made.
    """

    svg: str
    width: float
    height: float
    alt: str
    caption: str
    numbers: Table


@dataclass(frozen=True, slots=True)
class Contents:
    """目录: the headings that follow, down to `depth`, with their pages."""

    title: str
    depth: int = 2


@dataclass(frozen=True, slots=True)
class Cover:
    """The cover of a report, a page of its own without page number.

    `marks` stand at the top left (secrecy, 自评), `number` at the top right; `fields` are labelled
    lines below the title; `notes` stand small at the foot.
    """

    title: str
    subject: str = ""  # what the report is of, above the title
    number: str = ""
    marks: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    issuer: str = ""
    date: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """What follows stands on pages of this orientation, from a new page on."""

    orientation: Literal["portrait", "landscape"] = "portrait"


@dataclass(frozen=True, slots=True)
class Field:
    """A labelled box of a form; `lines` is its least height, for handwriting."""

    label: str
    value: str = ""
    lines: float = 1.0


@dataclass(frozen=True, slots=True)
class FieldGrid:
    """A form: rows of labelled boxes. The last box of a row takes what width is left."""

    rows: tuple[tuple[Field, ...], ...]

    @property
    def pairs(self) -> int:
        """Most boxes in a row."""
        return max((len(row) for row in self.rows), default=0)


@dataclass(frozen=True, slots=True)
class AttachmentList:
    """附件说明 below the text: 附件：1. … (GB/T 9704-2012, 7.3.4)."""

    titles: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The printed lines; one attachment has no number."""
        if len(self.titles) == 1:
            return (f"附件：{self.titles[0]}",)
        return tuple(
            f"附件：1. {title}" if i == 1 else f"{i}. {title}"
            for i, title in enumerate(self.titles, 1)
        )


@dataclass(frozen=True, slots=True)
class Signature:
    """署名 and 成文日期, with room for the seal; `signer` is the label of a hand-signed line."""

    organisation: str
    date: str
    signer: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """Starts an attachment on a new page: its mark (附件1) at the top left, then its title."""

    mark: str
    title: str


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows starts a new page."""


@dataclass(frozen=True, slots=True)
class Imprint:
    """版记 at the foot of the last page: 抄送机关, 印发机关 and 印发日期 (GB/T 9704-2012, 7.4)."""

    issuer: str
    date: str
    copies_to: str = ""

    @property
    def copies(self) -> str:
        """The printed line of those who get a copy, "" for none."""
        return f"抄送：{self.copies_to}" if self.copies_to else ""

    @property
    def printed(self) -> str:
        """The printed 印发日期."""
        return f"{self.date}印发"


Block: TypeAlias = (
    RedHead
    | Title
    | Heading
    | Para
    | Note
    | Table
    | Figure
    | Contents
    | Cover
    | Section
    | FieldGrid
    | AttachmentList
    | Signature
    | Attachment
    | PageBreak
    | Imprint
)


@dataclass(frozen=True, slots=True)
class Meta:
    """Properties of the file. `date` is the paper's own date and fixes the bytes of the file."""

    date: date
    author: str = ""
    subject: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A paper. `remarks` are sentences for the one who sends it; they are never printed."""

    style: Style
    title: str
    blocks: tuple[Block, ...]
    meta: Meta
    language: str = "zh-CN"
    footer: str = ""
    remarks: tuple[str, ...] = ()


def to_data(value: Any) -> Any:
    """Blocks as plain data for JSON: every dataclass a mapping with its `kind`, all text cleaned."""
    if is_dataclass(value) and not isinstance(value, type):
        result = {field.name: to_data(getattr(value, field.name)) for field in fields(value)}
        if isinstance(value, Column):
            result["tones"] = {clean(text): tone for text, tone in value.tones}
        if isinstance(value, AttachmentList):
            result["lines"] = to_data(value.lines)
        if isinstance(value, Imprint):
            result |= {"copies": clean(value.copies), "printed": clean(value.printed)}
        return {"kind": type(value).__name__, **result}
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple):
        return [to_data(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


def sections(document: Document) -> list[dict[str, Any]]:
    """The blocks as plain data in runs of one orientation: [{"orientation", "blocks"}]."""
    result: list[dict[str, Any]] = [{"orientation": "portrait", "blocks": []}]
    for block in document.blocks:
        if isinstance(block, Section):
            result.append({"orientation": block.orientation, "blocks": []})
        elif isinstance(block, PageBreak) and len(result) > 1 and not result[-1]["blocks"]:
            continue  # a section starts a page already
        else:
            result[-1]["blocks"].append(to_data(block))
    return [section for section in result if section["blocks"]]


def digest(document: Document) -> str:
    """SHA-256 (hex) of what the paper says; the same content has the same digest in any format."""
    data = to_data(document)
    del data["remarks"]
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def texts(document: Document) -> Iterator[str]:
    """Every printed text of the paper in reading order, cleaned; what the renderers must show."""
    for at, block in enumerate(document.blocks):
        found = _block_texts(block)
        if isinstance(block, Contents):
            found += tuple(heading.text for heading in contents_of(document, at))
        for text in found:
            if text:
                yield clean(text)


def contents_of(document: Document, at: int) -> tuple[Heading, ...]:
    """The headings that the Contents block at position `at` lists."""
    block = document.blocks[at]
    if not isinstance(block, Contents):
        raise TypeError("no contents here")
    return tuple(
        later
        for later in document.blocks[at + 1 :]
        if isinstance(later, Heading) and later.level <= block.depth
    )


def drawn_texts(document: Document) -> Iterator[str]:
    """Texts that stand in drawings only: the heads and cells of their numbers."""
    for block in document.blocks:
        if isinstance(block, Figure):
            yield from (clean(text) for text in _block_texts(block.numbers))


def _block_texts(block: Block) -> tuple[str, ...]:
    match block:
        case Title(text) | Heading(text) | Note(text):
            return (text,)
        case Para(text):
            return (block.lead + text,)
        case Table(columns, rows):
            heads = tuple(column.title for column in columns)
            return heads + tuple(cell for row in rows for cell in row)
        case FieldGrid(grid):
            boxes = (box for row in grid for box in row)
            return tuple(text for box in boxes for text in (box.label, box.value))
        case Figure():
            return (block.caption,)
        case Contents(title):
            return (title,)
        case Cover():
            lines = tuple(text for pair in block.fields for text in pair)
            head = (*block.marks, block.number, block.subject, block.title)
            return (*head, *lines, block.issuer, block.date, *block.notes)
        case _:
            return _official_texts(block)


def _official_texts(block: Block) -> tuple[str, ...]:
    match block:
        case RedHead(issuer, number, secrecy, urgency):
            return (secrecy, urgency, issuer, number)
        case AttachmentList():
            return block.lines
        case Signature(organisation, day, signer):
            return (signer, organisation, day)
        case Attachment(mark, title):
            return (mark, title)
        case Imprint(issuer, day):
            return (block.copies, issuer, block.printed)
    return ()
