"""Cover, table of contents, figures and turned pages of a .docx as WordprocessingML."""

from __future__ import annotations

import io
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal, Protocol

from docx.document import Document as DocxDocument
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm

from tlsec.report import typst
from tlsec.report.blocks import Contents, Cover, Document, Figure, Heading
from tlsec.report.docx_tables import WIDTH, table
from tlsec.report.errors import PaperError
from tlsec.report.words import clean, width

_WIDE = 12756  # 225 mm in twentieths of a point
_SMALLER = '<w:sz w:val="52"/><w:szCs w:val="52"/>'
_LABEL = 2041  # 36 mm


class Paper(Protocol):
    """What makes paragraphs and holds the body: the writer of docx.py."""

    word: DocxDocument
    room: int

    def paragraph(self, style: str, text: str, ppr: str = "", *, run: str = "") -> Any: ...

    def add(self, element: Any) -> None: ...


def bookmark(paragraph: Any, number: int) -> None:
    """Marks a heading, so that an entry of the contents leads to it."""
    start = parse_xml(
        f'<w:bookmarkStart {nsdecls("w")} w:id="{number}" w:name="_TocTL{number:05d}"/>'
    )
    paragraph.insert(1, start)
    paragraph.append(parse_xml(f'<w:bookmarkEnd {nsdecls("w")} w:id="{number}"/>'))


def contents(block: Contents, headings: Sequence[Heading], paper: Paper) -> None:
    """A TOC field with our entries; page numbers come with Word's update (F9, or when it asks)."""
    paper.add(paper.paragraph("TL-Title", block.title, role="小标宋"))  # type: ignore[call-arg]  # of the writer
    last = len(headings) - 1
    for at, heading in enumerate(headings):
        indent = f'<w:ind w:left="{(heading.level - 1) * 420}"/>'
        element = paper.paragraph("TL-TOC", heading.text, indent)
        link = parse_xml(f'<w:hyperlink {nsdecls("w")} w:anchor="_TocTL{at:05d}" w:history="1"/>')
        for run in element.findall(qn("w:r")):
            link.append(run)
        element.append(link)
        if at == 0:
            _field(element, link, f'TOC \\o "1-{block.depth}" \\h \\z \\u')
        if at == last:
            element.append(_mark("end"))
        paper.add(element)
    paper.add(parse_xml(f'<w:p {nsdecls("w")}><w:r><w:br w:type="page"/></w:r></w:p>'))


def _field(paragraph: Any, before: Any, code: str) -> None:
    """The opening of a field in front of `before`; dirty: Word may fill it anew."""
    instruction = parse_xml(
        f'<w:r {nsdecls("w")}><w:instrText xml:space="preserve"> {code} </w:instrText></w:r>'
    )
    for element in (_mark("begin", ' w:dirty="true"'), instruction, _mark("separate")):
        paragraph.insert(paragraph.index(before), element)


def _mark(kind: str, more: str = "") -> Any:
    return parse_xml(f'<w:r {nsdecls("w")}><w:fldChar w:fldCharType="{kind}"{more}/></w:r>')


def pictures(document: Document, overlay: Path | None) -> dict[Figure, bytes]:
    """The drawings as PNG; none where the engine or a font is missing."""
    found = tuple(block for block in document.blocks if isinstance(block, Figure))
    try:
        return dict(zip(found, typst.pictures(found, overlay=overlay), strict=True))
    except PaperError:
        return {}


def figure(block: Figure, png: bytes | None, paper: Paper) -> None:
    """The drawing as a picture with its text; without a picture, its numbers as a table."""
    if png is None:
        paper.add(table(block.numbers, paper, paper.room))
    else:
        run = paper.word.add_paragraph().add_run()
        shape = run.add_picture(io.BytesIO(png), width=Mm(block.width), height=Mm(block.height))
        properties = shape._inline.docPr
        properties.set("descr", clean(block.alt))
        properties.set("name", f"figure {properties.get('id')}")
        element = paper.paragraph("TL-Figure", "")
        element.append(run._r)
        _drop_last(paper)
        paper.add(element)
    paper.add(paper.paragraph("TL-Caption", block.caption))


def _drop_last(paper: Paper) -> None:
    """The paragraph python-docx made for the picture; only its run is kept."""
    body = paper.word.element.body
    last = body.findall(qn("w:p"))[-1]
    body.remove(last)


def cover(block: Cover, paper: Paper) -> None:
    """A page of its own; its section has no footer on the first page."""
    for mark in block.marks:
        paper.add(paper.paragraph("TL-Attachment", mark))
    if block.number:
        paper.add(paper.paragraph("TL-CoverField", block.number, '<w:jc w:val="right"/>'))
    # what a page holds: longer titles and more notes take from the room above
    taken = 579 * len(block.marks) + 900 * block.title.count("\n") + 320 * len(block.notes)
    gap = max(2900 - taken, 300)
    room = f'<w:spacing w:before="{gap}" w:line="600" w:lineRule="atLeast"/>'
    paper.add(paper.paragraph("TL-CoverSubject", block.subject, room))
    room = '<w:spacing w:before="300" w:after="900" w:line="880" w:lineRule="atLeast"/>'
    small = max(map(width, block.title.split("\n"))) > 13
    paper.add(paper.paragraph("TL-CoverTitle", block.title, room, run=_SMALLER if small else ""))
    if block.fields:
        paper.add(_cover_fields(block, paper))
    for text, before in ((block.issuer, 700), (block.date, 120)):
        ppr = f'<w:spacing w:before="{before}" w:line="480" w:lineRule="atLeast"/>'
        paper.add(paper.paragraph("TL-CoverField", text, ppr + '<w:jc w:val="center"/>'))
    for number, note in enumerate(block.notes):
        ppr = f'<w:spacing w:before="{0 if number else 500}" w:line="320" w:lineRule="atLeast"/>'
        paper.add(paper.paragraph("TL-Note", note, ppr, run='<w:sz w:val="21"/>'))
    paper.add(parse_xml(f'<w:p {nsdecls("w")}><w:r><w:br w:type="page"/></w:r></w:p>'))
    properties = paper.word.sections[0]._sectPr
    if properties.find(qn("w:titlePg")) is None:
        properties.append(parse_xml(f"<w:titlePg {nsdecls('w')}/>"))


def _cover_fields(block: Cover, paper: Paper) -> Any:
    rows = []
    value = WIDTH - _LABEL - 680
    result = parse_xml(
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{_LABEL + value}" w:type="dxa"/>'
        '<w:jc w:val="center"/><w:tblLayout w:type="fixed"/></w:tblPr>'
        f'<w:tblGrid><w:gridCol w:w="{_LABEL}"/><w:gridCol w:w="{value}"/></w:tblGrid></w:tbl>'
    )
    line = '<w:tcBorders><w:bottom w:val="single" w:sz="5" w:space="0" w:color="000000"/></w:tcBorders>'
    for label, text in block.fields:
        row = parse_xml(f"<w:tr {nsdecls('w')}><w:trPr><w:cantSplit/></w:trPr></w:tr>")
        for content, room, border in ((label, _LABEL, ""), (text, value, line)):
            cell = parse_xml(
                f'<w:tc {nsdecls("w")}><w:tcPr><w:tcW w:w="{room}" w:type="dxa"/>{border}'
                '<w:vAlign w:val="bottom"/></w:tcPr></w:tc>'
            )
            ppr = '<w:spacing w:before="60" w:line="440" w:lineRule="atLeast"/>'
            cell.append(paper.paragraph("TL-CoverField", content, ppr))
            row.append(cell)
        rows.append(row)
    result.extend(rows)
    return result


class Pages:
    """Turns pages: in Word the properties of a section stand in its last paragraph."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._now: Literal["portrait", "landscape"] = "portrait"
        self._first = True

    def turn(self, to: Literal["portrait", "landscape"]) -> None:
        """End the section that runs and go on with `to`."""
        if to == self._now:
            return
        paragraph = parse_xml(
            f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="TL-Gap"/></w:pPr></w:p>'
        )
        paragraph.find(qn("w:pPr")).append(self._properties())
        self._paper.add(paragraph)
        self._now, self._first = to, False
        self._paper.room = _WIDE if to == "landscape" else WIDTH

    def close(self) -> None:
        """The last section's properties are those of the body."""
        if self._first:
            return
        body = self._paper.word.element.body
        last = body.find(qn("w:sectPr"))
        body.replace(last, self._properties())

    def _properties(self) -> Any:
        found = deepcopy(self._paper.word.element.body.find(qn("w:sectPr")))
        title = found.find(qn("w:titlePg"))
        if title is not None and not self._first:
            found.remove(title)
        if self._now == "landscape":
            size, margin = found.find(qn("w:pgSz")), found.find(qn("w:pgMar"))
            short, long = size.get(qn("w:w")), size.get(qn("w:h"))
            size.set(qn("w:w"), long)
            size.set(qn("w:h"), short)
            size.set(qn("w:orient"), "landscape")
            for side, mm in (("top", 28), ("bottom", 26), ("left", 37), ("right", 35)):
                margin.set(qn(f"w:{side}"), str(round(mm * 56.693)))
            margin.set(qn("w:footer"), str(round(14 * 56.693)))
        return found
