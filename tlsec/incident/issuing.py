"""Commands on warnings: draft, judge, sign, issue, adjust, lift. Each checks the table, writes one record.

The colour is proposed by the table and confirmed by a person; another one than the drafter signs. What a bureau
issues is an internal 预警通报 or 风险提示, never a warning to the public.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from tlsec import workspace
from tlsec.i18n import _, listed
from tlsec.incident import keeping, matching
from tlsec.incident.drafts import Draft
from tlsec.incident.keeping import person
from tlsec.incident.models import Warning, WarningReceipt
from tlsec.incident.states import WARNING, ReceiptState, WarningState, after
from tlsec.incident.words import LOCAL
from tlsec.inventory import models as inventory
from tlsec.policy import event_class
from tlsec.policy import warning as colours
from tlsec.register import evidence
from tlsec.register.refused import Refused

PREFIX = "YB"  # 编号 while it is worked on
SERIAL = "YJTB"  # counts signed warnings of a year; printed as 年-级别字-流水
_PLAIN = (
    "title", "source", "source_ref", "flaw", "flaw_level", "nature", "threat", "scope", "effect",
    "advice", "measures", "feedback", "secrecy", "circulation",
)  # fmt: skip
_TIMES = ("until", "handle_by")


def find(no: str) -> Warning:
    row = Warning.objects.filter(no=no).first() or Warning.objects.filter(number=no).first()
    if row is None:
        raise Refused(_("没有预警通报 {no}").format(no=no))
    return row


def draft(form: Draft, actor: str, now: datetime) -> Warning:
    """A new warning with a proposed colour; while its damage is not said it is only watched (监测)."""
    who = person(actor, _("起草"))
    kept = [_kept(path) for path in form.attachments]
    with transaction.atomic():
        _count, no = keeping.number(PREFIX, now, form.drill)
        row = Warning(
            no=no, drill=form.drill, version=0, drafted_by=who, drafted=now,
            issuer=workspace.read(workspace.find()).config.bureau,
            discovered=keeping.moment(form.discovered, now, None, _("发现")),
            starts=form.starts or now,
        )  # fmt: skip
        _fill(row, form, now)
        row.attachments = kept
        row.state = WarningState.JUDGING if row.damage else WarningState.WATCHING
        keeping.keep(row, [], "warning.draft", who, now)
    return row


def edit(no: str, form: Draft, actor: str, now: datetime, version: int | None = None) -> Warning:
    """Write it anew while it is still a draft; the colour is proposed anew too."""
    who = person(actor, _("修改"))
    kept = [_kept(path) for path in form.attachments]
    with transaction.atomic():
        row = keeping.locked(Warning, no, version)
        row.state = after(WARNING, "edit", row.state, no)
        _fill(row, form, now)
        row.starts = form.starts or row.starts
        row.attachments = [*row.attachments, *kept]
        if row.state == WarningState.WATCHING and row.damage:
            row.state = after(WARNING, "judge", row.state, no)
        keeping.keep(row, [], "warning.edit", who, now)
    return row


def form_of(row: Warning) -> dict[str, Any]:
    """What was written of it, to be edited; files already kept are not named again."""
    values = {name: getattr(row, name) for name in (*_PLAIN, *_TIMES, "products", "zones")}
    about = {"category": row.category, "importance": row.importance, "damage": row.damage}
    return {**values, **about, "starts": row.starts, "drill": row.drill}


def _fill(row: Warning, form: Draft, now: datetime) -> None:
    for name in (*_PLAIN, *_TIMES):
        setattr(row, name, getattr(form, name))
    if row.until is not None and row.until <= (form.starts or now):
        raise Refused(_("有效期应晚于起始时间"))
    folders = keeping.folders()
    try:
        row.category = event_class.find(event_class.load(folders), form.category).key
    except ValueError as error:
        raise Refused(str(error)) from error
    row.products = [rule.text for rule in matching.rules(form.products)]
    row.zones = list(dict.fromkeys(form.zones))
    _match(row, now)
    table = colours.load(folders)
    row.importance = form.importance or colours.importance_of(
        table, matching.level_of(row.matches), form.cii
    )
    row.damage = form.damage
    _propose(row, table)
    if not form.importance and row.rule:
        row.marks = [*row.marks, table.importance_from.verify]


def _propose(row: Warning, table: colours.Colours) -> None:
    row.colour_proposed, row.rule, row.marks = "", "", []
    if row.damage:
        try:
            made = colours.propose(table, row.importance, row.damage)
        except ValueError as error:
            raise Refused(str(error)) from error
        row.colour_proposed, row.rule, row.marks = made.colour, made.rule, list(made.marks)


def _match(row: Warning, now: datetime) -> None:
    row.matches = [match.data() for match in matching.find(row.products, row.zones, now)]
    row.matched = now


def _kept(path: str) -> dict[str, Any]:
    """An attachment in the evidence store. Raises Refused."""
    source = Path(path)
    kept = evidence.store().keep(source)
    return {"name": source.name[:200], "sha256": kept.sha256, "size": kept.size}


def match(no: str, actor: str, now: datetime) -> Warning:
    """Match anew; in an issued warning that reaches further, the numbers of the receipts stay as issued."""
    with transaction.atomic():
        row = keeping.locked(Warning, no)
        after(WARNING, "match", row.state, no)
        _match(row, now)
        keeping.keep(row, [], "warning.match", actor, now)
    return row


def conclude(
    no: str, colour: str, actor: str, now: datetime, reason: str = "", version: int | None = None
) -> Warning:
    """A person confirms the colour; another one than proposed needs a reason."""
    who = person(actor, _("研判定级"))
    with transaction.atomic():
        row = keeping.locked(Warning, no, version)
        row.state = after(WARNING, "conclude", row.state, no)
        row.colour = _confirmed(colour or row.colour_proposed)
        if row.colour != row.colour_proposed and not reason.strip():
            text = _("建议为{proposed}，定为{colour}需要说明，请加 --reason")
            names = colours.COLOUR_NAMES
            raise Refused(
                text.format(proposed=_(names[row.colour_proposed]), colour=_(names[row.colour]))
            )
        row.colour_reason, row.concluded, row.concluded_by = reason[:1000], now, who
        keeping.keep(row, [], "warning.conclude", who, now, reason)
    return row


def _confirmed(colour: str) -> str:
    codes = {_(name): code for code, name in colours.COLOUR_NAMES.items()}
    code = codes.get(colour, colour)
    if code == colours.NONE:
        raise Refused(_("结论是不发布：请用 tlsec warning drop，并写明理由"))
    if code not in colours.COLOUR_NAMES:
        known = listed(_(name) for code, name in colours.COLOUR_NAMES.items() if code != "none")
        raise Refused(_("没有预警级别 {colour}，可用：{known}").format(colour=colour, known=known))
    return code


def give_back(no: str, actor: str, now: datetime, reason: str) -> Warning:
    """Back to judging; what was signed is no longer."""
    with transaction.atomic():
        row = keeping.locked(Warning, no)
        row.state = after(WARNING, "return", row.state, no, reason)
        if row.replaces is not None:
            raise Refused(_("{no} 是调整稿：不合适就用 drop，再重新调整").format(no=no))
        row.signed, row.signed_by, row.number = None, "", ""
        row.concluded, row.concluded_by, row.colour = None, "", ""
        keeping.keep(row, [], "warning.return", actor, now, reason)
    return row


def drop(no: str, actor: str, now: datetime, reason: str) -> Warning:
    """不予发布, with the reason. The edition that it would have replaced stays in force."""
    who = person(actor, _("不予发布"))
    with transaction.atomic():
        row = keeping.locked(Warning, no)
        row.state = after(WARNING, "drop", row.state, no, reason)
        row.ended, row.ended_by, row.ended_why = now, who, reason[:1000]
        keeping.keep(row, [], "warning.drop", who, now, reason)
    return row


def sign(no: str, actor: str, now: datetime, version: int | None = None) -> Warning:
    """签发 by a person other than the drafter; gives the printed number."""
    who = person(actor, _("签发"))
    with transaction.atomic():
        row = keeping.locked(Warning, no, version)
        row.state = after(WARNING, "sign", row.state, no)
        if keeping.same(who, row.drafted_by):
            raise Refused(_("签发人不能是起草人 {name}，须另一人签发").format(name=row.drafted_by))
        count, _key = keeping.number(SERIAL, now, row.drill)
        word = _(colours.COLOUR_NAMES[row.colour])
        drill = keeping.DRILL if row.drill else ""
        row.number = f"{drill}{now.astimezone(LOCAL).year}-{word}-{count:03d}"
        row.signed, row.signed_by = now, who
        keeping.keep(row, [], "warning.sign", who, now)
    return row


def units_on_record() -> list[str]:
    """Units that hold a system or an asset: the ones who have to answer when nobody else is named."""
    ids = set(inventory.System.objects.values_list("unit_id", flat=True))
    ids |= set(inventory.Asset.objects.exclude(unit=None).values_list("unit_id", flat=True))
    rows = inventory.Unit.objects.filter(id__in=ids).order_by("ordinal", "id")
    return list(rows.values_list("name", flat=True))


def issue(no: str, units: Sequence[str], actor: str, now: datetime) -> Warning:
    """Hand it to the units; each owes a receipt, those without a matched asset too.

    `units`: names; empty for all on record. Units with matched assets are always among them.
    """
    who = person(actor, _("发布"))
    with transaction.atomic():
        row = keeping.locked(Warning, no)
        row.state = after(WARNING, "issue", row.state, no)
        row.issued = now
        counts = matching.by_unit(row.matches)
        names = [*_known(units), *sorted(unit for unit in counts if unit)]
        if row.replaces is not None:
            names += row.replaces.receipts.order_by("id").values_list("unit", flat=True)
        names = list(dict.fromkeys(names))
        if not names:
            raise Refused(_("没有接收单位，请用 --unit 写明"))
        receipts = [_receipt(row, name, counts.get(name, 0), now) for name in names]
        WarningReceipt.objects.bulk_create(receipts)
        keeping.keep(row, receipts, "warning.issue", who, now)
        if row.replaces is not None:
            _replace(row.replaces.no, row, who, now)
    return row


def _known(units: Sequence[str]) -> list[str]:
    if not units:
        return units_on_record()
    rows = dict(inventory.Unit.objects.values_list("id", "name"))
    names = set(rows.values())
    if lost := [unit for unit in units if unit not in rows and unit not in names]:
        raise Refused(_("台账里没有单位 {name}").format(name=lost[0]))
    return [rows.get(unit, unit) for unit in units]


def _receipt(row: Warning, unit: str, matched: int, now: datetime) -> WarningReceipt:
    limit = colours.load(keeping.folders()).limit(row.colour)  # type: ignore[arg-type]  # confirmed
    assert limit is not None
    answer = min(now + limit[1], row.handle_by) if row.handle_by else now + limit[1]
    about = inventory.Unit.objects.select_related("contact").filter(name=unit).first()
    contact = about.contact if about else None
    return WarningReceipt(
        warning=row, unit=unit, state=ReceiptState.SENT, matched=matched, delivered=now,
        sign_by=now + limit[0], feedback_by=max(answer, now + limit[0]),
        contact=contact.name[:100] if contact else "", phone=contact.phone[:60] if contact else "",
    )  # fmt: skip


def _replace(no: str, by: Warning, actor: str, now: datetime) -> None:
    """The old edition ends as the new one is issued; what its units still owed, they owe to the new one."""
    from tlsec.incident import receipts

    old = keeping.locked(Warning, no)
    old.state = after(WARNING, "replace", old.state, no)
    old.ended, old.ended_by = now, actor
    old.ended_why = _("由 {number} 代替").format(number=by.number)
    keeping.keep(old, receipts.replace_all(old), "warning.replace", actor, now, old.ended_why)


def adjust(no: str, colour: str, actor: str, now: datetime, reason: str) -> Warning:
    """A new edition at another colour, linked to this one, to be signed by another person.

    The old edition stays in force until the new one is issued.
    """
    who = person(actor, _("调整级别"))
    with transaction.atomic():
        old = keeping.locked(Warning, no)
        after(WARNING, "adjust", old.state, no, reason)
        pending = Warning.objects.filter(replaces=old).first()
        if pending is not None and pending.state != WarningState.DROPPED:
            raise Refused(_("已有调整稿 {no}，先处理它").format(no=pending.no))
        if pending is not None:
            pending.replaces = None
            keeping.keep(pending, [], "warning.unlink", who, now)
        new_colour = _confirmed(colour)
        if new_colour == old.colour:
            raise Refused(
                _("级别没有变，仍是{colour}").format(colour=_(colours.COLOUR_NAMES[old.colour]))
            )
        row = _next_edition(old, now)
        row.colour, row.colour_reason = new_colour, reason[:1000]
        row.drafted_by = row.concluded_by = who
        row.drafted = row.concluded = now
        keeping.keep(row, [], "warning.adjust", who, now, reason)
    return row


def _next_edition(old: Warning, now: datetime) -> Warning:
    fresh = Warning.objects.get(pk=old.pk)
    fresh.pk, fresh._state.adding = None, True
    _count, fresh.no = keeping.number(PREFIX, now, old.drill)
    fresh.number, fresh.version, fresh.edition = "", 0, old.edition + 1
    fresh.replaces, fresh.state = old, WarningState.TO_SIGN
    fresh.signed = fresh.issued = fresh.ended = None
    fresh.signed_by = fresh.ended_by = fresh.ended_why = ""
    fresh.told = []
    _match(fresh, now)
    return fresh


def lift(no: str, actor: str, now: datetime, reason: str, approver: str) -> Warning:
    """解除, when the threat is over or below blue; approved by a person other than the one who asks."""
    who, second = person(actor, _("解除")), person(approver, _("批准解除"))
    if keeping.same(who, second):
        raise Refused(_("解除须由另一人批准"))
    with transaction.atomic():
        row = keeping.locked(Warning, no)
        row.state = after(WARNING, "lift", row.state, no, reason)
        pending = Warning.objects.filter(replaces=row).exclude(state=WarningState.DROPPED).first()
        if pending is not None:
            raise Refused(_("已有调整稿 {no}，先处理它").format(no=pending.no))
        row.ended, row.ended_by, row.ended_why = now, second, reason[:1000]
        keeping.keep(row, [], "warning.lift", who, now, reason)
    return row
