"""Workbooks of units that are not ours, or not safe, are refused whole and with every reason."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.register.exchanging import UNIT, Desk, confirmed, fresh, send
from tlsec.register.transitions import State

if TYPE_CHECKING:
    from tlsec.register.models import RiskItem


@pytest.fixture
def desk(tables: Path, tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def sent(desk: Desk) -> list[RiskItem]:
    """Three items of the unit that are out."""
    rows = confirmed(3)
    send(UNIT)
    return [fresh(row) for row in rows]


def edit(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Rewrite the parts of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def put(name: str, data: bytes) -> Callable[[Path], Path]:
    return lambda path: edit(path, lambda parts: parts.update({name: data}))


def bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", bytes(60 * 2**20))
    return path


def heavy(path: Path) -> Path:
    with path.open("ab") as stream:
        stream.truncate(50 * 2**20)
    return path


def text(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


def changed(change: Callable[[Any], None]) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)
        return path

    return write


def cell(place: str, value: str, sheet: str = "待办") -> Callable[[Path], Path]:
    return changed(lambda book: book[sheet].__setitem__(place, value))


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "macro": (put("xl/vbaProject.bin", b"x"), "含有宏"),
    "xlsm": (lambda path: path.rename(path.with_suffix(".xlsm")), "不收 .xlsm"),
    "external": (put("xl/externalLinks/externalLink1.xml", b"<a/>"), "指向其他文件的链接"),
    "embedded": (put("xl/embeddings/oleObject1.bin", b"x"), "嵌入的对象"),
    "connection": (put("xl/connections.xml", b"<a/>"), "数据连接"),
    "zip bomb": (bomb, "解压后超过"),
    "50 MB": (heavy, "超过 20 MB"),
    "doctype": (put("xl/styles.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'), "文档类型"),
    "locked": (text(b"\xd0\xcf\x11\xe0" + bytes(600)), "加了密码"),
    "not a zip": (text(b"hello"), "不是能读的"),
    "empty": (text(b""), "不是能读的"),
    "broken xml": (put("xl/worksheets/sheet2.xml", b"<worksheet>"), "不是能读的"),
    "foreign": (changed(lambda book: book.remove(book["_tlsec"])), "不是本工具发出的"),
    "answers": (cell("B1", "tlsec-answers/1", "_tlsec"), "不是本工具发出的"),
    "other issue": (cell("B2", "TZ-20260101-00000000", "_tlsec"), "从别的工作簿"),
    "other unit": (cell("B3", "市医保局", "_tlsec"), "不是本工作区发出的"),
    "renamed sheet": (changed(lambda book: setattr(book["待办"], "title", "我的")), "改了名的工作表"),
    "more sheets": (changed(lambda book: book.create_sheet("草稿")), "多出或改了名的工作表“草稿”"),
    "formula": (cell("H2", "=1+1"), "待办!H2: 公式"),
    "formula on the cover": (cell("D9", "=NOW()", "说明"), "说明!D9: 公式"),
    "error value": (cell("J3", "#REF!"), "待办!J3: 公式"),
    "moved column": (changed(lambda book: book["待办"].delete_cols(2)), "待办!B1: 列标题应为"),
    "changed version": (cell("P2", "99"), "隐藏内容被改动"),
    "version of letters": (cell("P2", "x"), "隐藏内容被改动"),
    "changed number": (cell("A2", "YJ-2026-09999"), "编号与隐藏内容不符"),
    "number of another": (
        changed(lambda b: (b["待办"].__setitem__("A2", "YJ-1"), b["待办"].__setitem__("O2", "YJ-1"))[0]),
        "隐藏内容被改动",
    ),
    "pasted row": (cell("Q2", "TZ-20260101-00000000"), "从别的工作簿粘贴"),
    "new row": (cell("H9", "周若川"), "这一行不是发出的"),
    "long text": (cell("J2", "长" * 2001), "超过 2000 个字"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_workbooks_are_refused_whole(desk: Desk, sent: list[RiskItem], kind: str) -> None:
    change, what = HOSTILE[kind]
    good = desk.fill(desk.export(), {"no": sent[2].no, "signer": "周若川"}, name="好.xlsx")
    path = change(Path(shutil.copy(good, desk.root / "坏.xlsx")))
    found = desk.faults(good, path)
    assert any(what in each for each in found), found
    assert all(each.startswith(str(path)) for each in found)
    assert fresh(sent[2]).state == State.DISPATCHED


def test_the_wrong_unit_a_missing_file_and_a_foreign_workspace(
    desk: Desk, sent: list[RiskItem]
) -> None:
    from tlsec.register.models import Journal

    path = desk.export()
    (fault,) = desk.faults(path, unit="市医保局")
    assert f"发给 {UNIT} 的工作簿，不是 市医保局 的" in fault
    assert "没有这个文件" in desk.faults(desk.root / "无.xlsx")[0]
    Journal.objects.filter(command="exchange.export").delete()
    assert "不是本工作区发出的" in desk.faults(path)[0]


def test_a_row_twice_with_two_contents_is_refused(desk: Desk, sent: list[RiskItem]) -> None:
    def twice(book: Any) -> None:
        sheet = book["待办"]
        row = [c.value for c in sheet[2]]
        row[7] = "李四"
        sheet.append(row)

    path = changed(twice)(desk.export())
    assert any("有两行" in each for each in desk.faults(path))
