"""What a source calls bad, as one of our four severities: tables of policies/ladders/ingest-severity.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.ingest.event import Severity
from tlsec.ingest.limits import newest
from tlsec.marked_yaml import Faulty

ORDER: tuple[Severity, ...] = ("low", "medium", "high", "critical")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Band(_Strict):
    """From this value (inclusive) on."""

    from_: float = Field(alias="from")
    severity: Severity


class Table(_Strict):
    """One source's words or numbers. `raised`: words of a second field that lift the result, never lower it."""

    zh: str
    en: str
    source: str
    verify: str = ""
    words: dict[str, Severity] = {}
    bands: list[Band] = []
    raised: dict[str, Severity] = {}
    default: Severity

    def of(self, value: object, category: str = "") -> Severity:
        """The severity of a value as the source writes it; the default when the table does not know it."""
        return worst(self._plain(value), self.raised.get(_folded(category), "low"))

    def _plain(self, value: object) -> Severity:
        word = _folded(value)
        if word in self.words:
            return self.words[word]
        try:
            number = float(word)
        except ValueError:
            return self.default
        reached = [band for band in self.bands if band.from_ <= number]
        return max(reached, key=lambda band: band.from_).severity if reached else self.default


def _folded(value: object) -> str:
    return str(value)[:100].strip().lower()


def worst(*severities: Severity) -> Severity:
    return max(severities, key=ORDER.index)


class _File(_Strict):
    date: str
    tables: dict[str, Table]


SHIPPED = ("eve", "cef", "syslog", "alertmanager", "cvss", "words")


def load(folders: Sequence[Path]) -> Mapping[str, Table]:
    """Every table by name. A file that leaves out a table that parsers need does not load: Faulty."""
    marked = marked_yaml.load(newest(folders, "ingest-severity.yaml"))
    tables = marked_yaml.parse(_File, marked).tables
    if missing := [name for name in SHIPPED if name not in tables]:
        text = _("缺少等级对照表 {names}").format(names=listed(missing))
        raise Faulty([marked.fault(("tables",), text)])
    return tables
