"""The register from one XLSX workbook, streaming, with every cell taken as text.

A workbook comes from anybody: its size is looked at before it is unpacked, document types and formulas are
refused, external links and macros are never followed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from tlsec.i18n import N_, _, in_every_language, listed
from tlsec.inventory.columns import Table, table, table_named, tables
from tlsec.inventory.sources import MAX_FAULTS, MAX_ROWS, RawRow, Steps
from tlsec.marked_yaml import Fault, Faulty

MAX_UNPACKED = 50 * 2**20
MAX_PARTS = 1000
COVER = N_("说明")  # the sheet that explains the workbook; never read
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)")
NOTE = "※"  # first character of the notes row under a header


class Workbook:
    """One workbook, a sheet a table. Raises Faulty when it is none, too large or has unknown sheets."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        _guard(path)
        book = self._open()
        try:
            self._sheets = self._match(book.sheetnames)
        finally:
            book.close()

    def _open(self) -> Any:
        try:
            return load_workbook(self._path, read_only=True, data_only=False, keep_links=False)
        except (InvalidFileException, KeyError, ValueError, TypeError, SyntaxError) as error:
            raise Faulty([_unreadable(self._path)]) from error

    def _match(self, names: list[str]) -> dict[str, str]:
        sheets: dict[str, str] = {}
        faults = []
        for name in names:
            if name in in_every_language(COVER):
                continue
            found = table_named(name)
            where = f"{self.name} {name}"
            if found is None:
                titles = listed(each.title for each in tables().values())
                message = _("没有“{name}”这张表，只有 {titles}")
                faults.append(Fault(where, message.format(name=name, titles=titles)))
            elif found.name in sheets:
                faults.append(
                    Fault(where, _("与“{other}”是同一张表").format(other=sheets[found.name]))
                )
            else:
                sheets[found.name] = name
        if faults:
            raise Faulty(faults)
        return sheets

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(name for name in tables() if name in self._sheets)

    def rows(self, table: str, faults: list[Fault]) -> Iterator[RawRow]:
        """The rows of a sheet; empty ones are skipped."""
        book = self._open()
        try:
            sheet = book[self._sheets[table]]
            yield from _Reader(f"{self.name} {sheet.title}", table, faults).rows(sheet)
        except SyntaxError:
            faults.append(_unreadable(self._path))
        finally:
            book.close()


def _unreadable(path: Path) -> Fault:
    return Fault(str(path), _("不是能读的 XLSX 工作簿"))


def _guard(path: Path) -> None:
    """Refuse what would be too large once unpacked, or declares document types (entity bombs)."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            # zipfile never unpacks more of a part than its header declares, so the sum is a bound
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                message = _("解压后超过 {mb} MB，拒绝读取").format(mb=MAX_UNPACKED // 2**20)
                raise Faulty([Fault(str(path), message)])
            for part in parts:
                if not part.filename.endswith((".xml", ".rels")):
                    continue
                with archive.open(part) as stream:
                    if _DOCTYPE.search(stream.read(4096).replace(b"\0", b"")):
                        raise Faulty([Fault(str(path), _("含有文档类型声明，拒绝读取"))])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise Faulty([_unreadable(path)]) from error


class _Reader:
    """One pass over one sheet."""

    def __init__(self, name: str, of: str, faults: list[Fault]) -> None:
        self._name = name
        self._table: Table = table(of)
        self._faults = faults
        self._columns: dict[int, str] = {}  # position from 1 → column name

    def rows(self, sheet: Any) -> Iterator[RawRow]:
        width = len(self._table.columns) + 20
        for number, cells in enumerate(sheet.iter_rows(max_row=MAX_ROWS + 3, max_col=width), 1):
            if number == 1:
                if not self._header(cells):
                    return
                continue
            if number > MAX_ROWS + 2 or len(self._faults) > MAX_FAULTS:
                self._faults.append(Fault(self._name, _("行数或错误过多，不再往下读")))
                return
            values = self._values(number, cells)
            if number == 2 and any(text.startswith(NOTE) for text in values.values()):
                continue
            if values:
                yield RawRow(number, values, partial(self._place, number))

    def _header(self, cells: Any) -> bool:
        before = len(self._faults)
        for position, cell in enumerate(cells, 1):
            title = self._text(1, position, cell)
            if not title:
                continue
            column = self._table.column(title)
            where = self._cell(1, position)
            if column is None:
                titles = listed(each.title for each in self._table.columns)
                message = _("没有“{name}”这一列，只有 {names}").format(name=title, names=titles)
                self._faults.append(Fault(where, message))
            elif column.name in self._columns.values():
                self._faults.append(Fault(where, _("列 {name} 重复").format(name=title)))
            else:
                self._columns[position] = column.name
        present = set(self._columns.values())
        for column in self._table.columns:
            if column.required and column.name not in present:
                message = _("缺少必填的列“{name}”").format(name=column.title)
                self._faults.append(Fault(self._cell(1, 1), message))
        return len(self._faults) == before

    def _values(self, number: int, cells: Any) -> dict[str, str]:
        values = {}
        for position, cell in enumerate(cells, 1):
            text = self._text(number, position, cell)
            if not text.strip():
                continue
            name = self._columns.get(position)
            if name is None:
                self._faults.append(Fault(self._cell(number, position), _("这一列没有标题")))
            else:
                values[name] = text
        return values

    def _text(self, number: int, position: int, cell: Any) -> str:
        """The cell as text; a formula or error value is a fault, never a value."""
        value = cell.value
        if value is None:
            return ""
        if cell.data_type in ("f", "e"):
            message = _("公式与错误值不予执行，请改为文字（{value}）").format(value=str(value)[:40])
            self._faults.append(Fault(self._cell(number, position), message))
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime):
            return (
                f"{value:%Y-%m-%d}"
                if value.time() == datetime.min.time()
                else f"{value:%Y-%m-%d %H:%M}"
            )
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return unescape(value) if isinstance(value, str) else str(value)

    def _cell(self, number: int, position: int) -> str:
        return f"{self._name}!{get_column_letter(position)}{number}"

    def _place(self, number: int, steps: Steps) -> str:
        wanted = steps[0] if steps else ""
        for position, name in self._columns.items():
            if name == wanted:
                return self._cell(number, position)
        return self._cell(number, 1)
