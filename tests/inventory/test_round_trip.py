"""Out and in again changes nothing, whichever form it takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tlsec.inventory.columns import table, tables
from tlsec.inventory.fields import read_end, read_start, read_text, write_moment
from tlsec.inventory.schema import Person, Row
from tlsec.inventory.sources import open_source, understand
from tlsec.inventory.xlsx_write import write_workbook
from tlsec.inventory.yaml_io import write_table

FORMULAS = ["=1+1", "+86", "-1", "@SUM(A1)", '=HYPERLINK("http://a.test")', "'=1", "\t=1"]


def _legal(text: str) -> bool:
    try:
        read_text(text)
    except Exception:
        return False
    return True


texts = st.text(max_size=40).filter(_legal) | st.sampled_from(
    [*FORMULAS, "_x0041_", "_x000D_", "a: b", "- a", "# a", "null", "~", "true", "0x1F", "1e3", "{a}",
     "[a", "&a", "*a", "!a", "%a", "a #b", "中，文：", "\u2028", "\x85", "a\r\nb", "\ufeff", "'", '"', "\\"]
)  # fmt: skip


def read_back(path: Path, name: str) -> list[Row]:
    faults: list[object] = []
    found = [understand(table(name), raw, faults) for raw in open_source(path).rows(name, faults)]  # type: ignore[arg-type]  # faults of any kind
    assert faults == []
    return [row for row in found if row is not None]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=12))
def test_any_text_survives_both_forms(pairs: list[tuple[str, str]]) -> None:
    people = [
        Person.model_validate(
            {"id": f"P{i}", "name": "名", "unit": "局", "role": role, "phone": phone}
        )
        for i, (role, phone) in enumerate(pairs)
    ]

    def rows(name: str) -> Iterator[Row]:
        return iter(people if name == "people" else [])

    with tempfile.TemporaryDirectory() as place:
        book = Path(place) / "a.xlsx"
        write_workbook(book, rows)
        assert read_back(book, "people") == people
        file = Path(place) / "people.yaml"
        with file.open("w", encoding="utf-8") as stream:
            write_table(stream, table("people"), people)
        assert read_back(file, "people") == people


@given(st.datetimes(min_value=__import__("datetime").datetime(1991, 1, 1)))
def test_moments_survive_to_the_minute(moment: object) -> None:
    start = read_start(moment).replace(second=0, microsecond=0)
    assert read_start(write_moment(start)) == start
    assert read_end(write_moment(start, end=True)) == start


def test_dates_are_days_of_the_city() -> None:
    assert read_start("2026-10-12").isoformat() == "2026-10-11T16:00:00+00:00"
    assert read_end("2026-10-24").isoformat() == "2026-10-24T16:00:00+00:00"
    assert read_end("2026-10-24 24:00") == read_end("2026-10-24")
    assert read_start("2026/1/2 8:05").isoformat() == "2026-01-02T00:05:00+00:00"


@pytest.mark.parametrize("form", ["out.xlsx", "out"])
def test_export_then_import_changes_nothing(city: Path, tmp_path: Path, form: str) -> None:
    from tlsec.inventory.exporter import export_register
    from tlsec.inventory.importer import import_register

    export_register(tmp_path / form)
    counts = import_register(tmp_path / form, prune=True)
    assert sum(count.unchanged for count in counts.values()) == 345
    assert all(not (n.created or n.changed or n.removed) for n in counts.values())


@pytest.mark.parametrize("form", ["out.xlsx", "out"])
def test_import_then_export_gives_the_same_files(
    city: Path, tmp_path: Path, form: str, register: None
) -> None:
    from django.apps import apps
    from django.db import transaction

    from tlsec.inventory.exporter import export_register
    from tlsec.inventory.importer import import_register

    export_register(tmp_path / form)
    export_register(tmp_path / "first")
    with transaction.atomic():
        for model in apps.get_app_config("inventory").get_models():
            found = model._default_manager.all()
            found._raw_delete(found.db)
    counts = import_register(tmp_path / form)
    assert sum(count.created for count in counts.values()) == 345
    export_register(tmp_path / "second")
    for name in tables():
        first, second = (tmp_path / n / f"{name}.yaml" for n in ("first", "second"))
        assert first.read_text() == second.read_text()


def test_workbook_helps_the_one_who_fills_it_in(city: Path, tmp_path: Path) -> None:
    from tlsec.inventory.exporter import export_register

    (path,) = export_register(tmp_path / "台账.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["说明", *(each.title for each in tables().values())]
    systems = book["定级对象"]
    assert systems["A1"].value == "编号*"
    assert systems["F2"].value.startswith("※业务信息 S、系统服务 A、系统等级 G。SxAyGz")
    assert systems.freeze_panes == "B3"
    rules = {str(rule.sqref): rule for rule in systems.data_validations.dataValidation}
    lists = {place.split(":")[0]: rule.formula1 for place, rule in rules.items()}
    assert lists["C3"] == "'单位'!$A$3:$A$20002"
    assert lists["L3"] == '"在用,变更,停用,回收"'
    assert {cell.number_format for cell in systems[3] if cell.value} == {"@"}
    assert all(cell.data_type == "s" for cell in systems[3] if cell.value)
