"""tlsec register: the ledger of risks, and the commands on its rows; one file a kind of command."""

from __future__ import annotations

import click

from tlsec.cli.lazy import LazyGroup
from tlsec.cli.register.words import state_word, title
from tlsec.i18n import N_, _

__all__ = ["COMMANDS", "register", "state_word", "title"]

_SEND, _EXCHANGE = "tlsec.cli.register.dispatch", "tlsec.cli.register.exchange"
_ACT, _MUTE = "tlsec.cli.register.act", "tlsec.cli.register.mute"

# name → (module, attribute, one line of help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "list": ("tlsec.cli.register.list", "list_", N_("台账各项，可筛选、排序、用存好的视图")),
    "show": (
        "tlsec.cli.register.show",
        "show_",
        N_("一项的全部内容：时钟、经过、证据、为何未告知"),
    ),
    "add": ("tlsec.cli.register.add", "add", N_("人工列入一项：检查、通报、举报等")),
    "move": (_ACT, "move", N_("对一项作出操作：研判、下发、签收、反馈……")),
    "close": ("tlsec.cli.register.close", "close", N_("复测一项，通过后销号")),
    "accept": ("tlsec.cli.register.close", "accept", N_("认可新基线（网页改版等）")),
    "dispatch": (_SEND, "dispatch", N_("下发：编入整改通知书，取文号，开始签收计时")),
    "receipt": (_SEND, "receipt", N_("签收：谁在什么时候签收了哪份通知书")),
    "export": (_EXCHANGE, "export", N_("把一个单位的待办导出成 XLSX，填好后导回")),
    "import": (_EXCHANGE, "import_", N_("导入单位填好的 XLSX，冲突的列出来")),
    "queue": ("tlsec.cli.register.queue", "queue", N_("等待自动复测的事项")),
    "extend": (_ACT, "extend", N_("延期")),
    "mitigate": (_ACT, "mitigate", N_("缓释：先用临时控制压住，到期自动失效")),
    "waive": (_ACT, "waive", N_("接受：到期自动失效")),
    "revoke": (_ACT, "revoke", N_("撤销接受、缓释、误报或不适用")),
    "merge": (_ACT, "merge", N_("并入另一项，可撤销")),
    "unmerge": (_ACT, "unmerge", N_("撤销并入")),
    "raise": (_ACT, "raise_", N_("调高等级")),
    "lower": (_ACT, "lower", N_("调低等级")),
    "comment": (_ACT, "comment", N_("留言")),
    "attach": (_ACT, "attach", N_("上传证据")),
    "bulk": ("tlsec.cli.register.bulk", "bulk", N_("对多项作同一操作")),
    "requests": ("tlsec.cli.register.second", "requests", N_("等待另一人批准的提请")),
    "approve": ("tlsec.cli.register.second", "approve", N_("批准一份提请")),
    "refuse": ("tlsec.cli.register.second", "refuse", N_("不批准一份提请")),
    "silence": (_MUTE, "silence", N_("静默：到期自动结束")),
    "depend": (_MUTE, "depend", N_("依赖关系：上级故障时压下它后面的告警")),
    "view": ("tlsec.cli.register.view", "view", N_("存好的视图")),
}


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    help=_("风险预警台账：从发现到复测销号。")
    + "\n\n"
    + _(
        "例：tlsec register list；tlsec register move YJ-2026-00003 confirm；tlsec register close YJ-2026-00003"
    ),
)
def register() -> None: ...
