"""The answer workbook as it comes back: whose it is, what was filled in, what is missing. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from tlsec import workbook_guard
from tlsec.assess.workbook_layout import COLUMNS, COVER, FORMAT, HIDDEN, KEYS, WIDTH, Key, Saying
from tlsec.i18n import _, in_every_language, listed
from tlsec.marked_yaml import Fault, Faulty

MAX_ROWS = 20_000
MAX_FAULTS = 500
_FILL = tuple(column.name for column in COLUMNS if column.fill)
_AT = {column.name: at for at, column in enumerate(COLUMNS, 1)}


@dataclass(frozen=True, slots=True)
class Filled:
    """A row that went out, as it came back. `where`: file, sheet and row of it."""

    sheet: str
    number: int
    system: str
    key: Key
    saying: Saying
    file: str

    def where(self, column: str = "answer") -> str:
        return f"{self.file} {self.sheet}!{get_column_letter(_AT[column])}{self.number}"


@dataclass
class Book:
    """A workbook of ours. `deleted`: rows that went out and did not come back, (system, question, object)."""

    path: Path
    issue: str
    unit: str
    sheets: dict[str, str] = field(default_factory=dict)  # name → system
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    rows: list[Filled] = field(default_factory=list)
    deleted: list[tuple[str, str, str]] = field(default_factory=list)


def read(path: Path) -> Book:
    """Read it in one pass. Raises Faulty with every fault that makes it not ours or not safe to take."""
    workbook_guard.check(path)
    try:
        loaded = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except (
        InvalidFileException,
        KeyError,
        ValueError,
        TypeError,
        SyntaxError,
        AttributeError,
    ) as error:
        raise Faulty([workbook_guard.unreadable(path)]) from error
    try:
        return _Reader(path, loaded).read()
    except (SyntaxError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise Faulty(
            [workbook_guard.unreadable(path)]
        ) from error  # parts that contradict each other
    finally:
        loaded.close()


class _Reader:
    def __init__(self, path: Path, loaded: Any) -> None:
        self._path, self._loaded = path, loaded
        self._faults: list[Fault] = []

    def read(self) -> Book:
        book = self._identity()
        names = self._loaded.sheetnames
        known = {*book.sheets, HIDDEN, *in_every_language(COVER)}
        strange = [name for name in names if name not in known]
        gone = [name for name in book.sheets if name not in names]
        for name in gone:
            message = _("没有工作表“{name}”，却有“{others}”：请改回原名")
            if not strange:
                message = _("没有工作表“{name}”：请用发出的工作簿填写")
            self._fault("", message.format(name=name, others=listed(strange)))
        if strange and not gone:
            message = _("多出的工作表“{others}”，请删去")
            self._fault("", message.format(others=listed(strange)))
        for name in names:
            if name in book.sheets:
                self._sheet(book, name)
            elif name != HIDDEN:
                for _number, _texts in self._texts(name):
                    pass  # nothing is taken from it, but formulas in it are faults
        if self._faults:
            raise Faulty(self._faults[:MAX_FAULTS])
        came = {(row.system, row.key.question, row.key.object) for row in book.rows}
        book.deleted = [each for each in book.sent if each not in came]
        return book

    def _fault(self, where: str, message: str) -> None:
        self._faults.append(Fault(f"{self._path} {where}".rstrip(), message))

    def _identity(self) -> Book:
        """The hidden sheet. Without it the workbook is not ours, and nothing else is said of it."""
        book = Book(self._path, "", "")
        foreign = Faulty([Fault(str(self._path), _("不是本工具发出的答题工作簿"))])
        if HIDDEN not in self._loaded.sheetnames:
            raise foreign
        for _number, texts in self._texts(HIDDEN):
            name, first, second, third = texts[:4]
            if name == "format" and first != FORMAT:
                raise foreign
            if name == "issue":
                book.issue = first
            elif name == "unit":
                book.unit = first
            elif name == "sheet":
                book.sheets[first] = second
            elif name == "row":
                book.sent.append((first, second, third))
        if not book.issue or not book.sheets:
            raise foreign
        return book

    def _texts(self, name: str) -> Iterator[tuple[int, list[str]]]:
        """Every row of a sheet as texts; formulas and error values become faults."""
        sheet = self._loaded[name]
        if not hasattr(sheet, "iter_rows"):  # a chart sheet
            return
        for number, cells in enumerate(
            sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=WIDTH + 20), 1
        ):
            if number > MAX_ROWS or len(self._faults) > MAX_FAULTS:
                self._fault(name, _("行数或错误过多，不再往下读"))
                return
            texts = [self._text(name, number, at, cell) for at, cell in enumerate(cells, 1)]
            yield number, texts + [""] * (WIDTH - len(texts))

    def _text(self, sheet: str, number: int, at: int, cell: Any) -> str:
        value = cell.value
        if value is None:
            return ""
        if cell.data_type in ("f", "e"):
            said = str(value) if isinstance(value, str) else "="
            message = _("公式与错误值不予执行，请改为文字（{value}）").format(value=said[:40])
            self._fault(f"{sheet}!{get_column_letter(at)}{number}", message)
            return ""
        if isinstance(value, datetime):
            return value.date().isoformat()
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        text = unescape(value) if isinstance(value, str) else str(value)
        return text.replace("\r\n", "\n").replace("\r", "\n").strip()

    def _sheet(self, book: Book, name: str) -> None:
        system = book.sheets[name]
        first = True
        seen: dict[Key, Saying] = {}
        for number, texts in self._texts(name):
            if first:
                first = False
                if not self._head(name, texts):
                    return
                continue
            row = self._row(book, name, system, number, texts)
            if row is None or seen.get(row.key) == row.saying:
                continue  # a copy of a row says nothing new
            seen[row.key] = row.saying
            book.rows.append(row)

    def _head(self, sheet: str, texts: list[str]) -> bool:
        """The columns stand where they stood."""
        good = True
        expected = [in_every_language(c.title) for c in COLUMNS] + [(key,) for key in KEYS]
        for at, allowed in enumerate(expected, 1):
            if texts[at - 1] not in allowed:
                message = _("列标题应为“{name}”：请不要增删或移动列").format(name=_(allowed[0]))
                self._fault(f"{sheet}!{get_column_letter(at)}1", message)
                good = False
                break
        return good

    def _row(
        self, book: Book, sheet: str, system: str, number: int, texts: list[str]
    ) -> Filled | None:
        saying = Saying(*(texts[_AT[name] - 1] for name in _FILL))
        hidden = texts[len(COLUMNS) : WIDTH]
        where = f"{sheet}!A{number}"
        if not any(hidden):
            if not saying.empty:
                self._fault(where, _("这一行不是发出的，认不出是哪个问题；请填在原来的行里"))
            return None
        question, version, object_, shown, newest, fingerprint = hidden
        try:
            key = Key(question, int(version), object_, int(shown), int(newest))
        except ValueError:
            self._fault(where, _("这一行的隐藏内容被改动，请用发出的工作簿重填"))
            return None
        if key.fingerprint(book.issue, system) != fingerprint:
            self._fault(where, _("这一行的隐藏内容被改动，或是从别的工作簿、别的系统粘贴来的"))
            return None
        return Filled(sheet, number, system, key, saying, str(self._path))
