"""A few plans in the session's database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tlsec.scan.models import Plan

NOW = datetime(2026, 11, 24, 4, 0, 30, tzinfo=UTC)  # 12:00:30 in Asia/Shanghai


@pytest.fixture
def plan(tables: Path) -> Callable[..., Plan]:
    """A plan that was next due so long ago; every ten minutes unless said otherwise."""

    def make(id: str, ago: timedelta, cadence: str = "*/10 * * * *", paused: bool = False) -> Plan:
        from tlsec.scan.models import Plan

        return Plan.objects.create(
            id=id, title=id, cadence=cadence, steps=[], paused=paused, next_at=NOW - ago
        )

    return make
