"""tlsec report: papers a clerk could send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, CANNOT_RUN, fail, print_json
from tlsec.cli.scan import open_ground
from tlsec.cli.systems import system_named
from tlsec.i18n import N_, _, listed

if TYPE_CHECKING:
    from tlsec.scan.runs import Ground


@dataclass(frozen=True, slots=True)
class Made:
    """A paper as a file, and what the sender has to check by hand."""

    path: Path
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a paper: the format, and what it is about where it can be about one thing."""

    form: str
    unit: str | None = None
    run: int | None = None
    system: str | None = None  # id of a graded object
    edition: str = ""  # year of the form, of a paper that comes in several
    county: str | None = None
    warning: str | None = None  # number of a warning
    case: str | None = None  # number of a case
    nth: int | None = None  # which report of the case
    period: str = ""  # id of a key period, "" for the open or the last one
    day: date | None = None
    no: str = ""  # number of a handover or an exception


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper: its name on the command line, its title, and the formats it comes in.

    `of_system`: it is about one graded object, which has to be named. `editions`: years of the form
    that it may follow, the usual one first. `about`: the option (warning, case) that has to be given.
    """

    title: str
    formats: tuple[str, ...]
    make: Callable[[Ground, Wish], Made]
    of_system: bool = False
    editions: tuple[str, ...] = ()
    about: str = ""


class NothingToPrint(Exception):
    """The register holds nothing for this paper; the text says what to do first."""


def _path(ground: Ground, name: str) -> Path:
    ground.workspace.papers.mkdir(exist_ok=True)
    return ground.workspace.papers / name


def paper_path(ground: Ground, title: str, about: str, form: str) -> Path:
    """Where a paper about somebody or something goes."""
    return _path(ground, f"{title}-{_file_name(about)}.{form}")


def _file_name(text: str) -> str:
    """A unit's name as part of a file name: nothing in it may lead to another folder."""
    return "".join(c if c.isalnum() or c in "-_（）()" else "_" for c in text)[:60]


def _ledger(ground: Ground, wish: Wish) -> Made:
    from tlsec.register import papers
    from tlsec.register.models import RiskItem
    from tlsec.report.papers import ledger
    from tlsec.report.papers.data import LedgerMeta

    unit = wish.unit
    now = datetime.now(UTC)
    rows = RiskItem.objects.order_by("no")
    if unit:
        rows = rows.filter(unit=unit)
    query = _("单位为 {unit} 的全部事项").format(unit=unit) if unit else _("全部事项")
    meta = LedgerMeta(city=ground.workspace.config.city, made=now, query=query)
    path = _path(ground, f"{_('风险预警台账')}.xlsx")
    ledger.write(papers.ledger_rows(rows, now), meta, path)
    return Made(path)


def _summary(ground: Ground, wish: Wish) -> Made:
    from tlsec.report.papers import scan_summary
    from tlsec.scan import summary
    from tlsec.scan.models import Run

    rows = (
        Run.objects.filter(pk=wish.run)
        if wish.run
        else Run.objects.filter(kind="plan").order_by("-id")
    )
    found = rows.first()
    if found is None:
        raise NothingToPrint(_("还没有巡检记录。先运行 tlsec scan。"))
    path = _path(ground, f"{_('巡检小结')}-{found.pk}.html")
    scan_summary.write(summary.of(found, ground.workspace, ground.policy), path)
    return Made(path)


def _lazily(module: str, name: str) -> Callable[[Ground, Wish], Made]:
    """A maker in a module of its own, read when it is called."""

    def make(ground: Ground, wish: Wish) -> Made:
        made: Made = getattr(import_module(module), name)(ground, wish)
        return made

    return make


def _of_conclusion(title: str, name: str, *more: str) -> Paper:
    """A paper of a system's newest conclusion, with its annex as a workbook."""
    make = _lazily("tlsec.cli.report_assessment", name)
    return Paper(title, ("docx", "pdf", "xlsx", *more), make, of_system=True)


def _of_incident(title: str, name: str, about: str, *formats: str) -> Paper:
    """A paper of one warning or of one case."""
    make = _lazily("tlsec.cli.report_incident", name)
    return Paper(title, formats or ("docx", "pdf"), make, about=about)


def _of_period(title: str, name: str, *more: str) -> Paper:
    """A paper of a key period."""
    return Paper(title, ("docx", "pdf", *more), _lazily("tlsec.cli.report_period", name))


PAPERS = {
    "ledger": Paper(N_("风险预警台账"), ("xlsx",), _ledger),
    "notice": Paper(
        N_("整改通知书"), ("docx", "pdf"), _lazily("tlsec.cli.report_notice", "notice")
    ),
    "scan": Paper(N_("巡检小结"), ("html",), _summary),
    "grading": Paper(
        N_("定级报告"),
        ("docx", "pdf"),
        _lazily("tlsec.cli.report_grading", "grading"),
        of_system=True,
        editions=("2020", "2025"),
    ),
    "filing": Paper(
        N_("备案表"),
        ("docx", "pdf", "xlsx"),
        _lazily("tlsec.cli.report_grading", "filing"),
        of_system=True,
    ),
    "selfcheck": _of_conclusion(N_("等保自查报告"), "selfcheck"),
    "gap": _of_conclusion(N_("等保差距分析报告"), "gap"),
    "rectification": _of_conclusion(N_("等保整改报告"), "rectification"),
    "evaluation": _of_conclusion(N_("等保自评报告（测评报告体例）"), "evaluation", "json"),
    "capability": Paper(
        N_("安全防护能力评估"),
        ("docx", "pdf"),
        _lazily("tlsec.cli.report_standing", "capability"),
    ),
    "secrecy": Paper(
        N_("分级保护边界核查记录"),
        ("docx", "pdf"),
        _lazily("tlsec.cli.report_standing", "secrecy"),
    ),
    "warning": _of_incident(N_("网络安全预警通报"), "warning", "warning"),
    "receipts": _of_incident(N_("预警通报回执统计表"), "receipts", "warning", "xlsx"),
    "incident": _of_incident(N_("网络安全事件报告单"), "incident", "case"),
    "disposal": _of_incident(N_("网络安全事件处置总结报告"), "disposal", "case"),
    "transfer": _of_incident(N_("网络安全线索移送单"), "transfer", "case"),
    "workplan": _of_period(N_("保障工作方案"), "work_plan"),
    "pledge": _of_period(N_("责任书"), "pledge"),
    "roster": _of_period(N_("值班表"), "roster"),
    "handover": _of_period(N_("交接班记录"), "handover"),
    "zero": _of_period(N_("零报告（平安报）"), "zero", "xlsx"),
    "daily": _of_period(N_("重保日报"), "daily"),
    "freeze": _of_period(N_("变更冻结令"), "freeze"),
    "exception": _of_period(N_("变更冻结例外审批单"), "exception"),
    "blocklist": _of_period(N_("封禁清单"), "blocklist", "xlsx"),
    "summary": _of_period(N_("重保总结报告"), "summary"),
}


def write_document(document: object, path: Path) -> None:
    """A block document in the format its file name says."""
    from tlsec.report import docx, typst
    from tlsec.report.blocks import Document

    assert isinstance(document, Document)
    (typst if path.suffix == ".pdf" else docx).write(document, path)


@click.command(
    help=_(
        "出具公文与报表。list 列出全部；ledger 台账、notice 整改通知书、scan 巡检小结、"
        "grading 定级报告、filing 备案表、selfcheck 自查报告、gap 差距分析报告、rectification 整改报告、"
        "evaluation 测评报告体例的自评报告、capability 安全防护能力评估、secrecy 分级保护边界核查记录、"
        "warning 预警通报、receipts 回执统计表、incident 事件报告单、disposal 处置总结、transfer 线索移送单；"
        "重保：workplan 工作方案、pledge 责任书、roster 值班表、handover 交接班记录、zero 零报告、daily 日报、"
        "freeze 变更冻结令、exception 例外审批单、blocklist 封禁清单、summary 总结报告。"
    )
    + "\n\n"
    + _(
        "例：tlsec report ledger；tlsec report notice --format pdf；tlsec report grading --system S02"
    )
)
@click.argument("paper", metavar=_("文书"))
@click.option(
    "--format",
    "form",
    type=click.Choice(["docx", "pdf", "html", "xlsx", "json"]),
    help=_("格式，缺省为全部"),
)
@click.option("--unit", help=_("只为一个单位"))
@click.option("--county", help=_("只为一个县区，写全称（capability）"))
@click.option("--system", help=_("哪个系统，写编号或名称"))
@click.option("--edition", help=_("表式的年份，如 2025，缺省为该文书常用的"))
@click.option("--run", "run_id", type=int, help=_("巡检编号，缺省为最近一次"))
@click.option("--warning", "warning", help=_("哪一份预警通报，写编号"))
@click.option("--case", "case", help=_("哪一起事件，写编号"))
@click.option("--nth", type=int, help=_("第几次报告，缺省为最近一次（incident）"))
@click.option("--period", default="", help=_("哪个重保期，写编号，缺省为打开的或最近的"))
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), help=_("哪一天（daily、zero、roster）")
)
@click.option(
    "--no", default="", help=_("编号（handover、exception）或文号（notice），缺省为最近一份")
)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def report(
    ctx: click.Context,
    paper: str,
    form: str | None,
    unit: str | None,
    county: str | None,
    system: str | None,
    edition: str | None,
    run_id: int | None,
    warning: str | None,
    case: str | None,
    nth: int | None,
    period: str,
    day: datetime | None,
    no: str,
    as_json: bool,
) -> None:
    if paper == "list":
        _list(as_json)
        return
    chosen = _chosen(paper, form, edition, system)
    if unit and county:
        fail(_("--unit 和 --county 只能用一个"), BAD_INPUT)
    ground = open_ground(ctx)
    _known(unit, run_id)
    about = system_named(system).id if system else None
    wish = Wish(
        form or "", unit, run_id, about, edition or "", county, warning, case, nth,
        period, day.date() if day else None, no,
    )  # fmt: skip
    if chosen.about and not getattr(wish, chosen.about):
        message = _("{title}要写明编号：--{option} 编号")
        fail(message.format(title=_(chosen.title), option=chosen.about), BAD_INPUT)
    made = _made(ground, chosen, wish)
    if as_json:
        print_json({"papers": [str(each.path) for each in made]})
        return
    for done in made:
        click.echo(str(done.path))
    for remark in dict.fromkeys(remark for done in made for remark in done.remarks):
        click.echo(_("请核对：{remark}").format(remark=remark), err=True)


def _chosen(paper: str, form: str | None, edition: str | None, system: str | None) -> Paper:
    """The paper of that name, if what is asked of it can be had; else exit 2."""
    if paper not in PAPERS:
        known = listed(PAPERS)
        fail(_("没有文书 {name}，可用：{known}").format(name=paper, known=known), BAD_INPUT)
    chosen = PAPERS[paper]
    title = _(chosen.title)
    if form and form not in chosen.formats:
        message = _("{title} 没有 {form} 格式，可用：{known}")
        known = listed(chosen.formats)
        fail(message.format(title=title, form=form, known=known), BAD_INPUT)
    if edition and edition not in chosen.editions:
        message = _("{title} 没有 {edition} 年表式，可用：{known}")
        known = listed(chosen.editions) or _("无")
        fail(message.format(title=title, edition=edition, known=known), BAD_INPUT)
    if chosen.of_system and not system:
        fail(_("{title}要写明系统：--system S02").format(title=title), BAD_INPUT)
    return chosen


def _made(ground: Ground, paper: Paper, wish: Wish) -> list[Made]:
    """The paper in the format asked for, or in every one that this machine can make."""
    from tlsec.marked_yaml import Faulty
    from tlsec.report.errors import PaperError

    made = []
    for each in (wish.form,) if wish.form else paper.formats:
        try:
            made.append(paper.make(ground, replace(wish, form=each)))
        except (NothingToPrint, Faulty) as error:
            fail(str(error), BAD_INPUT)
        except PaperError as error:
            if wish.form:
                fail(str(error), CANNOT_RUN)
            click.echo(str(error), err=True)
    return made


def _known(unit: str | None, run_id: int | None) -> None:
    """A misspelt unit or run must not bring an empty paper."""
    from tlsec.inventory.models import Unit
    from tlsec.register.models import RiskItem
    from tlsec.scan.models import Run

    named = unit is not None and [
        Unit.objects.filter(name=unit).exists(),
        RiskItem.objects.filter(unit=unit).exists(),
    ]
    if named and not any(named):
        fail(_("台账里没有单位 {name}，写全称，如各项中所列").format(name=unit), BAD_INPUT)
    if run_id is not None and not Run.objects.filter(pk=run_id).exists():
        fail(_("没有编号为 {id} 的巡检").format(id=run_id), BAD_INPUT)


def _list(as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "papers": [
                    {"name": n, "title": _(p.title), "formats": p.formats}
                    for n, p in PAPERS.items()
                ]
            }
        )
        return
    table = show.table(_("文书"), _("名称"), _("格式"))
    for name, each in PAPERS.items():
        table.add_row(name, _(each.title), listed(each.formats))
    show.console().print(table)
