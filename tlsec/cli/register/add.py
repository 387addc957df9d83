"""tlsec register add: what no machine found: an inspection's finding, a superior's notice, a tip-off."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from tlsec.cli.context import BAD_INPUT, actor, fail, open_workspace, print_json, with_example
from tlsec.i18n import _, listed


@click.command(
    help=with_example(
        _("把检查、通报、上级、举报等发现的隐患列入台账；没有检查项，整改后由另一人凭证据复测"),
        _("tlsec register add 机房未锁 --severity medium --unit 市医保局 --source inspection"),
    )
)
@click.argument("title", metavar=_("标题"))
@click.option("--severity", required=True, help=_("等级：critical、high、medium、low"))
@click.option("--unit", default="", help=_("责任单位"))
@click.option("--county", default="", help=_("县区"))
@click.option("--system", "system_id", default="", help=_("系统编号"))
@click.option("--address", default="", help=_("位置"))
@click.option("--category", default="", help=_("隐患类别"))
@click.option("--flaw", default="", help=_("漏洞编号（CVE、CNVD）"))
@click.option(
    "--source", default="inspection", help=_("来源：inspection、notice、superior、report")
)
@click.option("--text", "description", default="", help=_("说明"))
@click.option("--drill", is_flag=True, help=_("演练用，编号前加“演”"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def add(
    ctx: click.Context, /, title: str, severity: str, source: str, as_json: bool, **more: str | bool
) -> None:
    open_workspace(ctx)
    from tlsec.inventory.models import System
    from tlsec.register import items
    from tlsec.register.rules import SEVERITIES
    from tlsec.register.transitions import SOURCES

    for value, known, name in ((severity, SEVERITIES, "severity"), (source, SOURCES, "source")):
        if value not in known:
            text = _("{name} 没有 {value}，可用：{known}")
            fail(text.format(name=name, value=value, known=listed(known)), BAD_INPUT)
    system = System.objects.filter(id=more["system_id"]).select_related("unit", "county").first()
    if more["system_id"] and system is None:
        fail(_("台账里没有 {no}").format(no=more["system_id"]), BAD_INPUT)
    if system is not None:
        more["system"] = system.name
        more["unit"] = more["unit"] or system.unit.name
        more["county"] = more["county"] or system.county.name
    values = {"title": title[:200], "machine_severity": severity, "source": source, **more}
    values["description"] = str(more["description"] or title)[:1000]
    item = items.enter(values, actor(ctx), datetime.now(UTC))
    if as_json:
        print_json({"no": item.no, "state": item.state, "due": item.due})
    else:
        click.echo(_("已列入台账：{no}").format(no=item.no))
