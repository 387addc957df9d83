"""tlsec roster: who is on duty when."""

from __future__ import annotations

import click

from tlsec.cli.lazy import LazyGroup
from tlsec.i18n import N_, _

# name → (module, attribute, one line of help)
COMMANDS: dict[str, tuple[str, str, str]] = {}


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    help=_("值班表：排班、换班、核验、日历。") + "\n\n" + _("例：tlsec roster show"),
)
def roster() -> None: ...
