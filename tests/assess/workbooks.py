"""A desk that sends workbooks out, fills them as people do, and takes them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.assess.answering import NOW

Q, REMOTE, PAPER = "ces.identity.unique", "ces.identity.remote", "pss.policy.written"
S05 = "S05 一人一档"
COLUMN = {"answer": "F", "note": "G", "evidence": "H", "by": "I", "on": "J"}


@dataclass
class Desk:
    root: Path
    inquiry: Any

    def export(self, *systems: str, name: str = "发出.xlsx", now: datetime = NOW) -> Path:
        from tlsec.assess import workbook
        from tlsec.inventory.models import System

        path = self.root / name
        rows = list(System.objects.filter(id__in=systems or ["S05"]).order_by("ordinal"))
        workbook.write(self.inquiry, rows[0].unit_id, rows, path, "王五", now, date(2026, 12, 10))
        return path

    def fill(self, path: Path, *rows: dict[str, Any], name: str = "", sheet: str = S05) -> Path:
        """Fill rows as a person would: {row: 2, answer: …, …}."""
        book = openpyxl.load_workbook(path)
        for row in rows:
            number = row.pop("row")
            for column, value in ({"by": "周若川", "on": "2026-11-23"} | row).items():
                cell = book[sheet][f"{COLUMN[column]}{number}"]
                cell.value = value
                if isinstance(value, str):
                    cell.data_type = "s"
        target = self.root / (name or path.name)
        book.save(target)
        return target

    def plan(self, *files: Path, **options: Any) -> Any:
        from tlsec.assess import workbook_import

        now = options.pop("now", NOW)
        evidence = options.pop("evidence", None)
        return workbook_import.plan(self.inquiry, files, evidence, now, **options)

    def take(self, *files: Path, **options: Any) -> Any:
        from tlsec.assess import intake

        outcomes = self.plan(*files, **options)
        for each in outcomes:
            intake.take_in(self.inquiry, each, "导入人", options.get("now", NOW))
        return outcomes[0] if len(outcomes) == 1 else outcomes

    def faults(self, *files: Path, **options: Any) -> list[str]:
        from tlsec.assess.models import Answer
        from tlsec.marked_yaml import Faulty

        before = Answer.objects.count()
        with pytest.raises(Faulty) as error:
            self.take(*files, **options)
        assert Answer.objects.count() == before
        return [str(fault) for fault in error.value.faults]

    def answer(self, question: str = Q, choice: str = "none", **more: Any) -> Any:
        from tlsec.assess import answers

        at = more.pop("at", NOW)
        made = answers.record(
            self.inquiry, "S05", question, choice, more.pop("by", "甲"), at, **more
        )
        answers.review(made.pk, "审", True, at)
        return made


def said() -> list[tuple[str, str, str, str]]:
    from tlsec.assess.models import Answer

    rows = Answer.objects.order_by("pk")
    return [(row.question, row.answer, row.by, row.note) for row in rows]
