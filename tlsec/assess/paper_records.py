"""Objects, people, scans and earlier conclusions of a paper of an assessment."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from tlsec.assess.models import Conclusion
from tlsec.assess.objects import SUBJECTS
from tlsec.assess.paper_basis import Basis, worded
from tlsec.assess.results import PLATFORM
from tlsec.i18n import _, listed
from tlsec.inventory.choices import AssetKind, Exposure
from tlsec.inventory.choices import words as kind_words
from tlsec.inventory.models import Endpoint
from tlsec.inventory.models import Person as Known
from tlsec.policy.sampling import LEAST
from tlsec.report.papers.assessment import Asset, Interval, Person, Previous, Problem, Scan
from tlsec.scan.models import Verdict

_TOLD = 6  # addresses told with an asset
_KINDS = {
    AssetKind.SITE: "application", AssetKind.API: "application", AssetKind.EXCHANGE: "application",
    AssetKind.HOST: "server", AssetKind.RESOLVER: "server", AssetKind.STORAGE: "server",
    AssetKind.DEVICE: "network", AssetKind.SCREEN: "terminal", AssetKind.TERMINAL: "terminal",
    AssetKind.CLOUD: "software",
}  # fmt: skip


# --- objects and people ---


def assets(basis: Basis) -> tuple[Asset, ...]:
    """The system's assets and what else was looked at; those with a record are the chosen ones."""
    seen = set(basis.objects)
    exposed = set(
        Endpoint.objects.filter(
            asset__in=list(basis.assets), exposure=Exposure.INTERNET
        ).values_list("asset_id", flat=True)
    )
    named = kind_words(AssetKind)
    found = []
    for row in basis.assets.values():
        detail = listed(filter(None, (named.get(row.kind, row.kind), row.zone and row.zone.name)))
        unit = row.unit.name if row.unit else basis.system.unit.name
        kind = _KINDS.get(cast("AssetKind", row.kind), "other")
        importance = _("面向互联网") if row.id in exposed else ""
        found.append(
            Asset(
                row.id, kind, row.name, listed(_few(row.addresses)), detail, unit, importance,
                row.id in seen, _chosen(row.id, row.id in exposed) if row.id in seen else "",
            )
        )  # fmt: skip
    for id_ in basis.objects:
        if id_.startswith(PLATFORM):
            found.append(Asset(id_, "software", basis.name_of(id_), detail=_("沿用平台的结论")))
        elif id_ not in basis.assets:
            found.append(Asset(id_, "other", id_, detail=_("已不在台账中")))
    return tuple(found)


def _few(addresses: Sequence[str]) -> list[str]:
    if len(addresses) <= _TOLD:
        return list(addresses)
    return [*addresses[:_TOLD], _("共 {n} 个").format(n=len(addresses))]


def _chosen(_id: str, exposed: bool) -> str:
    return _("面向互联网，有检测或核查记录") if exposed else _("按最小抽样选取，或有检测结果")


def sampling(basis: Basis) -> str:
    """The rule of sampling and what came of it."""
    level = int(basis.conclusion.grade[-1])
    seen = sum(id_ in basis.assets for id_ in basis.objects)
    kinds = {row.kind for row in basis.assets.values() if row.kind in SUBJECTS}
    return _(
        "同种类、同区域的资产视为配置相同，每种至少抽取 {least} 个（GB/T 28449-2018 附录 D，第{level}级），"
        "面向互联网的优先；凡有检测结果的一并计入。台账登记本系统资产 {all} 个（{kinds} 种），选取 {n} 个。"
    ).format(
        least=LEAST[min(level, 4)], level=level, all=len(basis.assets), kinds=len(kinds), n=seen
    )


def people(basis: Basis) -> tuple[Person, ...]:
    """Who answered, reviewed, decided and drew the conclusion."""
    roles: dict[str, list[str]] = defaultdict(list)
    for spoken in basis.spoken.values():
        roles[spoken.row.by].append(_("回答"))
        if spoken.reviewer:
            roles[spoken.reviewer].append(_("复核"))
    for risk in basis.conclusion.risks:
        if risk["decision"]:
            roles[risk["decision"]["by"]].append(_("研判"))
    roles[basis.conclusion.by].append(_("汇总并下结论"))
    known: dict[str, list[Known]] = defaultdict(list)
    for row in Known.objects.filter(name__in=list(roles)).select_related("unit"):
        known[row.name].append(row)
    return tuple(
        Person(
            name, listed(dict.fromkeys(did)),
            known[name][0].unit.name if len(known[name]) == 1 else "",
            known[name][0].phone if len(known[name]) == 1 else "",
        )
        for name, did in roles.items()
    )  # fmt: skip


# --- records, earlier conclusions, sources ---


def scans(
    basis: Basis, problems: Iterable[Problem], numbers: Mapping[str, set[int]]
) -> tuple[Scan, ...]:
    """The runs whose verdicts the conclusion rests on. `numbers`: problem → verdicts it rests on."""
    runs: dict[int, list[Verdict]] = defaultdict(list)
    for verdict in basis.verdicts.values():
        runs[verdict.run_id].append(verdict)
    found = []
    for id_, rows in sorted(runs.items()):
        run = rows[0].run
        states = [row.state for row in rows]
        told = {row.pk for row in rows}
        found.append(
            Scan(
                _("巡检 {id}").format(id=id_), run.ended or run.started, _vantages(rows), run.title,
                len({row.subject for row in rows}), states.count("pass") + states.count("fail"),
                states.count("fail"), sum(s in ("unknown", "error", "not_run") for s in states),
                tuple(p.no for p in problems if numbers.get(p.no, set()) & told),
            )
        )  # fmt: skip
    return tuple(found)


def _vantages(rows: Iterable[Verdict]) -> str:
    return listed(sorted({str(json.loads(r.locator_key).get("vantage", "")) for r in rows} - {""}))


def previous(basis: Basis) -> tuple[Previous, ...]:
    """Conclusions before this one, for the trend; several of one day count once, the last."""
    this = basis.conclusion
    rows = Conclusion.objects.filter(system=this.system, pk__lt=this.pk).order_by("pk")
    by_day = {row.report_date: row for row in rows if row.report_date <= this.report_date}
    found = []
    for on, row in sorted(by_day.items()):
        used = basis.content.schemes.get(row.scheme.partition("@")[0])
        span = Interval(row.result["number"]["low"], row.result["number"]["high"])
        rate = row.result["formula"] == "rate"
        ids = row.result["conclusion"]
        names = [worded(used.named(i)) if used and i in used.order else i for i in ids]
        found.append(
            Previous(on, _("自评"), row.scheme, listed(reversed(names), _("或")),
                     span if rate else None, None if rate else span)
        )  # fmt: skip
    return tuple(found)
