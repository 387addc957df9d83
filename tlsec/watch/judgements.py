"""The verdicts of a look: by the same judging as a scan's, with the checks of its monitor."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tlsec.facts import Locator
from tlsec.policy.check import Loaded
from tlsec.policy.judge import Verdict as Judged
from tlsec.scan.judging import Judging
from tlsec.scan.models import Run
from tlsec.scan.noise import Limits
from tlsec.scan.runs import Ground
from tlsec.scan.waivers import Waived, Waivers
from tlsec.watch.confirming import Outcome
from tlsec.watch.ladder import Ladder
from tlsec.watch.loop import Look
from tlsec.watch.monitors import Monitor

_OUTCOMES: Mapping[str, Outcome] = {"pass": "pass", "fail": "fail"}


@dataclass
class Judgement:
    """One verdict of one look, with what it was judged from."""

    look: Look
    row: dict[str, Any]
    loaded: Loaded
    judged: Judged
    waived: Waived
    locator: Locator
    body: bytes

    @property
    def outcome(self) -> Outcome:
        """A failure that an approved change window covers tells nothing."""
        if self.judged.state == "fail" and self.waived.all_of(self.judged):
            return "unknown"
        return _OUTCOMES.get(self.judged.state, "unknown")

    @property
    def at(self) -> datetime:
        return self.look.ended


@dataclass
class Bench:
    """The judges of all monitors; `renew` when content or register were read anew."""

    _ground: Ground
    _ladder: Ladder
    _judgings: dict[str, Judging] = field(default_factory=dict)

    def renew(self, ground: Ground, ladder: Ladder) -> None:
        self._ground, self._ladder = ground, ladder
        self._judgings.clear()

    def judge(self, look: Look, run: Run) -> Iterator[Judgement]:
        """Every verdict of a look that says something; of a second look those that it was taken for."""
        judging = self.of(look.spot.monitor, run)
        target = look.spot.target
        vantage = target.vantage.id
        if look.second and look.spot.second:
            vantage = look.spot.second.id
        at = {"asset": target.asset, "vantage": vantage}
        for result in look.results:
            if not result.locator:
                continue  # nothing was asked: out of scope, or a fault of the probe
            if look.second and not same_place(result.locator, look.second.locator_key):
                continue
            row = judging.observation(
                look.spot.probe, look.version, at, result, look.started, look.ended
            )
            if look.second:
                row["baseline_key"] = look.second.locator_key
            for loaded, judged in judging.judged(row, result, look.ended):
                if look.second and loaded.check.id != look.second.check:
                    continue
                if judged.state in ("not_applicable", "not_run"):
                    continue
                waived = judging.waivers.covering(judged, row["subject"], result.locator)
                yield Judgement(look, row, loaded, judged, waived, result.locator, result.body)

    def of(self, monitor: Monitor, run: Run) -> Judging:
        """The judging of a monitor's checks, for rows of a run."""
        found = self._judgings.get(monitor.id)
        if found is None:
            found = self._judging(run, monitor.checks, self._noise(monitor))
            self._judgings[monitor.id] = found
        found.run = run
        return found

    def of_check(self, check: str, run: Run) -> Judging:
        """The judging of one check."""
        return self._judging(run, [check], None)

    def _judging(self, run: Run, checks: Iterable[str], noise: Limits | None) -> Judging:
        ground = self._ground
        return Judging(
            run, ground.policy, ground.lookup, ground.sla, ground.recurrence_days,
            Waivers(ground.lookup.waivers()), only=frozenset(checks), noise=noise,
        )  # fmt: skip

    def _noise(self, monitor: Monitor) -> Limits | None:
        """How the monitor learns what of a page changes by itself."""
        measures = self._ladder.noise
        visits = measures.learn_visits if monitor.learn is None else monitor.learn
        if not visits or "http.page" not in monitor.probes:
            return None
        return Limits(visits, measures.turns, measures.share, measures.growth)


def same_place(locator: Locator, key: str) -> bool:
    """Whether two looks were at one place, from wherever."""
    other = located(key)
    return {k: v for k, v in locator.items() if k != "vantage"} == {
        k: v for k, v in other.items() if k != "vantage"
    }


def located(key: str) -> dict[str, str | int]:
    """The locator of a key."""
    found: dict[str, str | int] = json.loads(key)
    return found
