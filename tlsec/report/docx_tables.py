"""Tables, forms and the 版记 of a .docx as WordprocessingML."""

from __future__ import annotations

from math import ceil
from typing import Any, Protocol

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tlsec.report.blocks import FieldGrid, Imprint, Table
from tlsec.report.words import width

WIDTH = 8844  # 156 mm in twentieths of a point
_LABEL = 1474  # 26 mm
_PAGE = 16838  # 297 mm
_BOTTOM = 1984  # 35 mm
_IMPRINT_LINE = 480
_LONG = 400  # characters from which a row may break across pages
_SIZES = {
    "normal": "",
    "small": '<w:sz w:val="21"/><w:szCs w:val="21"/>',
    "tiny": '<w:sz w:val="18"/><w:szCs w:val="18"/>',
}
# the word tells the state; weight and colour help the eye
_TONES = {
    "good": '<w:b/><w:color w:val="1D6B3A"/>',
    "warn": '<w:b/><w:color w:val="8A5300"/>',
    "bad": '<w:b/><w:color w:val="9B1C1C"/>',
    "open": '<w:b/><w:color w:val="475467"/>',
    "quiet": '<w:color w:val="667085"/>',
}
_BORDERS = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)


class Paragraphs(Protocol):
    """What makes paragraphs: the writer of docx.py."""

    def paragraph(self, style: str, text: str, ppr: str = "", *, run: str = "") -> Any: ...


def table(block: Table, writer: Paragraphs, room: int = WIDTH) -> Any:
    """A table with a head that repeats on every page, as wide as `room` (twentieths of a point)."""
    total = sum(column.width for column in block.columns)
    widths = [round(room * column.width / total) for column in block.columns]
    small = _SIZES[block.size]
    result = _open(widths)
    head = _row(0, head=True)
    for column, share in zip(block.columns, widths, strict=True):
        head.append(_cell(share, writer.paragraph("TL-TableHead", column.title, run=small)))
    result.append(head)
    for values in block.rows:
        row = _row(round(block.row_height * 300), whole=sum(map(len, values)) < _LONG)
        for column, share, value in zip(block.columns, widths, values, strict=True):
            align = f'<w:jc w:val="{column.align}"/>'
            look = _TONES[tone] if (tone := column.tone(value)) else ""
            row.append(_cell(share, writer.paragraph("TL-Table", value, align, run=look + small)))
        result.append(row)
    return result


def field_grid(block: FieldGrid, writer: Paragraphs) -> Any:
    """A form of labelled boxes; the last box of a row takes the width that is left."""
    pairs = max(block.pairs, 1)
    value_width = (WIDTH - pairs * _LABEL) // pairs
    result = _open([_LABEL, value_width] * pairs)
    for fields in block.rows:
        row = _row(round(max((field.lines for field in fields), default=1) * 440))
        for i, field in enumerate(fields):
            row.append(_cell(_LABEL, writer.paragraph("TL-TableHead", field.label)))
            span = 2 * (pairs - i) - 1 if i == len(fields) - 1 else 1
            share = value_width + (span // 2) * (_LABEL + value_width)
            row.append(_cell(share, writer.paragraph("TL-Table", field.value), span))
        result.append(row)
    return result


def imprint(block: Imprint, writer: Paragraphs) -> Any:
    """版记, held at the foot of 版心; first and last line thick, between thin.

    Programs that keep no full-width table in place (LibreOffice) show it right after the text.
    """
    lines = 1 + (ceil(width(block.copies) * 14 / (WIDTH / 20 - 28)) if block.copies else 0)
    top = _PAGE - _BOTTOM - lines * _IMPRINT_LINE - 160
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="000000"/>'
        for side, size in (("top", 8), ("bottom", 8), ("insideH", 4))
    )
    half = WIDTH // 2
    result = parse_xml(
        f"<w:tbl {nsdecls('w')}><w:tblPr>"
        f'<w:tblpPr w:vertAnchor="page" w:horzAnchor="margin" w:tblpX="0" w:tblpY="{top}"/>'
        f'<w:tblOverlap w:val="never"/><w:tblW w:w="{WIDTH}" w:type="dxa"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr>'
        f'<w:tblGrid><w:gridCol w:w="{half}"/><w:gridCol w:w="{half}"/></w:tblGrid></w:tbl>'
    )
    inset = '<w:ind w:leftChars="100" w:left="280" w:rightChars="100" w:right="280"/>'
    if block.copies:
        row = _row(0)
        row.append(_cell(WIDTH, writer.paragraph("TL-Imprint", block.copies, inset), 2))
        result.append(row)
    row = _row(0)
    row.append(_cell(half, writer.paragraph("TL-Imprint", block.issuer, inset)))
    right = inset + '<w:jc w:val="right"/>'
    row.append(_cell(half, writer.paragraph("TL-Imprint", block.printed, right)))
    result.append(row)
    return result


def _open(widths: list[int]) -> Any:
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return parse_xml(
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:jc w:val="center"/><w:tblBorders>{_BORDERS}</w:tblBorders>'
        '<w:tblLayout w:type="fixed"/><w:tblCellMar><w:top w:w="40" w:type="dxa"/>'
        '<w:left w:w="70" w:type="dxa"/><w:bottom w:w="40" w:type="dxa"/>'
        '<w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{columns}</w:tblGrid></w:tbl>"
    )


def _row(height: int, *, head: bool = False, whole: bool = True) -> Any:
    return parse_xml(
        f"<w:tr {nsdecls('w')}><w:trPr>{'<w:cantSplit/>' if whole else ''}"
        f'<w:trHeight w:val="{height}" w:hRule="atLeast"/>{"<w:tblHeader/>" if head else ""}'
        "</w:trPr></w:tr>"
    )


def _cell(width: int, paragraph: Any, span: int = 1) -> Any:
    cell = parse_xml(
        f'<w:tc {nsdecls("w")}><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>'
        f"{f'<w:gridSpan w:val={chr(34)}{span}{chr(34)}/>' if span > 1 else ''}"
        '<w:vAlign w:val="center"/></w:tcPr></w:tc>'
    )
    cell.append(paragraph)
    return cell
