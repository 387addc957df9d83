"""Between the rows of schema.py and the tables of models.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Any

from django.db import models as db
from pydantic import BaseModel

from tlsec.inventory import models
from tlsec.inventory.schema import TABLES, Allocation, Asset, Endpoint, Row, System

MODELS: dict[str, type[models.Register]] = {
    "units": models.Unit,
    "people": models.Person,
    "zones": models.Zone,
    "flows": models.FlowRule,
    "systems": models.System,
    "assets": models.Asset,
    "endpoints": models.Endpoint,
    "allocations": models.Allocation,
    "scopes": models.Scope,
    "vantages": models.Vantage,
    "resolvers": models.Resolver,
    "domains": models.Domain,
    "waivers": models.Waiver,
    "secret_systems": models.SecretSystem,
}
CHUNK = 1000


def hex_of(address: str) -> str:
    """An address as 32 hex digits that sort as addresses do; IPv4 in its mapped form."""
    ip = ip_address(address)
    return f"{int(ip) | (0xFFFF << 32 if ip.version == 4 else 0):032x}"


def hex_range(block: str) -> tuple[str, str]:
    """First and last address of a block, as hex_of writes them."""
    network = ip_network(block)
    return hex_of(str(network[0])), hex_of(str(network[-1]))


def attribute(field: str) -> str:
    """The model's name of a row's field."""
    return "check_id" if field == "check" else field


def values_of(row: Row) -> dict[str, Any]:
    """A row as column values (`unit_id`, not `unit`) of its database table, without the ordinal."""
    model = MODELS[row.table]
    values: dict[str, Any] = {}
    for name in type(row).model_fields:
        field: Any = model._meta.get_field(attribute(name))
        values[field.attname] = _stored(getattr(row, name))
    if isinstance(row, System):
        values["grade_s"], values["grade_a"], values["level"] = _grade(row.grade)
    if isinstance(row, Endpoint):
        values["key"] = row.key
        values["hex"] = hex_of(row.address)
    return values


def _stored(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, list):
        return [
            item.model_dump() if isinstance(item, BaseModel) else _stored(item) for item in value
        ]
    return value


def _grade(grade: str | None) -> tuple[int | None, int | None, int | None]:
    return (int(grade[1]), int(grade[3]), int(grade[5])) if grade else (None, None, None)


def row_of(name: str, instance: Any) -> Row:
    """A database record as its row."""
    model = TABLES[name]
    values: dict[str, Any] = {}
    for field, info in model.model_fields.items():
        column: Any = MODELS[name]._meta.get_field(attribute(field))
        value = getattr(instance, column.attname)
        if value is not None:
            values[info.alias or field] = value
    return model.model_validate(values)


def rows(name: str, *only: db.Q) -> Iterator[Row]:
    """The rows of a table as their files had them, streaming; `only` those that match."""
    model: Any = MODELS[name]
    found = model.objects.filter(*only).order_by("ordinal", "pk")
    for instance in found.iterator(chunk_size=CHUNK):
        yield row_of(name, instance)


def condition(name: str, column: str, key: str) -> db.Q | None:
    """What keeps the rows of a zone, unit or county; None where the table has nothing of the kind.

    Assets without a unit of their own are their system's; endpoints are their asset's.
    """
    if column == "unit" and name in ("assets", "endpoints"):
        at = "" if name == "assets" else "asset__"
        return db.Q((f"{at}unit", key)) | db.Q((f"{at}unit", None), (f"{at}system__unit", key))
    if name == "endpoints":
        return db.Q((f"asset__{column}", key))
    return db.Q((column, key)) if column in TABLES[name].model_fields else None


def last_ordinal(name: str) -> int:
    """Where the last row of a table stands; 0 when it has none."""
    model: Any = MODELS[name]
    return model.objects.aggregate(last=db.Max("ordinal"))["last"] or 0


def write(name: str, fresh: Sequence[tuple[Row, int]], changed: Sequence[tuple[Row, int]]) -> None:
    """Insert and update rows, and what is looked up by them. Ordinals count for new rows only."""
    model: Any = MODELS[name]
    key = model._meta.pk.attname
    written = [*fresh, *changed]
    records = [model(ordinal=ordinal, **values_of(row)) for row, ordinal in written]
    fields = [field.attname for field in model._meta.concrete_fields if field.attname != key]
    names = [field.name for field in model._meta.concrete_fields if field.attname in fields]
    names.remove("ordinal")  # what is there already keeps its place
    model.objects.bulk_create(
        records, update_conflicts=True, unique_fields=[key], update_fields=names, batch_size=CHUNK
    )
    _write_lookups(name, [row for row, _ordinal in written], [row.key for row, _ordinal in changed])


def remove(name: str, keys: Sequence[str]) -> None:
    """Delete rows and what is looked up by them; rules have seen that nothing refers to them."""
    _forget_lookups(name, keys)
    model: Any = MODELS[name]
    for start in range(0, len(keys), CHUNK):
        _delete(model.objects.filter(pk__in=keys[start : start + CHUNK]))


def _write_lookups(name: str, written: Iterable[Row], stale: Sequence[str]) -> None:
    _forget_lookups(name, stale)
    if name == "assets":
        assets = [row for row in written if isinstance(row, Asset)]
        models.AssetAddress.objects.bulk_create(
            (
                models.AssetAddress(asset_id=row.id, hex=hex_of(address))
                for row in assets
                for address in row.addresses
            ),
            batch_size=CHUNK,
        )
        models.AssetHost.objects.bulk_create(
            (models.AssetHost(asset_id=row.id, host=host) for row in assets for host in row.hosts),
            batch_size=CHUNK,
        )
    elif name == "allocations":
        blocks = []
        for row in written:
            if isinstance(row, Allocation):
                for low, high in map(hex_range, row.blocks):
                    blocks.append(models.AllocationBlock(allocation_id=row.id, low=low, high=high))
        models.AllocationBlock.objects.bulk_create(blocks, batch_size=CHUNK)


def _forget_lookups(name: str, keys: Sequence[str]) -> None:
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        if name == "assets":
            _delete(models.AssetAddress.objects.filter(asset_id__in=some))
            _delete(models.AssetHost.objects.filter(asset_id__in=some))
        elif name == "allocations":
            _delete(models.AllocationBlock.objects.filter(allocation_id__in=some))


def _delete(found: db.QuerySet[Any]) -> None:
    """Without loading what goes; constraints are checked at commit."""
    found._raw_delete(found.db)
