"""Reports of a case: 首报, 续报, 处置总结, numbered; and when each receiver had one, which stops its clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from tlsec.i18n import _, listed
from tlsec.incident import cases, keeping
from tlsec.incident.keeping import person
from tlsec.incident.models import Case, CaseReport
from tlsec.incident.states import CASE, CaseState, after
from tlsec.incident.words import LOCAL, REPORTS
from tlsec.inventory.models import System
from tlsec.policy import event_class, incident_level, reporting
from tlsec.policy.reporting import Content, Reporting
from tlsec.register.refused import Refused

_LONGEST = 8000
VERBAL = "verbal"


def contents(rules: Reporting, kind: str) -> list[Content]:
    """The items of a kind of report."""
    return rules.contents.summary if kind == "summary" else rules.contents.report


def write(
    no: str,
    kind: str,
    content: Mapping[str, str],
    actor: str,
    now: datetime,
    signer: str = "",
    phone: str = "",
) -> CaseReport:
    """A new report of a case. What a 续报 does not say again is carried over from the last one.

    The first two items of a 首报 are written from the case where nobody wrote them. Raises Refused.
    """
    who = person(actor, _("写报告单"))
    rules = reporting.load(keeping.folders())
    known = {item.id: item for item in contents(rules, kind)}
    if lost := [key for key in content if key not in known]:
        text = _("报告没有“{key}”这一项，可用：{known}")
        raise Refused(text.format(key=lost[0], known=listed(known)))
    with transaction.atomic():
        case = keeping.locked(Case, no)
        case.state = after(CASE, "report", case.state, no)
        before = list(case.reports.order_by("n"))
        _may(case, kind, before)
        last = [each for each in before if (each.kind == "summary") == (kind == "summary")]
        said = dict(last[-1].content) if last else {}
        said |= {key: text.strip()[:_LONGEST] for key, text in content.items()}
        if kind != "summary":
            said = written_from(case) | {key: text for key, text in said.items() if text}
        if empty := [
            item.name for item in known.values() if item.required and not said.get(item.id)
        ]:
            raise Refused(_("必须写明：{names}").format(names=listed(empty, "；")))
        row = CaseReport.objects.create(
            case=case, n=len(before) + 1, kind=kind, content=said, facts=frozen(case),
            written=now, reporter=who, phone=phone[:60], signer=signer.strip()[:100],
        )  # fmt: skip
        keeping.keep(case, [row], f"case.report-{kind}", who, now)
    return row


def _may(case: Case, kind: str, before: Sequence[CaseReport]) -> None:
    if kind not in REPORTS:
        raise Refused(
            _("没有报告种类 {kind}，可用：{known}").format(kind=kind, known=listed(REPORTS))
        )
    first = [each for each in before if each.kind == "first"]
    if kind == "first" and first:
        raise Refused(_("{no} 已有首报，请写续报（--kind more）").format(no=case.no))
    if kind == "more" and not first:
        raise Refused(_("{no} 还没有首报").format(no=case.no))
    if kind == "summary" and case.state != CaseState.HANDLED:
        raise Refused(_("{no} 处置还没有结束，先登记 tlsec case handled").format(no=case.no))


def written_from(case: Case) -> dict[str, str]:
    """The first two items in the words of what is on record."""
    system = System.objects.select_related("zone", "operator").filter(id=case.system_id).first()
    about = [_("单位：{unit}").format(unit=case.unit or _("待核实"))]
    if case.system:
        about.append(_("系统：{system}").format(system=case.system))
    if system is not None:
        about += [
            _("等级：{grade}").format(grade=system.grade) if system.grade else "",
            _("备案号：{filing}").format(filing=system.filing) if system.filing else "",
            _("运维单位：{name}").format(name=system.operator.name) if system.operator else "",
            _("所在区域：{name}").format(name=system.zone.name) if system.zone else "",
        ]
    start = cases.facts(case).start
    at = f"{start.astimezone(LOCAL):%Y-%m-%d %H:%M}" if start else ""
    event = [
        _("{at}发现").format(at=at),
        _("位置：{place}").format(place=case.place) if case.place else "",
        _("类型：{name}").format(name=class_name(case.category)),
        _("级别：{level}").format(level=level_words(case)),
        case.course,
    ]
    return {
        "unit": listed(filter(None, about), "；"),
        "event": listed((text.rstrip("。") for text in event if text), "；") + "。",
    }


def class_name(key: str) -> str:
    """The printed name of a stored class; the key itself when the table no longer has it."""
    try:
        return event_class.find(event_class.load(keeping.folders()), key).name
    except ValueError:
        return key


def level_words(case: Case) -> str:
    """The level as it stands: who set it, or that it is only proposed."""
    names = incident_level.LEVEL_NAMES
    if case.level:
        return _("{level}（{who}定级）").format(level=_(names[case.level]), who=case.level_by)
    if case.level_proposed:
        return _("{level}（按数值线建议，待定级）").format(level=_(names[case.level_proposed]))
    return _("待定级")


def frozen(case: Case) -> dict[str, Any]:
    """What a report says of its case, as it is now."""

    def iso(moment: datetime | None) -> str:
        return moment.isoformat() if moment else ""

    system = System.objects.filter(id=case.system_id).first()
    return {
        "title": case.title, "unit": case.unit, "county": case.county, "system": case.system,
        "grade": (system.grade or "") if system else "", "place": case.place,
        "category": class_name(case.category), "level": case.level,
        "level_words": level_words(case), "operator": case.operator, "crime": case.crime,
        "occurred": iso(case.occurred), "found_machine": iso(case.found_machine),
        "found_person": iso(case.found_person), "handled": iso(case.handled),
        "numbers": case.level_basis, "marks": case.level_marks, "items": case.items,
        "alerts": case.alerts,
    }  # fmt: skip


def told(
    no: str,
    duties: Sequence[str],
    actor: str,
    now: datetime,
    at: datetime | None = None,
    channel: str = "",
    receiver: str = "",
    n: int | None = None,
) -> Case:
    """Duties are done: these receivers have the report (or the call). Stops their clocks; the first time counts.

    `n`: which report went out, the newest fitting one unless said; a telephone report needs none.
    """
    who = person(actor, _("登记已报告"))
    rules = reporting.load(keeping.folders())
    with transaction.atomic():
        case = keeping.locked(Case, no)
        case.state = after(CASE, "tell", case.state, no)
        facts = cases.facts(case)
        known = {clock.id: clock for clock in reporting.clocks(rules, facts, now)}
        if lost := [each for each in duties if each not in known]:
            text = _("{no} 没有要报给“{id}”的，可用：{known}")
            raise Refused(text.format(no=no, id=lost[0], known=listed(known)))
        if not duties:
            raise Refused(_("请写明报给谁：{known}").format(known=listed(known)))
        moment = keeping.moment(at, now, facts.start, _("报告"))
        said = {
            "at": moment.astimezone(UTC).isoformat(),
            "channel": channel[:100],
            "receiver": receiver[:100],
        }
        reports = list(case.reports.select_for_update().order_by("n"))
        changed: dict[int, CaseReport] = {}
        for duty in dict.fromkeys(duties):
            _check_crime(case, duty)
            before = case.told.get(duty)
            if before is None or before["at"] > said["at"]:
                case.told = {**case.told, duty: said}
            if duty != VERBAL:
                report = _report(case, reports, duty, n)
                report.delivered = {**report.delivered, duty: said}
                report.save()
                changed[report.n] = report
        keeping.keep(case, list(changed.values()), "case.told", who, now, listed(duties))
    return case


def _check_crime(case: Case, duty: str) -> None:
    if duty == "crime" and not case.crime:
        raise Refused(_("{no} 没有记为涉嫌犯罪").format(no=case.no))


def _report(case: Case, reports: Sequence[CaseReport], duty: str, n: int | None) -> CaseReport:
    fitting = [r for r in reports if (r.kind == "summary") == (duty == "summary")]
    if n is not None:
        fitting = [report for report in fitting if report.n == n]
    if not fitting:
        what = _("处置总结") if duty == "summary" else _("报告单")
        raise Refused(_("{no} 还没有可报的{what}").format(no=case.no, what=what))
    if not fitting[-1].signer:
        text = _("{no} 第{n}次报告没有写签发人，不能报出")
        raise Refused(text.format(no=case.no, n=fitting[-1].n))
    return fitting[-1]


def sign(no: str, n: int, signer: str, actor: str, now: datetime) -> CaseReport:
    """Who signed a report that has not gone out yet."""
    name = person(signer, _("签发报告单"))
    with transaction.atomic():
        case = keeping.locked(Case, no)
        case.state = after(CASE, "report", case.state, no)
        row = case.reports.select_for_update().filter(n=n).first()
        if row is None:
            raise Refused(_("{no} 没有第{n}次报告").format(no=no, n=n))
        if row.delivered:
            raise Refused(_("{no} 第{n}次报告已报出").format(no=no, n=n))
        row.signer = name
        row.save()
        keeping.keep(case, [row], "case.report-sign", person(actor, _("签发报告单")), now)
    return row
