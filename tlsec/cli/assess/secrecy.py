"""tlsec assess secret: dates of secret-graded systems, and what the extranet side shows of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import FINDINGS, print_json, with_example
from tlsec.cli.scan import open_ground
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.assess.secrecy import Proof
    from tlsec.policy.secret_dates import Due, Intervals


@click.command(
    help=with_example(
        _(
            "分级保护系统的到期提醒；--proof 核查政务外网一侧的已有观测里有没有登记网段的地址或密级标志。"
            "不发任何探测，只记数目，不记内容。"
        ),
        "tlsec assess secret --proof",
    )
)
@click.option("--proof", "with_proof", is_flag=True, help=_("边界核查：有一处命中即退出码 1"))
@click.option(
    "--days", default=30, type=click.IntRange(1, 3660), help=_("核查多少天内的观测，缺省 30")
)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def secret(ctx: click.Context, with_proof: bool, days: int, as_json: bool) -> None:
    ground = open_ground(ctx)
    from tlsec import content
    from tlsec.assess import secrecy
    from tlsec.cli.context import faults_end_here
    from tlsec.policy import secret_dates

    now = datetime.now(UTC)
    with faults_end_here():
        intervals = secret_dates.load(content.policies(ground.workspace.root))
    dues = secrecy.all_dues(intervals, now.astimezone(secrecy.LOCAL).date())
    proof = secrecy.proof(now, days) if with_proof else None
    if as_json:
        data: dict[str, Any] = {"dues": [_due_data(due) for due in dues]}
        print_json(data | ({"proof": proof_data(proof)} if proof else {}))
    else:
        _print_dues(dues, intervals)
        if proof:
            _print_proof(proof, days)
    if proof and proof.hits:
        ctx.exit(FINDINGS)


def _due_data(due: Due) -> dict[str, Any]:
    return {
        "alias": due.alias,
        "kind": due.kind,
        "due": due.on,
        "last": due.last,
        "reminder": due.reminder,
    }


def proof_data(proof: Proof) -> dict[str, Any]:
    """A proof as JSON; `clear` is null when nothing was observed in the time."""
    return {
        "systems": proof.systems,
        "blocks": proof.blocks,
        "sources": [
            {"source": s.source, "looked": s.looked, "hits": s.hits} for s in proof.sources
        ],
        "vantages": list(proof.vantages),
        "first": proof.first and proof.first.isoformat(),
        "last": proof.last and proof.last.isoformat(),
        "refused": proof.refused,
        "clear": (not proof.hits) if proof.seen or proof.hits else None,
    }


def _print_dues(dues: list[Due], intervals: Intervals) -> None:
    from tlsec.assess.secrecy import KINDS

    out = show.console()
    if not dues:
        out.print(
            _("没有登记分级保护系统。需要时在 inventory/secret_systems.yaml 里登记代号与日期。")
        )
        return
    shown = show.table(_("代号"), _("事项"), _("上次"), _("应在"), _("提醒"), flexible=[0])
    for due in dues:
        shown.add_row(
            show.cell(due.alias), _(KINDS[due.kind]), str(due.last or "—"),
            str(due.on or _("无法推算")), _reminder(due),
        )  # fmt: skip
    out.print(shown)
    out.print(
        _("周期来源：{source}。密级与日期以保密行政管理部门为准；本工具不评判分级保护。").format(
            source=intervals.source
        )
    )


def _reminder(due: Due) -> str:
    from tlsec.assess.secrecy import reminder_text

    text = reminder_text(due)
    colour = "bold red" if due.reminder == 0 else "yellow"
    return f"[{colour}]{text}[/]" if text else ""


def _print_proof(proof: Proof, days: int) -> None:
    from tlsec.assess.secrecy import SOURCES, statement

    out = show.console()
    shown = show.table(_("看了什么"), _("数目"), _("命中"), flexible=[0])
    for each in proof.sources:
        hits = f"[bold red]{each.hits}[/]" if each.hits else "0"
        shown.add_row(_(SOURCES[each.source]), str(each.looked), hits)
    out.print(shown)
    out.print(show.cell(statement(proof, days)))
    if proof.refused:
        out.print(
            _("期间有 {n} 次探测因指向登记网段被拒绝，已记入审计链。").format(n=proof.refused)
        )
