"""A workspace with a notify.yaml, and a clock that only moves when it is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tlsec.notify.config import Setup

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # 12:00 in Asia/Shanghai


@pytest.fixture
def configure(tmp_path: Path) -> Callable[..., Setup]:
    """Write notify.yaml (and a ladder of shorter times) into a folder of the test, and read it."""

    def make(text: str, **times: float) -> Setup:
        from tlsec import content
        from tlsec.notify import config

        (tmp_path / "notify.yaml").write_text(text, encoding="utf-8")
        setup = config.load(tmp_path, content.policies())
        if times:
            quick = setup.ladder.times.model_copy(update=times)
            object.__setattr__(setup, "ladder", setup.ladder.model_copy(update={"times": quick}))
        return setup

    return make


class Clock:
    """`now` for the worker, and no seconds pass by themselves."""

    def __init__(self) -> None:
        self.now = NOW

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @staticmethod
    def still() -> float:
        return 0.0


@pytest.fixture
def clock() -> Clock:
    return Clock()
