"""Commands on cases: open, classify, level, what was done, close. Each checks the table, writes one record.

A hazard (隐患) is no incident and opens no case. The level is proposed from numbers and set by a named person.
The ledger's items stay where they are: a case only links them, one finding may be 隐患 today and 事件 tomorrow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from tlsec.i18n import _, listed
from tlsec.incident import keeping, origins, spells
from tlsec.incident.keeping import person
from tlsec.incident.models import Case, CaseEvidence
from tlsec.incident.origins import Origin, class_of
from tlsec.incident.states import CASE, CaseState, after
from tlsec.incident.words import RESPONSES
from tlsec.inventory.lookup import Lookup
from tlsec.inventory.models import System
from tlsec.policy import incident_level, reporting, thresholds
from tlsec.policy.event_class import EventClass
from tlsec.register import evidence, items
from tlsec.register.models import Alert, RiskItem
from tlsec.register.refused import Refused
from tlsec.register.transitions import OPEN
from tlsec.watch.models import Spell

PREFIX = "SJ"
OVER = (CaseState.CLOSED, CaseState.DISMISSED)
_TEXTS = {"title": 200, "place": 300, "course": 4000, "unit": 100, "county": 100, "system": 100}


@dataclass(frozen=True, slots=True)
class Opening:
    """What a person says of a new case; empty where the origin or the inventory knows."""

    title: str = ""
    category: str = ""
    reason: str = ""
    operator: str = "other"
    crime: bool = False
    occurred: datetime | None = None
    found: datetime | None = None
    unit: str = ""
    system: str = ""  # id of a graded object
    place: str = ""
    course: str = ""
    drill: bool = False


def find(no: str) -> Case:
    row = Case.objects.filter(no=no).first()
    if row is None:
        raise Refused(_("没有事件 {no}").format(no=no))
    return row


def open_case(made: Origin, opening: Opening, actor: str, now: datetime) -> Case:
    """A new case. Its clocks start at the earlier of the machine's detection and the person's time."""
    who = person(actor, _("立为事件"))
    chosen = class_of(made, opening.category, opening.reason)
    rules = reporting.load(keeping.folders())
    if rules.operator(opening.operator) is None:
        known = listed(each.id for each in rules.operators)
        raise Refused(
            _("没有运营者类别 {id}，可用：{known}").format(id=opening.operator, known=known)
        )
    if taken := [i for i in made.items if i.case and not _over(i.case)]:
        text = _("{no} 已列入事件 {case}")
        raise Refused(text.format(no=taken[0].no, case=taken[0].case))
    found = keeping.moment(opening.found, now, None, _("发现"))
    if opening.occurred is not None and opening.occurred > found:
        raise Refused(_("发生时间晚于发现时间"))
    drill = opening.drill or any(each.drill for each in made.sources)
    with transaction.atomic():
        _count, no = keeping.number(PREFIX, now, drill)
        row = Case(
            no=no, version=0, drill=drill, state=CaseState.JUDGING, category=chosen.key,
            category_reason=opening.reason[:1000], operator=opening.operator, crime=opening.crime,
            occurred=opening.occurred, found_machine=made.found_machine, found_person=found,
            found_by=who, opened=now, opened_by=who,
            alerts=sorted({a.fingerprint for a in made.alerts}),
            **_about(made, opening, chosen, now),
        )  # fmt: skip
        _propose(row, {}, now, made.spells)
        keeping.keep(row, [], "case.open", who, now, opening.reason)
        _link(row, made.items, who, now)
    return row


def _over(no: str) -> bool:
    return Case.objects.filter(no=no, state__in=OVER).exists()


def _about(made: Origin, opening: Opening, chosen: EventClass, now: datetime) -> dict[str, str]:
    """Who and where: as the person says, else the item, else the register on the alert's subject."""
    about = dict.fromkeys(("unit", "county", "system", "system_id", "place"), "")
    if made.items:
        item = made.items[0]
        about |= {
            "unit": item.unit, "county": item.county, "system": item.system,
            "system_id": item.system_id, "place": item.address,
        }  # fmt: skip
    elif made.alerts:
        alert = made.alerts[0]
        address = str(alert.locator.get("address", ""))
        who = Lookup(now).describe(alert.subject, address)
        place = str(alert.locator.get("host") or address)
        about |= {"unit": who.unit, "county": who.county, "system": who.system, "place": place}
        system = System.objects.filter(name=who.system).first() if who.system else None
        about["system_id"] = system.id if system else ""
    if opening.system:
        system = System.objects.select_related("unit", "county").filter(id=opening.system).first()
        if system is None:
            raise Refused(_("台账里没有系统 {name}").format(name=opening.system))
        about |= {
            "unit": system.unit.name, "county": system.county.name, "system": system.name,
            "system_id": system.id,
        }  # fmt: skip
    about |= {k: v for k, v in (("unit", opening.unit), ("place", opening.place)) if v}
    first = next((each.description for each in made.items), "") or next(
        (each.message for each in made.alerts), ""
    )
    where = about["system"] or about["place"] or about["unit"]
    title = opening.title or _("{where}{what}").format(where=where, what=chosen.sub.name)
    return {k: v[: _TEXTS.get(k, 64)] for k, v in about.items()} | {
        "title": title[:200],
        "course": (opening.course or first)[:4000],
    }


def _link(row: Case, rows: Sequence[RiskItem], actor: str, now: datetime) -> None:
    """Tell the ledger's items which case they belong to; a closed item is named by the case alone."""
    row.items = sorted({*row.items, *(item.no for item in rows)})
    if rows:
        keeping.keep(row, [], "case.link", actor, now)
    for item in rows:
        if item.state in OPEN:
            items.command(item.no, "link-case", actor, now, params={"case": row.no})


def link(no: str, names: Sequence[str], actor: str, now: datetime) -> Case:
    """Items and alerts that belong to it too. An earlier machine detection moves the clocks' start back."""
    made = origins.find(names)
    with transaction.atomic():
        row = keeping.locked(Case, no)
        row.state = after(CASE, "link", row.state, no)
        if taken := [i for i in made.items if i.case not in ("", no) and not _over(i.case)]:
            text = _("{no} 已列入事件 {case}")
            raise Refused(text.format(no=taken[0].no, case=taken[0].case))
        row.alerts = sorted({*row.alerts, *(alert.fingerprint for alert in made.alerts)})
        times = [moment for moment in (row.found_machine, made.found_machine) if moment]
        row.found_machine = min(times, default=None)
        keeping.keep(row, [], "case.link", actor, now)
        _link(row, [item for item in made.items if item.no not in row.items], actor, now)
    return row


def classify(no: str, category: str, actor: str, now: datetime, reason: str) -> Case:
    """Another class after 研判."""
    who = person(actor, _("改类别"))
    with transaction.atomic():
        row = keeping.locked(Case, no)
        row.state = after(CASE, "classify", row.state, no, reason)
        row.category = class_of(Origin((), (), None, None), category, reason).key
        row.category_reason = reason[:1000]
        keeping.keep(row, [], "case.classify", who, now, reason)
    return row


def edit(
    no: str,
    actor: str,
    now: datetime,
    values: Mapping[str, float] | None = None,
    texts: Mapping[str, str] | None = None,
    crime: bool | None = None,
    occurred: datetime | None = None,
) -> Case:
    """What became known: numbers to propose a level from, words, whether a crime is suspected."""
    who = person(actor, _("补充情况"))
    with transaction.atomic():
        row = keeping.locked(Case, no)
        row.state = after(CASE, "edit", row.state, no)
        for name, text in (texts or {}).items():
            setattr(row, name, text[: _TEXTS[name]])
        if crime is not None:
            row.crime = crime
        if occurred is not None:
            if occurred > row.found_person:
                raise Refused(_("发生时间晚于发现时间"))
            row.occurred = occurred
        _propose(row, values or {}, now, _spells(row))
        keeping.keep(row, [], "case.edit", who, now)
    return row


def _spells(row: Case) -> list[Spell]:
    known = list(Alert.objects.filter(fingerprint__in=row.alerts).order_by("-id")[:50])
    known += list(Alert.objects.filter(items__no__in=row.items).order_by("-id")[:50])
    return spells.of_alerts(known)


def _propose(row: Case, values: Mapping[str, float], now: datetime, timed: Sequence[Spell]) -> None:
    """The level anew from all numbers: what people said, and the watch's clocks where those say more.

    A person who knows that the watch is wrong sets the level with a reason.
    """
    table = thresholds.load(keeping.folders())
    row.values = {**row.values, **measured(table, values)}
    for key, minutes in spells.measured(table, timed, now).items():
        row.values[key] = max(float(row.values.get(key, 0)), minutes)
    made = incident_level.propose(table, row.values)
    row.level_proposed = made.level or ""
    row.level_basis = [hit.text for hit in made.hits]
    row.level_marks = list(made.marks)


def measured(table: thresholds.Thresholds, values: Mapping[str, float]) -> dict[str, float]:
    """Numbers by full key of their measure. Raises Refused."""
    try:
        made = {incident_level.measure(table, key): value for key, value in values.items()}
    except ValueError as error:
        raise Refused(str(error)) from error
    if any(not 0 <= value < 10**15 for value in made.values()):  # NaN fails too
        raise Refused(_("数值应为不小于 0 的数"))
    return made


def level(
    no: str, wanted: str, actor: str, now: datetime, reason: str = "", response: str = ""
) -> Case:
    """A named person sets the level; another one than proposed needs a reason, lowering it always."""
    who = person(actor, _("定级"))
    codes = {_(name): code for code, name in incident_level.LEVEL_NAMES.items()}
    code = codes.get(wanted, wanted)
    if code not in incident_level.LEVEL_NAMES:
        known = listed(_(name) for name in incident_level.LEVEL_NAMES.values())
        raise Refused(_("没有事件级别 {level}，可用：{known}").format(level=wanted, known=known))
    if response and response not in RESPONSES:
        raise Refused(_("响应级别写 {known}").format(known=listed(RESPONSES)))
    with transaction.atomic():
        row = keeping.locked(Case, no)
        state = after(CASE, "level", row.state, no)
        _propose(row, {}, now, _spells(row))
        lower = bool(row.level) and incident_level.rank(code) < incident_level.rank(row.level)
        if (lower or code != row.level_proposed) and not reason.strip():
            proposed = _(incident_level.LEVEL_NAMES.get(row.level_proposed, "")) or _("无")
            text = _("建议级别为{proposed}，定为{level}需要说明，请加 --reason")
            said = _(incident_level.LEVEL_NAMES[code])
            raise Refused(text.format(proposed=proposed, level=said))
        row.state, row.level, row.level_by, row.level_at = state, code, who, now
        row.level_reason = reason[:1000]
        row.response = response or row.response
        keeping.keep(row, [], "case.level", who, now, reason)
    return row


def attach(
    no: str, source: Path, actor: str, now: datetime, taken: datetime | None, origin_: str = ""
) -> CaseEvidence:
    """Keep a file as evidence, by its hash. `origin_`: from which device, how it was taken."""
    who = person(actor, _("存证据"))
    moment = keeping.moment(taken, now, None, _("取证"))
    kept = evidence.store().keep(source)
    with transaction.atomic():
        row = keeping.locked(Case, no)
        row.state = after(CASE, "attach", row.state, no)
        made = CaseEvidence.objects.create(
            case=row, name=source.name[:200], sha256=kept.sha256, size=kept.size, taken=moment,
            taken_by=who, origin=origin_[:300], added=now,
        )  # fmt: skip
        keeping.keep(row, [made], "case.attach", who, now)
    return made


def handled(no: str, actor: str, now: datetime, at: datetime | None = None) -> Case:
    """Handling has ended: the clock of the summary starts."""
    who = person(actor, _("处置结束"))
    with transaction.atomic():
        row = keeping.locked(Case, no)
        row.state = after(CASE, "handled", row.state, no)
        row.handled = keeping.moment(at, now, facts(row).start, _("处置结束"))
        keeping.keep(row, [], "case.handled", who, now)
    return row


def resume(no: str, actor: str, now: datetime, reason: str) -> Case:
    """It was not over."""
    who = person(actor, _("恢复处置"))
    with transaction.atomic():
        row = keeping.locked(Case, no)
        row.state = after(CASE, "resume", row.state, no, reason)
        row.handled = None
        keeping.keep(row, [], "case.resume", who, now, reason)
    return row


def facts(row: Case) -> reporting.Facts:
    """What the clocks of a case go by."""
    told = {id: datetime.fromisoformat(each["at"]) for id, each in row.told.items()}
    level: incident_level.Level | None = row.level or None  # type: ignore[assignment]  # one of LEVELS
    return reporting.Facts(
        row.operator, row.found_machine, row.found_person, level, row.crime,
        row.state == CaseState.DISMISSED, row.handled, told,
    )  # fmt: skip


def clocks(row: Case, now: datetime) -> tuple[reporting.Clock, ...]:
    """The clocks of a case as they stand."""
    return reporting.clocks(reporting.load(keeping.folders()), facts(row), now)


def unmet(row: Case, now: datetime) -> list[reporting.Clock]:
    """Duties by law that are still to be done."""
    open_ = (reporting.State.RUNNING, reporting.State.OVERDUE, reporting.State.WAITING)
    return [each for each in clocks(row, now) if each.statutory and each.state in open_]


def close(no: str, actor: str, now: datetime, reason: str = "") -> Case:
    """结案. What had to be reported by law must have been, the summary too."""
    who = person(actor, _("结案"))
    with transaction.atomic():
        row = keeping.locked(Case, no)
        row.state = after(CASE, "close", row.state, no, reason)
        if left := unmet(row, now):
            text = _("还有报告没有完成：{names}")
            raise Refused(text.format(names=listed(each.to for each in left)))
        row.ended, row.ended_by, row.ended_why = now, who, reason[:1000]
        keeping.keep(row, [], "case.close", who, now, reason)
    return row


def dismiss(no: str, actor: str, now: datetime, reason: str) -> Case:
    """It was none; the items that it linked go on as they are."""
    who = person(actor, _("判为不构成事件"))
    with transaction.atomic():
        row = keeping.locked(Case, no)
        row.state = after(CASE, "dismiss", row.state, no, reason)
        row.ended, row.ended_by, row.ended_why = now, who, reason[:1000]
        keeping.keep(row, [], "case.dismiss", who, now, reason)
    return row
