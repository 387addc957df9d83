"""How things look in a terminal: one console, plain tables, the colours of severities and states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tlsec.i18n import N_, _

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

LOCAL = ZoneInfo("Asia/Shanghai")
NARROW = 60  # columns of a terminal
SEVERITIES = {
    "critical": (N_("紧急"), "bold white on red"),
    "high": (N_("高"), "bold red"),
    "medium": (N_("中"), "yellow"),
    "low": (N_("低"), "blue"),
}
VERDICTS = {
    "pass": (N_("通过"), "green"),
    "fail": (N_("不符合"), "bold red"),
    "unknown": (N_("未判明"), "yellow"),
    "error": (N_("未测成"), "yellow"),
    "not_applicable": (N_("不适用"), "dim"),
    "not_run": (N_("未测"), "dim"),
    "waived": (N_("已批准例外"), "cyan"),
}
SOURCES = {
    "well": (N_("正常"), "green"),
    "slow": (N_("偏少"), "yellow"),
    "silent": (N_("失联"), "bold red"),
    "never": (N_("未上报"), "yellow"),
    "off": (N_("已停用"), "dim"),
}
CONDITIONS = {
    "firing": (N_("告警中"), "red"),
    "clear": (N_("已恢复"), "green"),
    "unknown": (N_("未判明"), "yellow"),
}


def console(stderr: bool = False) -> Console:
    """The terminal. Progress goes to stderr, so that stdout stays what was asked for."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def word(table: dict[str, tuple[str, str]], key: str) -> str:
    """The user's word for a code, with its colour as rich markup."""
    text, style = table.get(key, (key, ""))
    return f"[{style}]{_(text)}[/]" if style else _(text)


def table(
    *titles: str, title: str = "", flexible: Sequence[int] = (), tight: bool = False
) -> Table:
    """A table whose `flexible` columns fold; all others keep their words whole.

    `tight`: columns one space apart, so that many of them go into 80 characters. In a narrow terminal
    every column folds, because rich drops a column that gets no room.
    """
    from rich import box
    from rich.table import Table

    narrow = console().width < NARROW
    made = Table(
        box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False,
        padding=(0, 0 if tight else 1),
    )  # fmt: skip
    for i, name in enumerate(titles):
        made.add_column(name, overflow="fold", no_wrap=not narrow and i not in flexible)
    return made


def cell(text: object) -> str:
    """Text from outside, made safe for rich markup and for the terminal."""
    from rich.markup import escape

    plain = "".join(c if c.isprintable() else "·" for c in str(text))
    return escape(plain)


def moment(value: datetime | None) -> str:
    """A time as people here read it."""
    return value.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M") if value else "—"


@contextmanager
def progress(total: int, text: str, quiet: bool) -> Iterator[Progress]:
    """A progress bar with rate and time left on stderr; nothing when quiet."""
    bar = Progress(total, text, quiet)
    with bar:
        yield bar


class Progress:
    """Counts jobs done out of a total that may grow."""

    def __init__(self, total: int, text: str, quiet: bool) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bars

        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn(_("剩余")),
            TimeRemainingColumn(),
            console=console(stderr=True),
            disable=quiet,
            transient=True,
        )
        self._total, self._done = total, 0
        self._task = self._bars.add_task(text, total=total, rate="")

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._bars.stop()

    def advance(self, done: int, added: int = 0) -> None:
        self._total += added
        self._done += done
        task = self._bars.tasks[0]
        rate = _("{n:.0f} 项/秒").format(n=self._done / task.elapsed) if task.elapsed else ""
        self._bars.update(self._task, total=self._total, completed=self._done, rate=rate)
