"""tlsec register list: the ledger by filters, in an order, or as a saved view has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, fail, open_workspace, print_json
from tlsec.cli.register.words import state_word, title
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.register.models import RiskItem
    from tlsec.register.priority import Priority

MAX_SHOWN = 48


def filters(function: Callable[..., None]) -> Callable[..., None]:
    """The options that choose items; several values are joined by commas."""
    for option in (
        click.option("--text", help=_("说明、标题或位置里含有的字")),
        click.option("--unowned", is_flag=True, help=_("只看无主的")),
        click.option("--drill", is_flag=True, help=_("看演练的")),
        click.option("--overdue", is_flag=True, help=_("只看超期的")),
        click.option("--period", help=_("只看一个重保期的")),
        click.option("--case", help=_("只看转为该事件的")),
        click.option("--source", help=_("来源：monitor、import、superior……")),
        click.option("--category", help=_("隐患类别")),
        click.option("--check", help=_("检查项")),
        click.option("--zone", help=_("区域")),
        click.option("--state", help=_("状态：new、confirmed、dispatched、fixing……")),
        click.option("--severity", help=_("等级：critical、high、medium、low")),
        click.option("--system", help=_("只看一个系统")),
        click.option("--unit", help=_("只看一个单位")),
        click.option("--county", help=_("只看一个县区")),
        click.option("--all", "all", is_flag=True, help=_("包括已销号、误报、不适用的")),
    ):
        function = option(function)
    return function


@click.command(
    "list",
    help=_("台账各项")
    + "\n\n"
    + _("例：tlsec register list --county 望川县；tlsec register list --overdue --sort priority"),
)
@filters
@click.option("--view", "view", help=_("用存好的视图；另加的筛选叠加其上"))
@click.option("--sort", help=_("排序：no、priority、due、severity、opened"))
@click.option("--json", "as_json", is_flag=True, help=_("输出 JSON"))
@click.pass_context
def list_(
    ctx: click.Context, /, view: str | None, sort: str | None, as_json: bool, **chosen: Any
) -> None:
    open_workspace(ctx)
    from tlsec.register import priority, views
    from tlsec.register.refused import Refused
    from tlsec.register.rules import in_force

    now = datetime.now(UTC)
    wanted = {key: value for key, value in chosen.items() if value}
    try:
        if view:
            saved = views.get(view)
            wanted, sort = saved.filters | wanted, sort or saved.sort
        found = views.find(wanted, now).prefetch_related("alerts")
        rows = views.ordered(found, sort or "", now)
    except Refused as error:
        fail(str(error), BAD_INPUT)
    points = priority.of(rows, now, in_force()) if as_json or sort == "priority" else {}
    if as_json:
        print_json({"items": [keys(item, points.get(item.no)) for item in rows]})
        return
    _print(rows, points, now)


def _print(rows: list[RiskItem], points: dict[str, Priority], now: datetime) -> None:
    columns = [_("编号"), _("等级"), _("状态"), _("系统与单位"), _("隐患"), _("时限")]
    table = show.table(*columns, *([_("优先")] if points else []), flexible=[3, 4])
    for item in rows:
        due = show.moment(item.due)[5:10]
        late = item.due and item.due < now and not item.closed
        table.add_row(
            item.no,
            show.word(show.SEVERITIES, item.severity),
            state_word(item.state),
            f"{show.cell(item.system or item.address)}\n[dim]{show.cell(item.unit or _('（无主）'))}[/]",
            show.cell(_cut(title(item))),
            f"[bold red]{due}[/]" if late else due,
            *([str(points[item.no].number)] if points else []),
        )
    show.console().print(table if table.row_count else _("台账里没有未结事项。"))


def _cut(text: str) -> str:
    """The head of a long sentence; `register show` has it whole."""
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def keys(item: RiskItem, points: Priority | None = None) -> dict[str, object]:
    """The stable keys of an item."""
    return {
        "no": item.no, "state": item.state, "version": item.version, "check": item.check_id,
        "asset": item.subject, "unit": item.unit, "county": item.county, "system": item.system,
        "severity": item.severity, "machine_severity": item.machine_severity,
        "asset_weight": item.asset_weight, "due": item.due, "title": item.title,
        "address": item.address, "description": item.description, "opened": item.opened,
        "closed": item.closed, "source": item.source, "period": item.period, "case": item.case,
        "merged_into": item.merged_into, "recurrence_of": item.recurrence_of,
        "reopened": item.reopened, "priority": points.number if points else None,
        "alerts": [alert.fingerprint for alert in item.alerts.all()],
    }  # fmt: skip
