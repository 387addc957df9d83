"""Numbers of reports as stored queries: each can be asked again, and its digest says of which rows it was.

A query is plain data: {"table": "register.RiskItem", "where": [{lookup: value}, …], "of": "id"}. Rows match
when they match any of the mappings in `where`; times are ISO text; a value may be a query itself, for
`__in`. `sum`: a column to add up instead of counting rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db.models import Model, Q, QuerySet

from tlsec.register.journal import canonical

Query = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Number:
    """What a query said: the value, how many rows, and the SHA-256 over the query and the rows' keys."""

    value: int
    query: Query
    rows: int
    digest: str

    def data(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "query": self.query,
            "rows": self.rows,
            "digest": self.digest,
        }


def query(table: str, *where: Mapping[str, Any], of: str = "id", sum_: str = "") -> Query:
    """A query over a table by app and name; no `where` is every row."""
    made: Query = {"table": table, "where": [_plain(each) for each in where] or [{}], "of": of}
    return made | {"sum": sum_} if sum_ else made


def _plain(where: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _text(value) for key, value in sorted(where.items())}


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return sorted(value) if isinstance(value, set | frozenset) else value


def rows(asked: Query) -> QuerySet[Any]:
    """The rows of a query. Raises LookupError for a table that is not there."""
    model: type[Model] = apps.get_model(asked["table"])
    match = Q()
    for each in asked["where"]:
        match |= Q(**{key: _asked(value) for key, value in each.items()})
    return model._default_manager.filter(match)


def _asked(value: Any) -> Any:
    if isinstance(value, dict) and "table" in value:
        return rows(value).values(value["of"])
    return value


def ask(asked: Query) -> Number:
    """The number that a query says now."""
    of, added = asked["of"], asked.get("sum", "")
    columns = (of, added) if added else (of,)
    found = rows(asked).order_by(*columns).values_list(*columns)
    found = found if added else found.distinct()
    digest = hashlib.sha256(canonical(asked).encode())
    n = total = 0
    for row in found.iterator(chunk_size=2000):
        digest.update(canonical([_text(cell) for cell in row]).encode())
        n += 1
        total += (row[1] or 0) if added else 1
    return Number(total, asked, n, digest.hexdigest())


def again(stored: Mapping[str, Any]) -> tuple[int, bool]:
    """What a stored number says now, and whether it is still of the same rows."""
    number = ask(stored["query"])
    return number.value, number.digest == stored["digest"]


def digest(numbers: Mapping[str, Mapping[str, Any]], facts: Any) -> str:
    """SHA-256 over all numbers and lists of a report."""
    return hashlib.sha256(canonical([dict(numbers), facts]).encode()).hexdigest()
