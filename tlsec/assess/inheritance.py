"""A system on a cloud takes over its platform's results for what is the provider's part, until a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.assess.evidence import Refused
from tlsec.assess.inquiry import LOCAL, find_system
from tlsec.assess.models import Inheritance
from tlsec.i18n import _
from tlsec.inventory.models import System
from tlsec.marked_yaml import Fault, Faulty
from tlsec.register import journal

LADDER = "ladders/assessment.yaml"
_MAX_REFERENCE = 200
_MAX_NOTE = 1000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Longest(_Strict):
    longest_days: int = Field(ge=1)


class Limits(_Strict):
    """policies/ladders/assessment.yaml"""

    source: str
    date: str
    inheritance: _Longest


@dataclass(frozen=True, slots=True)
class Inherited:
    """A recorded inheritance and what is doubtful about it, a sentence each."""

    row: Inheritance
    findings: tuple[str, ...]


def limits(folders: Iterable[Path]) -> Limits:
    """The limits of the last policy folder that has them. Raises Faulty."""
    files = [folder / LADDER for folder in folders]
    found = next((file for file in reversed(files) if file.is_file()), None)
    if found is None:
        raise Faulty([Fault(LADDER, _("没有这个文件"))])
    return marked_yaml.parse(Limits, marked_yaml.load(found))


def inherit(
    allowed: Limits,
    system: str,
    platform: str,
    reference: str,
    until: date,
    by: str,
    at: datetime,
    *,
    valid_from: date | None = None,
    note: str = "",
) -> Inherited:
    """Record it. Raises Refused; doubts do not refuse it, they come back as findings.

    `platform`: a system of the register, or "" for one that is not in it; `reference`: number of the
    platform's evaluation report.
    """
    tenant = find_system(system)
    host = find_system(platform) if platform else None
    day = at.astimezone(LOCAL).date()
    start = valid_from or day
    wrong = []
    if host is not None and host.id == tenant.id:
        wrong.append(_("{system} 不能沿用自己的结论").format(system=tenant.id))
    if not reference.strip() or len(reference) > _MAX_REFERENCE:
        wrong.append(_("要写明平台测评报告的编号"))
    if until < max(day, start):
        wrong.append(_("截止日期 {day} 已过").format(day=until))
    longest = allowed.inheritance.longest_days
    if until > start + timedelta(days=longest):
        message = _("最多沿用 {n} 天，到 {day} 为止（{file} 可改）")
        last = start + timedelta(days=longest)
        wrong.append(message.format(n=longest, day=last, file=f"policies/{LADDER}"))
    if len(note) > _MAX_NOTE:
        wrong.append(_("说明超过 {n} 字").format(n=_MAX_NOTE))
    if wrong:
        raise Refused(*wrong)
    doubts = tuple(doubts_of(tenant, host))
    row = _add(tenant.id, host.id if host else "", reference.strip(), start, until, by, at, note)
    return Inherited(row, doubts)


def doubts_of(tenant: System, host: System | None) -> list[str]:
    """Why the platform's results may not carry the tenant (GB/T 22239-2019: a platform is graded no lower)."""
    if host is None:
        message = _(
            "平台不在本台账内，其等级无法核对，请核对报告中平台的等级不低于 {system}（{grade}）"
        )
        return [message.format(system=tenant.id, grade=tenant.grade or "—")]
    if host.level is None:
        return [_("平台 {platform} 还没有定级，其结论能否沿用无法判断").format(platform=host.id)]
    if tenant.level is not None and host.level < tenant.level:
        message = _(
            "平台 {platform} 是第 {low} 级，低于 {system} 的第 {high} 级：平台等级不得低于其承载的系统，"
            "沿用的结论不足以支撑，请先解决"
        )
        return [
            message.format(platform=host.id, low=host.level, system=tenant.id, high=tenant.level)
        ]
    return []


def end(system: str, note: str, by: str, at: datetime) -> Inheritance:
    """Stop taking over from now on. Raises Refused when nothing is taken over."""
    tenant = find_system(system)
    standing = in_force(tenant.id, at)
    if standing is None:
        raise Refused(_("{system} 现在没有沿用任何平台的结论").format(system=tenant.id))
    day = at.astimezone(LOCAL).date()
    over = day - timedelta(days=1)
    return _add(
        tenant.id, standing.platform, standing.reference, day, over, by, at, note[:_MAX_NOTE]
    )


def _add(
    system: str,
    platform: str,
    reference: str,
    start: date,
    until: date,
    by: str,
    at: datetime,
    note: str,
) -> Inheritance:
    with transaction.atomic():
        row = Inheritance.objects.create(
            by=by, at=at, system=system, platform=platform, reference=reference,
            valid_from=start, until=until, note=note,
        )  # fmt: skip
        after = {
            "id": row.pk, "system": system, "platform": platform, "reference": reference,
            "valid_from": start, "until": until,
        }  # fmt: skip
        command = "inheritance.end" if until < start else "inheritance.take"
        journal.append(at, by, command, system, after, note)
    return row


def in_force(system: str, now: datetime) -> Inheritance | None:
    """What a system takes over at a moment: its newest row that has begun, unless that is over."""
    day = now.astimezone(LOCAL).date()
    rows = Inheritance.objects.filter(system=system, at__lte=now, valid_from__lte=day)
    newest = rows.order_by("at", "pk").last()
    return newest if newest is not None and newest.until >= day else None


def findings(system: str, now: datetime) -> list[str]:
    """What is doubtful today about what a system takes over; grades may have changed since."""
    row = in_force(system, now)
    if row is None:
        return []
    tenant = find_system(system)
    host = System.objects.filter(id=row.platform).first() if row.platform else None
    return doubts_of(tenant, host)


def carries(responsibility: str | None) -> bool:
    """A line of the catalogue is settled by the platform's result alone."""
    return responsibility == "provider"
