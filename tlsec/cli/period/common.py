"""What the commands of a period share: refusals end with exit 2, changes as a table, times as people write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from tlsec.cli import show
from tlsec.cli.context import BAD_INPUT, fail, faults_end_here
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.period.periods import Change


@contextmanager
def refusals_end_here() -> Iterator[None]:
    """A refusal is said on stderr, faults of a file line by line; both end with code 2."""
    from tlsec.register.refused import Refused

    with faults_end_here():
        try:
            yield
        except Refused as error:
            fail(str(error), BAD_INPUT)


class When(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """A time as people here write it; a bare day is its end where `end`."""

    name = "time"

    def __init__(self, end: bool = False) -> None:
        self._end = end

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        from tlsec.period.definition import read

        try:
            return read(str(value).strip(), self._end)
        except ValueError:
            self.fail(_("时间应写成 2026-10-16 或 2026-10-16 08:00"), param, ctx)


class Day(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """A day as YYYY-MM-DD."""

    name = "day"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(_("日期应写成 2026-10-16"), param, ctx)


def print_changes(changes: Iterable[Change]) -> None:
    """What changed, from what to what."""
    table = show.table(_("项目"), _("原来"), _("现在"), flexible=[1, 2])
    for each in changes:
        table.add_row(show.cell(each.what), show.cell(each.before), show.cell(each.after))
    show.console().print(table)
