"""Rows in bulk under the ORM: executemany for inserts that leave what is there alone, and for updates."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models

CHUNK = 2000
AT_ONCE = 500  # values in one query


def insert(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows given by attribute name (`run_id` for a foreign key). Existing keys are left alone."""
    fields: Sequence[models.Field[Any, Any]] = [
        f for f in model._meta.local_concrete_fields if not f.primary_key or not f.has_default()
    ]
    fields = [f for f in fields if not isinstance(f, models.AutoField | models.BigAutoField)]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(f.column)) for f in fields)
    marks = ", ".join(["%s"] * len(fields))
    table = quote(model._meta.db_table)
    sql = f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
    plain = [_Plain(f) for f in fields]
    _many(sql, (tuple(each(row) for each in plain) for row in rows))


def update(model: type[models.Model], key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set columns of rows found by `key`. All rows name the same columns, the first says which."""
    if not rows:
        return
    quote = connection.ops.quote_name
    fields = {f.attname: f for f in model._meta.local_concrete_fields}
    named = [name for name in rows[0] if name != key]
    sets = ", ".join(f"{quote(str(fields[name].column))} = %s" for name in named)
    where = quote(str(fields[key].column))
    sql = f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE {where} = %s"  # noqa: S608
    plain = [_Plain(fields[name]) for name in (*named, key)]
    _many(sql, (tuple(each(row) for each in plain) for row in rows))


def lock(name: str) -> None:
    """One writer of this name at a time until the transaction ends; SQLite has but one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])


def chunks(values: Iterable[Any]) -> Iterable[list[Any]]:
    """Values in lists that fit one query."""
    held = list(values)
    return (held[at : at + AT_ONCE] for at in range(0, len(held), AT_ONCE))


def _many(sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
    chunk: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK:
                cursor.executemany(sql, chunk)
                chunk = []
        if chunk:
            cursor.executemany(sql, chunk)


class _Plain:
    """One column's value of a row, as the database takes it. Plain values go through as they are."""

    def __init__(self, field: models.Field[Any, Any]) -> None:
        self._field, self._name = field, field.attname
        self._json = isinstance(field, models.JSONField)
        self._times: dict[datetime, Any] = {}  # most rows of a batch share their times

    def __call__(self, row: Mapping[str, Any]) -> Any:
        value = row[self._name] if self._name in row else self._field.get_default()
        if value is None:
            return None
        if self._json:
            return json.dumps(value, ensure_ascii=False)
        if type(value) in (str, int, float, bool):
            return value
        if not isinstance(value, datetime):
            return self._field.get_db_prep_save(value, connection)
        if value not in self._times:
            at = value.astimezone(UTC)
            self._times[value] = self._field.get_db_prep_save(at, connection)
        return self._times[value]
