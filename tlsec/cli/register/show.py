"""tlsec register show: everything of one item, its clocks explained, its history, why nobody is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, fail, print_json, with_example
from tlsec.cli.register.list import keys
from tlsec.cli.register.words import clock_word, state_word, title
from tlsec.cli.scan import open_ground
from tlsec.i18n import _, language, listed, pick

if TYPE_CHECKING:
    from tlsec.policy.bundle import Policy
    from tlsec.policy.clock import Line
    from tlsec.register.models import Journal, RiskItem
    from tlsec.register.muting import Mute
    from tlsec.register.rules import Rules


@click.command(
    "show",
    help=with_example(
        _("一项的全部内容和经过；时限怎么算出来的、为何没有告知，都列明"),
        "tlsec register show YJ-2026-00003",
    ),
)
@click.argument("no", metavar=_("编号"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def show_(ctx: click.Context, no: str, as_json: bool) -> None:
    ground = open_ground(ctx)
    from tlsec.register import items
    from tlsec.register.models import Journal
    from tlsec.register.rules import in_force

    try:
        item = items.find(no)
    except items.Refused as error:
        fail(str(error), BAD_INPUT)
    history = list(Journal.objects.filter(object=no).order_by("seq"))
    now, rules = datetime.now(UTC), in_force()
    if as_json:
        print_json(_json(item, history, now, rules))
        return
    _print(item, history, ground.policy, now, rules)


def _json(item: RiskItem, history: list[Journal], now: datetime, rules: Rules) -> dict[str, Any]:
    from tlsec.register import clocks, priority

    points = priority.of([item], now, rules)[item.no]
    readings = clocks.readings(item, now, rules)
    told = clocks.explained(item, now, rules)
    return keys(item, points) | {
        "remediation": item.remediation,
        "items": item.items,
        "priority_formula": str(points),
        "history": [
            {
                "at": j.at, "actor": j.actor, "command": j.command, "reason": j.reason,
                "batch": j.batch,
            }
            for j in history
        ],
        "clocks": {
            kind: {
                "state": str(r.state), "due": r.due, "times": r.times,
                "left_seconds": None if r.left is None else r.left.total_seconds(),
                "explained": [_line_keys(line) for line in told[kind]],
            }
            for kind, r in readings.items()
        },
        "evidence": [
            {"kind": e.kind, "name": e.name, "sha256": e.sha256, "at": e.at, "by": e.by}
            for e in item.evidence.order_by("id")
        ],
        "comments": [
            {"at": c.at, "by": c.by, "text": c.text} for c in item.comments.order_by("id")
        ],
        "muted_by": [{"by": m.by, "ref": m.ref, "why": m.why, "until": m.until} for m in _mutes(item, now)],
        "merged": [row.no for row in _merged(item)],
    }  # fmt: skip


def _line_keys(line: Line) -> dict[str, Any]:
    def seconds(value: Any) -> float | None:
        return None if value is None else value.total_seconds()

    return {
        "start": line.start, "stop": line.stop, "calendar": line.calendar, "reason": line.reason,
        "given_seconds": seconds(line.given), "used_seconds": seconds(line.used),
        "left_seconds": seconds(line.left), "due": line.due,
    }  # fmt: skip


def _mutes(item: RiskItem, now: datetime) -> list[Mute]:
    from tlsec.register import muting

    heads = list(item.alerts.filter(open=True).prefetch_related("items"))
    return [mute for found in muting.of(heads, now).values() for mute in found]


def _merged(item: RiskItem) -> list[RiskItem]:
    from tlsec.register import merging

    return list(merging.members(item))


def _print(
    item: RiskItem, history: list[Journal], policy: Policy, now: datetime, rules: Rules
) -> None:
    from tlsec.register.transitions import allowed

    out = show.console()
    version = _("第 {n} 版").format(n=item.version)
    out.print(
        f"[bold]{item.no}[/]  {show.word(show.SEVERITIES, item.severity)}  {state_word(item.state)}  [dim]{version}[/]"
    )
    for label, value in _facts(item, policy, now, rules):
        if value:
            out.print("  " + _("{name}：{value}").format(name=label, value=show.cell(value)))
    for part in (_clock_lines(item, now, rules), _beside(item, now)):
        for line in part:
            out.print(line)
    out.print(_("经过"))
    for record in history:
        reason = _("（{note}）").format(note=show.cell(record.reason)) if record.reason else ""
        out.print(
            f"  {show.moment(record.at)}  {show.cell(record.actor)}  {_command_word(record)}{reason}"
        )
    if may := allowed(item.state):
        out.print(
            _("可用操作：")
            + listed(_("{name}（{note}）").format(name=c.name, note=_(c.title)) for c in may)
        )


def _facts(
    item: RiskItem, policy: Policy, now: datetime, rules: Rules
) -> tuple[tuple[str, str], ...]:
    from tlsec.register import priority

    asked, advice = _asked(item, policy)
    return (
        (_("检查要求"), asked),
        (_("说明"), title(item)),
        (_("检查项"), item.check_id),
        (_("条款"), listed(item.items)),
        (_("系统"), item.system),
        (_("单位"), item.unit),
        (_("县区"), item.county),
        (_("位置"), item.address),
        (_("整改建议"), advice),
        (_("优先分"), str(priority.of([item], now, rules)[item.no])),
        (_("时限"), show.moment(item.due)),
        (_("延期批准人"), item.extended_by),
        (_("整改措施"), item.measure),
        (_("复测结果"), item.retest_result),
        (_("并入"), item.merged_into),
        (_("再现自"), item.recurrence_of),
        (_("重保期"), item.period),
        (_("事件"), item.case),
    )


def _asked(item: RiskItem, policy: Policy) -> tuple[str, str]:
    """What the check asks for and how to mend: as recorded, or as the check says it in English."""
    loaded = policy.checks.get(item.check_id)
    if language() != "en" or loaded is None:
        return item.title, item.remediation
    return loaded.check.title.en, loaded.check.remediation.en


def _clock_lines(item: RiskItem, now: datetime, rules: Rules) -> Iterator[str]:
    """Each clock, and under it every stretch of its time."""
    from tlsec.register import clocks
    from tlsec.register.words import span

    told = clocks.explained(item, now, rules)
    readings = clocks.readings(item, now, rules)
    if readings:
        yield _("时钟")
    for kind, reading in readings.items():
        name = _(clocks.KIND_NAMES[kind])
        due = _("，时限 {due}").format(due=show.moment(reading.due)) if reading.due else ""
        guess = _("（当年放假安排未录入）") if reading.due and rules.guessed(reading.due) else ""
        yield f"  {name}  {clock_word(reading)}{due}{guess}"
        for line in told[kind]:
            calendar = rules.calendar_names.get(line.calendar)
            where = pick(calendar) if calendar else _("停表")
            left = _("，余 {span}").format(span=span(line.left)) if line.left is not None else ""
            text = _("{start} 起 {why}，{calendar}，用去 {used}{left}").format(
                start=show.moment(line.start), why=line.reason, calendar=where,
                used=span(line.used), left=left,
            )  # fmt: skip
            yield f"    [dim]{show.cell(text)}[/]"


def _beside(item: RiskItem, now: datetime) -> Iterator[str]:
    """What is kept beside the item: exceptions, files, words, mutes, merged items."""
    for row in [*item.waivers.filter(ended=None), *item.mitigations.filter(ended=None)]:
        text = _("例外到 {until}：{why}（{asked} 提，{approved} 批）").format(
            until=show.moment(row.until), why=row.reason, asked=row.asked_by,
            approved=row.approved_by,
        )  # fmt: skip
        yield show.cell(text)
    for e in item.evidence.order_by("id"):
        text = _("证据：{name}（{sha}），{who} 于 {when}")
        yield show.cell(
            text.format(name=e.name, sha=e.sha256[:12], who=e.by, when=show.moment(e.at))
        )
    for c in item.comments.order_by("id"):
        said = _("留言：{text}（{who}，{when}）")
        yield show.cell(said.format(text=c.text, who=c.by, when=show.moment(c.at)))
    for mute in _mutes(item, now):
        until = _("，到 {until}").format(until=show.moment(mute.until)) if mute.until else ""
        yield show.cell(_("未告知：{why}{until}").format(why=str(mute), until=until))
    if merged := _merged(item):
        yield _("并入本项：") + listed(row.no for row in merged)


_OTHERS = {
    "baseline.accept": lambda: _("认可新基线"),
    "item.open": lambda: _("列入台账"),
    "item.period": lambda: _("按重保时限"),
    "item.warn": lambda: _("例外将到期，已提醒"),
    "clock.remind": lambda: _("时限提醒"),
    "memory.end": lambda: _("误报等判定到期"),
    "request.ask": lambda: _("提请批准"),
    "request.approved": lambda: _("批准提请"),
    "request.refused": lambda: _("不批准提请"),
    "request.stale": lambda: _("提请已过时"),
    "notice.ack": lambda: _("确认收到"),
}


def _command_word(record: Journal) -> str:
    from tlsec.register.transitions import COMMANDS

    if record.command in _OTHERS:
        return _OTHERS[record.command]()
    name = record.command.removeprefix("item.")
    return _(COMMANDS[name].title) if name in COMMANDS else record.command
