"""The bench of an assessment's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.assess.bench import Bench
from tlsec import content as contents
from tlsec.policy import bundle
from tlsec.policy.bundle import Policy


@pytest.fixture(scope="module")
def policy() -> Policy:
    return bundle.load(contents.policies(), contents.fact_types())


@pytest.fixture
def bench(tables: Path, policy: Policy) -> Bench:
    return Bench(policy)
