"""Shipped content, and small content folders of a test's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from tlsec import content
from tlsec.policy import bundle
from tlsec.policy.bundle import Policy


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    bad: bool | None


@dataclass(frozen=True, slots=True)
class Thing:
    state: Literal["on", "off"] | None
    count: int | None
    ok: bool | None
    label: str | None
    since: datetime | None
    names: list[str] | None
    parts: list[Part] | None


@dataclass(frozen=True, slots=True)
class ThingFacts:
    thing: Thing


FACT_TYPES: dict[str, type[Any]] = {"test.thing@1": ThingFacts}

CHECK = """\
check: my.check
version: 1
title: {zh: 试, en: Try}
probe: test.thing@1
params:
  most: {type: int, default: 10, stricter: lower}
assert:
  - id: first
    expr: thing.count <= params.most
    fail: {zh: "数量 {thing.count} 过多", en: "Too many: {thing.count}"}
severity: low
category: 试验
maps:
  - {line: mms.assets.list, pass: supports, fail: refutes}
remediation: {zh: 减, en: Reduce}
tests:
  - {name: 少, expect: pass, facts: {thing: {count: 3}}}
  - {name: 多, expect: fail, facts: {thing: {count: 30}}}
  - {name: 不知, expect: unknown, facts: {thing: {}}}
"""


@pytest.fixture(scope="session")
def shipped() -> Policy:
    return bundle.load(content.policies(), content.fact_types())


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a check file; its name follows the `check:` line."""

    def _write(text: str, name: str = "my.check.yaml") -> Path:
        file = tmp_path / "checks" / "my" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return _write
