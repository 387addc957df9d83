"""《××系统安全保护等级定级报告》 of one graded object, in the form of 2007/2020 or with what 2025 adds.

What the register does not know is a marked blank. Identity numbers are never printed or kept.
"""

from __future__ import annotations

from tlsec.i18n import _, listed
from tlsec.report import blocks
from tlsec.report.blocks import (
    Block,
    Column,
    Document,
    Field,
    FieldGrid,
    Heading,
    Note,
    Para,
    Table,
)
from tlsec.report.papers.grading_data import Cell, GradingReport, Half
from tlsec.report.words import day, formal


def blank() -> str:
    """What stands where the unit has to write."""
    return _("【待填】")


def build(report: GradingReport) -> Document:
    """The report as a Document; `document.remarks` says what the sender has to check."""
    title = _("{system}安全保护等级定级报告").format(system=report.system)
    broken = _("{system}\n安全保护等级定级报告").format(system=report.system)
    body: list[Block] = [blocks.Title(broken if len(title) > 18 else title)]
    if report.example:
        body.append(Note(_("样例数据，不得作为公文使用")))
    body += [Heading(_("一、定级对象描述")), *_responsible(report), *_composition(report)]
    body += _business(report)
    if report.form == "2025":
        body += _data(report)
    body.append(Heading(_("二、安全保护等级确定")))
    body += _half(report, report.s, _("业务信息"), _("（一）"), _("2"))
    body += _half(report, report.a, _("系统服务"), _("（二）"), _("3"))
    body += _overall(report)
    if report.form == "2025":
        body += _duty(report)
    body.append(blocks.Signature(report.unit, day(report.date)))
    body.append(Note(_basis(report)))
    meta = blocks.Meta(report.date, report.unit, title)
    return Document("form", title, tuple(body), meta, remarks=report.remarks)


def _responsible(report: GradingReport) -> list[Block]:
    text = _("{unit}是{system}的责任单位，自{since}起对该系统的安全负责。").format(
        unit=report.unit, system=report.system, since=report.since or blank()
    )
    if report.operator:
        text += _("日常运行维护由{operator}承担。").format(operator=report.operator)
    result: list[Block] = [Heading(_("（一）责任主体"), 2)]
    if report.form == "2025":
        result.append(
            FieldGrid(
                (
                    (Field(_("建设单位"), blank()), Field(_("运营单位"), report.unit)),
                    (
                        Field(_("安全责任单位"), report.unit),
                        Field(_("定级责任单位"), report.unit),
                    ),
                )
            )
        )
    return [*result, Para(formal(text))]


def _composition(report: GradingReport) -> list[Block]:
    text = _("{system}部署在{zones}").format(
        system=report.system, zones=listed(report.zones) or blank()
    )
    if report.platform:
        text += _("，建在{platform}上").format(platform=report.platform)
    text += _("。{exits}网络结构与边界设备见所附拓扑图（{blank}）。主要设备和软件如下。").format(
        exits=report.exits, blank=blank()
    )
    result: list[Block] = [Heading(_("（二）系统构成"), 2), Para(formal(text))]
    columns = (
        Column(_("名称"), 4),
        Column(_("类别"), 2, "center"),
        Column(_("地址"), 4),
        Column(_("所在区域"), 4),
    )
    if not report.devices:
        result.append(
            Para(_("台账没有登记该系统的资产，由单位补充（{blank}）。").format(blank=blank()))
        )
        return result
    rows = tuple((each.name, each.kind, each.addresses, each.zone) for each in report.devices)
    result.append(Table(columns, rows, "small"))
    if report.extensions:
        text = _("除通用要求外适用的安全扩展要求：{names}。")
        result.append(Para(text.format(names=listed(report.extensions))))
    return result


def _business(report: GradingReport) -> list[Block]:
    business = report.business.rstrip("。") or blank()
    text = _("{system}承载的业务：{business}。").format(system=report.system, business=business)
    text += _("系统处理个人信息。") if report.personal_data else ""
    users = _("用户数量与分布：{blank}。").format(blank=blank())
    return [Heading(_("（三）业务与用户"), 2), Para(formal(text + users))]


def _data(report: GradingReport) -> list[Block]:
    """2025: classes of data, what is done with them, where they go."""
    personal = _("含个人信息") if report.personal_data else ""
    stages = _("收集、存储、使用、加工、传输、提供、公开、删除中涉及的环节：{blank}")
    rows = (
        (Field(_("数据类别"), blank()), Field(_("数据级别"), blank())),
        (Field(_("个人信息"), personal or blank()),),
        (Field(_("处理环节"), stages.format(blank=blank()), 2),),
        (Field(_("数据来源"), blank()), Field(_("数据流向"), blank())),
    )
    return [Heading(_("（四）承载的数据"), 2), FieldGrid(rows)]


def _half(report: GradingReport, half: Half, name: str, number: str, table: str) -> list[Block]:
    """One of the two levels: described, harmed object, degree, level read from the table."""
    chosen = [cell for cell in half.cells if cell.chosen]
    counting = [cell for cell in chosen if cell.counts]
    objects = listed(dict.fromkeys(cell.object for cell in chosen))
    described = half.description or (report.business if name == _("系统服务") else "") or blank()
    degrees = listed(
        (_("对{object}造成{degree}").format(object=c.object, degree=c.degree) for c in chosen), "；"
    )
    level = _("按表{table}，{cells}，{name}安全保护等级为第{level}级。").format(
        table=table,
        cells=listed(
            _("“{object}”受“{degree}”对应第{level}级").format(
                object=c.object, degree=c.degree, level=_number(c.level)
            )
            for c in counting
        ),
        name=name,
        level=_number(half.level),
    )
    heading = _("{number}{name}安全保护等级的确定").format(number=number, name=name)
    return [
        Heading(heading, 2),
        Para(formal(described.rstrip("。") + "。"), lead=_("1. {name}描述。").format(name=name)),
        Para(
            formal(_("受到破坏时，侵害的客体是{objects}。").format(objects=objects)),
            lead=_("2. 受侵害的客体。"),
        ),
        Para(formal(degrees + "。" + _reasons(chosen)), lead=_("3. 侵害程度。")),
        Para(formal(level), lead=_("4. 等级。")),
        _matrix(half),
    ]


def _reasons(chosen: list[Cell]) -> str:
    """Why, and in which consequences it shows."""
    seen = listed(dict.fromkeys(name for cell in chosen for name in cell.consequences))
    text = _("主要表现为{names}。").format(names=seen) if seen else ""
    whys = [cell.why.rstrip("。") + "。" for cell in chosen if cell.why]
    return text + ("".join(whys) or _("理由：{blank}。").format(blank=blank()))


def _matrix(half: Half) -> Table:
    """The whole table with the chosen cells ticked."""
    degrees = list(dict.fromkeys(cell.degree for cell in half.cells))
    rows: dict[str, list[str]] = {}
    for cell in half.cells:
        text = _("第{level}级").format(level=_number(cell.level))
        rows.setdefault(cell.object, []).append(f"{text} √" if cell.chosen else text)
    columns = (
        Column(_("受侵害的客体"), 5),
        *(Column(degree, 2.4, "center") for degree in degrees),
    )
    return Table(columns, tuple((name, *cells) for name, cells in rows.items()), "small")


def _overall(report: GradingReport) -> list[Block]:
    text = _(
        "{system}的安全保护等级由业务信息安全保护等级和系统服务安全保护等级中的较高者决定，"
        "为第{level}级（{grade}）。"
    ).format(system=report.system, level=_number(report.g), grade=report.grade)
    columns = (
        Column(_("定级对象名称"), 4),
        Column(_("安全保护等级"), 2, "center"),
        Column(_("业务信息安全保护等级"), 2.6, "center"),
        Column(_("系统服务安全保护等级"), 2.6, "center"),
    )
    levels = (report.g, report.s.level, report.a.level)
    cells = tuple(_("第{level}级").format(level=_number(n)) for n in levels)
    result: list[Block] = [
        Heading(_("（三）安全保护等级的确定"), 2),
        Para(formal(text)),
        Table(columns, ((report.system, *cells),), "small"),
    ]
    if report.g == 5:
        result.append(Para(_("第五级由国家指定的专门部门监督检查，另按其要求办理。")))
    reviewed = _("专家评审：{review}。主管部门审核：{approval}。")
    result.append(
        Para(
            reviewed.format(
                review=report.expert_review or blank(), approval=report.approval or blank()
            )
        )
    )
    return result


def _duty(report: GradingReport) -> list[Block]:
    """2025: who answers for security. The identity number is written by hand, outside this tool."""
    offline = _("由单位线下填写")
    grid = FieldGrid(
        (
            (Field(_("单位负责人"), blank()), Field(_("职务"), blank())),
            (Field(_("直接负责人"), report.head or blank()), Field(_("职务"), blank())),
            (Field(_("证件号码"), offline),),
        )
    )
    return [Heading(_("三、安全责任")), grid]


def _basis(report: GradingReport) -> str:
    text = _("定级矩阵：{matrix}。定级记录第{n}版，{reason}。")
    return text.format(matrix=report.matrix, n=report.version, reason=report.reason.rstrip("。"))


def _number(level: int) -> str:
    """A level as papers write it: 三."""
    return (_("一"), _("二"), _("三"), _("四"), _("五"))[level - 1]
