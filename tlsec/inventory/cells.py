"""A row as plain values (YAML, JSON) and as texts of cells (sheets); the readers of fields.py read both back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from pydantic import BaseModel

from tlsec.i18n import _
from tlsec.inventory.choices import words
from tlsec.inventory.columns import Column, Table
from tlsec.inventory.fields import Kind, write_moment
from tlsec.inventory.schema import Row

Plain: TypeAlias = str | int | bool | list[Any] | dict[str, Any]


def plain_row(table: Table, row: Row) -> dict[str, Plain]:
    """Column name → plain value; what is empty or as usual is left out."""
    result: dict[str, Plain] = {}
    for column in table.columns:
        value = getattr(row, column.field)
        info = table.model.model_fields[column.field]
        if value in (None, "") or value == [] or value == {}:
            continue
        if not column.required and info.default is not None and value == info.default:
            continue
        result[column.name] = plain(column, value)
    return result


def plain(column: Column, value: Any) -> Plain:
    """One value as YAML and JSON show it."""
    if isinstance(value, datetime):
        return write_moment(value, end=column.cell.kind is Kind.END)
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, list):
        return [_page(item) if isinstance(item, BaseModel) else _bare(item) for item in value]
    result: Plain = value
    return result


def _bare(item: Any) -> Any:
    return str(item) if isinstance(item, StrEnum) else item


def _page(item: BaseModel) -> dict[str, Any]:
    return {key: value for key, value in item.model_dump().items() if value is not False}


def cell_text(column: Column, value: Any) -> str:
    """One value as a sheet shows it; every cell of a sheet is text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if column.cell.choice is not None:
        named = words(column.cell.choice)
        codes = value if isinstance(value, list) else [value]
        return "、".join(named[str(code)] for code in codes)
    if column.cell.kind is Kind.PAGES:
        return "\n".join(
            f"{page.path} {_('内部')}" if page.internal else page.path for page in value
        )
    if column.cell.kind is Kind.LOCATOR:
        return "; ".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(plain(column, value))
