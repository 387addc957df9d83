"""Coverage for the register's statistics: of what should be tested, what has a valid result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache

from tlsec.inventory.lookup import Lookup
from tlsec.register.statistics_facts import Fact, Owner
from tlsec.scan import latest

_TESTED = ("pass", "fail")


def facts(now: datetime) -> Iterator[Fact]:
    """A fact for the newest verdict of every check at every place; what does not apply is left out."""
    lookup = Lookup(now)

    @cache
    def owner(subject: str) -> tuple[str, str, str]:
        who = lookup.describe(subject, "")
        return who.unit, who.county, who.system

    rows = latest.verdicts().exclude(state="not_applicable")
    for check, subject, state, at in rows.values_list("check_id", "subject", "state", "now"):
        yield Fact("coverage", at, int(state in _TESTED), Owner(*owner(subject), check))
