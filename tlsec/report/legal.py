"""The laws a paper may cite, from `policies/ladders/legal-basis.yaml`: data, never constants."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, field_validator

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.report import content
from tlsec.report.papers.data import LegalBasis
from tlsec.report.words import SHANGHAI

FILE = "policies/ladders/legal-basis.yaml"


class Law(BaseModel):
    """One edition of one law. Unchecked articles are kept but never printed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: str
    law: str
    edition: str
    valid_from: str
    until: str
    articles: str
    gist: str
    source: str
    read: str
    checked: bool
    papers: list[str]

    @field_validator("valid_from", "until", "read")
    @classmethod
    def _is_day(cls, value: str) -> str:
        try:
            if value:
                date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(_("应为日期，如 2026-03-05")) from error
        return value

    def in_force(self, on: date) -> bool:
        """Whether this edition is in force on a day."""
        day = on.isoformat()
        return self.valid_from <= day and (not self.until or day <= self.until)


class LawFile(BaseModel):
    """legal-basis.yaml."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    laws: list[Law]


def load(overlay: Path | None = None) -> tuple[Law, ...]:
    """Every law on file, the workspace's file first. Raises Faulty with file:line."""
    path = content.find(FILE, overlay)
    return tuple(marked_yaml.parse(LawFile, marked_yaml.load(path)).laws)


def basis(
    paper: str = "notice", on: date | None = None, overlay: Path | None = None
) -> tuple[LegalBasis, ...]:
    """The laws in force on a day (today in Shanghai if None) that a paper cites.

    Articles are given only where they were checked.
    """
    on = on or datetime.now(SHANGHAI).date()
    return tuple(
        LegalBasis(law.law, law.articles if law.checked else "")
        for law in load(overlay)
        if paper in law.papers and law.in_force(on)
    )
