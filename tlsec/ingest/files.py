"""A file that somebody brings: its lines, its JSON body or its rows, each with an id of its own.

The id of a line is its text and how often that text stood before it, so a log that is brought again, or
again after it grew, brings only what is new; a sheet's rows are new with every other file.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tlsec.i18n import _
from tlsec.ingest import table
from tlsec.ingest.event import Parsed
from tlsec.ingest.parsing import Readers
from tlsec.ingest.settings import POSTED
from tlsec.marked_yaml import Fault, Faulty

MAX_BYTES = 4 * 2**30
TABLES = (".csv", ".xlsx")


def read(
    path: Path, source: str, readers: Readers, received: datetime
) -> Iterator[tuple[int, list[Parsed]]]:
    """(line or row number, what it says). Raises Faulty for what is no such file."""
    if not path.is_file():
        raise Faulty([Fault(str(path), _("文件不存在，或不是普通文件"))])
    if path.stat().st_size > MAX_BYTES:
        raise Faulty([Fault(str(path), _("文件过大，上限 {mb} MB").format(mb=MAX_BYTES // 2**20))])
    if readers.sources[source].parser == "table":
        rows = table.read(path, readers.reading(source, received))
        yield from ((number, [row]) for number, row in enumerate(rows, 1))
    elif path.suffix.lower() in TABLES:
        text = _("来源 {id} 不是表格来源，请另选 --source，或用 --map 指明表格对照")
        raise Faulty([Fault(str(path), text.format(id=source))])
    elif readers.sources[source].parser in POSTED:
        with path.open("rb") as stream:
            body = stream.read(readers.limits.body_bytes + 1)
        digest = hashlib.sha256(body).hexdigest()[:32]
        yield 1, readers.parse(source, body, received, id=digest)
    else:
        yield from _lines(path, source, readers, received)


def _lines(
    path: Path, source: str, readers: Readers, received: datetime
) -> Iterator[tuple[int, list[Parsed]]]:
    seen: Counter[bytes] = Counter()
    most = readers.limits.line_bytes
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(most + 2):
            number += 1
            cut = not line.endswith(b"\n") and len(line) > most
            digest = hashlib.sha256(line.rstrip(b"\r\n")).digest()[:16]
            seen[digest] += 1
            id = f"line:{digest.hex()}:{seen[digest]}"
            yield number, readers.parse(source, line, received, id=id)
            while cut and (rest := stream.readline(most + 2)):
                cut = not rest.endswith(b"\n")
