"""tlsec report capability, tlsec report secrecy: papers on how units stand, not on one graded object."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tlsec.cli import show
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.assess.capability import Holder
    from tlsec.cli.report import Made, Wish
    from tlsec.scan.runs import Ground

DAYS = 30  # of observations that the record looks back on


def capability(ground: Ground, wish: Wish) -> Made:
    """安全防护能力评估 of a unit, of a county, or of the city with its counties."""
    from tlsec import content
    from tlsec.assess import capability as capabilities
    from tlsec.assess import standing_papers
    from tlsec.cli.report import Made, NothingToPrint, paper_path, write_document
    from tlsec.policy import capability as policy
    from tlsec.report.papers import capability as paper

    now = datetime.now(UTC)
    scheme = policy.load(content.policies(ground.workspace.root))
    try:
        chosen = _holders(wish, ground.workspace.config.city)
    except capabilities.NoSuch as error:
        raise NothingToPrint(str(error)) from error
    readings = [capabilities.read(who, scheme, ground.policy.catalog, now) for who in chosen]
    data = standing_papers.capability_report(readings, scheme, ground.workspace, now)
    document = paper.build(data)
    path = paper_path(ground, _("安全防护能力评估"), chosen[0].name, wish.form)
    write_document(document, path)
    return Made(path, document.remarks)


def _holders(wish: Wish, city: str) -> list[Holder]:
    from tlsec.assess import capability as capabilities

    if wish.unit:
        return [capabilities.holder("unit", wish.unit)]
    if wish.county:
        return [capabilities.holder("county", wish.county)]
    counties = [capabilities.holder("county", name) for name in capabilities.counties()]
    return [capabilities.holder("city", city), *counties]


def secrecy(ground: Ground, wish: Wish) -> Made:
    """分级保护边界核查记录 of the last days."""
    from tlsec import content
    from tlsec.assess import standing_papers
    from tlsec.cli.report import Made, paper_path, write_document
    from tlsec.policy import secret_dates
    from tlsec.report.papers import secrecy as paper

    now = datetime.now(UTC)
    intervals = secret_dates.load(content.policies(ground.workspace.root))
    document = paper.build(standing_papers.secrecy_record(intervals, ground.workspace, now, DAYS))
    about = now.astimezone(show.LOCAL).date().isoformat()
    path = paper_path(ground, _("分级保护边界核查记录"), about, wish.form)
    write_document(document, path)
    return Made(path, document.remarks)
