"""tlsec init: a workspace, empty or with the sample city."""

from __future__ import annotations

from pathlib import Path

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, fail, faults_end_here, open_root
from tlsec.i18n import _


@click.command(
    help=_("建立工作区目录：配置、台账、计划、数据。--sample 写入虚构的岚泽市。")
    + "\n\n"
    + _("例：tlsec init 岚泽 --sample")
)
@click.argument("directory", type=click.Path(path_type=Path), default=".", metavar=_("[目录]"))
@click.option("--sample", is_flag=True, help=_("写入样例城市岚泽市（全部虚构）"))
def init(directory: Path, sample: bool) -> None:
    from tlsec import workspace

    if (directory / workspace.CONFIG).exists():
        fail(_("{dir} 已经是工作区，未作任何改动。").format(dir=directory), BAD_INPUT)
    create(directory, sample)
    out = show.console()
    out.print(_("已建立工作区 {dir}").format(dir=show.cell(directory)))
    if sample:
        out.print(
            _("下一步：cd {dir} && tlsec range up && tlsec scan").format(dir=show.cell(directory))
        )
        out.print(_("等保自查的样例答复和要敲的命令：answers/README.md"))
    else:
        out.print(_("下一步：填写 inventory/ 下的表，再运行 tlsec inventory import inventory"))


def create(directory: Path, sample: bool) -> None:
    """Write the files and load the register. Raises or ends with code 2 on bad content."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from tlsec import workspace

    directory.mkdir(parents=True, exist_ok=True)
    root = directory.resolve()
    for name in ("inventory", "policies", "drills", "reports", "data", "papers"):
        (root / name).mkdir(exist_ok=True)
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    from tlsec.inventory import sample as start

    (start.write if sample else start.write_empty)(root, today)
    from tlsec.watch import sample as monitors

    monitors.write(root, sample)
    (root / workspace.CONFIG).write_text(_config(sample), encoding="utf-8")
    opened = open_root(root)
    from tlsec.inventory.importer import import_register

    with faults_end_here():
        import_register(opened.root / "inventory")
    if sample:
        from tlsec.assess import sample as answers
        from tlsec.assess.inquiry import Inquiry

        with faults_end_here():
            answers.write(Inquiry.of(opened.root), root, today)
        from tlsec.period import sample as periods

        periods.write(root, today)


def _config(sample: bool) -> str:
    """tlsec.yaml with a word on every setting."""
    return "\n".join(
        [
            _("# tlsec 工作区配置"),
            f"city: {'岚泽市' if sample else _('某市')}",
            f"bureau: {'岚泽市数据局' if sample else _('某市数据局')}",
            _("language: zh            # 界面语言：zh 或 en"),
            _('database: ""            # 空为内置 SQLite；或 postgresql://用户:口令@主机/库'),
            _("practice_range: {value}   # true：文档地址改在回环上拨号（演练靶场）").format(
                value="true" if sample else "false"
            ),
            _("trust: {value}  # 探测时信任的根证书文件（PEM）").format(
                value="[data/range/ca.pem]" if sample else "[]"
            ),
            _("profile: default        # 基线方案，见 policies/profiles"),
            _("sla: {value}           # 处置时限方案，见 policies/ladders/sla.yaml").format(
                value="practice" if sample else "normal"
            ),
            _('notice_mark: "{value}"    # 整改通知书的发文机关代字，空则不编号').format(
                value="岚数安" if sample else ""
            ),
            "",
        ]
    )
