"""Fills the papers of warnings and incidents from the tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from tlsec.i18n import _
from tlsec.incident import cases, keeping, receipts, reports, states
from tlsec.incident.matching import SURE
from tlsec.incident.models import Case, CaseReport, Transfer, Warning
from tlsec.incident.states import WarningState
from tlsec.incident.words import LOCAL, OPERATORS, REPLIES, REPORTS, SOURCES
from tlsec.inventory.models import Unit
from tlsec.policy import incident_level, reporting
from tlsec.policy import warning as colours
from tlsec.register import journal
from tlsec.report.papers.incident_data import (
    Affected,
    Attached,
    ClockLine,
    EvidenceLine,
    IncidentReport,
    ReceiptRow,
    ReceiptTable,
    ReportItem,
    TransferPaper,
    WarningPaper,
)
from tlsec.workspace import Workspace


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
        category=reports.class_name(row.category),
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


def _time(text: str) -> datetime | str:
    return datetime.fromisoformat(text) if text else ""


def report(workspace: Workspace, row: CaseReport, now: datetime) -> IncidentReport:
    """A report as it was written; only the clocks are as they stand now."""
    case, about = row.case, row.facts
    rules = reporting.load(keeping.folders())
    level: incident_level.Level | None = case.level or None  # type: ignore[assignment]  # one of LEVELS
    names = {clock.id: clock.to for clock in cases.clocks(case, now)}
    return IncidentReport(
        no=case.no,
        n=row.n,
        kind=row.kind,
        kind_name=_(REPORTS[row.kind]),
        title=about["title"],
        issuer=workspace.config.bureau,
        date=day_of(row.written),
        written=row.written,
        unit=about["unit"],
        system=about["system"],
        grade=about["grade"],
        place=about["place"],
        category=about["category"],
        level=about["level_words"],
        level_state=_("级别由人确定，数值线只作建议；{level}。").format(level=about["level_words"]),
        operator=_(OPERATORS.get(about["operator"], about["operator"])),
        occurred=_time(about["occurred"]),
        found_machine=_time(about["found_machine"]),
        found_person=_time(about["found_person"]),
        reporter=row.reporter,
        phone=row.phone,
        signer=row.signer,
        items=tuple(
            ReportItem(item.name, row.content.get(item.id, ""), item.required)
            for item in reports.contents(rules, row.kind)
        ),
        clocks=tuple(clock_line(clock) for clock in cases.clocks(case, now)),
        relays=tuple(_relay(each) for each in reporting.relays(rules, case.operator, level)),
        delivered=tuple(
            (names.get(id, id), _time(each["at"]), _how(each)) for id, each in row.delivered.items()
        ),
        numbers=tuple(about["numbers"]),
        marks=tuple(about["marks"]),
        crime=about["crime"],
        links=tuple(about["items"]),
        handled=_time(about["handled"]),
        summary_days=rules.summary.days,
        head=journal.head(),
        example=workspace.config.practice_range,
        drill=case.drill,
    )


def _how(told: dict[str, str]) -> str:
    return "　".join(filter(None, (told["channel"], told["receiver"])))


def _relay(relay: reporting.Relay) -> str:
    text = _("重大以上的，由{by}在{n}分钟内报{to}（由接报单位计时）。")
    return text.format(by=relay.by.name, n=relay.minutes, to=relay.to.name)


def clock_line(clock: reporting.Clock) -> ClockLine:
    """A clock in words."""
    state = _(reporting.STATE_NAMES[clock.state])
    if clock.limit is None and clock.state == reporting.State.MET:
        state = _("已完成")  # no number to be in time by
    return ClockLine(
        to=clock.to,
        statutory=clock.statutory,
        limit=limit_words(clock),
        start=clock.start or "",
        due=clock.due or "",
        done=clock.done or "",
        state=state,
        due_by_person=clock.due_by_person or "",
        verify=clock.verify,
    )


def limit_words(clock: reporting.Clock) -> str:
    """4 小时, 30 分钟, 30 日; at once where no number is set."""
    if clock.limit is None:
        return _("及时")
    minutes = round(clock.limit.total_seconds() / 60)
    if minutes % 1440 == 0:
        return _("{n} 日").format(n=minutes // 1440)
    if minutes % 60 == 0:
        return _("{n} 小时").format(n=minutes // 60)
    return _("{n} 分钟").format(n=minutes)


def transfer(workspace: Workspace, row: Transfer) -> TransferPaper:
    """A 线索移送单."""
    case: Case = row.case
    return TransferPaper(
        no=row.no,
        case_no=case.no,
        issuer=workspace.config.bureau,
        to=row.to,
        date=day_of(row.made),
        title=case.title,
        suspicion=row.suspicion,
        unit=case.unit,
        system=case.system,
        place=case.place,
        category=reports.class_name(case.category),
        level=reports.level_words(case),
        occurred=case.occurred or "",
        found=cases.facts(case).start or "",
        facts=row.facts,
        clues=row.clues,
        preserved=row.preserved,
        evidence=tuple(
            EvidenceLine(
                each["name"], each["sha256"], each["size"], _time(each["taken"]),
                each["taken_by"], each["origin"],
            )
            for each in row.evidence
        ),
        made_by=row.made_by,
        approved_by=row.approved_by,
        contact=row.contact,
        received=row.received or "",
        received_by=row.received_by,
        receipt_no=row.receipt_no,
        example=workspace.config.practice_range,
        drill=case.drill,
    )  # fmt: skip
