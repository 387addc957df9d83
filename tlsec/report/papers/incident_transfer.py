"""网络安全线索移送单: facts, clues and every piece of evidence with its SHA-256, to be signed by both sides."""

from __future__ import annotations

from tlsec.i18n import _
from tlsec.report import blocks
from tlsec.report.blocks import (
    Block,
    Column,
    Document,
    Field,
    FieldGrid,
    Heading,
    Note,
    Para,
    Table,
)
from tlsec.report.papers.incident_data import TransferPaper
from tlsec.report.papers.incident_warning import ended
from tlsec.report.words import day, formal, minute


def build(paper: TransferPaper) -> Document:
    """The paper as a Document; `document.remarks` says what the sender has to check."""
    title = _("网络安全线索移送单")
    body: list[Block] = [blocks.Title(title)]
    if paper.drill:
        body.append(Note(_("演练  演练  演练　本件为演练文书，不得移送")))
    if paper.example:
        body.append(Note(_("样例数据，不得作为公文使用")))
    body.append(
        Para(
            _("编号：{no}　　事件编号：{case}").format(no=paper.no, case=paper.case_no),
            indent=False,
        )
    )
    body += [Para(_("{to}：").format(to=paper.to), indent=False)]
    opening = _(
        "我单位在工作中发现{title}，涉嫌{suspicion}，现将有关线索和证据移送你单位，请依法处理。"
    )
    body.append(Para(formal(opening.format(title=paper.title, suspicion=paper.suspicion))))
    body += [FieldGrid(_about(paper)), *_words(paper), *_evidence(paper)]
    body.append(blocks.Signature(paper.issuer, day(paper.date)))
    body += [FieldGrid(_sign(paper)), Note(_note())]
    meta = blocks.Meta(paper.date, paper.issuer, title, paper.no)
    return Document("form", title, tuple(body), meta, remarks=_remarks(paper))


def _about(paper: TransferPaper) -> tuple[tuple[Field, ...], ...]:
    return (
        (Field(_("事发单位"), paper.unit), Field(_("事发系统"), paper.system)),
        (Field(_("事件类别"), paper.category), Field(_("事件级别"), paper.level)),
        (Field(_("发生时间"), minute(paper.occurred) or _("待查")), Field(_("发现时间"), minute(paper.found))),
        (Field(_("位置"), paper.place or "—"),),
    )  # fmt: skip


def _words(paper: TransferPaper) -> list[Block]:
    result: list[Block] = []
    for title, text in (
        (_("一、主要事实"), paper.facts),
        (_("二、线索（可能的攻击者、攻击路径、漏洞等）"), paper.clues or _("尚未查明")),
        (_("三、现场保护情况"), paper.preserved or _("【待填】")),
    ):
        result.append(Heading(title))
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        result += [Para(ended(formal(line))) for line in lines]
    return result


def _evidence(paper: TransferPaper) -> list[Block]:
    columns = (
        Column(_("序号"), 0.9, "center"),
        Column(_("名称"), 3.2),
        Column(_("大小（字节）"), 1.7, "right"),
        Column(_("取证时间、取证人"), 2.6, "center"),
        Column(_("来源和方法"), 3),
        Column(_("SHA-256"), 4.6),
    )
    rows = tuple(
        (
            str(n), each.name, str(each.size), f"{minute(each.taken)}\n{each.taken_by}",
            each.origin or "—", _grouped(each.sha256),
        )
        for n, each in enumerate(paper.evidence, 1)
    )  # fmt: skip
    total = _("共{n}件。接收时逐件计算SHA-256，与本表一致的方可签收。").format(n=len(rows))
    return [Heading(_("四、证据清单")), Table(columns, rows, "small"), Note(total)]


def _grouped(sha256: str) -> str:
    """In lines of 16, so that it can be compared by eye; the digits stay as they are."""
    return "\n".join(sha256[at : at + 16] for at in range(0, len(sha256), 16))


def _sign(paper: TransferPaper) -> tuple[tuple[Field, ...], ...]:
    received = minute(paper.received) or _("　　年　月　日　时")
    return (
        (Field(_("移送人"), paper.made_by, 1.6), Field(_("批准人"), paper.approved_by, 1.6)),
        (Field(_("联系方式"), paper.contact, 1.6),),
        (Field(_("接收人"), paper.received_by, 1.6), Field(_("接收时间"), received, 1.6)),
        (Field(_("受理编号"), paper.receipt_no, 1.6), Field(_("接收单位盖章"), "", 1.6)),
    )


def _note() -> str:
    return _("本单一式两份，移送、接收单位各执一份。移送不代替网络安全事件报告。")


def _remarks(paper: TransferPaper) -> tuple[str, ...]:
    result = []
    if not paper.contact:
        result.append(_("没有写联系方式，请补填。"))
    if not paper.preserved:
        result.append(_("没有写现场保护情况，请补填。"))
    if not paper.clues:
        result.append(_("没有写线索，打印为“尚未查明”。"))
    return tuple(result)
