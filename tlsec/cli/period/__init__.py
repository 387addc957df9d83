"""tlsec period: the key period from opening to closing; one file a command or a pair of them."""

from __future__ import annotations

import click

from tlsec.cli.lazy import LazyGroup
from tlsec.i18n import N_, _

# name → (module, attribute, one line of help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "open": ("tlsec.cli.period.life", "open_", N_("打开重保期，列出改变了什么")),
    "status": ("tlsec.cli.period.life", "status", N_("现在到哪一步：阶段、清单、零报告、到期的临时措施")),
    "enter": ("tlsec.cli.period.life", "enter", N_("进入下一阶段，列出改变了什么")),
    "close": ("tlsec.cli.period.life", "close", N_("关闭重保期，逐项改回，列出恢复任务")),
    "checklist": ("tlsec.cli.period.checklist", "checklist", N_("各阶段任务清单：查看、完成、重开、指定责任人")),
    "daily": ("tlsec.cli.period.daily", "daily", N_("日报：冻结一天的数，或核对以前的")),
    "zero": ("tlsec.cli.period.zero", "zero", N_("零报告：查看、导入、手工登记、发空表、催报")),
    "freeze": ("tlsec.cli.period.freeze", "freeze", N_("变更冻结和例外：申请、审批、收回")),
    "block": ("tlsec.cli.period.block", "block", N_("封禁清单：登记、解封、导入、导出")),
    "control": ("tlsec.cli.period.control", "control", N_("临时措施：登记、恢复")),
    "handover": ("tlsec.cli.period.handover", "handover", N_("交接班：交、接、核对")),
}  # fmt: skip


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    help=_("重保：阶段、清单、零报告、冻结、封禁、交接班、日报。")
    + "\n\n"
    + _("例：tlsec period open period.yaml；tlsec period status；tlsec period daily"),
)
def period() -> None: ...
