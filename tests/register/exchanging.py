"""A desk that sends notices and workbooks out to units, fills them as people do, and takes them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.register.working import HOUR, NOW, an_item, taken_to
from tlsec.register.transitions import State

if TYPE_CHECKING:
    from tlsec.register.models import RiskItem

UNIT = "市住房公积金中心"
COLUMN = {
    "signer": "H", "signed": "I", "measure": "J", "done": "K", "evidence": "L", "obstacle": "M",
    "promise": "N",
}  # fmt: skip
LATER = NOW + 3 * HOUR


def confirmed(n: int = 1, unit: str = UNIT, port: int = 1, **more: Any) -> list[RiskItem]:
    return [taken_to(State.CONFIRMED, an_item(port=port + k, unit=unit, **more)) for k in range(n)]


def send(*names: str, now: datetime = NOW, mark: str = "岚数安", number: str = "") -> list[Any]:
    from tlsec.register import dispatch

    return [
        dispatch.issue(letter, mark, "卫承泽", now, number) for letter in dispatch.letters(names)
    ]


def fresh(item: RiskItem) -> RiskItem:
    item.refresh_from_db()
    return item


@dataclass
class Desk:
    """A desk that sends workbooks out, fills them as people do, and takes them back."""

    root: Path

    def export(self, unit: str = UNIT, name: str = "发出.xlsx", now: datetime = NOW) -> Path:
        from tlsec.register import exchange

        path = self.root / name
        exchange.write(unit, path, "卫承泽", now)
        return path

    def fill(self, path: Path, *rows: dict[str, Any], name: str = "") -> Path:
        """Fill rows: {no: …, signer: …}; the row is found by its number."""
        book = openpyxl.load_workbook(path)
        sheet = book["待办"]
        numbers = {sheet.cell(n, 1).value: n for n in range(2, sheet.max_row + 1)}
        for row in rows:
            at = numbers[row["no"]]
            for column, value in row.items():
                if column != "no":
                    cell = sheet[f"{COLUMN[column]}{at}"]
                    cell.value = value
                    if isinstance(value, str):
                        cell.data_type = "s"
        target = self.root / (name or path.name)
        book.save(target)
        return target

    def take(self, *files: Path, **options: Any) -> Any:
        from tlsec.register import exchange_import

        now = options.pop("now", LATER)
        folder = options.pop("evidence", None)
        found = exchange_import.take_in(files, folder, "录入员", now, **options)
        return found[0] if len(files) == 1 else found

    def faults(self, *files: Path, **options: Any) -> list[str]:
        from tlsec.marked_yaml import Faulty
        from tlsec.register.models import Journal

        before = Journal.objects.count()
        with pytest.raises(Faulty) as error:
            self.take(*files, **options)
        assert Journal.objects.count() == before
        return [str(fault) for fault in error.value.faults]

    def file(self, name: str = "整改照片.png", text: bytes = b"picture") -> Path:
        path = self.root / name
        path.write_bytes(text)
        return path
