"""Commands that wait for a second person: asked by one, approved or refused by another.

An approval carries the command out as it was asked for, on the version it was asked for; when the item has
moved on meanwhile, the request is stale and has to be asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tlsec.i18n import _
from tlsec.register import guards, items, journal
from tlsec.register.call import Call
from tlsec.register.models import RiskItem
from tlsec.register.models_handling import Request
from tlsec.register.refused import NeedsSecond, Refused
from tlsec.register.rules import in_force


def ask(no: str, call: Call) -> Request:
    """Keep a command waiting for approval. Raises Refused for what could not be done even with it."""
    guards.known(call.name)
    with transaction.atomic():
        item = RiskItem.objects.select_for_update().filter(no=no).first()
        if item is None:
            raise Refused(_("台账里没有 {no}").format(no=no))
        try:
            guards.check(item, replace(call, approver=""), in_force())
        except NeedsSecond:
            pass
        else:
            raise Refused(
                _("“{title}”不需要另一人批准，直接办理即可").format(title=_(call.rule.title))
            )
        if Request.objects.filter(item=item, command=call.name, state="asked").exists():
            text = _("{no} 的“{title}”已提请，等待批准")
            raise Refused(text.format(no=no, title=_(call.rule.title)))
        row = Request.objects.create(
            item=item, command=call.name, version=item.version, params=_stored(call.params),
            reason=call.reason[:1000], asked=call.now, asked_by=call.actor,
        )  # fmt: skip
        after = {"item": no, "rows": [journal.tracked(row)]}
        journal.append(call.now, call.actor, "request.ask", no, after, call.reason)
    return row


def approve(pk: int, actor: str, now: datetime) -> RiskItem:
    """Carry the command out. Raises Refused for the same person, and for an item that has moved on."""
    with transaction.atomic():
        row = _waiting(pk)
        if row.item.version == row.version:
            call = Call(
                row.command, row.asked_by, now, row.reason, row.version, actor, _read(row.params)
            )
            item = items.give(row.item.no, call)
            _decide(row, "approved", actor, now, "")
            return item
        _decide(row, "stale", actor, now, "")
        since = guards.last_change(row.item, row.version)
    raise Refused(_("提请以后 {no} 已有变化，请重新提请。{who}").format(no=row.item.no, who=since))


def refuse(pk: int, actor: str, now: datetime, reason: str) -> Request:
    """Turn a request down; its asker may take it back the same way."""
    if not reason.strip():
        raise Refused(_("“{title}”需要说明，请加 --reason").format(title=_("不批准")))
    with transaction.atomic():
        row = _waiting(pk)
        _decide(row, "refused", actor, now, reason)
    return row


def waiting() -> QuerySet[Request]:
    """What waits for somebody's approval, the oldest first."""
    return Request.objects.filter(state="asked").select_related("item").order_by("id")


def _waiting(pk: int) -> Request:
    row = Request.objects.select_for_update().filter(pk=pk, state="asked").first()
    if row is None:
        raise Refused(_("没有等待批准的第 {n} 号提请").format(n=pk))
    return row


def _decide(row: Request, state: str, actor: str, now: datetime, reason: str) -> None:
    row.state, row.decided, row.decided_by = state, now, actor
    row.save()
    after = {"item": row.item.no, "rows": [journal.tracked(row)]}
    journal.append(now, actor, f"request.{state}", row.item.no, after, reason)


def _stored(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"at": value.isoformat()} if isinstance(value, datetime) else str(value)
        for name, value in params.items()
    }


def _read(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value
        for name, value in params.items()
    }
