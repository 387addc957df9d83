"""Where content lies: the shipped `policies/`, and a workspace's own folder of the same name over it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """A shipped content folder: beside the package in a checkout, inside it in a wheel."""
    beside = _PACKAGE.parent / name
    return beside if beside.is_dir() else _PACKAGE / "content" / name


def policies(workspace: Path | None = None) -> list[Path]:
    """Folders of policy content, the shipped one first."""
    own = [workspace / "policies"] if workspace and (workspace / "policies").is_dir() else []
    return [shipped("policies"), *own]


@cache
def fact_types() -> Mapping[str, type[Any]]:
    """The fact dataclass of every probe, id@version, with that of the register's own record."""
    from tlsec.inventory.facts import RecordFacts
    from tlsec.probe import registry

    return {**registry.fact_types(), "inventory.record@1": RecordFacts}
