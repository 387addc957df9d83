"""The 定级报告 and the 备案表 of a system, filled from inventory, grading versions and milestones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from tlsec.assess import grading, milestones
from tlsec.assess.models import Grading, Milestone
from tlsec.i18n import _, language, listed
from tlsec.inventory.choices import (
    AssetKind,
    Exposure,
    Extension,
    SystemStatus,
    UnitKind,
    words,
)
from tlsec.inventory.models import Asset, Endpoint, Person, System, Unit
from tlsec.policy import grading as rules
from tlsec.policy.grading import Gradings, PartId
from tlsec.report.papers.grading_data import (
    Cell,
    Device,
    Filing,
    FilingData,
    FilingGrading,
    FilingNew,
    FilingPapers,
    FilingSystem,
    FilingUnit,
    FormYear,
    GradingReport,
    Half,
    Surface,
)
from tlsec.report.words import day

_FILING = re.compile(r"\d{11}-(\d{5})")
_STATUS = {
    SystemStatus.IN_USE: "1",
    SystemStatus.CHANGING: "2",
    SystemStatus.STOPPED: "3",
    SystemStatus.RECLAIMED: "3",
}
_MANY_ADDRESSES = 8  # more are told by their number


class NotGraded(Exception):
    """The system has no grading version yet."""


def _word(text: object) -> str:
    return str(getattr(text, language()))


def report(
    system: System, gradings: Gradings, on: date, form: FormYear = "2020", example: bool = False
) -> GradingReport:
    """The 定级报告 of the version in force. Raises NotGraded without one."""
    row = grading.latest(system.id)
    if row is None or row.matrix not in gradings.matrices:
        raise NotGraded(
            _("{system} 还没有定级记录，先运行 tlsec assess grade {id}").format(
                system=system.name, id=system.id
            )
        )
    assets = list(Asset.objects.filter(system=system.id).select_related("zone").order_by("ordinal"))
    dated = _newest(milestones.of(system.id))
    matrix = gradings.matrices[row.matrix]
    return GradingReport(
        system=system.name,
        unit=system.unit.name,
        date=on,
        s=_half(row, gradings, "s"),
        a=_half(row, gradings, "a"),
        matrix=_("{name}（{source}）").format(name=_word(matrix), source=matrix.source),
        county=system.county_id,
        since=day(dated["go_live"].on) if "go_live" in dated else "",
        business=system.business,
        zones=_zones(system, assets),
        exits=_exits(system),
        platform=system.platform.name if system.platform else "",
        operator=system.operator.name if system.operator else "",
        extensions=tuple(words(Extension)[code] for code in system.extensions),
        personal_data=system.personal_data,
        devices=tuple(_device(asset) for asset in assets),
        version=row.version,
        reason=row.reason,
        expert_review=_told(dated.get("expert_review")),
        approval=_told(dated.get("authority_approval")),
        head=_person(system.owner),
        form=form,
        example=example,
        remarks=_remarks(system, row, gradings),
    )


def _remarks(system: System, row: Grading, gradings: Gradings) -> tuple[str, ...]:
    """What the sender has to look at."""
    result = grading.graded(row, gradings)
    found = grading.differences(system, row.grade, max(row.s, row.a))
    found += grading.floor_remarks(system, max(row.s, row.a), gradings)
    if result is not None:
        found += grading.matrix_question(grading.form_of(row), result, gradings)
        found += [_("待核：{note}").format(note=note) for note in result.verify]
    return tuple(found)


def _half(row: Grading, gradings: Gradings, part: PartId) -> Half:
    half = grading.form_of(row).half(part)
    matrix, asked = gradings.matrices[row.matrix], gradings.questionnaire
    harms = {(harm.object, harm.degree): harm for harm in half.harms}
    level = row.s if part == "s" else row.a
    named = {each.id: _word(each) for each in asked.consequences}
    cells = []
    for object_ in rules.OBJECTS:
        for degree in rules.DEGREES:
            harm = harms.get((object_, degree))
            cell = matrix.level(object_, degree)
            cells.append(
                Cell(
                    _word(matrix.by_object[object_]),
                    _word(asked.named("degrees", degree)),
                    cell,
                    chosen=harm is not None,
                    counts=harm is not None and cell == level,
                    consequences=tuple(named.get(id, id) for id in harm.consequences)
                    if harm
                    else (),
                    why=harm.why if harm else "",
                )
            )
    return Half(half.description, level, tuple(cells))


def _newest(rows: Iterable[Milestone]) -> Mapping[str, Milestone]:
    """The newest of each kind; rows come oldest first."""
    return {row.kind: row for row in rows}


def _told(row: Milestone | None) -> str:
    """A dated fact in words."""
    if row is None:
        return ""
    parts = [day(row.on), row.party, row.result, row.number]
    return listed((part for part in parts if part), "，")


def _person(person: Person | None) -> str:
    return f"{person.name} {person.role}".strip() if person else ""


def _zones(system: System, assets: list[Asset]) -> tuple[str, ...]:
    zones = [system.zone, *(asset.zone for asset in assets)]
    return tuple(dict.fromkeys(zone.name for zone in zones if zone is not None))


def _exits(system: System) -> str:
    """Whether something of it is open to the Internet."""
    ends = Endpoint.objects.filter(asset__system=system.id, exposure=Exposure.INTERNET)
    return _("系统有面向互联网的端口。") if ends.exists() else _("系统不面向互联网。")


def _device(asset: Asset) -> Device:
    kind = words(AssetKind)[asset.kind]
    zone = asset.zone.name if asset.zone else ""
    return Device(asset.name, kind, "\n".join(asset.addresses), zone)


def filing(system: System, gradings: Gradings, on: date, example: bool = False) -> Filing:
    """The 备案表 as far as the register knows it."""
    row = grading.latest(system.id)
    dated = _newest(milestones.of(system.id))
    certificate = dated.get("certificate")
    platform = tuple(grading.platform_remarks(system, system.level or 0))
    return Filing(
        date=on,
        unit=_unit(system),
        system=_system(system, dated),
        grading=_grading(system, row, gradings, dated),
        new=_new(system),
        papers=_papers(row, dated),
        data=FilingData(personal="1" if system.personal_data else ""),
        certificate=system.filing or (certificate.number if certificate else ""),
        example=example,
        remarks=_remarks(system, row, gradings) if row else platform,
    )


def _unit(system: System) -> FilingUnit:
    unit = system.unit
    counts = [0] * 6
    for level in System.objects.filter(unit=unit.id).values_list("level", flat=True):
        counts[level or 0] += 1
    per_level = _("第{level}级 {n} 个")
    totals = [per_level.format(level=n, n=counts[n]) for n in range(1, 6) if counts[n]]
    if counts[0]:
        totals.append(_("未定级 {n} 个").format(n=counts[0]))
    at: Unit = system.county
    affiliation = {UnitKind.CITY: "3", UnitKind.COUNTY: "4"}.get(UnitKind(at.kind), "")
    return FilingUnit(
        name=unit.name,
        division=at.name,
        affiliation=affiliation,
        contact=_person(system.owner) or _person(unit.contact),
        phone=(system.owner.phone if system.owner else "") or unit.phone,
        filed_now=per_level.format(level=system.level, n=1) if system.level else "",
        totals=listed(totals, "，"),
    )


def _system(system: System, dated: Mapping[str, Milestone]) -> FilingSystem:
    ends = list(Endpoint.objects.filter(asset__system=system.id).order_by("ordinal"))
    exposed = {end.exposure for end in ends}
    networks = {
        "1": exposed & {Exposure.EXTRANET, Exposure.INTERNAL},
        "2": exposed & {Exposure.INTERNET},
    }
    code = _FILING.fullmatch(system.filing)
    return FilingSystem(
        name=system.name,
        code=code.group(1) if code else "",
        status=_STATUS[SystemStatus(system.status)],
        kind="2",
        techniques=listed(words(Extension)[code] for code in system.extensions) or _("无"),
        business=system.business,
        networks=tuple(number for number, found in networks.items() if found),
        go_live=day(dated["go_live"].on) if "go_live" in dated else "",
        surfaces=_surfaces(system, ends),
    )


def _surfaces(system: System, ends: list[Endpoint]) -> tuple[Surface, ...]:
    """A row an asset: all its addresses and names, and every declared port by exposure."""
    found = []
    named = words(Exposure)
    for asset in Asset.objects.filter(system=system.id).order_by("ordinal"):
        own = [end for end in ends if end.asset_id == asset.id]
        ports = dict.fromkeys(
            f"{end.proto.upper()} {end.port}（{end.service.upper()}）" for end in own
        )
        open_to = dict.fromkeys(named[end.exposure] for end in own)
        addresses = list(asset.addresses)
        if len(addresses) > _MANY_ADDRESSES:
            more = _("……共 {n} 个").format(n=len(addresses))
            addresses = [*addresses[:_MANY_ADDRESSES], more]
        found.append(
            Surface("\n".join(addresses), "\n".join(asset.hosts), "\n".join(ports), listed(open_to))
        )
    return tuple(found)


def _grading(
    system: System, row: Grading | None, gradings: Gradings, dated: Mapping[str, Milestone]
) -> FilingGrading:
    level = _("第{level}级")
    grade = system.grade or ""
    review, approval = dated.get("expert_review"), dated.get("authority_approval")
    facts = milestones.facts_of([system])[system.id]
    graded_on = max((fact.on for fact in facts if fact.kind == "graded"), default=None)
    return FilingGrading(
        s=level.format(level=grade[1]) if grade else "",
        a=level.format(level=grade[3]) if grade else "",
        level=_("{level}（{grade}）").format(level=level.format(level=grade[5]), grade=grade)
        if grade
        else "",
        s_ticks=_ticks(row, gradings, "s"),
        a_ticks=_ticks(row, gradings, "a"),
        date=day(graded_on) if graded_on else "",
        report="1" if row else "",
        review="1" if review else "",
        review_note=_told(review),
        authority=approval.party if approval else "",
        approval="1" if approval else "",
        approval_note=_told(approval),
    )


def _ticks(row: Grading | None, gradings: Gradings, part: PartId) -> tuple[str, ...]:
    """Every object with the three degrees, the chosen one ticked; the version on record, else nothing."""
    if row is None or row.matrix not in gradings.matrices:
        return ()
    lines: dict[str, list[str]] = {}
    for cell in _half(row, gradings, part).cells:
        mark = "■" if cell.chosen else "□"
        lines.setdefault(cell.object, []).append(f"{mark}{cell.degree}")
    text = _("{object}：{degrees}")
    return tuple(text.format(object=name, degrees=" ".join(ticks)) for name, ticks in lines.items())


def _new(system: System) -> FilingNew:
    extensions = set(system.extensions)
    tenants = [
        _("{name}（{grade}）").format(name=each.name, grade=each.grade or _("未定级"))
        for each in System.objects.filter(platform=system.id).order_by("ordinal")
    ]
    platform = system.platform
    level = _("第{level}级")
    return FilingNew(
        cloud="1" if "cloud" in extensions else "2",
        role={"provider": "1", "customer": "2"}.get(system.cloud_role or "", "")
        or ("" if "cloud" in extensions else "0"),
        tenants=_("共 {n} 个：{names}").format(n=len(tenants), names=listed(tenants))
        if tenants
        else "",
        provider=platform.unit.name if platform else "",
        platform=platform.name if platform else "",
        platform_level=level.format(level=platform.level) if platform and platform.level else "",
        platform_filing=platform.filing if platform else "",
        mobile="1" if "mobile" in extensions else "2",
        iot="1" if "iot" in extensions else "2",
        ics="1" if "ics" in extensions else "2",
    )


def _papers(row: Grading | None, dated: Mapping[str, Milestone]) -> FilingPapers:
    report_ = (
        _("有，定级记录第 {n} 版（{grade}）").format(n=row.version, grade=row.grade) if row else ""
    )
    return FilingPapers(
        evaluation=_told(dated.get("evaluation")),
        grading_report=report_,
        expert_opinion=_told(dated.get("expert_review")),
        authority_opinion=_told(dated.get("authority_approval")),
    )
