"""Figures, covers, contents and turned pages in every format; without the engine, numbers."""

from __future__ import annotations

import base64
import io
import re
from datetime import date

import docx as word
import pytest
from pypdf import PdfReader

from tests.report.assessment_sample import sample
from tests.report.test_notice import docx_text, html_page, pdf_text, squeeze
from tlsec.report import blocks, docx, html, typst
from tlsec.report.blocks import Block, Column, Document, Figure, Heading, Meta, Para, Table
from tlsec.report.errors import MissingPart, Uncovered
from tlsec.report.papers import figures

DAY = date(2026, 3, 5)


def paper(*body: Block) -> Document:
    return Document("worksheet", "样", body, Meta(DAY))


def figure() -> Figure:
    return figures.rates(sample(26, 10), "图1")


def printed(document: Document) -> bytes:
    try:
        return typst.render(document)
    except MissingPart as error:
        pytest.skip(str(error))


def test_a_figure_is_a_picture_with_its_text_everywhere() -> None:
    document = paper(figure())
    pdf = printed(document)
    opened = word.Document(io.BytesIO(docx.render(document)))
    shape = opened.inline_shapes[0]
    assert round(shape.width.mm) == 156 and shape._inline.docPr.get("descr") == figure().alt
    png = next(p for p in opened.part.package.parts if str(p.partname).endswith(".png"))
    assert png.blob.startswith(b"\x89PNG") and len(png.blob) < 400_000
    page = html.render(document)
    uri = re.search(r'src="data:image/svg\+xml;base64,([^"]+)" alt="([^"]+)"', page)
    assert uri and base64.b64decode(uri[1]).startswith(b"<svg") and "安全物理环境" in uri[2]
    assert "安全物理环境" in squeeze(pdf_text(pdf))  # text of the drawing stays text
    assert "图1　各安全类符合率" in docx_text(docx.render(document)) + pdf_text(pdf)


def test_without_the_engine_word_shows_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_args: object, **_more: object) -> tuple[bytes, ...]:
        raise MissingPart("no engine")

    monkeypatch.setattr(typst, "pictures", missing)
    drawn = figure()
    data = docx.render(paper(drawn, drawn))
    assert not word.Document(io.BytesIO(data)).inline_shapes
    text = docx_text(data)
    for row in drawn.numbers.rows:
        assert all(cell in text for cell in row)
    assert drawn.caption in text


def test_a_character_no_font_has_is_named_before_printing() -> None:
    hostile = Figure("<svg/>", 10, 10, "", "", Table((Column("甲"),), (("😀",),)))
    printed(paper(Para("甲")))
    with pytest.raises(Uncovered):
        typst.render(paper(hostile))


def test_contents_name_headings_after_them_down_to_their_depth() -> None:
    document = paper(
        Heading("前"), blocks.Contents("目录", 2), Heading("一"), Heading("二", 2), Heading("三", 3)
    )
    assert [h.text for h in blocks.contents_of(document, 1)] == ["一", "二"]
    expected = "前目录一二一二三"
    assert squeeze("".join(blocks.texts(document))) == expected
    assert squeeze(docx_text(docx.render(document))) == expected
    assert squeeze("".join(html_page(html.render(document)).parts)) == expected
    text = re.sub(r"[.\d\s]", "", pdf_text(printed(document)))
    assert text == expected


def test_pages_turn_and_turn_back() -> None:
    long = Table((Column("甲", 1), Column("乙", 4)), (("a", "b"),) * 80)
    document = paper(
        Para("竖"),
        blocks.Section("landscape"),
        long,
        blocks.Section(),
        blocks.PageBreak(),
        Para("回"),
    )
    reader = PdfReader(io.BytesIO(printed(document)))
    wide = [page.mediabox.width > page.mediabox.height for page in reader.pages]
    assert wide[0] is False and wide[-1] is False and all(wide[1:-1]) and len(wide) > 4
    sections = word.Document(io.BytesIO(docx.render(document))).sections
    assert [s.orientation.name for s in sections] == ["PORTRAIT", "LANDSCAPE", "PORTRAIT"]
    assert all("—" in s.footer.paragraphs[0].text for s in sections)
    assert html.render(document).count('<div class="landscape">') == 1


def test_the_head_repeats_on_every_page() -> None:
    table = Table((Column("只在表头"),), tuple((f"行{n}",) for n in range(400)))
    pages = PdfReader(io.BytesIO(printed(paper(table)))).pages
    assert len(pages) > 5 and all("只在表头" in page.extract_text() for page in pages)
    assert "w:tblHeader" in word.Document(io.BytesIO(docx.render(paper(table)))).element.xml


def test_only_the_named_column_takes_a_tone() -> None:
    tones: tuple[tuple[str, blocks.Tone], ...] = (("不符合", "bad"),)
    table = Table((Column("甲"), Column("乙", tones=tones)), (("不符合", "不符合"), ("x", "符合")))
    page = html.render(paper(table))
    assert page.count('class="left bad"') == 1
    xml = word.Document(io.BytesIO(docx.render(paper(table)))).element.xml
    assert xml.count("9B1C1C") == 1


def test_a_cover_stands_alone() -> None:
    cover = blocks.Cover(
        "报告", "系统", "编号：1", ("自评",), (("单位", "某局"),), "某局", "2026年3月5日", ("附注",)
    )
    document = paper(cover, Para("正文"))
    first, second = PdfReader(io.BytesIO(printed(document))).pages
    assert "附注" in first.extract_text() and "— 1 —" not in first.extract_text()
    assert "正文" in second.extract_text() and "— 2 —" in second.extract_text()
    assert "w:titlePg" in word.Document(io.BytesIO(docx.render(document))).element.xml
