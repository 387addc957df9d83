"""tlsec report selfcheck, gap, rectification, evaluation: the papers of a kept conclusion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from tlsec.i18n import _

if TYPE_CHECKING:
    from pathlib import Path

    from tlsec.cli.report import Made, Wish
    from tlsec.report.blocks import Document
    from tlsec.report.papers.assessment import Assessment
    from tlsec.scan.runs import Ground


def selfcheck(ground: Ground, wish: Wish) -> Made:
    """The 自查报告."""
    from tlsec.report.papers import self_check

    return _made(ground, wish, _("等保自查报告"), self_check.build)


def gap(ground: Ground, wish: Wish) -> Made:
    """The 差距分析报告."""
    from tlsec.report.papers import gap as paper

    return _made(ground, wish, _("等保差距分析报告"), paper.build)


def rectification(ground: Ground, wish: Wish) -> Made:
    """The 整改报告, which tells also what is already mended."""
    from tlsec.report.papers import rectification as paper

    return _made(ground, wish, _("等保整改报告"), paper.build, with_mended=True)


def evaluation(ground: Ground, wish: Wish) -> Made:
    """The 测评报告 in the form of the scheme that the conclusion was drawn by."""
    from tlsec.report.papers import evaluation as paper

    return _made(ground, wish, _("等保自评报告"), paper.build)


def _made(
    ground: Ground,
    wish: Wish,
    title: str,
    build: Callable[[Assessment], Document],
    with_mended: bool = False,
) -> Made:
    from tlsec.assess.evidence import Refused
    from tlsec.assess.papers import Unprintable
    from tlsec.cli.report import Made, NothingToPrint, paper_path, write_document
    from tlsec.report.papers import annex, oscal

    try:
        data, remark = _read(_Same(ground), wish.system or "", with_mended)
    except Unprintable as error:
        raise NothingToPrint(str(error)) from error
    except Refused as error:
        raise NothingToPrint("\n".join(error.sentences)) from error
    remarks = (remark,) if remark else ()
    about = data.system.name
    if wish.form == "xlsx":
        path: Path = paper_path(ground, _("{title}附表").format(title=title), about, wish.form)
        annex.annex(data, path)
        return Made(path, remarks)
    path = paper_path(ground, title, about, wish.form)
    if wish.form == "json":
        oscal.write(data, path)
        return Made(path, remarks)
    document = build(data)
    write_document(document, path)
    return Made(path, (*remarks, *document.remarks))


class _Same:
    """A ground as a key: one command has one, and all formats of a paper are of one reading."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.ground is self.ground

    def __hash__(self) -> int:
        return id(self.ground)


@lru_cache(maxsize=1)
def _read(same: _Same, system: str, with_mended: bool) -> tuple[Assessment, str]:
    """The assessment, and the remark where the evidence has moved on. Raises Unprintable, Refused."""
    from tlsec import content
    from tlsec.assess import conclude, papers
    from tlsec.policy import assessment

    ground, now = same.ground, datetime.now(UTC)
    loaded = assessment.load(content.policies(ground.workspace.root), ground.policy)
    row = conclude.last(system)
    data = papers.assessment(
        system, ground.workspace, ground.policy, loaded, now, conclusion=row,
        with_mended=with_mended,
    )  # fmt: skip
    return data, papers.outdated(row, ground.policy, loaded, now) if row else ""
