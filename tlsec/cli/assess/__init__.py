"""tlsec assess: grading, answers, item states and conclusions; one file a command or a pair of them."""

from __future__ import annotations

import click

from tlsec.cli.lazy import LazyGroup
from tlsec.i18n import N_, _

# name → (module, attribute, one line of help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "grade": ("tlsec.cli.assess.grade", "grade", N_("定级：问卷、矩阵、历次版本")),
    "dates": ("tlsec.cli.assess.dates", "dates", N_("定级备案的日期与职责，逾期在前")),
    "secret": ("tlsec.cli.assess.secrecy", "secret", N_("分级保护：到期提醒与边界核查")),
    "capability": ("tlsec.cli.assess.capability", "capability", N_("安全防护能力评估")),
    "questions": ("tlsec.cli.assess.answers", "questions", N_("要答的问题，问谁，答到哪一步")),
    "answer": ("tlsec.cli.assess.answers", "answer", N_("答一个问题，或逐题作答")),
    "review": ("tlsec.cli.assess.answers", "review", N_("由另一人审核答复")),
    "export": ("tlsec.cli.assess.exchange", "export", N_("把问题导出成工作簿")),
    "import": ("tlsec.cli.assess.exchange", "import_", N_("导入填好的工作簿或 YAML")),
    "verify": ("tlsec.cli.assess.exchange", "verify", N_("核对证据文件有没有丢失或被改动")),
    "exclude": ("tlsec.cli.assess.decisions", "exclude", N_("定某条要求不适用，或收回")),
    "inherit": ("tlsec.cli.assess.decisions", "inherit", N_("云上系统沿用平台的结论")),
    "status": ("tlsec.cli.assess.results", "status", N_("自查到哪一步：数、覆盖、冲突、还缺什么")),
    "conclude": ("tlsec.cli.assess.results", "conclude", N_("下结论存档，与上次比较")),
    "risks": ("tlsec.cli.assess.results", "risks", N_("疑似高风险与重大风险隐患候选")),
    "decide": ("tlsec.cli.assess.results", "decide", N_("由人判定一个疑似高风险或候选")),
    "sample": ("tlsec.cli.assess.results", "sample", N_("按等级建议抽查哪些资产")),
}


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    help=_("等级保护：定级、自查答题、条款状态、结论。")
    + "\n\n"
    + _("例：tlsec assess status S02"),
)
def assess() -> None: ...
