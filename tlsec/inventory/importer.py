"""Bring a source into the register: everything or nothing, in one transaction, and say what it did."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q

from tlsec.inventory import store
from tlsec.inventory.checking import Reading
from tlsec.inventory.columns import tables
from tlsec.inventory.rules import Rules
from tlsec.inventory.schema import Row
from tlsec.inventory.sources import open_source
from tlsec.marked_yaml import Faulty


@dataclass
class Count:
    """What an import did to one table."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


def import_register(path: Path, prune: bool = False) -> dict[str, Count]:
    """Take a folder, YAML file or workbook into the register; counts by table.

    Rows are matched by key. What the source does not mention stays, unless `prune`: then rows of the
    tables that the source holds are removed when it no longer holds them. Raises Faulty with every
    fault of the source, and then nothing has changed.
    """
    reading = Reading(open_source(path), Rules(frozenset(tables())))
    present = reading.source.tables
    with transaction.atomic():
        counts = {name: _take(reading, name) for name in present}
        gone = {name: _gone(reading.rules, name) for name in present} if prune else {}
        for name in tables():
            if name not in gone:
                _feed_rest(reading.rules, name)
        if faults := reading.faults():
            raise Faulty(faults)
        for name, keys in reversed(gone.items()):
            store.remove(name, keys)
            counts[name].removed = len(keys)
    return counts


def _take(reading: Reading, name: str) -> Count:
    count = Count()
    after = store.last_ordinal(name)
    chunk: list[tuple[Row, int]] = []
    for row, number in reading.rows(name):
        chunk.append((row, after + number))
        if len(chunk) == store.CHUNK:
            _write(name, chunk, count)
            chunk = []
    _write(name, chunk, count)
    return count


def _write(name: str, chunk: list[tuple[Row, int]], count: Count) -> None:
    if not chunk:
        return
    model: Any = store.MODELS[name]
    known = model.objects.in_bulk([row.key for row, _ordinal in chunk])
    fresh, changed = [], []
    for row, ordinal in chunk:
        record = known.get(row.key)
        if record is None:
            fresh.append((row, ordinal))
        elif any(getattr(record, key) != value for key, value in store.values_of(row).items()):
            changed.append((row, ordinal))
        else:
            count.unchanged += 1
    count.created += len(fresh)
    count.changed += len(changed)
    store.write(name, fresh, changed)


def _gone(rules: Rules, name: str) -> list[str]:
    model: Any = store.MODELS[name]
    keys = model.objects.values_list("pk", flat=True).iterator(chunk_size=store.CHUNK)
    return [key for key in keys if not rules.seen(name, key)]


def _feed_rest(rules: Rules, name: str) -> None:
    """Show the rules what the register holds beside the source; the two have to fit together."""
    model: Any = store.MODELS[name]
    keys = model.objects.values_list("pk", flat=True)
    unseen = [key for key in keys.iterator(store.CHUNK) if not rules.seen(name, key)]
    for start in range(0, len(unseen), store.CHUNK):
        for row in store.rows(name, Q(pk__in=unseen[start : start + store.CHUNK])):
            rules.add(row, 0)
