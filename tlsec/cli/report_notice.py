"""tlsec report notice: the notice as it was sent out, or a draft of what one would say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.cli.report import Made, Wish
    from tlsec.register.models import RiskItem
    from tlsec.scan.runs import Ground


def notice(ground: Ground, wish: Wish) -> Made:
    """By its number, else the last one to a unit; a unit that was sent none gets a draft without a number."""
    from tlsec.cli.report import Made, paper_path, write_document
    from tlsec.register import papers
    from tlsec.report import legal
    from tlsec.report.papers import notice as paper

    number, unit, items = _meant(wish)
    on = items[0].dispatched if number else None
    data = papers.notice(ground.workspace, unit, items, number, legal.basis(), on)
    document = paper.build(data)
    about = f"{unit}-{number}" if wish.no else unit
    path = paper_path(ground, _("整改通知书"), about, wish.form)
    write_document(document, path)
    return Made(path, document.remarks)


def _meant(wish: Wish) -> tuple[str, str, list[RiskItem]]:
    """Number, unit and items. Raises NothingToPrint."""
    from tlsec.cli.report import NothingToPrint
    from tlsec.register import dispatch, papers
    from tlsec.register.models import RiskItem
    from tlsec.register.transitions import OPEN

    if wish.no:
        items = list(dispatch.of_number(wish.no))
        if not items:
            raise NothingToPrint(_("没有以 {number} 发出的事项").format(number=wish.no))
        return wish.no, items[0].unit, items
    unit = wish.unit or next(iter(papers.units_with_open_items()), "")
    if unit and (number := dispatch.latest(unit)):
        return number, unit, list(dispatch.of_number(number))
    rows = RiskItem.objects.filter(state__in=OPEN, unit=unit, drill=False)
    if not unit or not (items := list(rows.order_by("no"))):
        raise NothingToPrint(_("没有待整改的事项，不需要通知书。先运行 tlsec scan。"))
    return "", unit, items
