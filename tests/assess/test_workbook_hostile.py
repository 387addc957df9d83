"""Workbooks that are not ours, or not safe, are refused whole and with every reason."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.assess import answering
from tests.assess.workbooks import S05, Desk


@pytest.fixture
def desk(tables: Path, tmp_path: Path) -> Iterator[Desk]:
    answering.register()
    yield Desk(tmp_path, answering.inquiry(tmp_path))


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


def swap(name: str, old: bytes, new: bytes) -> Callable[[Path], Path]:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new)

    return lambda path: edit(path, change)


def bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", bytes(60 * 2**20))
    return path


def heavy(path: Path) -> Path:
    with path.open("ab") as stream:
        stream.truncate(50 * 2**20)
    return path


def renamed(suffix: str) -> Callable[[Path], Path]:
    return lambda path: path.rename(path.with_suffix(suffix))


def text(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


def in_sheet(change: Callable[[Any], None]) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)
        return path

    return write


SHEET = "xl/worksheets/sheet2.xml"
HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "macro": (put("xl/vbaProject.bin", b"x"), "含有宏"),
    "macro elsewhere": (put("xl/other/VBAPROJECT.bin", b"x"), "含有宏"),
    "macro type": (
        swap("[Content_Types].xml", b"sheet.main+xml", b"macroEnabled.main+xml"), "含有宏",
    ),
    "xlsm": (renamed(".xlsm"), "不收 .xlsm"),
    "xls": (renamed(".xls"), "不收 .xls"),
    "external": (put("xl/externalLinks/externalLink1.xml", b"<a/>"), "指向其他文件的链接"),
    "embedded": (put("xl/embeddings/oleObject1.bin", b"x"), "嵌入的对象"),
    "connection": (put("xl/connections.xml", b"<a/>"), "数据连接"),
    "zip bomb": (bomb, "解压后超过"),
    "50 MB": (heavy, "超过 20 MB"),
    "doctype": (swap(SHEET, b"<worksheet", b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet'), "文档类型"),
    "late doctype": (
        swap(SHEET, b"<worksheet", b"<!--" + b"x" * 9000 + b"--><!DOCTYPE a><worksheet"), "文档类型",
    ),
    "odd encoding": (
        swap(SHEET, b"<worksheet", b'<?xml version="1.0" encoding="cp037"?><worksheet'), "不明编码",
    ),
    "locked": (text(b"\xd0\xcf\x11\xe0" + bytes(600)), "加了密码"),
    "not a zip": (text(b"hello"), "不是能读的"),
    "empty": (text(b""), "不是能读的"),
    "broken xml": (swap(SHEET, b"</worksheet>", b"</work"), "不是能读的"),
    "no sheets": (swap("xl/workbook.xml", b"<sheets>", b"<nothing>"), "不是能读的"),
    "foreign": (in_sheet(lambda book: book.remove(book["_tlsec"])), "不是本工具发出的"),
    "other format": (
        in_sheet(lambda book: book["_tlsec"].__setitem__("B1", "tlsec-answers/9")), "不是本工具发出的",
    ),
    "other place": (
        in_sheet(lambda book: book["_tlsec"].__setitem__("B2", "WB-1")), "从别的工作簿",
    ),
    "renamed sheet": (in_sheet(lambda book: setattr(book[S05], "title", "我的表")), "请改回原名"),
    "lost sheet": (in_sheet(lambda book: book.remove(book[S05])), "没有工作表"),
    "more sheets": (in_sheet(lambda book: book.create_sheet("草稿")), "多出的工作表“草稿”"),
    "formula": (in_sheet(lambda book: book[S05].__setitem__("G2", "=1+1")), f"{S05}!G2: 公式"),
    "formula on the cover": (
        in_sheet(lambda book: book["说明"].__setitem__("D9", "=NOW()")), "说明!D9: 公式",
    ),
    "error value": (in_sheet(lambda book: book[S05].__setitem__("G3", "#REF!")), f"{S05}!G3: 公式"),
    "moved column": (in_sheet(lambda book: book[S05].delete_cols(2)), f"{S05}!B1: 列标题应为"),
    "changed key": (in_sheet(lambda book: book[S05].__setitem__("M2", "7")), f"{S05}!A2: 这一行的隐藏"),
    "key of letters": (in_sheet(lambda book: book[S05].__setitem__("M2", "x")), f"{S05}!A2: 这一行的隐"),
    "new row": (in_sheet(lambda book: book[S05].__setitem__("F9", "A")), f"{S05}!A9: 这一行不是发出的"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_workbooks_are_refused_whole(desk: Desk, kind: str) -> None:
    change, what = HOSTILE[kind]
    good = desk.fill(desk.export(), {"row": 4, "answer": "B"}, name="好.xlsx")
    path = shutil.copy(good, desk.root / "坏.xlsx")
    path = change(Path(path))
    found = desk.faults(good, path)
    assert any(what in each for each in found), found
    assert all(each.startswith(str(path)) for each in found)


def test_all_faults_come_at_once(desk: Desk) -> None:
    path = desk.export()
    book = openpyxl.load_workbook(path)
    for place in ("F2", "G3", "H4"):
        book[S05][place] = "=1+1"
    book[S05]["M3"] = "9"
    book.save(path)
    assert len(desk.faults(path)) == 4


def test_rows_pasted_from_another_system_are_refused(desk: Desk) -> None:
    path = desk.export("S02", "S05")
    book = openpyxl.load_workbook(path)
    for at in range(12, 18):
        book[S05].cell(2, at).value = book["S02 政务服务网"].cell(2, at).value
    book.save(path)
    (fault,) = desk.faults(path)
    assert f"{S05}!A2" in fault and "粘贴" in fault


def test_a_workbook_of_another_workspace_or_unit_is_refused(desk: Desk) -> None:
    from tlsec.inventory.models import System
    from tlsec.register.models import Journal

    path = desk.export()
    (fault,) = desk.faults(path, unit="卫健委")
    assert "发给 数据局 的工作簿，不是 卫健委 的" in fault
    System.objects.filter(id="S05").update(unit="卫健委")
    (fault,) = desk.faults(path)
    assert f"{path} {S05}" in fault and "属于 卫健委" in fault
    Journal.objects.all().delete()
    (fault,) = desk.faults(path)
    assert "不是本工作区发出的" in fault
