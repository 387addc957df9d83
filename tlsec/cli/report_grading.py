"""tlsec report grading, tlsec report filing: the papers of one graded object."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tlsec.cli import show
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.cli.report import Made, Wish
    from tlsec.report.papers.grading_data import FormYear
    from tlsec.scan.runs import Ground


def _today() -> datetime:
    return datetime.now(UTC).astimezone(show.LOCAL)


def grading(ground: Ground, wish: Wish) -> Made:
    """The 定级报告, of the form that `--edition` names."""
    from tlsec import content
    from tlsec.assess import grading_papers
    from tlsec.cli.report import Made, NothingToPrint, paper_path, write_document
    from tlsec.inventory.models import System
    from tlsec.policy import grading as rules
    from tlsec.report.papers import grading as paper

    system = System.objects.get(id=wish.system)
    gradings = rules.load(content.policies(ground.workspace.root))
    try:
        example = ground.workspace.config.practice_range
        form: FormYear = "2025" if wish.edition == "2025" else "2020"
        data = grading_papers.report(system, gradings, _today().date(), form, example)
    except grading_papers.NotGraded as error:
        raise NothingToPrint(str(error)) from error
    document = paper.build(data)
    path = paper_path(ground, _("定级报告"), system.name, wish.form)
    write_document(document, path)
    return Made(path, document.remarks)


def filing(ground: Ground, wish: Wish) -> Made:
    """The 备案表 as a paper, or as data in a workbook."""
    from tlsec import content
    from tlsec.assess import grading_papers
    from tlsec.cli.report import Made, paper_path, write_document
    from tlsec.inventory.models import System
    from tlsec.policy import grading as rules
    from tlsec.report.papers import filing as paper

    system = System.objects.get(id=wish.system)
    gradings = rules.load(content.policies(ground.workspace.root))
    example = ground.workspace.config.practice_range
    data = grading_papers.filing(system, gradings, _today().date(), example)
    used = paper.form(ground.workspace.root)
    document = paper.build(data, used)
    path = paper_path(ground, _("备案表"), system.name, wish.form)
    if wish.form == "xlsx":
        paper.write_sheets(data, path, used)
    else:
        write_document(document, path)
    return Made(path, document.remarks)
