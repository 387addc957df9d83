"""tlsec case list, show, clocks: how cases and their clocks look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import FINDINGS, open_workspace, print_json, with_example
from tlsec.cli.refusals import refusals_end_here
from tlsec.i18n import N_, _, listed

if TYPE_CHECKING:
    from tlsec.incident.models import Case
    from tlsec.policy.incident_level import Proposal
    from tlsec.policy.reporting import Clock

LEVELS = {
    "special": (N_("特别重大"), "bold white on red"),
    "major": (N_("重大"), "bold red"),
    "larger": (N_("较大"), "yellow"),
    "general": (N_("一般"), "blue"),
    "": (N_("待定"), "dim"),
}
STATES = {
    "overdue": "bold red",
    "late": "red",
    "running": "yellow",
    "met": "green",
    "waiting": "dim",
    "not_required": "dim",
}


def proposal(level: Proposal) -> None:
    """What the lines say of the numbers."""
    for hit in level.hits:
        click.echo(hit.text)
    named = _(LEVELS[level.level or ""][0])
    click.echo(_("建议级别：{level}").format(level=named))
    for mark in level.marks:
        click.echo(_("待核：{mark}").format(mark=mark), err=True)


def state_word(row: Case) -> str:
    from tlsec.incident import states

    return states.name(states.CaseState, row.state)


def keys(row: Case, now: datetime) -> dict[str, Any]:
    """Stable keys of one case."""
    from tlsec.incident import cases

    return {
        "no": row.no, "version": row.version, "state": row.state, "title": row.title,
        "category": row.category, "level_proposed": row.level_proposed, "basis": row.level_basis,
        "verify": row.level_marks, "level": row.level, "level_by": row.level_by,
        "level_reason": row.level_reason, "response": row.response, "unit": row.unit,
        "county": row.county, "system": row.system, "place": row.place, "operator": row.operator,
        "crime": row.crime, "occurred": row.occurred, "found_machine": row.found_machine,
        "found_person": row.found_person, "items": row.items, "alerts": row.alerts,
        "values": row.values, "handled": row.handled, "ended": row.ended,
        "ended_why": row.ended_why, "drill": row.drill,
        "clocks": [clock_keys(each) for each in cases.clocks(row, now)],
    }  # fmt: skip


def clock_keys(clock: Clock) -> dict[str, Any]:
    """Stable keys of one clock. `limit_minutes` null: at once."""
    return {
        "id": clock.id, "to": clock.to, "statutory": clock.statutory, "state": clock.state.value,
        "limit_minutes": round(clock.limit.total_seconds() / 60) if clock.limit else None,
        "start": clock.start, "due": clock.due, "due_by_person": clock.due_by_person,
        "done": clock.done, "why": clock.why, "verify": clock.verify,
    }  # fmt: skip


def told(row: Case, now: datetime, as_json: bool) -> None:
    """A case after a command."""
    if as_json:
        print_json(keys(row, now))
        return
    from tlsec.incident import cases, reports

    click.echo(
        _("{no} 现为“{state}”：{title}").format(no=row.no, state=state_word(row), title=row.title)
    )
    click.echo(_("级别：{level}").format(level=reports.level_words(row)))
    if row.state not in cases.OVER:
        clock_table(cases.clocks(row, now), now)


def clock_table(clocks: Sequence[Clock], now: datetime) -> None:
    """Clocks with their start and what is left."""
    from tlsec.incident import papers

    table = show.table(
        _("报给"), _("依据"), _("时限"), _("起算"), _("最迟"), _("现在"), flexible=[0, 5]
    )
    for clock in clocks:
        line = papers.clock_line(clock)
        word = f"[{STATES[clock.state.value]}]{line.state}[/]"
        left = _left(clock, now)
        table.add_row(
            show.cell(clock.to),
            _("法定") if clock.statutory else _("本市"),
            line.limit,
            show.moment(clock.start)[5:],
            show.moment(clock.due)[5:],
            " ".join(filter(None, (word, left or clock.why))),
        )
    show.console().print(table)


def _left(clock: Clock, now: datetime) -> str:
    if clock.state not in ("running", "overdue") or clock.due is None:
        return show.moment(clock.done)[5:] if clock.done else ""
    minutes = round((clock.due - now).total_seconds() / 60)
    if minutes < 0:
        return _("超 {h} 小时 {m} 分").format(h=-minutes // 60, m=-minutes % 60)
    return _("剩 {h} 小时 {m} 分").format(h=minutes // 60, m=minutes % 60)


@click.command("list", help=with_example(_("事件一览"), "tlsec case list --json"))
@click.option("--all", "everything", is_flag=True, help=_("包括已结案、不构成事件的和演练的"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.incident import cases
    from tlsec.incident.models import Case

    rows = Case.objects.order_by("-id")
    if not everything:
        rows = rows.exclude(state__in=cases.OVER).filter(drill=False)
    now = datetime.now(UTC)
    if as_json:
        print_json({"cases": [keys(row, now) for row in rows]})
        return
    table = show.table(_("编号"), _("级别"), _("状态"), _("事件"), _("最近时限"), flexible=[3])
    for row in rows:
        table.add_row(
            row.no, show.word(LEVELS, row.level), state_word(row),
            f"{show.cell(row.title)}\n[dim]{show.cell(row.unit)}[/]", _next(row, now),
        )  # fmt: skip
    show.console().print(table if table.row_count else _("没有未结的事件。"))


def _next(row: Case, now: datetime) -> str:
    from tlsec.incident import cases

    left = [c for c in cases.clocks(row, now) if c.state in ("running", "overdue") and c.due]
    if not left:
        return "—"
    first = min(left, key=lambda clock: clock.due or now)
    text = f"{show.moment(first.due)[5:]} {show.cell(first.to)}"
    return f"[bold red]{text}[/]" if first.state == "overdue" else text


@click.command(
    "show",
    help=with_example(_("一起事件的全部情况、时限、报告和经过"), "tlsec case show SJ-2026-0001"),
)
@click.argument("no", metavar=_("编号"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def show_(ctx: click.Context, no: str, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.incident import cases, reports, states, words
    from tlsec.register.models import Journal

    with refusals_end_here():
        row = cases.find(no)
    now = datetime.now(UTC)
    history = list(Journal.objects.filter(object=no).order_by("seq"))
    written, files = list(row.reports.order_by("n")), list(row.evidence.order_by("id"))
    if as_json:
        print_json(keys(row, now) | _more(written, files, history))
        return
    out = show.console()
    out.print(
        f"[bold]{row.no}[/]  {show.word(LEVELS, row.level)}  {state_word(row)}  {show.cell(row.title)}"
    )
    for label, value in (
        (_("类别"), reports.class_name(row.category)),
        (_("级别"), reports.level_words(row)),
        (_("定级说明"), row.level_reason),
        (_("数值依据"), listed(row.level_basis, "；")),
        (_("响应级别"), row.response),
        (_("单位和系统"), listed(filter(None, (row.unit, row.system, row.place)))),
        (_("机器发现"), show.moment(row.found_machine)),
        (_("人员确认"), show.moment(row.found_person)),
        (_("台账和告警"), listed((*row.items, *(a[3:15] for a in row.alerts)))),
        (_("证据"), listed(f"{each.name} {each.sha256[:12]}" for each in files)),
        (_("结束"), row.ended_why),
    ):
        if value:
            out.print("  " + _("{name}：{value}").format(name=label, value=show.cell(value)))
    clock_table(cases.clocks(row, now), now)
    for each in written:
        sent = listed(each.delivered) or _("未报出")
        kind = _(words.REPORTS[each.kind])
        text = _("第{n}次报告（{kind}）{at}：{sent}")
        out.print("  " + text.format(n=each.n, kind=kind, at=show.moment(each.written), sent=sent))
    for record in history:
        why = _("（{note}）").format(note=show.cell(record.reason)) if record.reason else ""
        out.print(
            f"  {show.moment(record.at)}  {show.cell(record.actor)}  {states.command_word(record.command)}{why}"
        )
    may = states.allowed(states.CASE, row.state)
    out.print(_("可用操作：") + (listed(_(c.title) for c in may) or _("无")))


def _more(written: list[Any], files: list[Any], history: list[Any]) -> dict[str, Any]:
    return {
        "reports": [
            {"n": r.n, "kind": r.kind, "written": r.written, "reporter": r.reporter,
             "signer": r.signer, "content": r.content, "delivered": r.delivered}
            for r in written
        ],
        "evidence": [
            {"name": f.name, "sha256": f.sha256, "size": f.size, "taken": f.taken,
             "taken_by": f.taken_by, "origin": f.origin}
            for f in files
        ],
        "history": [
            {"at": j.at, "actor": j.actor, "command": j.command, "reason": j.reason} for j in history
        ],
    }  # fmt: skip


@click.command(
    help=_("报告时限：按运营者类别，与级别无关。不写编号列出全部未结事件的；有超时的退出码为 1。")
    + "\n\n"
    + _("例：tlsec case clocks SJ-2026-0001")
)
@click.argument("no", metavar=_("[编号]"), required=False)
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def clocks(ctx: click.Context, no: str | None, as_json: bool) -> None:
    open_workspace(ctx)
    from tlsec.incident import cases
    from tlsec.incident.models import Case

    with refusals_end_here():
        rows = (
            [cases.find(no)]
            if no
            else list(Case.objects.exclude(state__in=cases.OVER).filter(drill=False).order_by("id"))
        )
    now = datetime.now(UTC)
    found = [(row, cases.clocks(row, now)) for row in rows]
    if as_json:
        print_json(
            {
                "cases": [
                    {"no": row.no, "clocks": [clock_keys(c) for c in each]} for row, each in found
                ]
            }
        )
    else:
        for row, each in found:
            person = show.moment(row.found_person)
            click.echo(f"{row.no} {row.title}")
            text = _("机器发现 {machine}，人员确认 {person}；按较早的起算。")
            click.echo(text.format(machine=show.moment(row.found_machine), person=person))
            clock_table(each, now)
        if not found:
            click.echo(_("没有未结的事件。"))
    if any(clock.state == "overdue" for _row, each in found for clock in each):
        ctx.exit(FINDINGS)
