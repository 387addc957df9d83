"""The session's register, emptied after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # noon in Asia/Shanghai


@pytest.fixture
def register(django: Path) -> Iterator[None]:
    """An empty register."""
    from django.apps import apps
    from django.db import connection, transaction

    yield
    with transaction.atomic(), connection.cursor() as cursor:
        for model in apps.get_app_config("inventory").get_models():
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The sample's inventory folder as of TODAY."""
    from tlsec.inventory.sample import write

    write(tmp_path / "city", TODAY)
    return tmp_path / "city" / "inventory"


@pytest.fixture
def city(register: None, sample: Path) -> Path:
    """The register holds the sample; its folder."""
    from tlsec.inventory.importer import import_register

    import_register(sample)
    return sample


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Write files by table name into a folder of their own."""

    def make(**files: str) -> Path:
        path = tmp_path / "given"
        path.mkdir(exist_ok=True)
        for name, text in files.items():
            (path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture
def django_queries(django: Path) -> Iterator[Callable[[], int]]:
    """How many queries have been sent so far."""
    from django.db import connection

    with_log = connection.force_debug_cursor
    connection.force_debug_cursor = True
    yield lambda: len(connection.queries_log)
    connection.force_debug_cursor = with_log
