"""A report of 1,000 problems and 300 items against a bare table of the same cells."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import TypeAlias

Case: TypeAlias = tuple[str, Callable[[], object], Callable[[], object] | None]

_BARE = b"""#set page(paper: "a4")
#set text(size: 10pt, font: "Noto Serif CJK SC")
#for t in json(bytes(sys.inputs.data)) { table(columns: (1fr,) * t.at(0).len(), ..t.flatten()) }"""


def cases() -> list[Case]:
    """DOCX and PDF; the PDF has no peer where typst is not installed."""
    from tests.report.assessment_sample import sample
    from tlsec.report import blocks, docx, typst
    from tlsec.report.papers import evaluation

    document = evaluation.build(sample(300, 1000))
    tables = [block.rows for block in document.blocks if isinstance(block, blocks.Table)]

    def peer_docx() -> None:
        import docx as word

        paper = word.Document()
        for rows in tables:
            table = paper.add_table(rows=0, cols=len(rows[0]))
            for row in rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        paper.save(io.BytesIO())

    def peer_pdf() -> None:
        import typst as engine

        data = json.dumps(tables, ensure_ascii=False)
        engine.compile(_BARE, format="pdf", sys_inputs={"data": data})

    return [
        (
            "report as DOCX, tlsec / bare python-docx table",
            lambda: docx.render(document),
            peer_docx,
        ),
        (
            "report as PDF, tlsec / bare typst table",
            lambda: typst.render(document),
            _peer(peer_pdf),
        ),
    ]


def _peer(work: Callable[[], object]) -> Callable[[], object] | None:
    try:
        import typst  # noqa: F401 - only whether it is there
    except ImportError:
        return None
    return work
