"""Grading-protection papers: one model, the same text everywhere, honest numbers, no contradiction."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import docx as word
import openpyxl
import pytest
from pypdf import PdfReader

from tests.report.assessment_sample import sample
from tests.report.hostile import COVERED
from tests.report.test_notice import W, docx_text, html_page, pdf_text, squeeze
from tlsec.report import blocks, docx, html, typst, words
from tlsec.report.blocks import Document
from tlsec.report.errors import MissingPart
from tlsec.report.papers import annex, consistency, evaluation, gap, rectification, self_check
from tlsec.report.papers import assessment_words as say
from tlsec.report.papers.assessment import Assessment, Edition, Interval

Build = Callable[[Assessment], Document]
PAPERS: dict[str, tuple[Build, Edition]] = {
    "self_check": (self_check.build, "2025"),
    "gap": (gap.build, "2025"),
    "rectification": (rectification.build, "2025"),
    "evaluation_2025": (evaluation.build, "2025"),
    "evaluation_2021": (evaluation.build, "2021"),
    "evaluation_2019": (evaluation.build, "2019"),
}
FORBIDDEN = re.compile(r"None|\{\{|\bnan\b|\{\w+\}")


def text_of(document: Document) -> str:
    return "\n".join(blocks.texts(document))


def pdf_of(document: Document) -> bytes:
    try:
        return typst.render(document)
    except MissingPart as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", PAPERS)
def test_the_same_text_in_every_format(name: str) -> None:
    build, edition = PAPERS[name]
    document = build(sample(26, 10, edition))
    expected = squeeze("".join(blocks.texts(document)))
    assert not FORBIDDEN.search(expected)
    assert squeeze(docx_text(docx.render(document))) == expected
    assert squeeze("".join(html_page(html.render(document)).parts)) == expected + squeeze(
        document.footer
    )
    printed = squeeze(pdf_text(pdf_of(document)))
    at = 0
    for text in blocks.texts(document):
        found = printed.find(squeeze(text), at) if len(text) > 8 else at
        assert found >= 0 or squeeze(text)[:20] in printed, text
        at = max(found, at) if not _listed(document, text) else at


def _listed(document: Document, text: str) -> bool:
    """Texts of the table of contents: printed twice."""
    heads = (b.text for b in document.blocks if isinstance(b, blocks.Heading))
    return text in {words.clean(head) for head in heads}


@pytest.mark.parametrize("name", PAPERS)
def test_same_paper_same_bytes(name: str) -> None:
    build, edition = PAPERS[name]
    document = build(sample(13, 5, edition))
    assert docx.render(document) == docx.render(document)
    assert pdf_of(document) == pdf_of(document)
    assert html.render(document) == html.render(document)


@pytest.mark.parametrize("name", PAPERS)
def test_every_paper_says_what_it_is(name: str) -> None:
    build, edition = PAPERS[name]
    document = build(sample(26, 10, edition))
    text = text_of(document)
    for part in (
        "自评，非等级测评机构出具",
        "不是结论，须由人员研判后确定",
        "未测不等于符合",
        "第三级（S3A2G3）",
        "样例：数据来自练习环境",
        "符合率恰为 90% 时的结论",
        "待核",
        "触发项总数 32 或 33",
        "cd" * 32,
    ):
        assert part in text, part
    assert isinstance(document.blocks[0], blocks.Cover)
    blanks = text.count(say.blank())
    assert blanks == 0 or str(blanks) in document.remarks[0]


def test_an_interval_is_printed_as_interval_with_coverage() -> None:
    data = sample(60, 30)
    text = text_of(self_check.build(data))
    assert "符合率 66.07%～75.00%" in text and "覆盖率 91.0%" in text
    assert "尚未确定，可能为不符合或基本符合" in text
    settled = replace(data.scheme, conclusions=("基本符合",))
    assert "结论为：基本符合。" in text_of(self_check.build(replace(data, scheme=settled)))


def test_the_2025_form_has_its_chapters_and_no_score() -> None:
    document = evaluation.build(sample(60, 30))
    heads = [b.text for b in document.blocks if isinstance(b, blocks.Heading)]
    for number, name in enumerate(
        ("测评项目概述", "被测对象描述", "单项测评结果分析", "整体测评", "安全问题风险分析",
         "总体评价", "等级测评结论", "安全问题整改建议"), 1,
    ):  # fmt: skip
        assert f"{number}　{name}" in heads
    assert [h[:3] for h in heads if h.startswith("附录")] == [f"附录{c}" for c in "ABCDEFGHI"]
    text = text_of(document)
    assert "2（1个已整改）" in text and "得分" not in text
    for caption in ("表3-9", "表5-1", "表5-2", "表6-1", "表7-1", "表8-1", "表8-2"):
        assert caption in text


@pytest.mark.parametrize("edition", ["2019", "2021"])
def test_the_older_forms_have_a_score_as_interval(edition: Edition) -> None:
    text = text_of(evaluation.build(sample(26, 10, edition)))
    assert "61.33分～77.10分" in text and "差或中" in text
    assert "云计算安全扩展情况" in text and "7　问题整改建议" in text


def test_gaps_come_gravest_and_easiest_first() -> None:
    document = gap.build(sample(60, 30))
    rows = next(
        b.rows for b in document.blocks
        if isinstance(b, blocks.Table) and b.columns[0].title == "次序"
    )  # fmt: skip
    ranks = [("高", "中", "低", "—").index(row[4]) for row in rows]
    assert ranks == sorted(ranks) and len(rows) == 14
    assert any(row[5] == "问题均已整改，待重新评估" for row in rows)


def test_only_a_retest_makes_it_done_and_lateness_is_said() -> None:
    data = sample(60, 30)
    text = text_of(rectification.build(data))
    done = sum(p.state == "closed" for p in data.problems)
    assert f"已整改并经复测 {done} 个" in text
    late = sum(
        p.state in ("open", "fixing", "retest") and p.due == date(2026, 2, 20)
        for p in data.problems
    )  # fmt: skip
    assert text.count("已逾期") == late > 0


@pytest.mark.parametrize("name", COVERED)
def test_hostile_text_stays_text(name: str) -> None:
    value = COVERED[name]
    data = sample(13, 5)
    data = replace(
        data,
        bureau=value,
        system=replace(data.system, name=value, unit=value, business=value),
        domains=tuple(replace(d, name=value) for d in data.domains),
        problems=tuple(replace(p, text=value, where=value, unit=value) for p in data.problems),
        previous=tuple(replace(p, conclusion=value, title=value) for p in data.previous),
    )
    document = self_check.build(data)
    shown = squeeze(words.clean(value))
    page = html_page(html.render(document))
    assert not page.tags & {"script", "iframe", "object", "svg"}
    assert shown in squeeze("".join(page.parts))
    assert shown in squeeze(docx_text(docx.render(document)))
    assert shown in squeeze(pdf_text(pdf_of(document)))


def test_the_english_paper_is_whole_even_before_its_words_are() -> None:
    from tlsec import i18n

    i18n.use("en")
    try:
        document = evaluation.build(sample(13, 5))
    finally:
        i18n.use("zh")
    assert document.language == "en"
    assert docx.render(document)


def test_word_opens_it_with_contents_turned_pages_and_pictures() -> None:
    document = evaluation.build(sample(26, 10))
    opened = word.Document(io.BytesIO(docx.render(document)))
    assert len(opened.sections) == 5
    sides = [s.page_width > s.page_height for s in opened.sections if s.page_width]
    assert sides == [False, True, False, True, False]
    xml = opened.element.xml
    assert 'TOC \\o "1-2"' in xml and 'w:dirty="true"' in xml
    entries = xml.count('w:anchor="_TocTL')
    listed = blocks.contents_of(document, 1)
    assert entries == len(listed) > 20
    assert len(opened.inline_shapes) == 4
    assert "符合率" in opened.inline_shapes[0]._inline.docPr.get("descr")
    marked = {
        p._p.find(f"{W}bookmarkStart").get(W + "name"): p.text
        for p in opened.paragraphs
        if p._p.find(f"{W}bookmarkStart") is not None
    }
    links = [link for p in opened.paragraphs for link in p.hyperlinks]
    assert {link.fragment: link.text for link in links} == marked


def test_pdf_has_bookmarks_and_a_cover_without_number() -> None:
    document = evaluation.build(sample(26, 10))
    reader = PdfReader(io.BytesIO(pdf_of(document)))
    assert "— 1 —" not in reader.pages[0].extract_text()
    assert "— 2 —" in reader.pages[1].extract_text()
    assert any("测评项目概述" in str(entry) for entry in reader.outline)
    wide = [page for page in reader.pages if page.mediabox.width > page.mediabox.height]
    assert wide


def test_a_report_of_a_thousand_problems_is_whole() -> None:
    data = sample(300, 1000)
    printed = squeeze(pdf_text(pdf_of(self_check.build(data))))
    assert all(problem.no in printed for problem in data.problems)
    text = docx_text(docx.render(evaluation.build(data)))
    assert all(text.count(problem.no) >= 3 for problem in data.problems)
    assert all(item.code in text for item in data.items)


def test_annex(tmp_path: Path) -> None:
    data = sample(26, 10)
    hostile = replace(data.problems[0], text=COVERED["formula"])
    data = replace(data, problems=(hostile, *data.problems[1:]))
    path = tmp_path / "a.xlsx"
    annex.annex(data, path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [
        "说明", "条款", "对象", "问题", "风险", "回答", "资产", "检测和演练", "版本",
    ]  # fmt: skip
    assert book["条款"].max_row == 27 and book["问题"].max_row == 11
    cells = [cell for row in book["问题"].iter_rows() for cell in row]
    assert any(cell.value == COVERED["formula"] and cell.data_type == "s" for cell in cells)
    first = hashlib.sha256(path.read_bytes()).hexdigest()
    annex.annex(data, path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == first


def _totals(data: Assessment, **changes: int) -> Assessment:
    return replace(data, totals=replace(data.totals, **changes))


def _first_problem(data: Assessment, **changes: object) -> Assessment:
    first = replace(data.problems[0], **changes)  # type: ignore[arg-type]  # test values
    return replace(data, problems=(first, *data.problems[1:]))


def _met(data: Assessment) -> str:
    return next(item.id for item in data.items if item.state == "met")


def _rate(data: Assessment, low: float, high: float) -> Assessment:
    number = replace(data.scheme.numbers[0], value=Interval(low, high))
    return replace(data, scheme=replace(data.scheme, numbers=(number,)))


FAULTS: dict[str, tuple[Callable[[Assessment], Assessment], str]] = {
    "count": (lambda d: _totals(d, met=99), r"“符合”的条款数：汇总为 99，逐项清点为 \d+"),
    "grades": (lambda d: _totals(d, high=77), r"高风险问题数：汇总为 77，逐项清点为 \d+"),
    "major": (lambda d: _totals(d, major=10), "重大风险隐患数：汇总为 10，逐项清点为 2"),
    "fixed": (lambda d: _totals(d, major_fixed=0), "汇总为 0，逐项清点为 1"),
    "domain": (
        lambda d: replace(d, domains=(replace(d.domains[0], met=55), *d.domains[1:])),
        "安全类“安全物理环境”的符合数：汇总为 55",
    ),
    "point": (
        lambda d: replace(d, points=(replace(d.points[0], applicable=55), *d.points[1:])),
        "控制点“身份鉴别”的适用数：汇总为 55",
    ),
    "rate": (lambda d: _rate(d, 12.0, 75.0), r"下限：结论写 12\.00%，按各安全类汇总为 66\.07%"),
    "order": (lambda d: _rate(d, 90.0, 75.0), "下限 90.0 大于上限 75.0"),
    "coverage": (
        lambda d: replace(d, scheme=replace(d.scheme, coverage=100.0)),
        r"覆盖率：汇总为 100\.00%，逐项清点为 91\.07%（已测 51/56）",
    ),
    "assets": (lambda d: replace(d, assets=d.assets[3:]), "不在资产清单中（.+），资产清单共 21 个"),
    "chosen": (
        lambda d: replace(
            d, assets=(*d.assets, replace(d.assets[0], id="A999", sampled=True))
        ),
        r"选取了 \d+ 个测评对象，其中 1 个在单项测评结果记录中没有任何内容（A999）",
    ),
    "silent": (lambda d: replace(d, problems=(), trials=(), scans=(), totals=replace(
        d.totals, high=0, medium=0, low=0)), "有 14 项不符合或部分符合，其中 14 项没有对应的问题"),
    "odd": (lambda d: _first_problem(d, item=_met(d)), r"1 个未关闭的问题（W0001）"),
    "trial": (
        lambda d: replace(d, trials=(replace(d.trials[0], items=(_met(d),)),)),
        "1 项发现中有 1 项在单项测评结果记录中仍为符合",
    ),
    "lost": (
        lambda d: replace(d, scans=(replace(d.scans[0], problems=("W9999",)),)),
        "提到 1 个问题，其中 1 个不在问题清单中（W9999）",
    ),
    "dates": (lambda d: replace(d, ended=date(2026, 4, 1)), "测评结束（2026-04-01）晚于报告日期"),
    "twice": (
        lambda d: replace(d, problems=(*d.problems, d.problems[0])),
        "问题编号重复：W0001（31 条中只有 30 个不同编号）",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_contradiction_refuses_the_paper_and_names_both_numbers(name: str) -> None:
    spoil, said = FAULTS[name]
    for build in (self_check.build, gap.build, rectification.build, evaluation.build):
        with pytest.raises(consistency.Inconsistent) as caught:
            build(spoil(sample(60, 30)))
        assert any(re.search(said, fault) for fault in caught.value.faults), caught.value.faults


def test_the_sample_contradicts_nothing() -> None:
    assert list(consistency.check(sample(60, 30))) == []
    assert list(consistency.check(sample(0, 0))) == [
        fault for fault in consistency.check(sample(0, 0)) if "资产" in fault
    ]
