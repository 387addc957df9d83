"""tlsec report: the papers of a key period."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tlsec.cli import show
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.cli.report import Made, Wish
    from tlsec.period.models import Period
    from tlsec.report.blocks import Document
    from tlsec.scan.runs import Ground


def _period(wish: Wish) -> Period:
    """The period that is wished for, or the open one, or the last."""
    from tlsec.cli.report import NothingToPrint
    from tlsec.period import periods
    from tlsec.register.refused import Refused

    try:
        return periods.found(wish.period or "")
    except Refused as error:
        raise NothingToPrint(str(error)) from error


def _today(wish: Wish, now: datetime) -> date:
    return wish.day or now.astimezone(show.LOCAL).date()


def _write(ground: Ground, wish: Wish, document: Document, name: str, about: str) -> Made:
    from tlsec.cli.report import Made, paper_path, write_document

    path: Path = paper_path(ground, name, about, wish.form)
    write_document(document, path)
    return Made(path, document.remarks)


def roster(ground: Ground, wish: Wish) -> Made:
    """值班表, of one day or of the whole live phase."""
    from tlsec.period import papers
    from tlsec.report.papers import period_duty

    period, now = _period(wish), datetime.now(UTC)
    data = papers.roster(ground.workspace, period, now, wish.day, wish.day)
    return _write(ground, wish, period_duty.roster(data), _("值班表"), period.id)


def handover(ground: Ground, wish: Wish) -> Made:
    """交接班记录: the one of that number, or the last."""
    from tlsec.cli.report import NothingToPrint
    from tlsec.period import papers
    from tlsec.period.models_duty import Handover
    from tlsec.report.papers import period_duty

    rows = Handover.objects.order_by("-id")
    row = rows.filter(pk=int(wish.no)).first() if wish.no.isdecimal() else rows.first()
    if row is None:
        raise NothingToPrint(_("没有交接班记录。先运行 tlsec period handover give"))
    document = period_duty.handover(papers.handover(ground.workspace, row, datetime.now(UTC)))
    return _write(ground, wish, document, _("交接班记录"), str(row.pk))


def zero(ground: Ground, wish: Wish) -> Made:
    """零报告 of a unit and day, blank where nothing has come."""
    from tlsec.cli.report import Made, NothingToPrint, paper_path
    from tlsec.inventory.models import Unit
    from tlsec.period import papers, zero_files
    from tlsec.period import zero as reports
    from tlsec.register.refused import Refused
    from tlsec.report.papers import period_zero

    period, now = _period(wish), datetime.now(UTC)
    day = _today(wish, now)
    row = Unit.objects.filter(name=wish.unit).first() or Unit.objects.filter(id=wish.unit).first()
    unit = row.id if row else next((each.unit for each in reports.duties(period)), "")
    about = f"{unit}-{day}"
    try:
        if wish.form == "xlsx":
            path = paper_path(ground, _("零报告"), about, "xlsx")
            zero_files.write_form(period, unit, day, path, now)
            return Made(path)
        document = period_zero.build(papers.zero_form(ground.workspace, period, unit, day, now))
    except Refused as error:
        raise NothingToPrint(str(error)) from error
    return _write(ground, wish, document, _("零报告"), about)


def daily(ground: Ground, wish: Wish) -> Made:
    """日报 of a day that was drawn up with tlsec period daily; the newest where no day is named."""
    from tlsec.cli.report import NothingToPrint
    from tlsec.period import papers
    from tlsec.period.models_daily import DailyReport
    from tlsec.report.papers import period_daily

    period = _period(wish)
    rows = DailyReport.objects.filter(period=period).order_by("-day", "-edition")
    row = (rows.filter(day=wish.day) if wish.day else rows).first()
    if row is None:
        raise NothingToPrint(_("这一天还没有日报。先运行 tlsec period daily"))
    document = period_daily.build(papers.daily(ground.workspace, row, datetime.now(UTC)))
    return _write(ground, wish, document, _("日报"), f"{period.id}-{row.number:02d}")


def blocklist(ground: Ground, wish: Wish) -> Made:
    """封禁清单 of the period and what is still on."""
    from django.db.models import Q

    from tlsec.cli.report import Made, paper_path
    from tlsec.period import papers
    from tlsec.period.models_freeze import Block
    from tlsec.report.papers import period_orders

    period, now = _period(wish), datetime.now(UTC)
    found = Block.objects.filter(Q(period=period) | Q(lifted=None)).order_by("start", "id")
    rows, sender = papers.block_rows(found), papers.sender(ground.workspace, period, now)
    if wish.form == "xlsx":
        path = paper_path(ground, _("封禁清单"), period.id, "xlsx")
        period_orders.write_blocklist(sender, rows, path)
        return Made(path)
    return _write(ground, wish, period_orders.blocklist(sender, rows), _("封禁清单"), period.id)


def freeze(ground: Ground, wish: Wish) -> Made:
    """变更冻结令."""
    from tlsec.period import papers
    from tlsec.report.papers import period_orders

    period = _period(wish)
    data = papers.freeze_order(ground.workspace, period, datetime.now(UTC))
    return _write(ground, wish, period_orders.freeze(data), _("变更冻结令"), period.id)


def exception(ground: Ground, wish: Wish) -> Made:
    """例外审批单: the one of that number, or the last."""
    from tlsec.cli.report import NothingToPrint
    from tlsec.period import papers
    from tlsec.period.models_freeze import FreezeException
    from tlsec.report.papers import period_orders

    rows = FreezeException.objects.filter(freeze__period=_period(wish)).order_by("-id")
    row = (rows.filter(number=wish.no) if wish.no else rows).first()
    if row is None:
        raise NothingToPrint(_("没有例外申请。先运行 tlsec period freeze ask"))
    document = period_orders.exception(papers.exception(ground.workspace, row, datetime.now(UTC)))
    return _write(ground, wish, document, _("例外审批单"), row.number)


def summary(ground: Ground, wish: Wish) -> Made:
    """总结报告."""
    from tlsec.period import papers
    from tlsec.report.papers import period_daily

    period = _period(wish)
    data = papers.summary(ground.workspace, period, datetime.now(UTC))
    return _write(ground, wish, period_daily.summary(data), _("重保总结报告"), period.id)


def work_plan(ground: Ground, wish: Wish) -> Made:
    """工作方案."""
    from tlsec.period import papers
    from tlsec.report.papers import period_plan

    period = _period(wish)
    data = papers.work_plan(ground.workspace, period, datetime.now(UTC))
    return _write(ground, wish, period_plan.work_plan(data), _("保障工作方案"), period.id)


def pledge(ground: Ground, wish: Wish) -> Made:
    """责任书 of a unit; of the first with a protected system where none is named."""
    from tlsec.cli.report import NothingToPrint
    from tlsec.inventory.models import System, Unit
    from tlsec.period import papers
    from tlsec.report.papers import period_plan

    period = _period(wish)
    systems = System.objects.filter(id__in=period.systems).order_by("ordinal")
    rows = Unit.objects.filter(id__in=systems.values("unit"))
    unit = (rows.filter(name=wish.unit) if wish.unit else rows.order_by("ordinal")).first()
    if unit is None:
        raise NothingToPrint(_("这个单位没有保障系统"))
    document = period_plan.pledge(papers.pledge(ground.workspace, period, unit, datetime.now(UTC)))
    return _write(ground, wish, document, _("责任书"), unit.id)
