"""Ladders of policies/ladders/ as data: the strict model that they share, and where a file is found. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _, language
from tlsec.marked_yaml import Fault, Faulty

M = TypeVar("M", bound="Ladder")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Named(Strict):
    """A thing with its name in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @property
    def name(self) -> str:
        """The name in the language in force."""
        return self.en if language() == "en" else self.zh


class Ladder(Strict):
    """The head of every file: which one, whose words it rests on, as of when."""

    id: str
    version: int
    date: str
    source: str = Field(min_length=1)


def read(kind: type[M], name: str, folders: Sequence[Path]) -> M:
    """ladders/<name>.yaml of the last folder that has it. Raises Faulty with file:line."""
    file = f"ladders/{name}.yaml"
    found = next((path for root in reversed(folders) if (path := root / file).is_file()), None)
    if found is None:
        raise Faulty([Fault(file, _("没有这个文件"))])
    return marked_yaml.parse(kind, marked_yaml.load(found))
