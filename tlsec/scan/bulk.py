"""Rows in bulk under the ORM: executemany with "do nothing" on a conflict, so a repeat is harmless."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models

CHUNK = 2000


def insert(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows given by attribute name (`run_id` for a foreign key). Existing keys are left alone."""
    fields: Sequence[models.Field[Any, Any]] = [
        f for f in model._meta.local_concrete_fields if not f.primary_key or not f.has_default()
    ]
    fields = [f for f in fields if not isinstance(f, models.AutoField | models.BigAutoField)]
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(str(f.column)) for f in fields)
    marks = ", ".join(["%s"] * len(fields))
    sql = f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
    chunk: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for row in rows:
            chunk.append(tuple(_plain(f, row) for f in fields))
            if len(chunk) == CHUNK:
                cursor.executemany(sql, chunk)
                chunk = []
        if chunk:
            cursor.executemany(sql, chunk)


def _plain(field: models.Field[Any, Any], row: Mapping[str, Any]) -> Any:
    name = field.attname
    value = row[name] if name in row else field.get_default()
    if isinstance(field, models.JSONField):
        return None if value is None else json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime):
        value = value.astimezone(UTC)
    return field.get_db_prep_save(value, connection)
