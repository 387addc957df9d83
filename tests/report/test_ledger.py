"""The ledger: its columns, its cells that stay text, and what a reader opens."""

from __future__ import annotations

import zipfile
from dataclasses import fields
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from tests.report.hostile import HOSTILE, LONG
from tests.report.sample import LEDGER, MADE, ROWS, risk
from tlsec.report import sheet, words
from tlsec.report.papers import ledger
from tlsec.report.papers.data import RiskRow

# the register columns every bureau files, in order
COLUMNS = [
    "编号",
    "发现时间",
    "来源",
    "重保期标识",
    "单位",
    "县区",
    "系统名称",
    "备案号",
    "等保级别",
    "IP/域名/端口",
    "网络区域",
    "隐患类别",
    "隐患描述",
    "证据",
    "风险等级",
    "预警级别",
    "CVE/CNVD号",
    "影响分析",
    "整改建议",
    "责任单位",
    "责任人及电话",
    "下发时间",
    "下发方式/文号",
    "签收时间",
    "整改时限",
    "整改措施",
    "反馈时间",
    "复测时间",
    "复测人/方式",
    "复测结果",
    "状态",
    "逾期天数",
    "延期审批",
    "缓释措施",
    "销号时间",
    "审核人",
    "备注",
]


def at(title: str) -> int:
    return COLUMNS.index(title) + 1


def test_columns_and_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    ledger.write(ROWS, LEDGER, path)
    book = openpyxl.load_workbook(path)
    main = book["风险预警台账"]
    assert [cell.value for cell in main[1]] == COLUMNS
    assert len(COLUMNS) == len(fields(RiskRow))
    assert main.freeze_panes == "B2"
    assert main.auto_filter.ref == "A1:AK5"
    assert main.cell(2, at("发现时间")).value == datetime(2026, 3, 1, 9, 12)
    assert main.cell(2, at("风险等级")).value == "高"
    assert main.cell(2, at("逾期天数")).value == 3
    assert main.cell(3, at("逾期天数")).value is None
    assert main.page_setup.orientation == "landscape" and main.page_setup.paperSize == 8
    assert main.sheet_properties.pageSetUpPr.fitToPage and main.print_title_rows == "$1:$1"
    rules = [rule for area in main.conditional_formatting for rule in area.rules]
    assert {rule.formula[0] for rule in rules} == {'"紧急"', '"高"', '"中"', '"低"', "0"}


def test_about_sheet_says_query_count_time_and_hash(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    ledger.write(ROWS, LEDGER, path)
    about = openpyxl.load_workbook(path)["说明"]
    facts = {row[0].value: row[1].value for row in about.iter_rows(min_row=3) if row[1].value}
    assert facts["范围和条件"] == LEDGER.query
    assert facts["条数"] == "共 4 条"
    assert facts["生成时间"] == "2026-03-05 16:30（北京时间）"
    assert facts["内容哈希（SHA-256）"] == ledger.digest(ROWS)
    assert ledger.digest(ROWS) != ledger.digest(ROWS[1:])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_cells_stay_text(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    text = HOSTILE[name]
    ledger.write([risk(1, problem=text, unit=text, severity=text)], LEDGER, path)
    main = openpyxl.load_workbook(path)["风险预警台账"]
    for title in ("隐患描述", "单位", "风险等级"):
        cell = main.cell(2, at(title))
        assert cell.data_type == "s" and cell.value == words.clean(text)
        assert cell.quotePrefix == text.startswith(("=", "+", "-", "@"))
    parts = zipfile.ZipFile(path)
    assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    assert not any("externalLink" in n or "vbaProject" in n for n in parts.namelist())
    assert not any(cell.hyperlink for row in main.iter_rows() for cell in row)


def test_long_cells_are_cut_with_a_remark(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    ledger.write([risk(1, problem=LONG, evidence="x" * 40_000)], LEDGER, path)
    main = openpyxl.load_workbook(path)["风险预警台账"]
    assert main.cell(2, at("隐患描述")).value == LONG
    cut = main.cell(2, at("证据")).value
    assert (
        isinstance(cut, str)
        and len(cut) == sheet.LIMIT
        and cut.endswith("…（已截断，原文40000字）")
    )
    assert main.row_dimensions[2].height <= 150


def test_empty_ledger_opens_and_same_rows_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    ledger.write([], LEDGER, first)
    about = openpyxl.load_workbook(first)["说明"]
    assert "共 0 条" in [cell.value for row in about.iter_rows() for cell in row]
    ledger.write(ROWS, LEDGER, first)
    ledger.write(ROWS, LEDGER, second)
    assert first.read_bytes() == second.read_bytes()


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    class Many(list[tuple[str]]):
        def __len__(self) -> int:
            return sheet.ROWS + 1

    grid = sheet.Grid("表", (sheet.SheetColumn("甲"),), Many())
    with pytest.raises(ValueError, match="do not fit"):
        sheet.write(tmp_path / "a.xlsx", [grid], sheet.Properties("", "", MADE))
