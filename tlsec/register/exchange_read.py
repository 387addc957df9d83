"""A unit's workbook as it comes back: whose it is and what was filled in. Decides nothing, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from tlsec import workbook_guard
from tlsec.i18n import _, in_every_language, listed
from tlsec.marked_yaml import Fault, Faulty
from tlsec.register.exchange_layout import (
    AT,
    COLUMNS,
    COVER,
    FORMAT,
    HIDDEN,
    KEYS,
    SHEET,
    TIMES,
    WIDTH,
    Saying,
    same_time,
)

MAX_ROWS = 20_000
MAX_FAULTS = 500
_LONGEST = 2000  # characters of a cell that we take
_NOT_A_BOOK = (
    InvalidFileException, KeyError, ValueError, TypeError, SyntaxError, AttributeError, IndexError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filled:
    """A row as it came back. `version`: what its hidden cell says it went out with."""

    number: int
    no: str
    version: str
    saying: Saying
    file: str
    sheet: str

    def where(self, column: str = "no") -> str:
        return f"{self.file} {self.sheet}!{get_column_letter(AT[column])}{self.number}"


@dataclass
class Book:
    """A workbook of ours."""

    path: Path
    issue: str
    unit: str
    rows: list[Filled] = field(default_factory=list)


def read(path: Path) -> Book:
    """Read it in one pass. Raises Faulty with every fault that makes it not ours or not safe to take."""
    workbook_guard.check(path)
    try:
        loaded = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except _NOT_A_BOOK as error:
        raise Faulty([workbook_guard.unreadable(path)]) from error
    try:
        return _Reader(path, loaded).read()
    except _NOT_A_BOOK as error:  # parts that contradict each other
        raise Faulty([workbook_guard.unreadable(path)]) from error
    finally:
        loaded.close()


class _Reader:
    def __init__(self, path: Path, loaded: Any) -> None:
        self._path, self._loaded = path, loaded
        self._faults: list[Fault] = []

    def read(self) -> Book:
        book = self._identity()
        names = list(self._loaded.sheetnames)
        ours = [name for name in names if name in in_every_language(SHEET)]
        known = {*ours, HIDDEN, *in_every_language(COVER)}
        strange = [name for name in names if name not in known]
        if strange:
            message = _("多出或改了名的工作表“{others}”，请用发出的工作簿填写")
            self._fault("", message.format(others=listed(strange)))
        if len(ours) != 1:
            message = _("没有工作表“{name}”：请用发出的工作簿填写")
            self._fault("", message.format(name=_(SHEET)))
        for name in names:
            if name in ours and len(ours) == 1:
                self._sheet(book, name)
            elif name != HIDDEN:
                for _number, _texts in self._texts(name):
                    pass  # nothing is taken from it, but formulas in it are faults
        if self._faults:
            raise Faulty(self._faults[:MAX_FAULTS])
        return book

    def _fault(self, where: str, message: str) -> None:
        self._faults.append(Fault(f"{self._path} {where}".rstrip(), message))

    def _identity(self) -> Book:
        """The hidden sheet. Without it the workbook is not ours, and nothing else is said of it."""
        foreign = Faulty([Fault(str(self._path), _("不是本工具发出的整改反馈表"))])
        if HIDDEN not in self._loaded.sheetnames:
            raise foreign
        said = {texts[0]: texts[1] for _number, texts in self._texts(HIDDEN)}
        if said.get("format") != FORMAT or not said.get("issue") or not said.get("unit"):
            raise foreign
        return Book(self._path, said["issue"], said["unit"])

    def _texts(self, name: str) -> Iterator[tuple[int, list[str]]]:
        """Every row of a sheet as texts; formulas and error values become faults."""
        sheet = self._loaded[name]
        if not hasattr(sheet, "iter_rows"):  # a chart sheet
            return
        rows = sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=WIDTH + 20)
        for number, cells in enumerate(rows, 1):
            if number > MAX_ROWS or len(self._faults) > MAX_FAULTS:
                self._fault(name, _("行数或错误过多，不再往下读"))
                return
            texts = [self._text(name, number, at, cell) for at, cell in enumerate(cells, 1)]
            yield number, texts + [""] * (WIDTH - len(texts))

    def _text(self, sheet: str, number: int, at: int, cell: Any) -> str:
        value = cell.value
        if value is None:
            return ""
        where = f"{sheet}!{get_column_letter(at)}{number}"
        if cell.data_type in ("f", "e"):
            said = str(value) if isinstance(value, str) else "="
            message = _("公式与错误值不予执行，请改为文字（{value}）").format(value=said[:40])
            self._fault(where, message)
            return ""
        text = _plain(value)
        if len(text) > _LONGEST and at > len(COLUMNS) - 7:
            self._fault(where, _("超过 {n} 个字，请写短些").format(n=_LONGEST))
            return ""
        return text

    def _sheet(self, book: Book, name: str) -> None:
        rows = self._texts(name)
        head = next(rows, (0, [""] * WIDTH))[1]
        if not self._head(name, head):
            return
        seen: dict[str, Saying] = {}
        for number, texts in rows:
            row = self._row(book, name, number, texts)
            if row is None or seen.get(row.no) == row.saying:
                continue  # a copy of a row says nothing new
            if row.no in seen:
                text = _("{no} 有两行，内容不同，请只留一行").format(no=row.no)
                self._fault(f"{name}!A{number}", text)
                continue
            seen[row.no] = row.saying
            book.rows.append(row)

    def _head(self, sheet: str, texts: list[str]) -> bool:
        """The columns stand where they stood."""
        expected = [in_every_language(c.title) for c in COLUMNS] + [(key,) for key in KEYS]
        for at, allowed in enumerate(expected, 1):
            if texts[at - 1] not in allowed:
                message = _("列标题应为“{name}”：请不要增删或移动列").format(name=_(allowed[0]))
                self._fault(f"{sheet}!{get_column_letter(at)}1", message)
                return False
        return True

    def _row(self, book: Book, sheet: str, number: int, texts: list[str]) -> Filled | None:
        values = {c.name: texts[AT[c.name] - 1] for c in COLUMNS if c.fill}
        for name in TIMES:
            values[name] = same_time(values[name], end=name == "promise")
        saying = Saying.of(values)
        no, version, issue = texts[len(COLUMNS) : WIDTH]
        where = f"{sheet}!A{number}"
        if not (no or version or issue):
            if saying != Saying():
                self._fault(where, _("这一行不是发出的，认不出是哪一项；请填在原来的行里"))
            return None
        if issue != book.issue:
            message = _("这一行的隐藏内容被改动，或是从别的工作簿粘贴来的")
            self._fault(where, message)
            return None
        if texts[AT["no"] - 1] != no:
            self._fault(where, _("编号与隐藏内容不符，请用发出的工作簿重填"))
            return None
        return Filled(number, no, version, saying, str(self._path), sheet)


def _plain(value: Any) -> str:
    """A cell's value as text; times as cells of ours hold them."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M") if value.time() != clock_time() else _day(value)
    if isinstance(value, date):
        return _day(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = unescape(value) if isinstance(value, str) else str(value)
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _day(value: date) -> str:
    return value.strftime("%Y-%m-%d")
