"""What each unit does with a warning: sign, respond, answer. Who has nothing concerned says so (无涉及)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tlsec.i18n import _
from tlsec.incident import keeping
from tlsec.incident.keeping import person
from tlsec.incident.models import Warning, WarningReceipt
from tlsec.incident.states import RECEIPT, ReceiptState, WarningState, after
from tlsec.inventory.models import Unit
from tlsec.register.refused import Refused

OWING = (ReceiptState.SENT, ReceiptState.SIGNED, ReceiptState.RESPONDING)
COMMANDS = ("sign", "respond", "progress", "done", "correct")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a unit says. `reply`: affected or none. Numbers of assets as the unit counts them."""

    reply: str = ""
    affected: int | None = None
    fixed: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How a warning stands with its units; replaced receipts are not counted."""

    units: int
    signed: int
    done: int
    affected: int  # units that said so
    none: int  # units that answered 无涉及
    owing: int
    late: int  # owing a signature or an answer past its time


def owed(row: WarningReceipt, now: datetime) -> str:
    """What a unit owes at a moment, in words; "" for nothing."""
    if row.state not in OWING:
        return ""
    if row.state == ReceiptState.SENT:
        what, by = _("签收"), row.sign_by
    elif row.matched:
        what, by = _("反馈"), row.feedback_by
    else:
        what, by = _("“无涉及”回复"), row.feedback_by
    return _("逾期未{what}").format(what=what) if now > by else _("待{what}").format(what=what)


def late(row: WarningReceipt, now: datetime) -> bool:
    """Whether a unit owes something past its time; without a signature, of either limit."""
    by = row.sign_by if row.state == ReceiptState.SENT else row.feedback_by
    return row.state in OWING and now > by


def tally(rows: Iterable[WarningReceipt], now: datetime) -> Tally:
    counted = [row for row in rows if row.state != ReceiptState.REPLACED]
    return Tally(
        units=len(counted),
        signed=sum(row.signed is not None for row in counted),
        done=sum(row.state == ReceiptState.DONE for row in counted),
        affected=sum(row.reply == "affected" for row in counted),
        none=sum(row.reply == "none" for row in counted),
        owing=sum(row.state in OWING for row in counted),
        late=sum(late(row, now) for row in counted),
    )


def command(
    no: str,
    unit: str,
    name: str,
    actor: str,
    now: datetime,
    answer: Answer | None = None,
    at: datetime | None = None,
    reason: str = "",
) -> WarningReceipt:
    """One step of one unit. `at`: when it happened, of a paper that is entered later."""
    who = person(actor, _(RECEIPT[name].title))
    with transaction.atomic():
        warning = keeping.locked(Warning, no)
        row = _row(warning, unit)
        if warning.state != WarningState.ISSUED:
            raise Refused(_("{no} 已不在发布中").format(no=no))
        state = after(RECEIPT, name, row.state, f"{no} {row.unit}", reason)
        since = row.signed or row.delivered
        moment = keeping.moment(at, now, since, _(RECEIPT[name].title))
        if name == "sign":
            row.signed, row.signed_by = moment, who
        elif name in ("progress", "done"):
            _answer(row, answer or Answer(), name, reason)
            row.first_feedback = row.first_feedback or moment
            row.done = moment if name == "done" else None
            row.reported_by = who
        elif name == "correct":
            row.done = None
        row.state = state
        row.version += 1
        row.save()
        keeping.record([row], f"warning.receipt-{name}", no, who, now, reason)
    return row


def _row(warning: Warning, unit: str) -> WarningReceipt:
    name = Unit.objects.filter(id=unit).values_list("name", flat=True).first() or unit
    row = WarningReceipt.objects.select_for_update().filter(warning=warning, unit=name).first()
    if row is None:
        raise Refused(_("{no} 没有发给 {unit}").format(no=warning.no, unit=unit))
    return row


def _answer(row: WarningReceipt, answer: Answer, name: str, reason: str) -> None:
    reply = answer.reply or row.reply
    if reply not in ("affected", "none"):
        raise Refused(_("请写明是否涉及：--affected 数量，或 --none"))
    if reply == "none" and (answer.affected or answer.fixed):
        raise Refused(_("“无涉及”不能又写涉及的数量"))
    if reply == "none" and row.matched and not (reason.strip() or answer.text.strip()):
        message = _("台账匹配到 {unit} {n} 项资产，回复“无涉及”须说明，请加 --reason")
        raise Refused(message.format(unit=row.unit, n=row.matched))
    affected = answer.affected if answer.affected is not None else row.affected
    fixed = answer.fixed if answer.fixed is not None else row.fixed
    if reply == "affected" and affected is None:
        raise Refused(_("请写明涉及几项：--affected 数量"))
    if (affected or 0) < 0 or (fixed or 0) < 0 or (fixed or 0) > (affected or 0):
        raise Refused(_("已处置的数量不能多于涉及的数量"))
    row.reply = reply
    row.affected, row.fixed = (affected, fixed) if reply == "affected" else (0, 0)
    said = answer.text.strip() or (reason.strip() if reply == "none" else "")
    if name == "done" and reply == "affected" and not (said or row.text):
        raise Refused(_("完成反馈要写明处置情况，请加 --text"))
    row.text = (said or row.text)[:4000]


def replace_all(warning: Warning) -> list[WarningReceipt]:
    """End what is still owed to an edition; inside the transaction of the edition that takes its place."""
    rows = list(warning.receipts.select_for_update().filter(state__in=OWING))
    for row in rows:
        row.state = after(RECEIPT, "replace", row.state, row.unit)
        row.version += 1
        row.save()
    return rows
