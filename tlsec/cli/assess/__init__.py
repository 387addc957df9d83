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
}


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    help=_("等级保护：定级、自查答题、条款状态、结论。")
    + "\n\n"
    + _("例：tlsec assess status S02"),
)
def assess() -> None: ...
