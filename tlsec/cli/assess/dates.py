"""tlsec assess dates: what has to be done by when for graded systems; record what has been done."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.assess.grade_form import words
from tlsec.cli.context import (
    BAD_INPUT,
    actor,
    fail,
    faults_end_here,
    open_workspace,
    print_json,
)
from tlsec.cli.systems import system_named
from tlsec.i18n import N_, _

if TYPE_CHECKING:
    from tlsec.assess.milestones import SystemDuties
    from tlsec.inventory.models import System
    from tlsec.policy.duties import Ladder, State

_STATES = {
    "overdue": (N_("逾期"), "bold red"),
    "due": (N_("待办"), "yellow"),
    "unknown": (N_("未知"), "yellow"),
    "done": (N_("已办"), "green"),
    "not_required": (N_("不要求"), "dim"),
}


@click.command(
    help=_(
        "定级备案的职责与期限：全部系统逾期在前；--add 记录一个已发生的日期（备案、备案证明、测评、自查……）。"
    )
    + "\n\n\b\n"
    + _("例：")
    + "\n  tlsec assess dates"
    + "\n  tlsec assess dates S02 --add certificate --on 2025-03-20 --number 34010000001-25001"
    + "\n  tlsec assess dates S02 --add evaluation --on 2026-06-30 --party "
    + _("某测评机构")
)
@click.argument("system", required=False, metavar=_("[系统]"))
@click.option("--add", "kind", help=_("记录哪一种事实，如 filed、certificate、evaluation"))
@click.option("--on", "on_", help=_("发生的日期，如 2026-03-05"))
@click.option("--until", help=_("有效期至，证明上写明的才填"))
@click.option("--number", default="", help=_("编号"))
@click.option("--party", default="", help=_("经办方：测评机构、受理机关、评审专家"))
@click.option("--result", default="", help=_("结果"))
@click.option("--note", default="", help=_("备注"))
@click.option("--all", "everything", is_flag=True, help=_("已办、未知、不要求的也列出"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def dates(
    ctx: click.Context,
    /,
    system: str | None,
    kind: str | None,
    on_: str | None,
    until: str | None,
    everything: bool,
    as_json: bool,
    **about: str,
) -> None:
    """List, or add."""
    if (kind is None) is not (on_ is None) or (kind and not system):
        fail(_("记录日期要写全：tlsec assess dates 系统 --add 种类 --on 日期"), BAD_INPUT)
    if kind is None and (until or any(about.values())):
        fail(_("--until、--number、--party、--result、--note 只与 --add 一起用"), BAD_INPUT)
    on, end = _day(on_), _day(until)
    workspace = open_workspace(ctx)
    from tlsec import content
    from tlsec.policy import duties

    with faults_end_here():
        ladder = duties.load(content.policies(workspace.root))
    of = system_named(system) if system else None
    if kind and on and of is not None:
        _add(ctx, of, ladder, kind, on, end, about, as_json)
        return
    _list(ladder, of, everything, as_json)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(_("{text} 不是日期，写法如 2026-03-05").format(text=text), BAD_INPUT)


def _add(
    ctx: click.Context,
    system: System,
    ladder: Ladder,
    kind: str,
    on: date,
    until: date | None,
    about: dict[str, str],
    as_json: bool,
) -> None:
    from tlsec.assess import milestones

    entry = milestones.Entry(kind, on, until, **about)
    try:
        milestones.record(system, entry, ladder, actor(ctx), datetime.now(UTC))
    except milestones.Refused as error:
        fail(str(error), BAD_INPUT)
    if as_json:
        print_json({"added": {"system": system.id, **_plain(entry)}})
        return
    text = _("已记录 {system}：{what} {day}")
    click.echo(text.format(system=system.name, what=words(ladder.kinds[kind]), day=on))


def _plain(row: Any) -> dict[str, Any]:
    names = ("kind", "on", "until", "number", "party", "result", "note")
    return {name: getattr(row, name) for name in names}


def _list(ladder: Ladder, only: System | None, everything: bool, as_json: bool) -> None:
    from tlsec.assess import milestones
    from tlsec.inventory.models import System

    today = datetime.now(UTC).astimezone(show.LOCAL).date()
    systems = [only] if only else list(System.objects.order_by("ordinal", "id"))
    found = milestones.duties_of(systems, ladder, today)
    if as_json:
        print_json({"today": today, "systems": [_data(each, only) for each in found]})
        return
    wanted = ("overdue", "due", "unknown", "done") if only else ("overdue", "due")
    rows = [(each, state) for each in found for state in each.states]
    shown = [row for row in rows if everything or row[1].state in wanted]
    _table(sorted(shown, key=lambda row: milestones.urgency(row[1])))
    if only:
        _milestones(only, ladder)
    _totals([state for _each, state in rows])


def _table(rows: list[tuple[SystemDuties, State]]) -> None:
    if not rows:
        return
    several = len({each.system.id for each, _state in rows}) > 1
    whose = [_("系统"), _("级")] if several else []
    title = (
        ""
        if several
        else _("{name} {grade}").format(
            name=rows[0][0].system.name, grade=rows[0][0].system.grade or ""
        )
    )
    n = len(whose)
    shown = show.table(
        _("状态"), _("期限"), _("天数"), *whose, _("职责"), _("上次"), _("说明"),
        title=title, flexible=[3, 3 + n, 5 + n],
    )  # fmt: skip
    for each, state in rows:
        shown.add_row(
            show.word(_STATES, state.state),
            str(state.due or "—"),
            _days(state),
            *([show.cell(each.system.name), str(each.level or "—")] if several else []),
            words(state.duty),
            str(state.done or "—"),
            show.cell(_said(state)),
        )
    show.console().print(shown)


def _days(state: State) -> str:
    if state.days is None:
        return "—"
    text = _("逾期 {n}") if state.state == "overdue" else _("还有 {n}")
    return text.format(n=state.days)


def _said(state: State) -> str:
    verify = state.duty.verify if state.state in ("overdue", "due", "unknown") else ""
    notes = [state.why, *([verify] if verify else [])]
    return _("；").join(note for note in notes if note)


def _milestones(system: System, ladder: Ladder) -> None:
    from tlsec.assess import milestones

    rows = milestones.of(system.id)
    if not rows:
        return
    shown = show.table(
        _("记录"), _("日期"), _("有效期至"), _("编号"), _("经办方"), _("结果"), flexible=[3, 4, 5]
    )
    for row in rows:
        kind = ladder.kinds.get(row.kind)
        shown.add_row(
            words(kind) if kind else row.kind,
            str(row.on),
            str(row.until or "—"),
            show.cell(row.number),
            show.cell(row.party),
            show.cell(row.result),
        )
    show.console().print(shown)


def _totals(states: list[State]) -> None:
    count = {id: sum(state.state == id for state in states) for id in _STATES}
    text = _("逾期 {overdue}，待办 {due}，未知 {unknown}，已办 {done}，不要求 {not_required}")
    click.echo(text.format(**count))
    if count["unknown"]:
        click.echo(
            _("未知的是没有记录起算日期：tlsec assess dates 系统 --add filed --on 日期"), err=True
        )


def _data(each: SystemDuties, only: System | None) -> dict[str, Any]:
    from tlsec.assess import milestones

    data: dict[str, Any] = {
        "system": each.system.id,
        "name": each.system.name,
        "grade": each.system.grade,
        "duties": [
            {
                "duty": state.duty.id,
                "title": words(state.duty),
                "who": words(state.duty.who),
                "state": state.state,
                "due": state.due,
                "done": state.done,
                "days": state.days,
                "window": state.window,
                "why": state.why,
                "basis": state.duty.basis,
                "verify": state.duty.verify,
            }
            for state in each.states
        ],
    }
    if only is not None:
        data["milestones"] = [_plain(row) for row in milestones.of(only.id)]
    return data
