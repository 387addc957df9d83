"""分级保护边界核查记录: what was looked at on the extranet side, how much of it, and one statement.

Counts and dates only. No address, no name of a page and no text that was seen is ever in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tlsec.i18n import _, language, listed
from tlsec.report import blocks, words
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


@dataclass(frozen=True, slots=True)
class Looked:
    """One source: how many things were looked at, and how many hits."""

    what: str
    looked: int
    hits: int


@dataclass(frozen=True, slots=True)
class DueDate:
    """A date to keep. `on` None: it cannot be told; `alias` is the code name on record."""

    alias: str
    what: str
    last: date | None
    on: date | None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class SecrecyRecord:
    """A record. `days`: how far back; `statement`: the one sentence that may be said."""

    bureau: str
    made: datetime
    days: int
    systems: int
    blocks: int
    looked: tuple[Looked, ...]
    vantages: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    refused: int
    statement: str
    dues: tuple[DueDate, ...]
    source: str  # of the intervals
    example: bool = False


def build(data: SecrecyRecord) -> Document:
    """The paper as blocks."""
    title = _("分级保护边界核查记录")
    day = words.local(data.made).date()
    body: list[Block] = [blocks.Title(title)]
    if data.example:
        body.append(Note(_("样例：数据来自练习环境，不是真实系统。")))
    body += [Heading(_("一、核查范围")), _scope(data)]
    body += [Heading(_("二、看了什么")), *_seen(data)]
    body += [Heading(_("三、核查结果")), Para(data.statement)]
    if data.refused:
        text = _("期间有 {n} 次探测因指向登记网段被拒绝，已记入审计链。")
        body.append(Para(text.format(n=data.refused)))
    body += [Heading(_("四、到期事项")), *_dues(data)]
    when = words.day(day) if language() == "zh" else day.isoformat()
    body.append(blocks.Signature(data.bureau, when))
    tongue = "zh-CN" if language() == "zh" else "en"
    return Document("worksheet", title, tuple(body), blocks.Meta(day, data.bureau, title), tongue)


def _scope(data: SecrecyRecord) -> FieldGrid:
    if data.first and data.last:
        seen = _("{a} 至 {b}").format(a=words.minute(data.first), b=words.minute(data.last))
    else:
        seen = _("没有观测")
    return FieldGrid(
        (
            (Field(_("登记系统"), str(data.systems)), Field(_("登记网段"), str(data.blocks))),
            (Field(_("核查期"), _("近 {n} 天").format(n=data.days)), Field(_("观测起止"), seen)),
            (Field(_("探测点"), listed(data.vantages) or _("无")),),
            (Field(_("核查时间"), words.minute(data.made)),),
        )
    )


def _seen(data: SecrecyRecord) -> list[Block]:
    columns = (
        Column(_("看了什么"), 5), Column(_("数目"), 1.2, "center"), Column(_("命中"), 1.2, "center"),
    )  # fmt: skip
    rows = tuple((each.what, str(each.looked), str(each.hits)) for each in data.looked)
    note = _("只查看已有的观测和登记，没有为核查发出任何探测；只记数目，不记地址和内容。")
    return [Table(columns, rows), Note(note)]


def _dues(data: SecrecyRecord) -> list[Block]:
    if not data.dues:
        return [Para(_("没有登记分级保护系统。"))]
    columns = (
        Column(_("代号"), 2), Column(_("事项"), 2.4), Column(_("上次"), 1.8, "center"),
        Column(_("应在"), 1.8, "center"), Column(_("提醒"), 2, "center"),
    )  # fmt: skip
    rows = tuple(
        (
            each.alias, each.what, each.last.isoformat() if each.last else "—",
            each.on.isoformat() if each.on else _("无法推算"), each.remark,
        )
        for each in data.dues
    )  # fmt: skip
    note = _("周期来源：{source}。密级与日期以保密行政管理部门为准；本工具不评判分级保护。")
    return [Table(columns, rows), Note(note.format(source=data.source))]
