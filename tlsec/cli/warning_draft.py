"""tlsec warning draft: the form of a warning as options, or from a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tlsec.cli import warning_show
from tlsec.cli.context import actor, open_workspace
from tlsec.cli.refusals import refusals_end_here
from tlsec.i18n import _


def _draft_options(command: Any) -> Any:
    """The form of a warning as options; what a file says is overridden by them."""
    options = [
        click.option("--file", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                     help=_("YAML 文件，写本表各项")),
        click.option("--title", help=_("标题，不写“关于”和“通报”")),
        click.option("--class", "category", help=_("事件类别，如 网络攻击/漏洞利用")),
        click.option("--source", help=_("来源：superior 上级、monitor 自有监测、vendor 厂商、cnvd、other")),
        click.option("--ref", "source_ref", help=_("来源文号")),
        click.option("--importance", help=_("重要程度：special、important、general，缺省按台账等级推定")),
        click.option("--cii", is_flag=True, default=None, help=_("涉及关键信息基础设施")),
        click.option("--damage", help=_("可能的损害：grave、serious、considerable、slight、none")),
        click.option("--product", "products", multiple=True, help=_("产品和版本范围，可多个，如 \"nginx <1.20.1\"")),
        click.option("--zone", "zones", multiple=True, help=_("只看这些区域，可多个")),
        click.option("--flaw", help=_("CVE 或 CNVD 编号")),
        click.option("--flaw-level", help=_("漏洞级别：超危、高危、中危、低危")),
        click.option("--starts", help=_("起始时间，缺省现在")),
        click.option("--until", help=_("有效期至")),
        click.option("--discovered", help=_("发现时间，缺省现在")),
        click.option("--nature", help=_("事件性质")),
        click.option("--threat", help=_("威胁方式")),
        click.option("--scope", help=_("影响范围")),
        click.option("--effect", help=_("影响程度")),
        click.option("--advice", help=_("警示事项")),
        click.option("--measures", help=_("防范措施")),
        click.option("--handle-by", help=_("处置时限")),
        click.option("--feedback", help=_("反馈要求")),
        click.option("--circulation", help=_("知悉范围")),
        click.option("--attach", "attachments", multiple=True, help=_("附件，可多个")),
        click.option("--drill", is_flag=True, default=None, help=_("演练用，编号带“演”，不计入统计")),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command(
    help=_("起草一份预警通报：匹配台账，提出建议级别。加 --edit 编号 修改未定级的稿件。")
    + "\n\n"
    + _(
        '例：tlsec warning draft --title 某组件漏洞 --class 漏洞利用 --damage serious --product "nginx <1.20.1"'
    )
)
@_draft_options
@click.option("--edit", "edit", help=_("修改哪一份"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def draft(
    ctx: click.Context, /, file: Path | None, edit: str | None, as_json: bool, **options: Any
) -> None:
    open_workspace(ctx)
    from tlsec.incident import drafts, issuing

    given = {key: value for key, value in options.items() if value not in (None, ())}
    given |= {key: list(value) for key, value in given.items() if isinstance(value, tuple)}
    now, who = datetime.now(UTC), actor(ctx)
    with refusals_end_here():
        values = drafts.read_file(file) if file else {}
        if edit:
            before = issuing.find(edit)
            form = drafts.read(issuing.form_of(before) | values | given)
            row = issuing.edit(before.no, form, who, now, before.version)
        else:
            row = issuing.draft(drafts.read(values | given), who, now)
    warning_show.told(row, as_json)
