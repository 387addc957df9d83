"""Lists of the ledger: filters, orders, and lists kept by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from tlsec.i18n import _, listed
from tlsec.register import journal, priority
from tlsec.register.models import RiskItem
from tlsec.register.models_muting import SavedView
from tlsec.register.refused import Refused
from tlsec.register.rules import SEVERITIES, in_force, rank
from tlsec.register.transitions import AT_WORK, OPEN, State

# name → column; several values are joined by commas
COLUMNS = {
    "county": "county", "unit": "unit", "system": "system", "zone": "zone", "check": "check_id",
    "severity": "severity", "state": "state", "source": "source", "period": "period",
    "case": "case", "category": "category", "subject": "subject",
}  # fmt: skip
FLAGS = ("all", "overdue", "drill", "unowned")
SORTS = ("no", "priority", "due", "severity", "opened")
FILTERS = (*COLUMNS, *FLAGS, "text")


def find(filters: Mapping[str, Any], now: datetime) -> QuerySet[RiskItem]:
    """Items by the filters, in the order of their numbers. Raises Refused for a filter that is not there.

    Without `all` or `state` only what is not ended; without `drill` only what is real.
    """
    _checked(filters)
    rows = RiskItem.objects.order_by("no")
    if not filters.get("all") and not filters.get("state"):
        rows = rows.filter(state__in=OPEN)
    rows = rows.filter(drill=bool(filters.get("drill")))
    for name, column in COLUMNS.items():
        if value := filters.get(name):
            rows = rows.filter(**{f"{column}__in": str(value).split(",")})
    if filters.get("overdue"):
        rows = rows.filter(due__lt=now, closed=None, state__in=AT_WORK)
    if filters.get("unowned"):
        rows = rows.filter(unit="")
    if text := filters.get("text"):
        rows = rows.filter(
            Q(title__contains=text) | Q(description__contains=text) | Q(address__contains=text)
        )
    return rows


def ordered(rows: QuerySet[RiskItem], sort: str, now: datetime) -> list[RiskItem]:
    """The rows in an order: by number, priority (highest first), due date, severity or discovery."""
    if sort and sort not in SORTS:
        raise Refused(_("没有排序 {name}，可用：{known}").format(name=sort, known=listed(SORTS)))
    if sort in ("", "no", "opened"):
        return list(rows.order_by(sort if sort == "opened" else "no", "id"))
    found = list(rows)
    if sort == "due":
        return sorted(found, key=lambda i: (i.due is None, i.due or i.opened, i.no))
    if sort == "severity":
        return sorted(found, key=lambda i: (-rank(i.severity), i.no))
    points = priority.of(found, now, in_force())
    return sorted(found, key=lambda i: (-points[i.no].number, i.no))


def save(name: str, filters: Mapping[str, Any], sort: str, actor: str, now: datetime) -> SavedView:
    """Keep filters and order under a name; one that is there already is replaced. Raises Refused."""
    _checked(filters)
    if not name.strip() or len(name) > 60:
        raise Refused(_("视图名应为 1 至 {n} 个字").format(n=60))
    if sort and sort not in SORTS:
        raise Refused(_("没有排序 {name}，可用：{known}").format(name=sort, known=listed(SORTS)))
    kept = {key: value for key, value in filters.items() if value}
    with transaction.atomic():
        row, _made = SavedView.objects.update_or_create(
            name=name.strip(), defaults={"filters": kept, "sort": sort, "by": actor, "at": now}
        )
        after = {"name": row.name, "filters": kept, "sort": sort}
        journal.append(now, actor, "view.save", row.name, after)
    return row


def get(name: str) -> SavedView:
    row = SavedView.objects.filter(name=name).first()
    if row is None:
        known = listed(SavedView.objects.order_by("name").values_list("name", flat=True)) or _("无")
        raise Refused(_("没有视图 {name}，已有：{known}").format(name=name, known=known))
    return row


def _checked(filters: Mapping[str, Any]) -> None:
    for name in filters:
        if name not in FILTERS:
            text = _("没有筛选 {name}，可用：{known}")
            raise Refused(text.format(name=name, known=listed(FILTERS)))
    known: dict[str, tuple[str, ...]] = {"state": tuple(State), "severity": SEVERITIES}
    for name, words in known.items():
        for word in filter(None, str(filters.get(name) or "").split(",")):
            if word not in words:
                text = _("{name} 没有 {value}，可用：{known}")
                raise Refused(text.format(name=name, value=word, known=listed(words)))
