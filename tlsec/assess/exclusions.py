"""Decisions that a requirement does not apply to a system: with reason and decision maker, taken back by a new row."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from tlsec.assess.evidence import Refused
from tlsec.assess.inquiry import LOCAL, Inquiry, find_system
from tlsec.assess.models import Exclusion
from tlsec.i18n import _
from tlsec.register import journal

_MAX_REASON = 1000
_MAX_NAME = 100


def exclude(
    inquiry: Inquiry,
    system: str,
    line_or_item: str,
    reason: str,
    decided_by: str,
    by: str,
    at: datetime,
    until: date | None = None,
) -> Exclusion:
    """Leave a line out for a system. Raises Refused with every reason why not."""
    row = find_system(system)
    item = inquiry.item_of(row, line_or_item)
    wrong = []
    if not reason.strip() or len(reason) > _MAX_REASON:
        wrong.append(_("不适用要写明理由（不超过 {n} 字）").format(n=_MAX_REASON))
    if not decided_by.strip() or len(decided_by) > _MAX_NAME:
        wrong.append(_("不适用要写明由谁决定"))
    if until is not None and until < at.astimezone(LOCAL).date():
        wrong.append(_("截止日期 {day} 已过").format(day=until))
    if wrong:
        raise Refused(*wrong)
    return _add(row.id, item.line, reason.strip(), decided_by.strip(), by, at, until, ended=False)


def end(
    inquiry: Inquiry, system: str, line_or_item: str, reason: str, by: str, at: datetime
) -> Exclusion:
    """Take a decision back: the requirement applies again. Raises Refused when none is in force."""
    row = find_system(system)
    line = _line(inquiry, line_or_item)
    standing = in_force(row.id, at).get(line)
    if standing is None:
        message = _("{system} 的 {line} 没有生效的不适用决定")
        raise Refused(message.format(system=row.id, line=line))
    reason = reason.strip()[:_MAX_REASON] or standing.reason
    return _add(row.id, line, reason, standing.decided_by, by, at, standing.until, ended=True)


def _line(inquiry: Inquiry, line_or_item: str) -> str:
    """A decision outlives a change of grade, so the system's items are not asked."""
    item = inquiry.catalog.items.get(line_or_item)
    return item.line if item else line_or_item


def _add(
    system: str,
    line: str,
    reason: str,
    decided_by: str,
    by: str,
    at: datetime,
    until: date | None,
    *,
    ended: bool,
) -> Exclusion:
    with transaction.atomic():
        made = Exclusion.objects.create(
            by=by, at=at, system=system, line=line, reason=reason, decided_by=decided_by,
            until=until, ended=ended,
        )  # fmt: skip
        after = {
            "id": made.pk, "system": system, "line": line, "decided_by": decided_by,
            "until": until, "ended": ended,
        }  # fmt: skip
        command = "exclusion.end" if ended else "exclusion.decide"
        journal.append(at, by, command, f"{system}/{line}", after, reason)
    return made


def in_force(system: str, now: datetime) -> dict[str, Exclusion]:
    """line → the decision that holds at a moment; its last day is included."""
    day = now.astimezone(LOCAL).date()
    rows = Exclusion.objects.filter(system=system, at__lte=now).order_by("at", "pk")
    newest = {row.line: row for row in rows}
    return {
        line: row
        for line, row in newest.items()
        if not row.ended and (row.until is None or row.until >= day)
    }
