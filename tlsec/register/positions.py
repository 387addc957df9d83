"""How far followed files were read: kept in the transaction that keeps what was read."""

from __future__ import annotations

from collections.abc import Iterable

from tlsec.ingest.tail import Mark
from tlsec.register.models_intake import Position


def keep(marks: Iterable[tuple[str, Mark]]) -> None:
    """(source, mark) pairs in the order of reading: the last of each file counts."""
    for (source, path), mark in {(source, mark.path): mark for source, mark in marks}.items():
        Position.objects.update_or_create(
            source=source,
            path=path,
            defaults={
                "inode": mark.inode, "head": mark.head, "head_size": mark.head_size,
                "offset": mark.offset,
            },
        )  # fmt: skip


def of(source: str, path: str) -> Mark | None:
    """Where to go on; None for a file that was never read."""
    row = Position.objects.filter(source=source, path=path).first()
    if row is None:
        return None
    return Mark(path, row.inode, row.head, row.head_size, row.offset)
