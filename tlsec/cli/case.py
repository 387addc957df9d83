"""tlsec case: incidents, from proposal over the reporting clocks to the summary and the police."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tlsec.cli import case_report, case_show
from tlsec.cli.context import actor, open_workspace, print_json, with_example
from tlsec.cli.refusals import moment_of, refusals_end_here
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.incident.cases import Opening


@click.group(
    help=_(
        "事件：立案、定级、报告时限、报告单、处置总结、线索移送。隐患不是事件，只进整改闭环。"
        "报告时限看运营者类别，与级别无关；级别由人确定，数值线只提建议。"
    )
    + "\n\n"
    + _("例：tlsec case propose YJ-2026-00003；tlsec case open YJ-2026-00003；tlsec case clocks")
)
def case() -> None: ...


def numbers(pairs: tuple[str, ...]) -> dict[str, float]:
    """name=number pairs as typed; else exit 2."""
    found: dict[str, float] = {}
    for pair in pairs:
        name, mark, number = pair.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            mark = ""
        if not mark:
            text = _("--value {pair} 写作 名称=数，如 portal-city=130")
            raise click.UsageError(text.format(pair=pair))
    return found


@case.command(
    help=with_example(
        _("由台账项或告警提出：缺省类别、能不能立为事件、按数值线建议的级别。不改任何东西。"),
        "tlsec case propose YJ-2026-00003 --value home=45",
    )
)
@click.argument("names", metavar=_("台账项或告警"), nargs=-1, required=True)
@click.option("--class", "category", default="", help=_("事件类别，如 网络攻击/网页篡改"))
@click.option("--reason", default="", help=_("由隐患改为事件的依据"))
@click.option("--value", "values", multiple=True, help=_("数值，如 portal-city=130，可多个"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def propose(
    ctx: click.Context, names: tuple[str, ...], category: str, reason: str,
    values: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    given = numbers(values)
    open_workspace(ctx)
    from tlsec.incident import cases, keeping, origins, spells
    from tlsec.policy import incident_level, thresholds

    now = datetime.now(UTC)
    with refusals_end_here():
        made = origins.find(names)
        chosen = origins.class_of(made, category, reason)
        table = thresholds.load(keeping.folders())
        known = spells.measured(table, made.spells, now) | cases.measured(table, given)
        level = incident_level.propose(table, known)
    if as_json:
        print_json(
            {
                "category": chosen.key, "class": chosen.name, "found_machine": made.found_machine,
                "level": level.level or "", "basis": [hit.text for hit in level.hits],
                "verify": level.marks,
            }
        )  # fmt: skip
        return
    click.echo(_("类别：{name}").format(name=chosen.name))
    case_show.proposal(level)


@case.command(
    "open",
    help=_("立为事件，报告时限自机器发现与人员确认中较早的起算。写台账项编号或告警指纹，也可不写。")
    + "\n\n"
    + _("例：tlsec case open YJ-2026-00003 --operator other --occurred '2026-11-24 08:10'"),
)
@click.argument("names", metavar=_("[台账项或告警]…"), nargs=-1)
@click.option("--class", "category", default="", help=_("事件类别，如 网络攻击/网页篡改"))
@click.option("--reason", default="", help=_("由隐患改为事件的依据"))
@click.option("--title", default="", help=_("事件名称"))
@click.option(
    "--operator", default="other", help=_("运营者类别：cii 关基、central 中央国家机关、other 其他")
)
@click.option("--system", default="", help=_("事发系统的编号"))
@click.option("--unit", default="", help=_("事发单位"))
@click.option("--place", default="", help=_("位置：域名、地址、地点"))
@click.option("--course", default="", help=_("简要经过"))
@click.option("--occurred", help=_("发生时间"))
@click.option("--found", help=_("人员发现或获知的时间，缺省现在"))
@click.option("--crime", is_flag=True, help=_("涉嫌犯罪"))
@click.option("--drill", is_flag=True, help=_("演练用，编号带“演”，不提醒、不计入统计"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def open_(
    ctx: click.Context, names: tuple[str, ...], category: str, reason: str, title: str,
    operator: str, system: str, unit: str, place: str, course: str, occurred: str | None,
    found: str | None, crime: bool, drill: bool, as_json: bool,
) -> None:  # fmt: skip
    open_workspace(ctx)
    from tlsec.incident import cases, origins

    now = datetime.now(UTC)
    opening: Opening = cases.Opening(
        title, category, reason, operator, crime, moment_of("--occurred", occurred),
        moment_of("--found", found), unit, system, place, course, drill,
    )  # fmt: skip
    with refusals_end_here():
        row = cases.open_case(origins.find(names), opening, actor(ctx), now)
    case_show.told(row, now, as_json)


case.add_command(case_show.list_)
case.add_command(case_show.show_)
case.add_command(case_show.clocks)
case.add_command(case_report.report)
case.add_command(case_report.told)
case.add_command(case_report.transfer)
case.add_command(case_report.handover)


@case.command(
    help=with_example(
        _("定级，由具名的人作出；先用 --value 填数值，可得建议级别"),
        _("tlsec --as 李明澈 case level SJ-2026-0001 较大 --response Ⅳ"),
    )
)
@click.argument("no", metavar=_("编号"))
@click.argument("level", metavar=_("[级别]"), default="")
@click.option("--value", "values", multiple=True, help=_("数值，如 portal-city=130，可多个"))
@click.option("--response", default="", help=_("响应级别：Ⅰ、Ⅱ、Ⅲ、Ⅳ"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def level(
    ctx: click.Context, no: str, level: str, values: tuple[str, ...], response: str, reason: str,
    as_json: bool,
) -> None:  # fmt: skip
    given = numbers(values)
    if not level and not given:
        raise click.UsageError(_("写级别，或用 --value 写数值"))
    open_workspace(ctx)
    from django.db import transaction

    from tlsec.incident import cases

    now, who = datetime.now(UTC), actor(ctx)
    with refusals_end_here(), transaction.atomic():
        if given:
            row = cases.edit(no, who, now, given)
        if level:
            row = cases.level(no, level, who, now, reason, response)
    case_show.told(row, now, as_json)


@case.command(
    help=with_example(
        _("补充情况：经过、位置、单位、发生时间、是否涉嫌犯罪；也可改类别、加关联"),
        _("tlsec case edit SJ-2026-0001 --course 首页被替换为外部页面 --crime"),
    )
)
@click.argument("no", metavar=_("编号"))
@click.option("--title", help=_("事件名称"))
@click.option("--course", help=_("简要经过"))
@click.option("--place", help=_("位置"))
@click.option("--unit", help=_("事发单位"))
@click.option("--occurred", help=_("发生时间"))
@click.option("--crime/--no-crime", default=None, help=_("是否涉嫌犯罪"))
@click.option("--class", "category", default="", help=_("改为这个事件类别，须说明"))
@click.option("--link", "links", multiple=True, help=_("再关联的台账项或告警，可多个"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def edit(
    ctx: click.Context, no: str, title: str | None, course: str | None, place: str | None,
    unit: str | None, occurred: str | None, crime: bool | None, category: str,
    links: tuple[str, ...], reason: str, as_json: bool,
) -> None:  # fmt: skip
    open_workspace(ctx)
    from django.db import transaction

    from tlsec.incident import cases

    now, who = datetime.now(UTC), actor(ctx)
    texts = {"title": title, "course": course, "place": place, "unit": unit}
    said = {name: text for name, text in texts.items() if text is not None}
    moment = moment_of("--occurred", occurred)
    with refusals_end_here(), transaction.atomic():
        if said or crime is not None or moment:
            cases.edit(no, who, now, None, said, crime, moment)
        if category:
            cases.classify(no, category, who, now, reason)
        if links:
            cases.link(no, links, who, now)
        row = cases.find(no)
    case_show.told(row, now, as_json)


@case.command(
    help=with_example(
        _("存入证据文件，按 SHA-256 保存，写明来源和取证时间"),
        _(
            "tlsec case attach SJ-2026-0001 access.log --origin 门户服务器导出 --taken '2026-11-24 09:00'"
        ),
    )
)
@click.argument("no", metavar=_("编号"))
@click.argument(
    "files", metavar=_("文件…"), nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--origin", default="", help=_("取自哪台设备，怎样取得"))
@click.option("--taken", help=_("取证时间，缺省现在"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def attach(
    ctx: click.Context,
    no: str,
    files: tuple[Path, ...],
    origin: str,
    taken: str | None,
    as_json: bool,
) -> None:
    open_workspace(ctx)
    from tlsec.incident import cases

    now, who, moment = datetime.now(UTC), actor(ctx), moment_of("--taken", taken)
    with refusals_end_here():
        made = [cases.attach(no, file, who, now, moment, origin) for file in files]
    if as_json:
        rows = [{"name": each.name, "sha256": each.sha256, "size": each.size} for each in made]
        print_json({"evidence": rows})
        return
    for each in made:
        click.echo(f"{each.sha256}  {each.name}")


@case.command(
    help=with_example(
        _("处置结束，总结报告的时限自此起算；--resume 恢复处置"),
        "tlsec case handled SJ-2026-0001 --at '2026-11-24 18:00'",
    )
)
@click.argument("no", metavar=_("编号"))
@click.option("--at", help=_("何时结束，缺省现在"))
@click.option("--resume", is_flag=True, help=_("没有结束，恢复处置"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def handled(
    ctx: click.Context, no: str, at: str | None, resume: bool, reason: str, as_json: bool
) -> None:
    open_workspace(ctx)
    from tlsec.incident import cases

    now, who = datetime.now(UTC), actor(ctx)
    with refusals_end_here():
        row = (
            cases.resume(no, who, now, reason)
            if resume
            else cases.handled(no, who, now, moment_of("--at", at))
        )
    case_show.told(row, now, as_json)


@case.command(
    help=with_example(
        _("结案：该报的都已报、总结已报才能结；--dismiss 判为不构成事件（须说明）"),
        "tlsec case close SJ-2026-0001",
    )
)
@click.argument("no", metavar=_("编号"))
@click.option("--dismiss", is_flag=True, help=_("不构成事件"))
@click.option("--reason", default="", help=_("说明"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def close(ctx: click.Context, no: str, dismiss: bool, reason: str, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.incident import cases

    now, who = datetime.now(UTC), actor(ctx)
    end = cases.dismiss if dismiss else cases.close
    with refusals_end_here():
        row = end(no, who, now, reason)
    case_show.told(row, now, as_json)
