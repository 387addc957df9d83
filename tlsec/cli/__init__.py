"""The command line: one file a command group, imported only when it is called."""

from __future__ import annotations

import os
import re
import sys
from itertools import zip_longest
from pathlib import Path

import click

from tlsec import __version__, i18n
from tlsec.cli.lazy import LazyGroup
from tlsec.i18n import N_, _

# name → (module, attribute, one line of help)
COMMANDS = {
    "init": ("tlsec.cli.init", "init", N_("建立工作区")),
    "range": ("tlsec.cli.range_", "range_", N_("演练靶场：回环地址上的岚泽市")),
    "inventory": ("tlsec.cli.inventory", "inventory", N_("资产台账：导入、导出、检查、查看")),
    "policy": ("tlsec.cli.policy", "policy", N_("检查项：校验、试跑、解释")),
    "scan": ("tlsec.cli.scan", "scan", N_("立即巡检，或续跑中断的巡检")),
    "plan": ("tlsec.cli.plan", "plan", N_("巡检计划：查看、暂停、恢复")),
    "watch": ("tlsec.cli.watch", "watch", N_("持续监测：现状、计时")),
    "serve": ("tlsec.cli.serve", "serve", N_("按计划持续运行")),
    "ingest": ("tlsec.cli.ingest", "ingest", N_("接入外来告警：监听、来源、隔离区")),
    "alert": ("tlsec.cli.alert", "alert", N_("告警")),
    "assess": ("tlsec.cli.assess", "assess", N_("等级保护：定级、自查、结论")),
    "register": ("tlsec.cli.register", "register", N_("风险预警台账")),
    "warning": ("tlsec.cli.warning", "warning", N_("预警通报：起草、签发、回执、升降级、解除")),
    "case": ("tlsec.cli.case", "case", N_("事件：定级、报告时限、报告单、线索移送")),
    "notify": ("tlsec.cli.notify", "notify", N_("通知：通道、待发、发送记录、确认")),
    "period": ("tlsec.cli.period", "period", N_("重保：阶段、零报告、冻结、日报")),
    "roster": ("tlsec.cli.roster", "roster", N_("值班表：排班、换班、核验、日历")),
    "report": ("tlsec.cli.report", "report", N_("出具公文与报表")),
    "audit": ("tlsec.cli.audit", "audit", N_("审计链：校验、导出")),
    "doctor": ("tlsec.cli.doctor", "doctor", N_("检查本机缺什么")),
    "demo": ("tlsec.cli.demo", "demo", N_("一分钟演示全流程")),
}


def _build() -> click.Group:
    @click.group(
        cls=LazyGroup,
        commands_at=COMMANDS,
        help=_("政务外网与政务云安全保障工具箱。")
        + "\n\n"
        + _("例：tlsec demo；tlsec init 岚泽 --sample && cd 岚泽 && tlsec range up && tlsec scan"),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    @click.option(
        "--workspace", type=click.Path(path_type=Path), help=_("工作区目录，缺省从当前目录向上找")
    )
    @click.option("--lang", type=click.Choice(i18n.LANGUAGES), help=_("界面语言"))
    @click.option("--as", "actor", help=_("操作人，记入审计链；缺省为登录名"))
    @click.version_option(__version__, prog_name="tlsec", help=_("版本"))
    def root(workspace: Path | None, lang: str | None, actor: str | None) -> None:
        del workspace, lang, actor  # read from the context by the commands

    return root


def _chosen_language(arguments: list[str]) -> str:
    """The language has to be known before the commands are built, because help texts are."""
    named = _option("--lang", arguments) or os.environ.get("TLSEC_LANG")
    return named or _language_of_the_workspace(_option("--workspace", arguments))


def _option(name: str, arguments: list[str]) -> str | None:
    for argument, following in zip_longest(arguments, arguments[1:]):
        if argument == name:
            return following
        if argument.startswith(f"{name}="):
            return str(argument.removeprefix(f"{name}="))
    return None


def _language_of_the_workspace(named: str | None) -> str:
    """The `language:` of tlsec.yaml by its line: reading it properly comes later, with its faults."""
    named = named or os.environ.get("TLSEC_WORKSPACE")
    folders = [Path(named)] if named else [Path.cwd(), *Path.cwd().parents]
    for folder in folders:
        try:
            text = (folder / "tlsec.yaml").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        found = re.search(r"^language:\s*[\"']?(\w+)", text, re.MULTILINE)
        return found[1] if found else "zh"
    return "zh"


def main() -> None:
    """Entry point of the `tlsec` command."""
    i18n.use(_chosen_language(sys.argv[1:]))
    from tlsec.cli import click_words, guard

    guard.speak_utf8()
    click_words.translate()
    sys.exit(guard.run(_build()))
