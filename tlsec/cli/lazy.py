"""A command group that imports a command only when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from tlsec.i18n import _


class LazyGroup(click.Group):
    """Lists its commands without importing them, so that help answers at once.

    `commands_at`: name → (module, attribute, one line of help).
    """

    def __init__(
        self, *args: Any, commands_at: Mapping[str, tuple[str, str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands_at:
            return None
        module, attribute, _help = self.commands_at[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("命令")):
            rows = [(name, _(line)) for name, (_m, _a, line) in self.commands_at.items()]
            formatter.write_dl(rows or [("", "")])
