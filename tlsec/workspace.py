"""A workspace: the folder with one city's register, plans, overlays, data and papers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tlsec import marked_yaml
from tlsec.i18n import _
from tlsec.marked_yaml import Fault, Faulty

CONFIG = "tlsec.yaml"


class Config(BaseModel):
    """tlsec.yaml of a workspace."""

    model_config = ConfigDict(extra="forbid", strict=True)

    city: str
    bureau: str
    language: Literal["zh", "en"] = "zh"
    database: str = Field(
        default="", pattern=r"^(postgresql://[^/]+/.+)?$"
    )  # "" for the embedded SQLite, else postgresql://user:password@host/name
    practice_range: bool = False  # documentation addresses are dialled on loopback
    trust: list[str] = []  # PEM files of roots, relative to the workspace
    profile: str = "default"
    sla: str = "normal"
    notice_mark: str = ""  # 发文机关代字 of notices, e.g. 岚数安


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened workspace: its root folder and configuration."""

    root: Path
    config: Config

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def papers(self) -> Path:
        return self.root / "papers"

    @property
    def receipts(self) -> Path:
        return self.data / "receipts"


def find(start: Path | None = None) -> Path:
    """The workspace root from `start` (or TLSEC_WORKSPACE, or here) upward. Raises Faulty."""
    named = start or (
        Path(os.environ["TLSEC_WORKSPACE"]) if "TLSEC_WORKSPACE" in os.environ else None
    )
    here = (named or Path.cwd()).resolve()
    candidates = [here] if named else [here, *here.parents]
    for folder in candidates:
        if (folder / CONFIG).is_file():
            return folder
    raise Faulty(
        [
            Fault(
                str(here),
                _("这里不是工作区（找不到 tlsec.yaml）。先运行：tlsec init 目录 --sample"),
            )
        ]
    )


def read(root: Path) -> Workspace:
    """The workspace at `root`. Raises Faulty with file:line."""
    marked = marked_yaml.load(root / CONFIG, CONFIG)
    return Workspace(root, marked_yaml.parse(Config, marked))
