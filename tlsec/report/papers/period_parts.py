"""Parts that the papers of a key period share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tlsec.i18n import _
from tlsec.report import blocks
from tlsec.report.blocks import Align, Block, Column, Document, Note, Para, Style, Table
from tlsec.report.papers.period_data import Sender
from tlsec.report.words import day


def col(title: str, width: float = 1.0, align: Align = "left") -> Column:
    return Column(title, width, align)


def table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    empty: str,
    size: blocks.Size = "small",
) -> Block:
    """A table, or a sentence where there is nothing to show."""
    made = tuple(tuple(row) for row in rows)
    return Table(tuple(columns), made, size) if made else Para(empty)


def opening(sender: Sender, title: str) -> list[Block]:
    """Title, and the mark of a sample."""
    made: list[Block] = [blocks.Title(title)]
    if sender.example:
        made.append(Note(_("样例数据，不得作为公文使用"), keep=True))
    return made


def proof(sender: Sender, digest: str = "") -> Note:
    """What proves the paper's content later: the digest of what is printed and the journal's head."""
    text = _("审计链头 {head}").format(head=sender.head[:16] or "—")
    if digest:
        text = _("内容摘要 {digest}；").format(digest=digest[:16]) + text
    return Note(text)


def document(
    sender: Sender, style: Style, title: str, body: Iterable[Block], remarks: Iterable[str] = ()
) -> Document:
    """The paper as a whole."""
    meta = blocks.Meta(sender.date, sender.bureau, sender.period, sender.number)
    return Document(style, title, tuple(body), meta, remarks=tuple(remarks))


def signature(sender: Sender, signer: str = "") -> blocks.Signature:
    return blocks.Signature(sender.bureau, day(sender.date), signer)


def percent(part: float, whole: float) -> str:
    """A share with one decimal; "—" where there is no whole."""
    return f"{100 * part / whole:.1f}%" if whole else "—"
