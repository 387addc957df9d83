"""Reads page signatures (`policies/marks/default-pages.yaml`) into what the page reader compares with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.wire.page_marks import Kind, Signature

_Phrase = Annotated[str, StringConstraints(min_length=2, max_length=200, strip_whitespace=True)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    heading: list[_Phrase] = []
    text: list[_Phrase] = []
    markup: list[_Phrase] = []
    login: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> _Entry:
        if not (self.heading or self.text or self.markup):
            raise ValueError(_("heading、text、markup 至少要有一项"))
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    default_products: list[_Entry] = Field(default_factory=list)
    default_account_notices: list[_Entry] = Field(default_factory=list)


def load(path: Path) -> list[Signature]:
    """Signatures in the file's order. Raises marked_yaml.Faulty."""
    content = marked_yaml.parse(_File, marked_yaml.load(path))
    listed = [(Kind.DEFAULT_PRODUCT, entry) for entry in content.default_products]
    listed += [(Kind.DEFAULT_ACCOUNT_NOTICE, entry) for entry in content.default_account_notices]
    return [
        Signature(
            kind=kind,
            name=entry.name,
            heading=tuple(entry.heading),
            text=tuple(entry.text),
            markup=tuple(entry.markup),
            login=entry.login,
        )
        for kind, entry in listed
    ]
