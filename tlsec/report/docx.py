"""Block document → .docx that a clerk can edit, stamp and send (page of GB/T 9704-2012).

Exact line pitch and character spacing stand in the styles: Word's document grid is read
differently by other programs. Text is literal: no field, link or macro comes out of a block.
"""

from __future__ import annotations

from functools import cache
from itertools import count, groupby
from pathlib import Path
from typing import Any

from docx.document import Document as DocxDocument
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.oxml.parser import OxmlElement
from docx.shared import Mm

from tlsec.report import blocks, fonts
from tlsec.report import docx_front as front
from tlsec.report import docx_package as package
from tlsec.report.blocks import Block, Document
from tlsec.report.docx_tables import WIDTH, field_grid, imprint, table
from tlsec.report.fonts import FontsFile, Role
from tlsec.report.words import clean, width

_CHAR = 315  # a 3号 character in twentieths of a point
_HEAD_TOP = 1984  # 35 mm from the top of 版心 to 发文机关标志
_ROLES: dict[str, Role] = {"TL-H1": "黑体", "TL-H2": "楷体", "TL-Attachment": "黑体"}


def write(document: Document, path: Path, *, overlay: Path | None = None) -> None:
    """Write the document as a Word file. The same document gives the same bytes."""
    path.write_bytes(render(document, overlay=overlay))


def render(document: Document, *, overlay: Path | None = None) -> bytes:
    """The Word file as bytes."""
    names = fonts.load(overlay)
    word = package.open_empty(document, names)
    _page(word)
    writer = Writer(word, names, document, overlay)
    _footers(word, document, writer)
    previous: Block | None = None
    for at, block in enumerate(document.blocks):
        if isinstance(block, blocks.Contents):
            front.contents(block, blocks.contents_of(document, at), writer)
            writer.listed = block.depth
        else:
            writer.block(block, previous)
        previous = block
    writer.close()
    return package.pack(word, document.meta.date)


def _page(word: DocxDocument) -> None:
    """A4; 天头 37 mm, 订口 28 mm, 版心 156 × 225 mm."""
    section = word.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(15), Mm(22.5)
    for grid in section._sectPr.findall(_q("w:docGrid")):
        section._sectPr.remove(grid)


def _footers(word: DocxDocument, document: Document, writer: Writer) -> None:
    """— 1 —: odd pages right, even pages left, one character in (GB/T 9704-2012, 7.5)."""
    section = word.sections[0]
    for footer, align, side in (
        (section.footer, "right", "right"),
        (section.even_page_footer, "left", "left"),
    ):
        footer.is_linked_to_previous = False
        root = footer._element
        for child in list(root):
            root.remove(child)
        root.append(
            parse_xml(
                f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="TL-Footer"/>'
                f'<w:ind w:{side}Chars="100" w:{side}="280"/><w:jc w:val="{align}"/></w:pPr>'
                '<w:r><w:t xml:space="preserve">— </w:t></w:r>'
                '<w:fldSimple w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
                '<w:r><w:t xml:space="preserve"> —</w:t></w:r></w:p>'
            )
        )
        if document.footer:
            root.append(writer.paragraph("TL-Footer", document.footer, run='<w:sz w:val="16"/>'))


def _q(tag: str) -> str:
    from docx.oxml.ns import qn

    return qn(tag)


class Writer:
    """Appends blocks to a body as WordprocessingML."""

    def __init__(
        self, word: DocxDocument, names: FontsFile, document: Document, overlay: Path | None
    ) -> None:
        self.word = word
        self.room = WIDTH  # of tables, in twentieths of a point
        self._body = word.element.body
        self._names = names
        self.listed = 0  # headings down to this level stand in the table of contents
        self._headings = count()
        self._pages = front.Pages(self)
        self._pictures = front.pictures(document, overlay)

    def add(self, element: Any) -> None:
        """Append before the section properties, which must stay last."""
        self._body.insert(len(self._body) - 1, element)

    def paragraph(
        self, style: str, text: str, ppr: str = "", *, run: str = "", role: Role = "仿宋"
    ) -> Any:
        """A paragraph of a style; `ppr` and `run` are XML of ours that overrides the style."""
        element = parse_xml(
            f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="{style}"/>{ppr}</w:pPr></w:p>'
        )
        self.runs(element, text, run, _ROLES.get(style, role))
        return element

    def runs(self, paragraph: Any, text: str, run: str = "", role: Role = "仿宋") -> None:
        """Append text as runs; what a GB/T 2312 font lacks goes to the role's second font."""
        names = self._names.roles[role]
        text = clean(text)
        split = names.gb2312_only and len(names.docx) > 1 and any(map(_beyond, set(text)))
        pieces = groupby(text, _beyond) if split else [(False, iter(text))] if text else []
        for beyond, chars in pieces:
            rpr = package.font_xml(names.docx[1:]) + run if beyond else run
            element = parse_xml(
                f"<w:r {nsdecls('w')}>{f'<w:rPr>{rpr}</w:rPr>' if rpr else ''}</w:r>"
            )
            for i, line in enumerate("".join(chars).split("\n")):
                if i:
                    element.append(OxmlElement("w:br"))
                piece = OxmlElement("w:t")
                piece.text = line
                piece.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
                element.append(piece)
            paragraph.append(element)

    def block(self, block: Block, previous: Block | None) -> None:
        """Append one block."""
        match block:
            case blocks.Title(text):
                before = 2 * package.LINE if isinstance(previous, blocks.RedHead) else 0
                self._title(text, before)
            case blocks.Heading(text, level):
                element = self.paragraph(f"TL-H{level}", text)
                if level <= self.listed:
                    front.bookmark(element, next(self._headings))
                self.add(element)
            case blocks.Para():
                self._para(block)
            case blocks.Note(text, keep):
                self.add(self.paragraph("TL-Note", text, "<w:keepNext/>" if keep else ""))
            case blocks.Table():
                self._boxed(table(block, self, self.room))
            case blocks.FieldGrid():
                self._boxed(field_grid(block, self))
            case blocks.Figure():
                front.figure(block, self._pictures.get(block), self)
            case blocks.Cover():
                front.cover(block, self)
            case blocks.Section(orientation):
                self._pages.turn(orientation)
            case _:
                self._official(block, previous)

    def close(self) -> None:
        """What has to stand at the end of the body."""
        self._pages.close()

    def _official(self, block: Block, previous: Block | None) -> None:
        match block:
            case blocks.RedHead():
                self._red_head(block)
            case blocks.AttachmentList():
                self._attachment_list(block)
            case blocks.Signature():
                self._signature(block)
            case blocks.Attachment(mark, title):
                self.add(self.paragraph("TL-Attachment", mark, "<w:pageBreakBefore/>"))
                self._title(title, package.LINE // 2)
            case blocks.Imprint():
                self._boxed(imprint(block, self))
            case blocks.PageBreak() if isinstance(previous, blocks.Section):
                pass  # a section starts a page already
            case blocks.PageBreak():
                self.add(parse_xml(f'<w:p {nsdecls("w")}><w:r><w:br w:type="page"/></w:r></w:p>'))

    def _boxed(self, element: Any) -> None:
        """A table, and the small paragraph that keeps two tables from growing together."""
        self.add(element)
        self.add(self.paragraph("TL-Gap", ""))

    def _title(self, text: str, before: int) -> None:
        spacing = (
            f'<w:spacing w:before="{before}" w:after="{package.LINE}"'
            ' w:line="660" w:lineRule="exact"/>'
        )
        self.add(self.paragraph("TL-Title", text, spacing, role="小标宋"))

    def _para(self, block: blocks.Para) -> None:
        ppr = "" if block.indent else '<w:ind w:firstLineChars="0" w:firstLine="0"/>'
        if block.align != "left":
            ppr += f'<w:jc w:val="{block.align}"/>'
        element = self.paragraph("TL-Body", "", ppr)
        if block.lead:
            lead = package.font_xml(self._names.roles["楷体"].docx)
            self.runs(element, block.lead, lead, "楷体")
        self.runs(element, block.text)
        self.add(element)

    def _red_head(self, block: blocks.RedHead) -> None:
        marks = [mark for mark in (block.secrecy, block.urgency) if mark]
        for mark in marks:
            self.add(self.paragraph("TL-Attachment", mark))
        size = max(20.0, min(54.0, 430 / max(width(block.issuer), 1)))
        before = _HEAD_TOP - len(marks) * package.LINE
        self.add(
            self.paragraph(
                "TL-RedHead",
                block.issuer,
                f'<w:spacing w:before="{before}" w:line="{int(size * 23)}" w:lineRule="exact"/>',
                run=f'<w:sz w:val="{int(size * 2)}"/><w:szCs w:val="{int(size * 2)}"/>',
                role="小标宋",
            )
        )
        self.add(
            self.paragraph(
                "TL-Body",
                block.number,
                '<w:pBdr><w:bottom w:val="single" w:sz="12" w:space="11" w:color="D40000"/></w:pBdr>'
                f'<w:spacing w:before="{2 * package.LINE}" w:line="{package.LINE}"'
                ' w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/>'
                '<w:jc w:val="center"/>',
            )
        )

    def _attachment_list(self, block: blocks.AttachmentList) -> None:
        for i, line in enumerate(block.lines):
            chars, spacing = (5, 0) if i else (2, package.LINE)
            ppr = (
                f'<w:spacing w:before="{spacing}" w:line="{package.LINE}" w:lineRule="exact"/>'
                f'<w:ind w:firstLineChars="{chars}00" w:firstLine="{chars * _CHAR}"/>'
            )
            self.add(self.paragraph("TL-Body", line, ppr))

    def _signature(self, block: blocks.Signature) -> None:
        """成文日期 four characters from the right, 署名 centred over it; kept on one page."""
        gap = 2 * package.LINE
        if block.signer:
            line = f'<w:spacing w:before="{gap}" w:line="{package.LINE}" w:lineRule="exact"/>'
            element = self.paragraph("TL-Body", block.signer, "<w:keepNext/>" + line)
            self.runs(element, "　" * 7, '<w:u w:val="single"/>')
            self.add(element)
            gap = 0
        shift = (width(block.date) - width(block.organisation)) / 2
        indents = (4 + max(shift, 0), 4 + max(-shift, 0))
        for text, chars, keep in (
            (block.organisation, indents[0], "<w:keepNext/>"),
            (block.date, indents[1], ""),
        ):
            before = gap + package.LINE // 2 if keep else 0
            ppr = (
                f'{keep}<w:spacing w:before="{before}" w:line="{package.LINE}" w:lineRule="exact"/>'
                f'<w:ind w:rightChars="{round(chars * 100)}" w:right="{round(chars * _CHAR)}"'
                ' w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="right"/>'
            )
            self.add(self.paragraph("TL-Body", text, ppr))


@cache
def _beyond(char: str) -> bool:
    """A Chinese character that GB/T 2312 fonts do not have, such as 喆."""
    if char < "\u3400":
        return False
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return True
    return False
