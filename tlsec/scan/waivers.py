"""Approved exceptions: each silences exactly the clauses it names, at its place, while it lives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tlsec.facts import Locator
from tlsec.inventory.schema import Waiver
from tlsec.policy.judge import Verdict


class Waivers:
    """The exceptions in force in one run, by check and asset."""

    def __init__(self, rows: Iterable[Waiver]) -> None:
        self._rows: dict[tuple[str, str], list[Waiver]] = defaultdict(list)
        for row in rows:
            self._rows[row.check, row.asset].append(row)

    def covering(self, verdict: Verdict, subject: str, locator: Locator) -> str:
        """Id of a waiver that covers every failing clause of a verdict, else "".

        A clause that is not named is not covered: a worse state shows through.
        """
        for row in self._rows.get((verdict.check, subject), ()):
            place = row.locator or {}
            here = all(locator.get(key) == value for key, value in place.items())
            alive = row.valid_from <= verdict.now < row.until
            if here and alive and set(verdict.failing) <= set(row.clauses):
                return row.id
        return ""
