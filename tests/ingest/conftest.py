"""What the tests of ingest share: the shipped tables, a reading at a fixed time, an intake on empty tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tlsec import shipped
from tlsec.ingest import limits, severity
from tlsec.ingest.reading import Reading

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
FOLDERS = [shipped.path("policies")]


@pytest.fixture(scope="session")
def read_with() -> Callable[..., Reading]:
    """A reading of source s1; anything may be named otherwise."""
    tables, held = severity.load(FOLDERS), limits.load(FOLDERS).reading

    def make(**other: Any) -> Reading:
        values: dict[str, Any] = {"source": "s1", "received": NOW}
        return Reading(**values | {"severities": tables, "limits": held} | other)

    return make


@pytest.fixture
def reading(read_with: Callable[..., Reading]) -> Reading:
    return read_with()


@pytest.fixture
def ground(tables: Path) -> Any:
    """The intake's ground on empty tables."""
    from tlsec.register.intake import Ground

    return Ground.of(tables)
