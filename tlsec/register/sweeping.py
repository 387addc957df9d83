"""What time alone brings about: reminders of clocks, ends of pauses, exceptions and judgements.

Timers are rows (Clock.next_at, until of the others), so a restart loses none: what came due meanwhile is
done once, rungs that were passed are told in one notice, and a late notice says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tlsec.i18n import _, pick
from tlsec.policy import clock as arithmetic
from tlsec.register import held, items, journal, memory, mitigation, notices, waiving
from tlsec.register.clocks import KIND_NAMES, next_look, segments
from tlsec.register.models import Alert, RiskItem
from tlsec.register.models_clocks import Clock
from tlsec.register.models_handling import ItemWaiver, Mitigation
from tlsec.register.models_muting import VerdictMemory
from tlsec.register.rules import Rules, in_force
from tlsec.register.transitions import FINAL, State
from tlsec.register.words import moment, span

_AT_ONCE = 500  # clocks in one look
_HELD = {ItemWaiver: State.WAIVED, Mitigation: State.MITIGATED}


def sweep(now: datetime) -> None:
    """Do everything that is due. Each thing is a transaction of its own, done once however often this runs."""
    rules = in_force()
    _clocks(now, rules)
    _exceptions(now, rules)
    for row in list(memory.expired(now)):
        _forget(row.pk, now, rules)


def _clocks(now: datetime, rules: Rules) -> None:
    last = 0
    while True:  # by id, so that one clock that cannot be moved on does not hold the others
        due = Clock.objects.filter(next_at__lte=now, pk__gt=last).order_by("pk")
        found = list(due.values_list("pk", "item__no")[:_AT_ONCE])
        for pk, no in found:
            _clock(pk, no, now, rules)
        if len(found) < _AT_ONCE:
            return
        last = found[-1][0]


def _clock(pk: int, no: str, now: datetime, rules: Rules) -> None:
    with transaction.atomic():
        item = RiskItem.objects.select_for_update().get(no=no)
        row = Clock.objects.prefetch_related("segments").get(pk=pk)
        if row.next_at is None or row.next_at > now:
            return  # the item has moved on while this waited
        made = segments(row)
        if made[-1].calendar == arithmetic.PAUSED:
            items.command(no, "resume", items.MACHINE, now, _("停表期满"), machine=True)
            return
        share, rungs = rules.sla.warn_share, rules.sla.rungs
        reached = arithmetic.rung(made, rules.calendars, now, share, len(rungs))
        if reached > row.told:
            first = arithmetic.rung_at(made, rules.calendars, row.told + 1, share) or now
            late = now - first > timedelta(minutes=rules.sla.late_minutes)
            _remind(item, row, reached, late, now, rules)
            row.told = reached
        row.next_at = next_look(made, row.told, rules)
        row.save(update_fields=["told", "next_at"])


def _remind(
    item: RiskItem, row: Clock, reached: int, late: bool, now: datetime, rules: Rules
) -> None:
    rung = rules.sla.rungs[reached - 1]
    what = pick({"zh": rung.zh, "en": rung.en})
    title = _("{no} {clock}{what}").format(no=item.no, clock=_(KIND_NAMES[row.kind]), what=what)
    text = _("{title}（{unit}），时限 {due}").format(
        title=item.title or item.description, unit=item.unit or _("无主"), due=moment(row.due)
    )
    if row.due and row.due < now:
        text += _("，已超 {span}").format(span=span(now - row.due))
    if late:
        text += _("（补发）")
    after = {
        "item": item.no, "clock": row.kind, "rung": reached, "merged": reached - row.told,
        "due": row.due, "late": late,
    }  # fmt: skip
    journal.append(now, items.MACHINE, "clock.remind", item.no, after)
    notices.about(item, rung.to, title, text, rung.urgency, now)


def _exceptions(now: datetime, rules: Rules) -> None:
    ended: list[ItemWaiver | Mitigation] = [*waiving.expired(now), *mitigation.expired(now)]
    for row in ended:
        _expire(row, now)
    soon = now + timedelta(days=max(rules.exceptions.warn_days, default=0))
    for kind in (ItemWaiver, Mitigation):
        for pk in kind.objects.filter(ended=None, until__gt=now, until__lte=soon).values_list(
            "pk", flat=True
        ):
            _warn(kind, pk, now, rules)


def _expire(row: ItemWaiver | Mitigation, now: datetime) -> None:
    """The end has come: the item is open again and its clock starts anew, from the end itself."""
    with transaction.atomic():
        item = RiskItem.objects.select_for_update().get(pk=row.item_id)
        row.refresh_from_db()
        if row.ended is not None:
            return
        if item.state != _HELD[type(row)]:  # left by a way that knew nothing of it
            row.ended, row.ended_why = now, "left"
            row.save()
            journal.append(
                now, items.MACHINE, "item.left", item.no, {"rows": [journal.tracked(row)]}
            )
            return
        name = _("接受") if isinstance(row, ItemWaiver) else _("缓释")
        text = _("{name}于 {until} 到期").format(name=name, until=moment(row.until))
        moved = items.command(item.no, "expire", items.MACHINE, now, text, machine=True)
        title = _("{no} {name}已到期，恢复处置").format(no=item.no, name=name)
        notices.about(moved, "owner@unit", title, moved.title or moved.description, "urgent", now)


def _warn(kind: type[ItemWaiver] | type[Mitigation], pk: int, now: datetime, rules: Rules) -> None:
    with transaction.atomic():
        row = kind.objects.select_for_update().get(pk=pk)
        days = held.warning(row, now, rules.exceptions.warn_days)
        if row.ended is not None or days is None:
            return
        row.warned = days
        row.save(update_fields=["warned"])
        item = RiskItem.objects.get(pk=row.item_id)
        after = {"item": item.no, "rows": [journal.tracked(row)]}
        journal.append(now, items.MACHINE, "item.warn", item.no, after)
        name = _("接受") if isinstance(row, ItemWaiver) else _("缓释")
        title = _("{no} {name}还有 {n} 天到期（{until}）").format(
            no=item.no, name=name, n=days, until=moment(row.until)
        )
        notices.about(item, "owner@unit", title, item.title or item.description, "normal", now)


def _forget(pk: int, now: datetime, rules: Rules) -> None:
    """A remembered judgement has ended: what still fires is judged anew, else the next failure is new."""
    with transaction.atomic():
        row = VerdictMemory.objects.select_for_update().get(pk=pk)
        if row.ended is not None:
            return
        item = RiskItem.objects.select_for_update().filter(no=row.item).first()
        judged = item is not None and item.state in (State.FALSE_POSITIVE, State.NOT_APPLICABLE)
        if item is not None and judged and memory.fires(item):
            text = _("误报等判定于 {until} 到期，仍在告警").format(until=moment(row.until))
            if _long_ago(item, now, rules):
                _anew(item, text, now, rules)
            else:
                items.command(item.no, "expire", items.MACHINE, now, text, machine=True)
                return
        if item is not None and judged:
            rows = memory.forget(item, now, "expire")
            item.alerts.filter(open=True).exclude(condition=Alert.Condition.FIRING).update(
                open=False
            )
        else:
            row.ended, row.ended_why = now, "expired"
            row.save()
            rows = [row]
        after = {"item": row.item, "rows": [journal.tracked(each) for each in rows]}
        journal.append(now, items.MACHINE, "memory.end", row.item, after)


def _long_ago(item: RiskItem, now: datetime, rules: Rules) -> bool:
    limit = timedelta(days=rules.sla.recurrence_days)
    return item.closed is None or now - item.closed > limit


def _anew(old: RiskItem, text: str, now: datetime, rules: Rules) -> None:
    """Judged too long ago for the same row: a new one that names it, over the alerts that fire."""
    heads = list(old.alerts.filter(open=True, condition=Alert.Condition.FIRING).order_by("id"))
    kept = (
        "title", "category", "flaw", "address", "unit", "county", "system", "system_id", "zone",
        "impact", "remediation", "items", "source", "probed",
    )  # fmt: skip
    values = {name: getattr(old, name) for name in kept} | {"recurrence_of": old.no}
    new = items.open_item(heads[0], values, rules.base, now, items.MACHINE)
    new.alerts.add(*heads[1:])
    assert new.state not in FINAL, text
