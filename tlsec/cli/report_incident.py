"""tlsec report warning, receipts, incident, disposal, transfer: the papers of warnings and cases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.cli.report import Made, Wish
    from tlsec.incident.models import Warning
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
