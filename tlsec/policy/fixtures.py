"""Run the fixtures of a check: each must give the verdict, and the failing clauses, that it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tlsec.facts import Done
from tlsec.policy.check import Fixture, Loaded
from tlsec.policy.judge import Verdict, judge

NOW = datetime(2026, 9, 1, tzinfo=UTC)  # fixtures speak of dates around this moment


@dataclass(frozen=True, slots=True)
class Outcome:
    fixture: Fixture
    verdict: Verdict

    @property
    def as_expected(self) -> bool:
        named = set(self.fixture.clauses)
        return self.verdict.state == self.fixture.expect and (
            not named or named == set(self.verdict.failing)
        )


def run(loaded: Loaded) -> Iterator[Outcome]:
    """Every fixture of a check with its verdict."""
    for fixture in loaded.check.tests:
        yield Outcome(fixture, verdict_of(loaded, fixture, fixture.facts))


def verdict_of(loaded: Loaded, fixture: Fixture, facts: dict[str, Any]) -> Verdict:
    """The verdict of a fixture with other facts in place of its own (for mutation tests)."""
    params = {name: param.default for name, param in loaded.check.params.items()} | fixture.params
    baseline = fixture.baseline or None
    return judge(loaded, Done(facts), fixture.asset, params, NOW, baseline)
