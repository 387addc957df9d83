"""Read a source and judge it: every row by its model, all of them together by the rules. No database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tlsec.i18n import _
from tlsec.inventory.columns import table
from tlsec.inventory.rules import Finding, Rules
from tlsec.inventory.schema import Row
from tlsec.inventory.sources import Source, Steps, locate, open_source, understand
from tlsec.marked_yaml import Fault


class Reading:
    """One pass over a source. `rules` judge references only into the tables they are told are present."""

    def __init__(self, source: Source, rules: Rules) -> None:
        self.source = source
        self.rules = rules
        self._faults: list[Fault] = []

    def rows(self, name: str) -> Iterator[tuple[Row, int]]:
        """The good rows of a table and their numbers, each already shown to the rules."""
        of = table(name)
        for raw in self.source.rows(name, self._faults):
            row = understand(of, raw, self._faults)
            if row is None:
                self.rules.excuse(name, str(raw.values.get("id") or "").strip())
            elif self.rules.add(row, raw.number):
                yield row, raw.number

    def faults(self) -> list[Fault]:
        """Everything wrong, once every table has been read."""
        return self._faults + _faults_of(self.source, self.rules.finish())


def lint(path: Path) -> tuple[dict[str, int], list[Fault]]:
    """Rows by table and every fault of a source, without a database.

    References into tables that the source does not hold are not judged.
    """
    source = open_source(path)
    reading = Reading(source, Rules(frozenset(source.tables)))
    numbers = {name: sum(1 for _row in reading.rows(name)) for name in source.tables}
    return numbers, reading.faults()


def _faults_of(source: Source, findings: list[Finding]) -> list[Fault]:
    wanted: dict[tuple[str, int], list[tuple[Steps, str]]] = {}
    faults = []
    for finding in findings:
        if finding.number:
            wanted.setdefault((finding.table, finding.number), []).append(
                (finding.steps, finding.message)
            )
        else:
            where = _("台账中已有的「{table}」{key}").format(
                table=table(finding.table).title, key=finding.key
            )
            faults.append(Fault(where, finding.message))
    return locate(source, wanted) + faults
