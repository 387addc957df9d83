"""Reports of scanners and notices of superiors as CSV or XLSX, read through a mapping file.

A file comes from anybody: it is bounded before it is unpacked, formulas, macros and links are refused, and
all its faults are told at once with row and column. A faulty file is not taken in part. What a report does
not list any more says nothing: only what it lists becomes an event.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from tlsec import workbook_guard
from tlsec.i18n import _, listed
from tlsec.ingest import mapping, times
from tlsec.ingest.event import Event, Parsed, Rejected
from tlsec.ingest.mapping import Fields, Map, Pick
from tlsec.ingest.parsing import numbered
from tlsec.ingest.reading import Reading, text_of
from tlsec.marked_yaml import Fault, Faulty

MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL = 32_767  # characters a cell of a workbook can hold
MAX_FAULTS = 500
_DAMAGED = (SyntaxError, KeyError, ValueError, TypeError, AttributeError, IndexError, EOFError)


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    cells: Sequence[str]


def read(path: Path, reading: Reading) -> list[Parsed]:
    """Every row as an event, or left where the map says so. Raises Faulty with all faults."""
    found = reading.map
    if found is None or found.format != "table":
        text = _("来源 {id} 没有表格对照文件").format(id=reading.source)
        raise Faulty([Fault(str(path), text)])
    faults: list[Fault] = []
    digest = _digest(path)
    rows = _rows(path, found, faults)
    parsed = _Sheet(path, found, reading, faults).events(rows)
    if faults:
        raise Faulty(faults[:MAX_FAULTS])
    return numbered(parsed, digest)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:32]


def _rows(path: Path, found: Map, faults: list[Fault]) -> Iterator[_Row]:
    if path.suffix.lower() == ".csv":
        return _csv(path)
    if path.suffix.lower() == ".xlsx":
        return _xlsx(path, found, faults)
    raise Faulty([Fault(str(path), _("只接受 .csv 或 .xlsx"))])


def _csv(path: Path) -> Iterator[_Row]:
    if path.stat().st_size > workbook_guard.MAX_FILE:
        message = _("文件过大，上限 {mb} MB").format(mb=workbook_guard.MAX_FILE // 2**20)
        raise Faulty([Fault(str(path), message)])
    text = text_of(path.read_bytes()).lstrip("\ufeff").replace("\0", "")
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=mark)
    try:
        for cells in reader:
            yield _Row(reader.line_num, [cell[:MAX_CELL].strip() for cell in cells[:MAX_COLUMNS]])
    except csv.Error as error:
        where = f"{path}:{reader.line_num}"
        raise Faulty([Fault(where, _("CSV 写法不对（{error}）").format(error=error))]) from error


def _xlsx(path: Path, found: Map, faults: list[Fault]) -> Iterator[_Row]:
    workbook_guard.check(path)
    try:
        book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, *_DAMAGED) as error:
        raise Faulty([workbook_guard.unreadable(path)]) from error
    try:
        sheet = book[found.sheet] if found.sheet in book.sheetnames else book.worksheets[0]
        if found.sheet and found.sheet not in book.sheetnames:
            text = _("没有“{name}”这张表，只有 {titles}")
            shown = text.format(name=found.sheet, titles=listed(book.sheetnames))
            raise Faulty([Fault(str(path), shown)])
        ranged = sheet.iter_rows(max_row=MAX_ROWS + found.header_row + 1, max_col=MAX_COLUMNS)
        for number, cells in enumerate(ranged, 1):
            yield _Row(
                number, [_cell(path, number, at, c, faults) for at, c in enumerate(cells, 1)]
            )
    except _DAMAGED as error:  # parts that contradict each other
        raise Faulty([workbook_guard.unreadable(path)]) from error
    finally:
        book.close()


def _cell(path: Path, number: int, at: int, cell: Any, faults: list[Fault]) -> str:
    """A cell as text; a formula or an error value is a fault, never a value."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in ("f", "e"):
        text = _("公式与错误值不予执行，请改为文字（{value}）").format(value=str(value)[:40])
        faults.append(Fault(f"{path}!{get_column_letter(at)}{number}", text))
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return (unescape(value) if isinstance(value, str) else str(value))[:MAX_CELL].strip()


class _Sheet:
    """One pass over the rows of one file."""

    def __init__(self, path: Path, found: Map, reading: Reading, faults: list[Fault]) -> None:
        self._path, self._map, self._reading, self._faults = path, found, reading, faults
        assert found.fields is not None  # a table's map has them
        self._fields: Fields = found.fields
        self._columns: dict[str, int] = {}

    def events(self, rows: Iterator[_Row]) -> list[Parsed]:
        parsed: list[Parsed] = []
        header = False
        for row in rows:
            if row.number < self._map.header_row:
                continue
            if not header:
                header = True
                if not self._header(row):
                    return []
                continue
            if row.number > MAX_ROWS + self._map.header_row or len(self._faults) >= MAX_FAULTS:
                self._fault(row, "", _("行数或错误过多，不再往下读"))
                break
            if any(row.cells):
                parsed += self._read(row)
        if not header:
            self._faults.append(Fault(str(self._path), _("没有表头")))
        return parsed

    def _header(self, row: _Row) -> bool:
        before = len(self._faults)
        for at, title in enumerate(row.cells):
            if title and title in self._columns:
                self._fault(row, title, _("列 {name} 重复").format(name=title))
            elif title:
                self._columns[title] = at
        for name, pick in _picks(self._fields):
            if pick.at and not any(title in self._columns for title in pick.at):
                text = _("没有“{titles}”这一列（对照的 {part} 要用）")
                shown = text.format(titles=listed(pick.at, "、"), part=name)
                self._fault(row, "", shown)
        return len(self._faults) == before

    def _read(self, row: _Row) -> list[Parsed]:
        def get(title: str) -> str:
            at = self._columns.get(title)
            return row.cells[at] if at is not None and at < len(row.cells) else ""

        values = {title: get(title) for title in self._columns}
        raw = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "replace"
        )
        one = mapping.record(self._map, get, raw, self._reading)
        if isinstance(one, Rejected):
            self._fault(row, self._title(self._fields.check), one.reason)
            return []
        if isinstance(one, Event):
            self._doubt(row, one, get)
        return [one]

    def _doubt(self, row: _Row, event: Event, get: mapping.Get) -> None:
        """What is written in a cell but cannot be what its column is for."""
        fields = self._fields
        for pick, empty, what in (
            (fields.address, not (event.address or event.host), _("不是地址或主机名")),
            (fields.host, not (event.address or event.host), _("不是地址或主机名")),
            (fields.port, not event.port, _("不是端口号")),
        ):
            text = pick.of(get) if pick else ""
            if pick and text and empty and text not in ("0", "-", "--"):
                self._fault(row, self._title(pick), f"{what}（{text[:40]}）")
        said = fields.time.of(get) if fields.time else ""
        if said and times.read(said, self._reading.zone, self._reading.received) is None:
            self._fault(
                row, self._title(fields.time), _("读不懂的时间（{text}）").format(text=said[:40])
            )

    def _title(self, pick: Pick | None) -> str:
        return next((t for t in pick.at if t in self._columns), "") if pick else ""

    def _fault(self, row: _Row, title: str, text: str) -> None:
        at = self._columns.get(title, 0) + 1
        where = f"{self._path}!{get_column_letter(at)}{row.number}"
        self._faults.append(Fault(where, f"{title}：{text}" if title else text))


def _picks(fields: Fields) -> Iterator[tuple[str, Pick]]:
    """Picks that name columns which have to be there."""
    for name in ("check", "title", "severity", "address", "host", "port", "time", "event_id"):
        pick = getattr(fields, name)
        if pick is not None:
            yield name, pick
    for name, pick in fields.locus.items():
        yield f"locus.{name}", pick
