"""What the serving process looks at: clocks of cases and times of receipts, each reminder given once.

A reminder is queued in the transaction that remembers it, so a killed process loses none and doubles none.
Drills are looked at by nobody.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tlsec.i18n import _, listed
from tlsec.incident import cases, keeping, receipts
from tlsec.incident.models import Case, Warning
from tlsec.incident.states import WarningState
from tlsec.incident.words import LOCAL
from tlsec.notify.message import Urgency
from tlsec.policy import reporting
from tlsec.policy.reporting import Clock

_LEADER_FROM = 0.8  # share of a clock from which the leader is told too


def look(now: datetime) -> None:
    """The hook: every case that is not over, every warning in force."""
    rules = reporting.load(keeping.folders())
    live = Case.objects.exclude(state__in=cases.OVER).filter(drill=False)
    for no in list(live.order_by("id").values_list("no", flat=True)):
        with transaction.atomic():
            _case(keeping.locked(Case, no), rules, now)
    issued = Warning.objects.filter(state=WarningState.ISSUED, drill=False)
    for no in list(issued.order_by("id").values_list("no", flat=True)):
        with transaction.atomic():
            _warning(keeping.locked(Warning, no), now)


def _case(row: Case, rules: reporting.Reporting, now: datetime) -> None:
    due: list[tuple[Clock, float]] = []
    for clock in reporting.clocks(rules, cases.facts(row), now):
        rung = reporting.rung(rules, clock, now)
        if rung > float(row.reminded.get(clock.id, 0)):
            due.append((clock, rung))
    if not due:
        return
    row.reminded = {**row.reminded, **{clock.id: rung for clock, rung in due}}
    for clock, rung in due:
        text = case_text(row, clock, rung)
        roles = ("duty", "leader") if rung >= _LEADER_FROM else ("duty",)
        for role in roles:
            _enqueue(now, row.no, role, _("{no} 报告时限").format(no=row.no), text, "urgent")
    said = listed(
        (_("{to} {share:.0%}").format(to=clock.to, share=rung) for clock, rung in due), "，"
    )
    keeping.keep(row, [], "case.remind", keeping.MACHINE, now, said, quiet=True)


def case_text(row: Case, clock: Clock, rung: float) -> str:
    """What a reminder says: to whom, until when, counted from which moment."""
    assert clock.due is not None and clock.start is not None
    due, start = (f"{t.astimezone(LOCAL):%m-%d %H:%M}" for t in (clock.due, clock.start))
    basis = _("法定") if clock.statutory else _("本市要求")
    text = (
        _("事件 {no} 报{to}的时限（{basis}）已到：{due}，仍未登记报告。自 {start} 起算。")
        if rung >= reporting.REMIND_SHARES_END
        else _("事件 {no} 报{to}的时限（{basis}）已用 {share:.0%}，{due} 到期。自 {start} 起算。")
    )
    return text.format(no=row.no, to=clock.to, basis=basis, due=due, start=start, share=rung)


def _warning(row: Warning, now: datetime) -> None:
    sent = list(row.receipts.order_by("id"))
    new = []
    for receipt in sent:
        key = f"{receipt.pk}:{receipt.state == 'sent'}"
        if receipts.late(receipt, now) and key not in row.told:
            new.append((key, receipt))
    over = row.until is not None and now >= row.until and "until" not in row.told
    if not new and not over:
        return
    if new:
        names = listed(
            _("{unit}{owed}").format(unit=each.unit, owed=receipts.owed(each, now))
            for _key, each in new
        )
        title = _("{number} 签收反馈逾期").format(number=row.number)
        _enqueue(now, row.no, "duty", title, names, "normal")
    if over:
        text = _("{number} 的有效期已到，请解除或另发延长。").format(number=row.number)
        _enqueue(now, row.no, "duty", _("{number} 到期").format(number=row.number), text, "normal")
    row.told = [*row.told, *(key for key, _receipt in new), *(["until"] if over else [])]
    keeping.keep(row, [], "warning.remind", keeping.MACHINE, now, quiet=True)


def _enqueue(
    now: datetime, key: str, audience: str, title: str, text: str, urgency: Urgency
) -> None:
    from tlsec.register import outbox  # its own tables are loaded with the register

    outbox.enqueue(now, key, audience, title, text, urgency)
