"""Notices to units: one number for the items that go out together, the receipt of it by whoever signed.

The number (文号) is taken in the transaction that sends the items out and stays in them, so that the paper
can be printed again with the same number and none is given twice or left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tlsec.i18n import _, listed
from tlsec.register import items, journal, notices, outbox
from tlsec.register.call import Call
from tlsec.register.models import Journal, Numbering, RiskItem
from tlsec.register.refused import Refused
from tlsec.register.transitions import STATE_NAMES, State
from tlsec.register.words import LOCAL, moment

MARK = "整改"  # in a number where tlsec.yaml names no notice_mark


@dataclass(frozen=True, slots=True)
class Issued:
    """A notice that went out."""

    number: str
    unit: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """What one notice would hold: confirmed items of one unit, real ones or practised ones."""

    unit: str
    drill: bool
    items: tuple[RiskItem, ...]


def letters(names: Sequence[str]) -> list[Letter]:
    """What units (by name) and items (by number) come to, a notice a unit. Raises Refused for any that cannot go.

    A unit stands for its confirmed items; an item that is named has to be confirmed.
    """
    found: dict[str, RiskItem] = {}
    for name in names:
        item = RiskItem.objects.filter(no=name).first()
        for each in [_sendable(item)] if item else _of_unit(name):
            found[each.no] = each
    by_unit: dict[tuple[str, bool], list[RiskItem]] = {}
    for each in sorted(found.values(), key=lambda i: (i.drill, i.pk)):
        by_unit.setdefault((each.unit, each.drill), []).append(each)
    return [Letter(unit, drill, tuple(rows)) for (unit, drill), rows in by_unit.items()]


def _sendable(item: RiskItem) -> RiskItem:
    if item.state != State.CONFIRMED:
        state = _(STATE_NAMES[State(item.state)])
        text = _("{no} 现为“{state}”，研判确认后才能下发")
        raise Refused(text.format(no=item.no, state=state))
    if not item.unit:
        raise Refused(_("{no} 还没有责任单位，不知道发给谁").format(no=item.no))
    return item


def _of_unit(name: str) -> list[RiskItem]:
    rows = RiskItem.objects.filter(unit=name, drill=False)
    ready = list(rows.filter(state=State.CONFIRMED).order_by("pk"))
    if ready:
        return ready
    if waiting := rows.filter(state=State.NEW).count():
        text = _("{unit} 没有已确认的事项；{n} 项待研判（tlsec register list --unit {unit}）")
        raise Refused(text.format(unit=name, n=waiting))
    if rows.exists():
        raise Refused(_("{unit} 没有待下发的事项").format(unit=name))
    known = RiskItem.objects.filter(state=State.CONFIRMED).exclude(unit="")
    units = list(dict.fromkeys(known.order_by("unit").values_list("unit", flat=True)))
    text = _("台账里没有单位或编号 {name}；有待下发事项的单位：{known}")
    raise Refused(text.format(name=name, known=listed(units) or _("无")))


def issue(letter: Letter, mark: str, actor: str, now: datetime, number: str = "") -> Issued:
    """Take the number and send every item of the notice out: all of them, or none and no number.

    `number`: one that was given by hand (by the office's own system); refused when a notice has it already.
    """
    batch = f"D{now:%Y%m%d%H%M%S}-{letter.items[0].no}"
    with transaction.atomic():
        given = _given(number) if number else _next(mark, letter.drill, now)
        for item in letter.items:
            call = Call(
                "dispatch", actor, now, version=item.version, params={"notice": given}, batch=batch
            )
            items.give(item.no, call)
        nos = tuple(item.no for item in letter.items)
        after = {"number": given, "unit": letter.unit, "items": nos, "drill": letter.drill}
        journal.append(now, actor, "notice.issue", given, after, batch=batch)
        _tell(letter, given, now)
    return Issued(given, letter.unit, nos)


def _given(number: str) -> str:
    text = unicodedata.normalize("NFC", number).strip()
    if not text or len(text) > 60 or not text.isprintable():
        raise Refused(_("文号应为 1 至 {n} 个可见字符").format(n=60))
    if _taken(text):
        raise Refused(_("文号 {number} 已用过").format(number=text))
    return text


def _next(mark: str, drill: bool, now: datetime) -> str:
    """The next number of the year; one that somebody gave by hand is passed over."""
    year = now.astimezone(LOCAL).year
    practised = items.DRILL if drill else ""
    prefix = f"notice-{practised}{year}"
    row, _made = Numbering.objects.select_for_update().get_or_create(
        prefix=prefix, defaults={"last": 0}
    )
    while True:
        row.last += 1
        number = f"{practised}{mark or MARK}〔{year}〕{row.last}号"[:60]
        if not _taken(number):
            break
    row.save()
    return number


def _taken(number: str) -> bool:
    return (
        RiskItem.objects.filter(notice=number).exists()
        or Journal.objects.filter(object=number, command="notice.issue").exists()
    )


def _tell(letter: Letter, number: str, now: datetime) -> None:
    soonest = min((i.due for i in letter.items if i.due), default=None)
    title = _("整改通知 {number}，{n} 项").format(number=number, n=len(letter.items))
    text = _("请签收并整改：{nos}；最早时限 {due}").format(
        nos=listed(i.no for i in letter.items), due=moment(soonest)
    )
    told = notices.drilled(title, letter.drill)
    notices.of_key(number, f"contact@{letter.unit}", told, text, "normal", now)


def of_number(number: str) -> QuerySet[RiskItem]:
    """The items that are out under a number, in the order of theirs."""
    return RiskItem.objects.filter(notice=number).order_by("pk")


def latest(unit: str) -> str:
    """The number of the last notice to a unit whose items are still with it; "" when there is none."""
    rows = RiskItem.objects.filter(unit=unit, drill=False).exclude(notice="")
    out = rows.filter(state__in=[s for s in State if s not in _BACK]).order_by("-dispatched", "-pk")
    found = out.first()
    return found.notice if found else ""


_BACK = (State.NEW, State.CONFIRMED)


def receipt(
    number: str, person: str, at: datetime, now: datetime, recorder: str
) -> tuple[list[str], list[str]]:
    """Record that `person` of the unit signed for a notice at a time: signed now, and signed before.

    Raises Refused, and then none is signed. The clock stops when it is recorded; the item keeps the time
    of the signature itself.
    """
    who = signer(person)
    batch = f"R{now:%Y%m%d%H%M%S}"
    done: list[str] = []
    before: list[str] = []
    with transaction.atomic():
        rows = list(of_number(number).select_for_update())
        if not rows:
            raise Refused(_("没有以 {number} 发出的事项").format(number=number))
        for item in rows:
            if item.state != State.DISPATCHED:
                before.append(item.no)
                continue
            sign(item, who, at, now, receipt_note(number, recorder), batch)
            done.append(item.no)
        if not done:
            raise Refused(_("{number} 的事项都已签收").format(number=number))
        outbox.resolve(number, now, _("已签收"))
    return done, before


def receipt_note(number: str, recorder: str) -> str:
    """What the record of a signature says besides who signed."""
    if not number:
        return _("{who} 录入").format(who=recorder)
    return _("回执 {number}，{who} 录入").format(number=number, who=recorder)


def sign(
    item: RiskItem, person: str, at: datetime, now: datetime, note: str, batch: str = ""
) -> RiskItem:
    """The sign command with the signature's own time. Raises Refused for a time that cannot be."""
    if at > now:
        raise Refused(_("签收时间 {at} 在将来").format(at=moment(at)))
    if item.dispatched and at < item.dispatched.replace(second=0, microsecond=0):
        text = _("签收时间 {at} 早于下发时间 {sent}")
        raise Refused(text.format(at=moment(at), sent=moment(item.dispatched)))
    signed: Mapping[str, datetime] = {"signed": max(at, item.dispatched or at)}
    call = Call("sign", person, now, note, item.version, batch=batch)
    return items.give(item.no, call, signed)


def signer(name: str) -> str:
    """A name as a person writes it. Raises Refused for what is none, and for ours."""
    text = " ".join(unicodedata.normalize("NFC", name).split())
    if not text or len(text) > 100 or not text.isprintable():
        raise Refused(_("签收人应为姓名，1 至 {n} 个字").format(n=100))
    plain = unicodedata.normalize("NFKC", text).casefold()
    if plain == items.MACHINE:
        raise Refused(_("“{name}”是本工具自己的名字，不能作签收人").format(name=text))
    return text
