"""A graded object named on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tlsec.cli.context import BAD_INPUT, fail
from tlsec.i18n import _

if TYPE_CHECKING:
    from tlsec.inventory.models import System


def system_named(name: str) -> System:
    """A graded object by its id or its name; else exit 2."""
    from tlsec.inventory.models import System

    systems = System.objects.select_related("platform", "unit")
    found = systems.filter(id=name).first() or systems.filter(name=name).first()
    if found is None:
        fail(
            _("台账里没有系统 {name}，用 tlsec inventory list systems 查看").format(name=name),
            BAD_INPUT,
        )
    return found
