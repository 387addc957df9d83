"""tlsec report warning, receipts, incident, disposal, transfer: the papers of warnings and cases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tlsec.i18n import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tlsec.cli.report import Made, Wish
    from tlsec.incident.models import Case, Warning
    from tlsec.report.blocks import Document
    from tlsec.scan.runs import Ground


def _named_warning(wish: Wish) -> Warning:
    from tlsec.cli.report import NothingToPrint
    from tlsec.incident import issuing
    from tlsec.register.refused import Refused

    try:
        return issuing.find(wish.warning or "")
    except Refused as error:
        raise NothingToPrint(str(error)) from error


def _written(ground: Ground, wish: Wish, title: str, about: str, document: Document) -> Made:
    from tlsec.cli.report import Made, paper_path, write_document

    path = paper_path(ground, title, about, wish.form)
    write_document(document, path)
    return Made(path, document.remarks)


def warning(ground: Ground, wish: Wish) -> Made:
    """The 预警通报."""
    from tlsec.incident import papers
    from tlsec.report.papers import incident_warning

    row = _named_warning(wish)
    document = incident_warning.build(papers.warning(ground.workspace, row, datetime.now(UTC)))
    return _written(ground, wish, _("预警通报"), row.number or row.no, document)


def receipts(ground: Ground, wish: Wish) -> Made:
    """The receipts of a warning as a workbook."""
    from tlsec.cli.report import Made, paper_path
    from tlsec.incident import papers
    from tlsec.report.papers import incident_receipts

    now = datetime.now(UTC)
    row = _named_warning(wish)
    path = paper_path(ground, _("预警通报回执"), row.number or row.no, "xlsx")
    affected = papers.warning(ground.workspace, row, now).affected
    incident_receipts.write(papers.receipt_table(row, now), affected, path)
    return Made(path)


def _named_case(wish: Wish) -> Case:
    from tlsec.cli.report import NothingToPrint
    from tlsec.incident import cases
    from tlsec.register.refused import Refused

    try:
        return cases.find(wish.case or "")
    except Refused as error:
        raise NothingToPrint(str(error)) from error


def incident(ground: Ground, wish: Wish) -> Made:
    """A 报告单: the newest 首报 or 续报, or the one of that number."""
    return _report(ground, wish, ("first", "more"), _("事件报告单"))


def disposal(ground: Ground, wish: Wish) -> Made:
    """The 处置总结报告."""
    return _report(ground, wish, ("summary",), _("事件处置总结报告"))


def _report(ground: Ground, wish: Wish, kinds: Sequence[str], title: str) -> Made:
    from tlsec.cli.report import NothingToPrint
    from tlsec.incident import papers
    from tlsec.report.papers import incident_report

    case = _named_case(wish)
    rows = case.reports.filter(kind__in=kinds).order_by("-n")
    row = (rows.filter(n=wish.nth) if wish.nth else rows).first()
    if row is None:
        text = _("{no} 还没有这样的报告。先运行 tlsec case report {no}。")
        raise NothingToPrint(text.format(no=case.no))
    document = incident_report.build(papers.report(ground.workspace, row, datetime.now(UTC)))
    return _written(ground, wish, title, f"{case.no}-{row.n}", document)


def transfer(ground: Ground, wish: Wish) -> Made:
    """The newest 线索移送单 of a case."""
    from tlsec.cli.report import NothingToPrint
    from tlsec.incident import papers
    from tlsec.report.papers import incident_transfer

    case = _named_case(wish)
    row = case.transfers.order_by("-id").first()
    if row is None:
        text = _("{no} 还没有移送。先运行 tlsec case transfer {no}。")
        raise NothingToPrint(text.format(no=case.no))
    document = incident_transfer.build(papers.transfer(ground.workspace, row))
    return _written(ground, wish, _("线索移送单"), row.no, document)
