"""Which characters a font file has: a reader of OpenType `cmap` tables, nothing more.

OpenType 1.9: cmap formats 4 (BMP) and 12 (all planes) hold what text needs; collections (.ttc)
share one file, so a face is a path and an index.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Coverage:
    """Code points of one face as sorted, disjoint ranges."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __contains__(self, char: str) -> bool:
        code = ord(char)
        at = bisect_right(self.starts, code) - 1
        return at >= 0 and code <= self.ends[at]


NOTHING = Coverage((), ())


@lru_cache(maxsize=64)
def read(path: str, index: int = 0) -> Coverage:
    """Coverage of face `index` of a font file. Empty for a file that cannot be understood."""
    try:
        with Path(path).open("rb") as file:
            data = _table(file.read(), index)
        return _best(data)
    except (OSError, struct.error, IndexError):
        return NOTHING


def _table(data: bytes, index: int) -> bytes:
    start = 0
    if data[:4] == b"ttcf":
        (start,) = struct.unpack_from(">I", data, 12 + 4 * index)
    (count,) = struct.unpack_from(">H", data, start + 4)
    for number in range(count):
        tag, _sum, offset, length = struct.unpack_from(">4sIII", data, start + 12 + 16 * number)
        if tag == b"cmap":
            return data[offset : offset + length]
    return b"\0\0\0\0"


def _best(table: bytes) -> Coverage:
    """The widest Unicode subtable: format 12 before format 4."""
    (count,) = struct.unpack_from(">H", table, 2)
    found: dict[int, int] = {}
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", table, 4 + 8 * number)
        (kind,) = struct.unpack_from(">H", table, offset)
        unicode = platform == 0 or (platform == 3 and encoding in (1, 10))
        if unicode and kind in (4, 12):
            found[kind] = offset
    if 12 in found:
        return _format12(table, found[12])
    return _format4(table, found[4]) if 4 in found else NOTHING


def _format12(table: bytes, at: int) -> Coverage:
    (count,) = struct.unpack_from(">I", table, at + 12)
    groups = [struct.unpack_from(">III", table, at + 16 + 12 * i) for i in range(count)]
    used = sorted((first, last) for first, last, glyph in groups if glyph or last > first)
    return Coverage(tuple(a for a, _b in used), tuple(b for _a, b in used))


def _format4(table: bytes, at: int) -> Coverage:
    (double,) = struct.unpack_from(">H", table, at + 6)
    count = double // 2
    ends = struct.unpack_from(f">{count}H", table, at + 14)
    starts = struct.unpack_from(f">{count}H", table, at + 16 + double)
    used = sorted((a, b) for a, b in zip(starts, ends, strict=True) if a != 0xFFFF)
    return Coverage(tuple(a for a, _b in used), tuple(b for _a, b in used))
