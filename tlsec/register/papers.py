"""Rows of the register as the papers want them: the ledger's columns, the notice to one unit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tlsec.i18n import _, listed
from tlsec.inventory.models import Asset, Person, Unit
from tlsec.register.models import RiskItem
from tlsec.register.transitions import OPEN, STATE_NAMES, State
from tlsec.report.papers.data import LegalBasis, Notice, Problem, RiskRow
from tlsec.workspace import Workspace

LOCAL = ZoneInfo("Asia/Shanghai")


def ledger_rows(items: Iterable[RiskItem], now: datetime) -> list[RiskRow]:
    """Every column that the register knows; what it does not know stays empty."""
    return [_row(item, now) for item in items]


def _row(item: RiskItem, now: datetime) -> RiskRow:
    asset = Asset.objects.select_related("system").filter(id=item.subject).first()
    system = asset.system if asset else None
    owner = Person.objects.filter(
        id=(asset.owner_id or (system and system.owner_id)) if asset else None
    ).first()
    alert = item.alerts.order_by("-id").first()
    overdue = (now - item.due).days if item.due and item.due < now and not item.closed else ""
    return RiskRow(
        no=item.no,
        found=item.opened,
        source=_("监测"),
        unit=item.unit,
        county=item.county,
        system=item.system,
        filing_no=system.filing or "" if system else "",
        grade=system.grade if system else "",
        where=item.address,
        zone=item.zone,
        category=item.category,
        problem=item.description,
        evidence=_("观测 {run} 号巡检，指纹 {key}").format(
            run=alert.run, key=alert.fingerprint[3:15]
        )
        if alert
        else "",
        severity=item.severity,
        advice=item.remediation,
        owner_unit=item.unit,
        owner=f"{owner.name} {owner.phone}".strip() if owner else "",
        issued=item.dispatched or "",
        received=item.signed or "",
        due=item.due or "",
        measures=item.measure,
        replied=item.fix_claimed or "",
        retested=item.retested or "",
        retested_by=_("tlsec 同一检查项复测") if item.retested else "",
        retest_result=item.retest_result,
        state=_(STATE_NAMES[State(item.state)]),
        overdue_days=overdue,
        closed=item.closed or "",
        remark=_("条款 {items}").format(items=listed(item.items)) if item.items else "",
    )


def notice(
    workspace: Workspace,
    unit: str,
    items: list[RiskItem],
    number: str,
    basis: tuple[LegalBasis, ...],
    on: datetime | None = None,
) -> Notice:
    """The notice to one unit over its items, dated the day it went out, else today."""
    today = (on or datetime.now(UTC)).astimezone(LOCAL).date()
    bureau = Unit.objects.filter(name__startswith=workspace.config.bureau).first()
    contact = bureau.contact if bureau else None
    problems = tuple(
        Problem(i.no, i.system, f"{i.description}（{i.address}）", i.severity, i.due or "")
        for i in items
    )
    return Notice(
        number=number,
        issuer=workspace.config.bureau,
        unit=_full_name(workspace, unit),
        date=today,
        problems=problems,
        basis=basis,
        found_from=min(i.opened for i in items),
        found_until=max(i.opened for i in items),
        contact=contact.name if contact else "",
        phone=contact.phone if contact else "",
        feedback_to=workspace.config.bureau,
        example=workspace.config.practice_range,
    )


def _full_name(workspace: Workspace, unit: str) -> str:
    """市人社局 is written in full on an official paper only where the register has it so."""
    row = Unit.objects.filter(name=unit).first()
    return row.name if row else unit


def units_with_open_items() -> list[str]:
    """Units that have something to mend, in the order of their first item."""
    rows = RiskItem.objects.filter(state__in=OPEN).exclude(unit="").order_by("no")
    return list(dict.fromkeys(rows.values_list("unit", flat=True)))
