"""The change freeze (封网): which rule holds for a system, exceptions bound to checks, and what drift costs.

An approved exception silences only the checks it names, on the systems it names, in its window. A change
that is seen on a frozen system without one is raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from tlsec.i18n import N_, _
from tlsec.inventory import models as inventory
from tlsec.inventory.choices import WaiverKind
from tlsec.inventory.fields import LOCAL
from tlsec.inventory.schema import Waiver
from tlsec.period import periods
from tlsec.period.models import Period
from tlsec.period.models_freeze import Freeze, FreezeException
from tlsec.policy.bundle import Policy
from tlsec.register import journal
from tlsec.register.refused import Refused
from tlsec.register.rules import SEVERITIES, rank

RULES = {"forbid": N_("禁止变更"), "approve": N_("需审批"), "allow": N_("允许")}
_STRICT = ("allow", "approve", "forbid")


def in_force(now: datetime) -> list[Freeze]:
    """Every freeze that holds at a moment."""
    lifted = Q(ended=None) | Q(ended__gt=now)
    return list(
        Freeze.objects.filter(lifted, start__lte=now, until__gt=now).select_related("period")
    )


def rule_for(system: str, now: datetime, rows: Iterable[Freeze] | None = None) -> Freeze | None:
    """The freeze that a system is under: one that names it wins, then the strictest."""
    best: Freeze | None = None
    for row in in_force(now) if rows is None else rows:
        applies = system in row.systems if row.systems else system in row.period.systems
        if applies and (best is None or _weight(row) > _weight(best)):
            best = row
    return best


def _weight(row: Freeze) -> tuple[bool, int]:
    return bool(row.systems), _STRICT.index(row.rule)


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that somebody wants to make during a freeze."""

    systems: tuple[str, ...]
    what: str
    risk: str
    rollback: str
    start: datetime
    until: datetime
    checks: tuple[str, ...] = ()  # check ids, or check:clause for single clauses


def ask(asked: Asked, policy: Policy, now: datetime, actor: str) -> FreezeException:
    """Ask for an exception. Raises Refused for unknown systems or checks, a forbidden system, a bad window."""
    checks = _checks(asked.checks, policy)
    with transaction.atomic():
        period = periods.running()
        if not asked.systems or not all(
            (asked.what.strip(), asked.risk.strip(), asked.rollback.strip())
        ):
            raise Refused(_("例外申请要写明系统、变更内容、风险和回退办法"))
        _within(period, asked.start, asked.until)
        freeze = _freeze_of(period, asked)
        last = FreezeException.objects.filter(freeze__period=period).count()
        row = FreezeException.objects.create(
            freeze=freeze, number=f"{period.id[-16:]}-L{last + 1:03d}", systems=sorted(asked.systems),
            what=asked.what[:1000], risk=asked.risk[:1000], rollback=asked.rollback[:1000],
            checks=checks, start=asked.start, until=asked.until, asked=now, asked_by=actor,
        )  # fmt: skip
        _record(row, "freeze.ask", now, actor)
    return row


def _within(period: Period, start: datetime, until: datetime) -> None:
    longest = periods.profile_of(period).freeze.longest_hours
    if not start < until <= start + timedelta(hours=longest):
        raise Refused(_("变更窗口应有先后，且不超过 {n} 小时").format(n=longest))


def _freeze_of(period: Period, asked: Asked) -> Freeze:
    """The freeze that the exception is from; every system has to be under one that allows exceptions."""
    rows = list(Freeze.objects.filter(period=period, ended=None).select_related("period"))
    found: Freeze | None = None
    for system in asked.systems:
        if not inventory.System.objects.filter(id=system).exists():
            raise Refused(_("台账里没有 {name}").format(name=system))
        holding = [row for row in rows if row.start < asked.until and row.until > asked.start]
        row = rule_for(system, asked.start, holding)
        if row is None or row.rule == "allow":
            raise Refused(_("{name} 在这个窗口里没有冻结，不需要例外").format(name=system))
        if row.rule == "forbid":
            raise Refused(_("{name} 禁止变更，不受理例外；先由发布者改规则").format(name=system))
        found = row
    assert found is not None  # there is at least one system
    return found


def _checks(names: Iterable[str], policy: Policy) -> list[dict[str, object]]:
    """The clauses each named check has now: they are fixed when the exception is asked for."""
    made: dict[str, list[str]] = {}
    for name in names:
        check, _colon, clause = name.partition(":")
        loaded = policy.checks.get(check)
        if loaded is None:
            raise Refused(_("没有检查项 {name}").format(name=check))
        known = [each.id for each in loaded.check.clauses]
        if clause and clause not in known:
            raise Refused(_("检查项 {check} 没有条款 {name}").format(check=check, name=clause))
        made.setdefault(check, []).extend([clause] if clause else known)
    return [{"check": check, "clauses": sorted(set(clauses))} for check, clauses in made.items()]


def decide(
    number: str, approve: bool, now: datetime, actor: str, reason: str = "",
    version: int | None = None,
) -> FreezeException:  # fmt: skip
    """Approve or refuse, by another person than the one who asked."""
    with transaction.atomic():
        row = _asked(number, version)
        if row.state != "asked":
            raise Refused(_("{no} 已由 {who} 审批").format(no=number, who=row.decided_by))
        if row.asked_by == actor:
            raise Refused(_("审批人不能是申请人本人"))
        if approve and row.until <= now:
            raise Refused(_("{no} 的窗口已过").format(no=number))
        if not approve and not reason.strip():
            raise Refused(_("不同意要写明理由（--reason）"))
        row.state = "approved" if approve else "refused"
        row.decided, row.decided_by, row.reason = now, actor, reason[:500]
        return _kept(row, "freeze.decide", now, actor, reason)


def revoke(
    number: str, now: datetime, actor: str, reason: str, version: int | None = None
) -> FreezeException:
    """End an approved exception before its time."""
    with transaction.atomic():
        row = _asked(number, version)
        if row.state != "approved" or row.until <= now:
            raise Refused(_("{no} 现在不生效").format(no=number))
        if not reason.strip():
            raise Refused(_("请写明为什么收回（--reason）"))
        row.state, row.until = "revoked", max(row.start, now)
        return _kept(row, "freeze.revoke", now, actor, reason)


def _asked(number: str, version: int | None) -> FreezeException:
    row = FreezeException.objects.select_for_update().filter(number=number).first()
    if row is None:
        raise Refused(_("没有例外 {no}").format(no=number))
    if version is not None and version != row.version:
        raise Refused(_("{no} 已被他人更新，请重新查看").format(no=number))
    return row


def waivers() -> Iterator[Waiver]:
    """The approved exceptions as the scanner matches them: one row a check and asset."""
    rows = FreezeException.objects.filter(Q(state="approved") | Q(state="revoked"))
    for row in rows.exclude(checks=[]).order_by("id"):
        if row.state == "revoked" and row.until <= row.start:
            continue
        assets = inventory.Asset.objects.filter(system__in=row.systems).values_list("id", flat=True)
        for asset in assets:
            for each in row.checks:
                yield Waiver.model_construct(
                    id=row.number, kind=WaiverKind.CHANGE, check=each["check"], asset=asset,
                    clauses=each["clauses"], locator={}, reason=row.what, compensating="",
                    requested_by=row.asked_by, approved_by=row.decided_by,
                    valid_from=row.start, until=row.until,
                )  # fmt: skip


def raised(check: str, subject: str, severity: str, now: datetime) -> str:
    """The severity of a failure: raised when it is a change on a frozen system.

    An approved exception never comes here: what it covers is not fired at all.
    """
    rows = in_force(now)
    if not rows:
        return severity
    asset = inventory.Asset.objects.filter(id=subject).values_list("system_id", flat=True).first()
    row = rule_for(asset, now, rows) if asset else None
    if row is None or row.rule == "allow":
        return severity
    rule = periods.profile_of(row.period).freeze
    if check not in rule.checks:
        return severity
    return SEVERITIES[min(rank(severity) + rule.uplift, len(SEVERITIES) - 1)]


def _kept(
    row: FreezeException, command: str, now: datetime, actor: str, reason: str
) -> FreezeException:
    row.version += 1
    row.save()
    _record(row, command, now, actor, reason)
    return row


def _record(
    row: FreezeException, command: str, now: datetime, actor: str, reason: str = ""
) -> None:
    after = {
        "number": row.number, "systems": row.systems, "what": row.what, "checks": row.checks,
        "start": row.start, "until": row.until, "asked_by": row.asked_by, "state": row.state,
        "decided_by": row.decided_by, "version": row.version,
    }  # fmt: skip
    journal.append(now, actor, command, f"freeze:{row.number}", after, reason)


def window(row: Freeze | FreezeException) -> str:
    """Both ends in words."""
    start, until = row.start.astimezone(LOCAL), row.until.astimezone(LOCAL)
    return f"{start:%m-%d %H:%M} — {until:%m-%d %H:%M}"
