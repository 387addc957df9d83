"""定级报告 and 备案表: what they say, what they leave blank, and that no identity number has a place."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import get_type_hints

import openpyxl
import pytest

from tests.report.hostile import HOSTILE
from tlsec.marked_yaml import Faulty
from tlsec.report import blocks, content, docx, typst, words
from tlsec.report.blocks import Document, FieldGrid, Table
from tlsec.report.papers import filing, grading, grading_data
from tlsec.report.papers.grading_data import (
    Cell,
    Device,
    Filing,
    FilingData,
    FilingGrading,
    FilingNew,
    FilingPapers,
    FilingSystem,
    FilingUnit,
    GradingReport,
    Half,
    Surface,
)

LEVELS = {
    "国家安全": (3, 4, 5),
    "社会秩序、公共利益": (2, 3, 4),
    "公民、法人和其他组织的合法权益": (1, 2, 2),
}
DEGREES = ("一般损害", "严重损害", "特别严重损害")


def half(level: int, chosen: dict[tuple[str, str], str], description: str = "") -> Half:
    cells = tuple(
        Cell(
            object_, degree, number,
            chosen=(object_, degree) in chosen,
            counts=(object_, degree) in chosen and number == level,
            consequences=("造成社会不良影响",) if (object_, degree) in chosen else (),
            why=chosen.get((object_, degree), ""),
        )
        for object_, numbers in LEVELS.items()
        for degree, number in zip(DEGREES, numbers, strict=True)
    )  # fmt: skip
    return Half(description, level, cells)


REPORT = GradingReport(
    system="政务服务网",
    unit="岚泽市数据局",
    date=date(2026, 11, 24),
    s=half(
        3,
        {("社会秩序、公共利益", "严重损害"): "影响面大", ("公民、法人和其他组织的合法权益", "特别严重损害"): ""},
        "办件信息",
    ),
    a=half(2, {("社会秩序、公共利益", "一般损害"): ""}),
    matrix="GB/T 22240-2020 定级矩阵",
    business="事项申报与查询",
    zones=("互联网发布区",),
    platform="政务云管理平台",
    extensions=("云计算",),
    personal_data=True,
    devices=(Device("门户", "网站", "203.0.113.11", "互联网发布区"),),
    reason="首次填写",
    head="周若川",
)  # fmt: skip
FILING = Filing(
    date=date(2026, 11, 24),
    unit=FilingUnit(name="岚泽市数据局", division="岚泽市", affiliation="3"),
    system=FilingSystem(
        name="政务服务网", status="1", kind="2", networks=("1", "2"),
        surfaces=(Surface("203.0.113.11", "zwfw.lanze.test", "TCP 443（HTTPS）", "互联网"),),
    ),
    grading=FilingGrading(s="第3级", a="第2级", level="第3级（S3A2G3）", s_ticks=("国家安全：□", "公民：■")),
    new=FilingNew(cloud="1", role="2", platform="政务云管理平台", platform_level="第3级"),
    papers=FilingPapers(),
    data=FilingData(personal="1"),
    certificate="34010000001-25001",
)  # fmt: skip


def said(document: Document) -> str:
    return "\n".join(blocks.texts(document))


def boxes(document: Document) -> dict[str, str]:
    grids = [block for block in document.blocks if isinstance(block, FieldGrid)]
    return {box.label: box.value for grid in grids for row in grid.rows for box in row}


def test_sections_of_the_report() -> None:
    text = said(grading.build(REPORT))
    at = -1
    for part in (
        "政务服务网安全保护等级定级报告",
        "一、定级对象描述",
        "岚泽市数据局是政务服务网的责任单位，自【待填】起",
        "部署在互联网发布区，建在政务云管理平台上",
        "事项申报与查询",
        "二、安全保护等级确定",
        "（一）业务信息安全保护等级的确定",
        "办件信息。",
        "侵害的客体是社会秩序、公共利益、公民、法人和其他组织的合法权益",
        "影响面大。",
        "按表2，“社会秩序、公共利益”受“严重损害”对应第三级，业务信息安全保护等级为第三级",
        "（二）系统服务安全保护等级的确定",
        "事项申报与查询。",
        "理由：【待填】",
        "按表3，“社会秩序、公共利益”受“一般损害”对应第二级",
        "为第三级（S3A2G3）",
    ):
        found = text.find(part, at + 1)
        assert found > at, part
        at = found
    assert "证件" not in text and "安全责任" not in text


def test_the_whole_matrix_with_the_chosen_cells() -> None:
    tables = [b for b in grading.build(REPORT).blocks if isinstance(b, Table)]
    first = next(table for table in tables if table.columns[0].title == "受侵害的客体")
    assert first.rows == (
        ("国家安全", "第三级", "第四级", "第五级"),
        ("社会秩序、公共利益", "第二级", "第三级 √", "第四级"),
        ("公民、法人和其他组织的合法权益", "第一级", "第二级", "第二级 √"),
    )


def test_what_the_form_of_2025_adds() -> None:
    document = grading.build(replace(REPORT, form="2025"))
    text, form = said(document), boxes(document)
    assert "（四）承载的数据" in text and "三、安全责任" in text
    assert form["证件号码"] == "由单位线下填写"
    assert form["个人信息"] == "含个人信息"
    assert form["建设单位"] == "【待填】" and form["直接负责人"] == "周若川"


def test_no_place_for_an_identity_number() -> None:
    names = {
        field.name
        for kind in vars(grading_data).values()
        if is_dataclass(kind)
        for field in fields(kind)
    }
    assert not [name for name in names if "ident" in name or "id_" in name or name == "id"]


def test_six_tables_with_blanks_marked() -> None:
    document = filing.build(FILING)
    text, form = said(document), boxes(document)
    assert [word for word in "一二三四五六" if f"表{word}　" in text] == list("一二三四五六")
    assert form["隶属关系"] == "□1中央　□2省（区、市）　■3地（市）　□4县（区）　□9其他"
    assert form["网络性质"].startswith("■1业务专网（含政务外网）　■2互联网")
    assert form["单位类型"].endswith("【待填】")
    assert form["信用代码"] == "【待填】（统一社会信用代码）"
    assert form["业务信息受损"] == "国家安全：□\n公民：■"
    assert form["承载对象"] == "不适用" and form["云平台等级"] == "第3级"
    assert "zwfw.lanze.test" in text and "TCP 443（HTTPS）" in text
    assert "待核" in document.remarks[0]


def test_every_value_has_a_box_and_every_box_a_value() -> None:
    used = {box.key for table in filing.form().tables for box in table.fields if box.key}
    shown_apart = {"system.surfaces"}
    assert set(filing.keys()) - shown_apart == used
    assert get_type_hints(Filing)["unit"] is FilingUnit


def test_a_box_of_nothing_is_refused_with_its_place(tmp_path: Path) -> None:
    own = tmp_path / filing.FILE
    own.parent.mkdir()
    own.write_text(content.read(filing.FILE).replace("key: unit.name", "key: unit.nam"))
    with pytest.raises(Faulty, match=r"filing\.yaml:\d+:\d+: 没有可填入 unit.nam 的内容"):
        filing.form(tmp_path)


def test_workbook_has_a_sheet_a_table(tmp_path: Path) -> None:
    path = tmp_path / "备案表.xlsx"
    hostile = replace(FILING, unit=replace(FILING.unit, name="=1+1"))
    filing.write_sheets(hostile, path)
    book = openpyxl.load_workbook(path)
    assert len(book.sheetnames) == 7 and book.sheetnames[2] == "表二附 IP 域名端口"
    first = book[book.sheetnames[0]]
    assert (first["A2"].value, first["B2"].value, first["B2"].data_type) == (
        "单位名称",
        "=1+1",
        "s",
    )
    assert first["C2"].value == "已填" and first["C3"].value == "待填"
    assert [cell.value for cell in book["表二附 IP 域名端口"][2]][1] == "zwfw.lanze.test"


@pytest.mark.parametrize(
    "document", [grading.build(replace(REPORT, form="2025")), filing.build(FILING)]
)
def test_both_forms_print(document: Document) -> None:
    assert docx.render(document) == docx.render(document)
    assert typst.render(document)[:5] == b"%PDF-"


def test_hostile_text_stays_text() -> None:
    for value in HOSTILE.values():
        report = replace(
            REPORT, business=value, reason=value, devices=(Device(value, value, "", ""),)
        )
        text = "".join(said(grading.build(report)).split())
        assert "".join(words.clean(value).split()) in text
