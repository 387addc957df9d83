"""Fills the papers of warnings and incidents from the tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from tlsec.i18n import _
from tlsec.incident import keeping, receipts, states
from tlsec.incident.matching import SURE
from tlsec.incident.models import Warning
from tlsec.incident.states import WarningState
from tlsec.incident.words import LOCAL, REPLIES, SOURCES
from tlsec.inventory.models import Unit
from tlsec.policy import event_class
from tlsec.policy import warning as colours
from tlsec.report.papers.incident_data import (
    Affected,
    Attached,
    ReceiptRow,
    ReceiptTable,
    WarningPaper,
)
from tlsec.workspace import Workspace


def class_name(key: str) -> str:
    """The printed name of a stored class; the key itself when the table no longer has it."""
    try:
        return event_class.find(event_class.load(keeping.folders()), key).name
    except ValueError:
        return key


def contact_of(workspace: Workspace) -> tuple[str, str]:
    """Name and phone of the bureau's contact."""
    bureau = Unit.objects.filter(name__startswith=workspace.config.bureau).first()
    contact = bureau.contact if bureau else None
    return (contact.name, contact.phone) if contact else ("", "")


def day_of(moment: datetime) -> date:
    return moment.astimezone(LOCAL).date()


def warning(workspace: Workspace, row: Warning, now: datetime) -> WarningPaper:
    """The 预警通报 of one edition."""
    table = colours.load(keeping.folders())
    colour: Any = row.colour or row.colour_proposed or colours.NONE
    shade = next((s for s in table.colours if s.id == colour), None)
    sent = list(row.receipts.order_by("id"))
    limit = table.limit(colour)
    first = min((r.sign_by for r in sent), default=None)
    answer = min((r.feedback_by for r in sent), default=None)
    start = row.issued or now
    before = row.replaces
    contact, phone = contact_of(workspace)
    final = (WarningState.ISSUED, WarningState.ADJUSTED, WarningState.LIFTED)
    return WarningPaper(
        number=row.number,
        issuer=row.issuer,
        title=row.title,
        date=day_of(row.signed or now),
        colour=_(colours.COLOUR_NAMES[colour]),
        numeral=shade.numeral if shade else "—",
        category=class_name(row.category),
        source="　".join(filter(None, (_(SOURCES[row.source]), row.source_ref))),
        starts=row.starts,
        until=row.until or "",
        before=(before.number, _(colours.COLOUR_NAMES[before.colour])) if before else ("", ""),
        before_why=row.colour_reason if before else "",
        flaw=row.flaw,
        flaw_level=row.flaw_level,
        nature=row.nature,
        threat=row.threat,
        products=tuple(row.products),
        scope=row.scope,
        zones=tuple(row.zones),
        effect=row.effect,
        advice=row.advice,
        measures=row.measures,
        response=tuple(duty.name for duty in table.duties(colour)),
        handle_by=row.handle_by or "",
        sign_by=first or (start + limit[0] if limit else ""),
        feedback_by=answer or (start + limit[1] if limit else ""),
        feedback=row.feedback,
        receivers=tuple(r.unit for r in sent),
        affected=tuple(_affected(match) for match in row.matches),
        zero_units=sum(not r.matched for r in sent),
        rule=row.rule,
        marks=tuple(row.marks),
        drafted_by=row.drafted_by,
        concluded_by=row.concluded_by,
        signed_by=row.signed_by,
        contact=contact,
        phone=phone,
        secrecy=row.secrecy,
        circulation=row.circulation,
        attached=tuple(Attached(a["name"], a["sha256"], a["size"]) for a in row.attachments),
        state="" if row.state in final else states.name(WarningState, row.state),
        lifted=(row.ended or "") if row.state == WarningState.LIFTED else "",
        lifted_why=row.ended_why,
        example=workspace.config.practice_range,
        drill=row.drill,
    )


def _affected(match: dict[str, Any]) -> Affected:
    return Affected(
        unit=match["unit"],
        name=match["name"],
        place=match["place"],
        product=f"{match['product']} {match['version']}".strip(),
        sure=_(SURE[match["sure"]]),
        system=match["system"],
        why=match["why"],
    )


def receipt_table(row: Warning, now: datetime) -> ReceiptTable:
    """The receipts of one edition."""
    rows = list(row.receipts.order_by("id"))
    count = receipts.tally(rows, now)
    return ReceiptTable(
        number=row.number,
        title=row.title,
        colour=_(colours.COLOUR_NAMES[row.colour]) if row.colour else "",
        issuer=row.issuer,
        issued=row.issued or "",
        made=now,
        rows=tuple(_receipt(each, now) for each in rows),
        units=count.units,
        signed=count.signed,
        done=count.done,
        affected=count.affected,
        none=count.none,
        late=count.late,
    )


def _receipt(row: Any, now: datetime) -> ReceiptRow:
    answered = bool(row.reply)
    return ReceiptRow(
        unit=row.unit,
        state=states.name(states.ReceiptState, row.state),
        owed=receipts.owed(row, now),
        contact=row.contact,
        phone=row.phone,
        matched=row.matched,
        delivered=row.delivered,
        sign_by=row.sign_by,
        signed=row.signed or "",
        signed_by=row.signed_by,
        feedback_by=row.feedback_by,
        first_feedback=row.first_feedback or "",
        done=row.done or "",
        reply=_(REPLIES[row.reply]) if answered else "",
        affected=row.affected if answered and row.affected is not None else "",
        fixed=row.fixed if answered and row.fixed is not None else "",
        text=row.text,
    )
