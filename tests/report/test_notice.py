"""The notice: one block model, the same text in Word, PDF and HTML; hostile text stays text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import docx as word
import pytest
from lxml import etree
from pypdf import PdfReader

from tests.report.hostile import COVERED, EMOJI, HEBREW, HOSTILE, LONG
from tests.report.sample import NOTICE
from tlsec.marked_yaml import Faulty
from tlsec.report import blocks, content, docx, html, legal, typst, words
from tlsec.report.blocks import Column, Document, Field, FieldGrid, Meta, Para, Table
from tlsec.report.errors import MissingPart, Uncovered
from tlsec.report.papers import notice
from tlsec.report.papers.data import LegalBasis, Notice, Problem

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FORBIDDEN = re.compile(r"None|\{\{|\bnan\b|\{\w+\}")


def docx_text(data: bytes) -> str:
    root = etree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml"))
    return "".join(node.text or "" for node in root.iter(f"{W}t"))


def pdf_text(data: bytes) -> str:
    pages = PdfReader(io.BytesIO(data)).pages
    return "".join(re.sub(r"—\s*\d+\s*—", "", page.extract_text()) for page in pages)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self._skip = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self._skip = tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._skip = False

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.parts.append(data)


def html_page(text: str) -> _Text:
    parser = _Text()
    parser.feed(text)
    return parser


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def pdf() -> Callable[[Document], bytes]:
    def make(document: Document) -> bytes:
        try:
            return typst.render(document)
        except MissingPart as error:
            pytest.skip(str(error))

    return make


def all_texts(document: Document, pdf: Callable[[Document], bytes]) -> dict[str, str]:
    return {
        "docx": squeeze(docx_text(docx.render(document))),
        "pdf": squeeze(pdf_text(pdf(document))),
        "html": squeeze("".join(html_page(html.render(document)).parts)),
    }


def test_the_same_text_in_the_same_order_everywhere(pdf: Callable[[Document], bytes]) -> None:
    document = notice.build(NOTICE)
    expected = squeeze("".join(blocks.texts(document)))
    results = all_texts(document, pdf)
    assert results["docx"] == expected
    assert results["html"] == expected
    # a head that repeats on a second page is printed twice, so the order is looked at by parts
    at = 0
    for text in blocks.texts(document):
        found = results["pdf"].find(squeeze(text), at)
        assert found >= 0, text
        at = found
    for text in results.values():
        assert not FORBIDDEN.search(text)


def test_what_a_notice_says() -> None:
    document = notice.build(NOTICE)
    text = "\n".join(blocks.texts(document))
    for part in (
        "岚数安改〔2026〕3号",
        "望川县人民政府办公室：",
        "根据《中华人民共和国网络安全法》《中华人民共和国数据安全法》",
        "于2026年3月1日至3日对你单位",
        "隐患3项（高1项、中2项）",
        "2026年3月5日",
        "附件：1. 送达回执",
        "（联系人：沈昇堃；电话：0555-5550123）",
        "抄送：市委网信办，市公安局网安支队。",
    ):
        assert part in text
    assert [b.mark for b in document.blocks if isinstance(b, blocks.Attachment)] == [
        "附件1",
        "附件2",
    ]
    assert "条号待核" in document.remarks[0]


def test_a_bare_notice_is_honest() -> None:
    bare = Notice("", "市数据局", "某单位", date(2026, 3, 5), ())
    document = notice.build(bare)
    text = "\n".join(blocks.texts(document))
    assert "本次未列出具体问题。" in text
    assert "（）" not in text and not FORBIDDEN.search(text)
    assert len(document.remarks) == 3


def test_word_file_reopens_with_our_styles() -> None:
    data = docx.render(notice.build(NOTICE))
    opened = word.Document(io.BytesIO(data))
    ids = {style.style_id for style in opened.styles}
    assert {f"TL-{name}" for name in ("Title", "H1", "H4", "Body", "Table", "TableHead")} <= ids
    assert {f"TL-{name}" for name in ("Note", "Footer")} <= ids
    assert opened.core_properties.author == "岚泽市数据局"
    section = opened.sections[0]
    assert round(section.page_width.mm) == 210 and round(section.top_margin.mm) == 37
    assert "—" in section.footer.paragraphs[0].text
    fonts = opened.styles.element.find(f".//{W}style[@{W}styleId='TL-Body']//{W}rFonts")
    assert {fonts.get(W + key) for key in ("ascii", "hAnsi", "eastAsia", "cs")} == {"仿宋_GB2312"}
    spacing = opened.styles.element.find(f".//{W}style[@{W}styleId='TL-Body']/{W}pPr/{W}spacing")
    assert spacing.get(W + "line") == "579" and spacing.get(W + "lineRule") == "exact"


def test_a_rare_character_is_not_left_to_a_gb2312_font() -> None:
    data = docx.render(notice.build(replace(NOTICE, contact="王喆")))
    root = etree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml"))
    run = next(r for r in root.iter(f"{W}r") if r.findtext(f"{W}t") == "喆")
    assert run.find(f"{W}rPr/{W}rFonts").get(W + "eastAsia") == "仿宋"


def test_same_paper_same_bytes(pdf: Callable[[Document], bytes]) -> None:
    document = notice.build(NOTICE)
    assert docx.render(document) == docx.render(document)
    assert pdf(document) == pdf(document)
    assert html.render(document) == html.render(document)


def test_pdf_is_on_the_official_page(pdf: Callable[[Document], bytes]) -> None:
    reader = PdfReader(io.BytesIO(pdf(notice.build(NOTICE))))
    assert [round(float(x)) for x in reader.pages[0].mediabox[2:]] == [595, 842]
    assert 4 <= len(reader.pages) <= 6
    assert reader.metadata is not None and reader.metadata.title == "网络安全风险隐患整改通知书"


def test_pdf_carries_its_fonts(pdf: Callable[[Document], bytes]) -> None:
    for page in PdfReader(io.BytesIO(pdf(notice.build(NOTICE)))).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]  # PDF object
            below = font.get_object()["/DescendantFonts"][0].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(below["/FontDescriptor"].get_object())


def test_twenty_two_lines_of_twenty_eight_characters(pdf: Callable[[Document], bytes]) -> None:
    document = Document(
        "gongwen", "标准页", (Para("字" * 28 * 30, indent=False),), Meta(date.today())
    )
    page = PdfReader(io.BytesIO(pdf(document))).pages[0].extract_text().strip().split("\n")
    lines = [line.strip() for line in page if "字" in line]
    assert [len(line) for line in lines] == [28] * 22


def test_hostile_text_is_printed_literally(pdf: Callable[[Document], bytes]) -> None:
    problems = tuple(
        Problem(f"N{i}", text, text, text, text) for i, text in enumerate(HOSTILE.values())
    )
    document = notice.build(replace(NOTICE, problems=problems, circulation=HOSTILE["typst"]))
    for kind, text in all_texts(document, pdf).items():
        for name, value in HOSTILE.items():
            assert squeeze(words.clean(value)) in text, (kind, name)
    page = html_page(html.render(document))
    assert not page.tags & {"script", "img", "iframe", "link", "object"}
    assert not any(name.startswith("on") for name in page.attributes)


@pytest.mark.parametrize("name", COVERED)
def test_hostile_text_in_every_kind_of_block(name: str, pdf: Callable[[Document], bytes]) -> None:
    text = COVERED[name]
    document = Document(
        "gongwen",
        text,
        (
            blocks.RedHead(text, text, text, text),
            blocks.Title(text),
            *(blocks.Heading(text, level) for level in (1, 2, 3, 4)),
            Para(text, lead=text),
            blocks.Note(text),
            Table((Column(text), Column(text)), ((text, text),)),
            FieldGrid(((Field(text, text), Field(text, text)), (Field(text, text),))),
            blocks.AttachmentList((text, text)),
            blocks.Signature(text, text, text),
            blocks.Attachment(text, text),
            blocks.Imprint(text, text, text),
        ),
        Meta(date(2026, 3, 5), text, text, text),
        footer=text,
    )
    for result in all_texts(document, pdf).values():
        assert result.count(squeeze(words.clean(text))) >= 20


def test_a_cell_of_ten_thousand_characters(pdf: Callable[[Document], bytes]) -> None:
    problem = Problem("N1", "系统", LONG, "high", "")
    document = notice.build(replace(NOTICE, problems=(problem,)))
    reader = PdfReader(io.BytesIO(pdf(document)))
    assert len(reader.pages) > 10
    text = "".join(page.extract_text() for page in reader.pages)
    assert text.count("长") >= 5_000 and text.count("a") >= 5_000
    assert LONG in docx_text(docx.render(document))


@pytest.mark.parametrize("text", [EMOJI, HEBREW])
def test_uncovered_characters_are_refused_by_name(
    text: str, tmp_path: Path, pdf: Callable[[Document], bytes]
) -> None:
    pdf(notice.build(NOTICE))
    document = notice.build(replace(NOTICE, contact=text))
    path = tmp_path / "a.pdf"
    with pytest.raises(Uncovered) as caught:
        typst.write(document, path)
    assert not path.exists()
    assert caught.value.characters and caught.value.characters[0] in text
    assert f"U+{ord(caught.value.characters[0]):04X}" in str(caught.value)
    typst.write(document, path, allow_fallback=True)
    assert f"[U+{ord(caught.value.characters[0]):04X}]" in squeeze(pdf_text(path.read_bytes()))


def test_html_has_nothing_from_outside() -> None:
    page = html.render(notice.build(replace(NOTICE, feedback_to="http://x.test/a.js")))
    assert not re.search(r"(?:src|href|action)\s*=|url\(|@import", page)
    assert "default-src 'none'" in page


def test_wording_overlay_and_its_faults(tmp_path: Path) -> None:
    file = tmp_path / "reports/notice.yaml"
    file.parent.mkdir()
    own = content.read(notice.FILE)
    file.write_text(own.replace("送达回执", "送达回证"), encoding="utf-8")
    document = notice.build(NOTICE, notice.wording(tmp_path))
    assert any("送达回证" in text for text in blocks.texts(document))
    other = tmp_path / "b"
    (other / "reports").mkdir(parents=True)
    (other / "reports/notice.yaml").write_text(
        own.replace("{span}", "{when}").replace("编号, 系统, ", "编号, "), encoding="utf-8"
    )
    with pytest.raises(Faulty) as caught:
        notice.wording(other)
    assert [f.where.rsplit(":", 2)[0].endswith("notice.yaml") for f in caught.value.faults]
    assert "{when}" in str(caught.value) and "应有 5 个栏目" in str(caught.value)


def test_laws_are_chosen_by_the_day() -> None:
    assert LegalBasis("中华人民共和国网络安全法", "第二十一条、第二十五条") in legal.basis(
        "notice", date(2025, 12, 31)
    )
    assert LegalBasis("中华人民共和国网络安全法") in legal.basis("notice", date(2026, 1, 1))
    assert legal.basis("notice", date(2016, 1, 1)) == ()


def test_an_unchecked_article_is_never_printed() -> None:
    for law in legal.load():
        printed = legal.basis("notice", date(2026, 6, 1))
        if not law.checked and law.articles:
            assert all(law.articles not in item.articles for item in printed)


def test_a_law_with_a_bad_day_says_where(tmp_path: Path) -> None:
    file = tmp_path / legal.FILE
    file.parent.mkdir(parents=True)
    own = content.read(legal.FILE)
    file.write_text(own.replace("valid_from: 2017-06-01", "valid_from: 2017-6-1"), encoding="utf-8")
    with pytest.raises(Faulty, match=r"legal-basis\.yaml:\d+:\d+"):
        legal.load(tmp_path)
