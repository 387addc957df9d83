"""Approved exceptions: each silences exactly the clauses it names, at its place, while it lives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from tlsec.facts import Locator
from tlsec.inventory.schema import Waiver
from tlsec.policy.judge import Verdict

# further approved exceptions, from rooms above: changes approved during a freeze
_more: list[Callable[[], Iterable[Waiver]]] = []


def also(source: Callable[[], Iterable[Waiver]]) -> None:
    """Ask `source` for exceptions besides the register's, each time they are read."""
    if source not in _more:
        _more.append(source)


@dataclass(frozen=True, slots=True)
class Waived:
    """What exceptions say of one verdict: the clauses they cover, and their ids joined by spaces."""

    by: str = ""
    clauses: frozenset[str] = frozenset()

    def all_of(self, verdict: Verdict) -> bool:
        """Whether nothing is left of a failed verdict. A clause that is not named shows through."""
        return bool(self.by) and set(verdict.failing) <= self.clauses


class Waivers:
    """The exceptions in force in one run, by check and asset: the rows given, and those of `also`."""

    def __init__(self, rows: Iterable[Waiver]) -> None:
        self._rows: dict[tuple[str, str], list[Waiver]] = defaultdict(list)
        for row in chain(rows, *(source() for source in _more)):
            self._rows[row.check, row.asset].append(row)

    def covering(self, verdict: Verdict, subject: str, locator: Locator) -> Waived:
        """The exceptions that live at the verdict's time, at its place, for clauses that failed."""
        failing = set(verdict.failing)
        found = [
            row
            for row in self._rows.get((verdict.check, subject), ())
            if row.valid_from <= verdict.now < row.until
            and all(locator.get(key) == value for key, value in (row.locator or {}).items())
            and failing.intersection(row.clauses)
        ]
        clauses = frozenset(clause for row in found for clause in row.clauses)
        return Waived(" ".join(row.id for row in found)[:40], clauses)
