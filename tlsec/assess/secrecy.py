"""分级保护 as far as this side may know of it: dates to keep, and a proof from what was seen anyway.

The proof sends nothing. It looks through what the loop has on record on the extranet side for an address of
a registered block or a printed mark of secrecy, and keeps counts only: no address, no text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from tlsec.i18n import N_, _, listed
from tlsec.inventory import models
from tlsec.policy.secret_dates import Dates, Due, Intervals, dues
from tlsec.register.models import Journal
from tlsec.report.words import minute
from tlsec.scan.models import Observation

LOCAL = ZoneInfo("Asia/Shanghai")
SOURCES = {
    "answers": N_("端口、服务、握手、网页探测中有应答的地址"),
    "names": N_("域名解析结果里的地址"),
    "links": N_("网页上的链接、资源、跳转指向的地址"),
    "records": N_("登记的资产、端点、地址分配里的地址"),
    "marks": N_("网页上的密级标志"),
}

KINDS = {
    "check": N_("保密检查或测评"),
    "assess": N_("自行风险评估"),
    "approval": N_("投入使用审批"),
    "qualification": N_("集成资质到期"),
}


@dataclass(frozen=True, slots=True)
class Looked:
    """One source: how many things were looked at, and how many pointed to a registered block or mark."""

    source: str
    looked: int
    hits: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What the extranet side shows of registered systems. Nothing looked at proves nothing.

    `refused`: addresses whose probing the guard refused in the time.
    """

    systems: int
    blocks: int
    sources: tuple[Looked, ...]
    vantages: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    refused: int

    @property
    def hits(self) -> int:
        return sum(each.hits for each in self.sources)

    @property
    def seen(self) -> bool:
        """Whether anything was observed at all in the time."""
        return self.first is not None


def statement(proof: Proof, days: int) -> str:
    """What may be said, and no more: these places, this time, what was registered."""
    if not proof.blocks:
        return _("没有登记任何网段，无从核查。")
    if proof.hits:
        return _(
            "有 {n} 处命中：停止进一步操作，不要打开或转发，立即当面或电话报告保密工作机构。"
        ).format(n=proof.hits)
    if not proof.seen:
        return _("近 {days} 天没有任何观测，不能作出任何说明。先运行 tlsec scan。").format(
            days=days
        )
    return _(
        "{first} 至 {last}，在政务外网一侧的探测点 {vantages}，"
        "没有观测到登记网段的任何地址作出应答，也没有观测到密级标志。此外不作任何认定。"
    ).format(
        first=minute(proof.first or ""),
        last=minute(proof.last or ""),
        vantages=listed(proof.vantages),
    )


def reminder_text(due: Due) -> str:
    """What is to be noticed about a date; "" where it is far off."""
    if due.on is None:
        return _("未登记审批日期") if due.kind == "approval" else _("缺密级或上次日期")
    if due.reminder is None:
        return ""
    return _("已逾期") if due.reminder == 0 else _("{n} 日内").format(n=due.reminder)


def all_dues(intervals: Intervals, today: date) -> list[Due]:
    """Dates of every registered system, those that cannot be told first, then the soonest."""
    rows = models.SecretSystem.objects.order_by("ordinal", "id")
    found = [due for row in rows for due in dues(_dates(row), intervals, today)]
    return sorted(found, key=lambda d: (d.on is not None, d.on or today))


def _dates(row: models.SecretSystem) -> Dates:
    def day(value: datetime | None) -> date | None:
        return value.astimezone(LOCAL).date() if value else None

    until = row.qualified_until
    return Dates(
        row.name,
        row.tier,
        day(row.approved_on),
        day(row.checked_on),
        day(row.assessed_on),
        # a plain day counts to its end, which is stored as the next midnight
        day(until - timedelta(seconds=1)) if until else None,
    )


class _Blocks:
    """The registered blocks, to ask whether an address or a block touches one."""

    def __init__(self, blocks: Iterable[str]) -> None:
        self.all = [ip_network(block) for block in blocks]

    def hold(self, text: str) -> bool:
        try:
            address: IPv4Address | IPv6Address = ip_address(text.strip("[]"))
        except ValueError:
            return False
        return any(address in block for block in self.all)

    def touch(self, text: str) -> bool:
        network: IPv4Network | IPv6Network = ip_network(text, strict=False)
        return any(network.version == b.version and network.overlaps(b) for b in self.all)


def proof(now: datetime, days: int) -> Proof:
    """What the last `days` of observations and the register show."""
    rows = list(models.SecretSystem.objects.values_list("blocks", flat=True))
    blocks = _Blocks(block for each in rows for block in each)
    seen = Observation.objects.filter(ended__gt=now - timedelta(days=days), ended__lte=now)
    done = seen.filter(reason="")
    refusals = Journal.objects.filter(command="probe.refused", at__gt=now - timedelta(days=days))
    ends = done.order_by("ended").values_list("ended", flat=True)
    return Proof(
        systems=len(rows),
        blocks=len(blocks.all),
        sources=(
            _count("answers", _answers(done), blocks),
            _count("names", _names(done), blocks),
            _count("links", _links(done), blocks),
            _records(blocks),
            _marks(done),
        ),
        vantages=tuple(sorted(set(done.values_list("vantage", flat=True)))),
        first=ends.first(),
        last=ends.last(),
        refused=sum(blocks.hold(object_) for object_ in refusals.values_list("object", flat=True)),
    )


def _count(source: str, addresses: Iterable[str], blocks: _Blocks) -> Looked:
    looked = hits = 0
    for address in addresses:
        looked += 1
        hits += blocks.hold(address)
    return Looked(source, looked, hits)


def _answers(done: QuerySet[Observation]) -> Iterator[str]:
    """Addresses that gave facts, once each."""
    keys = done.exclude(probe__in=("dns.records", "inventory.record"))
    found = {
        str(json.loads(key).get("address", ""))
        for key in keys.values_list("locator_key", flat=True).distinct().iterator()
    }
    yield from sorted(found - {""})


def _facts(done: QuerySet[Observation], probe: str, part: str) -> Iterator[dict[str, Any]]:
    rows = done.filter(probe=probe).values_list("facts", flat=True)
    for facts in rows.iterator(chunk_size=200):
        if facts and isinstance(facts.get(part), dict):
            yield facts[part]


def _names(done: QuerySet[Observation]) -> Iterator[str]:
    for dns in _facts(done, "dns.records", "dns"):
        yield from dns.get("addresses") or ()


def _links(done: QuerySet[Observation]) -> Iterator[str]:
    for page in _facts(done, "http.page", "page"):
        for part in (*(page.get("links") or ()), *(page.get("resources") or ())):
            yield str(part.get("host", ""))
        for redirect in page.get("redirects") or ():
            yield urlsplit(str(redirect.get("url", ""))).hostname or ""


def _marks(done: QuerySet[Observation]) -> Looked:
    marks = [
        page["secrecy_mark"]
        for page in _facts(done, "http.page", "page")
        if page.get("secrecy_mark") is not None
    ]
    return Looked("marks", len(marks), sum(marks))


def _records(blocks: _Blocks) -> Looked:
    """Addresses on record on this side; the importer refuses them, so a hit is an older row."""
    addresses = [a for row in models.Asset.objects.values_list("addresses", flat=True) for a in row]
    addresses += models.Endpoint.objects.values_list("address", flat=True)
    hits = sum(blocks.hold(address) for address in addresses)
    ranges = [b for row in models.Allocation.objects.values_list("blocks", flat=True) for b in row]
    hits += sum(blocks.touch(block) for block in ranges)
    return Looked("records", len(addresses) + len(ranges), hits)
