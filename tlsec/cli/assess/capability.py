"""tlsec assess capability: how well units protect, detect, respond and recover."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, actor, fail, print_json, with_example
from tlsec.cli.scan import open_ground
from tlsec.i18n import _, language, listed

if TYPE_CHECKING:
    from tlsec.assess.capability import Holder, Reading
    from tlsec.policy.capability import Scheme


@click.command(
    help=with_example(
        _(
            "安全防护能力评估：防护、发现、响应、恢复，区间、口径与上次比较一并列出；缺省为全市与各县区。"
        ),
        _("tlsec assess capability --unit 市数据局"),
    )
)
@click.option("--unit", help=_("一个单位，写全称"))
@click.option("--county", help=_("一个县区，写全称"))
@click.option("--units", "all_units", is_flag=True, help=_("有资产或系统的各单位"))
@click.option("--keep", is_flag=True, help=_("存下这次的结果，供下次比较"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def capability(
    ctx: click.Context,
    unit: str | None,
    county: str | None,
    all_units: bool,
    keep: bool,
    as_json: bool,
) -> None:
    if sum(map(bool, (unit, county, all_units))) > 1:
        fail(_("--unit、--county、--units 只能用一个"), BAD_INPUT)
    ground = open_ground(ctx)
    from tlsec import content
    from tlsec.assess import capability as capabilities
    from tlsec.cli.context import faults_end_here
    from tlsec.policy import capability as policy

    now = datetime.now(UTC)
    with faults_end_here():
        scheme = policy.load(content.policies(ground.workspace.root))
    try:
        chosen = _chosen(unit, county, all_units, ground.workspace.config.city)
    except capabilities.NoSuch as error:
        fail(str(error), BAD_INPUT)
    readings = [capabilities.read(who, scheme, ground.policy.catalog, now) for who in chosen]
    if keep:
        capabilities.keep(readings, scheme, actor(ctx), now)
    if as_json:
        print_json({"capability": [_data(each) for each in readings], "scheme": scheme.id})
    elif len(readings) == 1:
        _one(readings[0], scheme)
    else:
        _table(readings)


def _chosen(unit: str | None, county: str | None, all_units: bool, city: str) -> list[Holder]:
    from tlsec.assess import capability as capabilities

    if unit:
        return [capabilities.holder("unit", unit)]
    if county:
        return [capabilities.holder("county", county)]
    if all_units:
        return capabilities.holders()
    counties = [capabilities.holder("county", name) for name in capabilities.counties()]
    return [capabilities.holder("city", city), *counties]


def _data(reading: Reading) -> dict[str, Any]:
    from tlsec.assess import capability as capabilities

    before = reading.before
    return {
        "level": reading.holder.level,
        "name": reading.holder.name,
        **capabilities.numbers_of(reading.capability),
        "before": before and {"at": before.at.isoformat(), **before.numbers},
    }


def _points(low: float | None, high: float | None) -> str:
    """72.1 or 61.0–88.4: cut, never rounded up; the interval is what is not measured."""
    if low is None or high is None:
        return _("无样本")
    ends = [f"{int(10 * value + 1e-6) / 10:.1f}" for value in (low, high)]
    return ends[0] if ends[0] == ends[1] else "–".join(ends)


def _table(readings: list[Reading]) -> None:
    abilities = readings[0].capability.abilities if readings else ()
    titles = [getattr(each.ability, language()) for each in abilities]
    shown = show.table(_("对象"), *titles, _("合计"), _("已测"), _("上次"), flexible=[0])
    for reading in readings:
        each = reading.capability
        shown.add_row(
            show.cell(reading.holder.name),
            *(_points(a.low, a.high) for a in each.abilities),
            f"[bold]{_points(each.low, each.high)}[/]",
            f"{int(100 * each.known)}%",
            _before(reading),
        )
    out = show.console()
    out.print(shown)
    out.print(_("分值 0–100；区间的宽度就是没有测到的部分，未测不等于正常。加 --unit 看口径。"))


def _before(reading: Reading) -> str:
    if reading.before is None:
        return "—"
    numbers = reading.before.numbers
    return _points(numbers["low"], numbers["high"])


def _one(reading: Reading, scheme: Scheme) -> None:
    out = show.console()
    each = reading.capability
    out.print(
        _("{name}：{points}，已测 {known}%，上次 {before}").format(
            name=show.cell(reading.holder.name),
            points=_points(each.low, each.high),
            known=int(100 * each.known),
            before=_before(reading),
        )
    )
    shown = show.table(
        _("能力"), _("指标"), _("结果"), _("确定"), _("未定"), _("总数"), _("口径"), flexible=[1, 6]
    )
    unmeasured = []
    for ability in each.abilities:
        name = getattr(ability.ability, language())
        shown.add_row(
            f"[bold]{name}[/]", "", f"[bold]{_points(ability.low, ability.high)}[/]", "", "", "", ""
        )
        for m in ability.measured:
            title = getattr(m.measure, language())
            if m.count.total == 0:
                unmeasured.append(title)
            low, high = (None, None) if m.low is None else (100 * m.low, 100 * (m.high or 0))
            shown.add_row(
                "", title, _points(low, high), f"{m.count.done:g}", f"{m.count.open:g}",
                f"{m.count.total:g}", scheme.formula(m.measure, language()),
            )  # fmt: skip
    out.print(shown)
    if unmeasured:
        out.print(_("没有数据的指标：{names}").format(names=listed(unmeasured)))
    weights = listed(
        _("{name} {weight:g}").format(name=getattr(a, language()), weight=a.weight)
        for a in scheme.abilities
    )
    out.print(_("合计按权重平均：{weights}。权重来源：{source}").format(
        weights=weights, source=scheme.source
    ))  # fmt: skip
