"""Keep what finished jobs brought: observations, verdicts, alerts, follow-up jobs, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from tlsec.facts import Done, Locator, locator_key
from tlsec.inventory.lookup import Lookup
from tlsec.policy import schema
from tlsec.policy.bundle import Policy
from tlsec.policy.check import Loaded
from tlsec.policy.judge import Verdict as Judged
from tlsec.policy.judge import judge
from tlsec.probe.base import Result
from tlsec.register import alerts
from tlsec.register.alerts import Firing
from tlsec.register.models import Alert
from tlsec.register.sla import Sla
from tlsec.scan import baselines, bulk, lease, noise
from tlsec.scan.describe import columns
from tlsec.scan.executor import Finished
from tlsec.scan.jobs import JobSpec, spec
from tlsec.scan.models import Baseline, Job, Observation, Run, Verdict
from tlsec.scan.waivers import Waived, Waivers

_CALM = {
    "pass": Alert.Condition.CLEAR,
    "unknown": Alert.Condition.UNKNOWN,
    "error": Alert.Condition.UNKNOWN,
}


@dataclass
class Judging:
    """The judging side of one run. `keep_all`: also closed ports that nobody declared (retests)."""

    run: Run
    policy: Policy
    lookup: Lookup
    sla: Sla
    recurrence_days: int
    waivers: Waivers
    keep_all: bool = False
    noise: noise.Limits | None = None  # a monitor that learns what of a page changes by itself
    only: frozenset[str] | None = None  # a retest judges its own checks and raises no others
    _checks: dict[str, list[Loaded]] = field(default_factory=dict)  # by probe, as asked for

    def store(self, batch: list[Finished]) -> int:
        """Store a batch; returns how many follow-up jobs it added."""
        with transaction.atomic():
            observations: list[dict[str, Any]] = []
            verdicts: list[dict[str, Any]] = []
            follow: list[JobSpec] = []
            calm: dict[str, list[str]] = defaultdict(list)  # fingerprints by new condition
            asked = new = again = 0
            held = lease.held(finished.job for finished in batch)
            batch = [finished for finished in batch if finished.job.id in held]
            batch.sort(key=lambda finished: finished.job.id)  # the register's neighbours together
            alerted = self._alerted_ports(batch)
            for finished in batch:
                for result, started, ended in finished.results:
                    asked += finished.job.probe == "net.port" and finished.state == Job.State.DONE
                    if not self._worth_keeping(finished, result, alerted):
                        continue
                    row = self.observation(
                        finished.job.probe, finished.version, finished.job.target, result,
                        started, ended,
                    )  # fmt: skip
                    observations.append(row)
                    for loaded, judged in self.judged(row, result, datetime.now(UTC)):
                        waived = self.waivers.covering(judged, row["subject"], result.locator)
                        verdicts.append(self.verdict_row(row, judged, waived))
                        if judged.state == "fail" and not waived.all_of(judged):
                            fired = self.raise_alert(loaded, judged, waived, row, result.locator)
                            new, again = new + fired, again + (not fired)
                        elif (calmed := _CALM.get(judged.state)) is not None:
                            place = judged.check, row["subject"], result.locator
                            calm[calmed].append(alerts.fingerprint(*place))
                    follow += self._follow(finished, result)
            bulk.insert(Observation, observations)
            bulk.insert(Verdict, verdicts)
            lease.add(self.run.pk, follow)
            for condition, keys in calm.items():
                alerts.seen(keys, condition)
            for state in {finished.state for finished in batch}:
                lease.settle((f.job.id for f in batch if f.state == state), state)
            Run.objects.filter(pk=self.run.pk).update(
                ports_asked=F("ports_asked") + asked,
                new_alerts=F("new_alerts") + new,
                again_alerts=F("again_alerts") + again,
            )
        return len(follow)

    def _alerted_ports(self, batch: list[Finished]) -> set[tuple[str, str]]:
        """(subject, locator key) of the open port alerts of the hosts in a batch."""
        jobs = [f.job.target for f in batch if f.job.probe == "net.port"]
        if self.keep_all or not jobs:
            return set()
        rows = Alert.objects.filter(
            open=True,
            subject__in={self._subject(target, target) for target in jobs},
            check_id__in=[loaded.check.id for loaded in self._checks_of("net.port")],
        )
        return {(row.subject, locator_key(row.locator)) for row in rows}

    def _worth_keeping(
        self, finished: Finished, result: Result, alerted: set[tuple[str, str]]
    ) -> bool:
        """Closed ports that nobody declared are counted, not kept, unless an alert stands there."""
        if (
            finished.job.probe != "net.port"
            or self.keep_all
            or not isinstance(result.attempt, Done)
        ):
            return True
        port = result.attempt.facts.port
        if port.state == "open" or port.number in finished.job.target.get("declared", ()):
            return True
        subject = self._subject(finished.job.target, result.locator)
        return (subject, locator_key(result.locator)) in alerted

    def _subject(self, target: Mapping[str, Any], locator: Locator) -> str:
        return str(target["asset"]) or f"u:{locator.get('address', '')}"

    def observation(
        self,
        probe: str,
        version: int,
        target: Mapping[str, Any],
        result: Result,
        started: datetime,
        ended: datetime,
    ) -> dict[str, Any]:
        """A row of Observation. `target`: its asset and vantage."""
        return {
            "run_id": self.run.pk,
            "probe": probe,
            "probe_version": version,
            "subject": self._subject(target, result.locator),
            "locator_key": locator_key(result.locator),
            "vantage": target["vantage"],
            "started": started,
            "ended": ended,
            "reason": "" if isinstance(result.attempt, Done) else str(result.attempt.reason),
            "detail": "" if isinstance(result.attempt, Done) else result.attempt.detail[:300],
            "facts": schema.plain(result.attempt.facts)
            if isinstance(result.attempt, Done)
            else None,
        }

    def _checks_of(self, probe: str) -> list[Loaded]:
        if probe not in self._checks:
            self._checks[probe] = [
                loaded
                for loaded in self.policy.for_probe(probe)
                if loaded.check.id not in self.policy.profile.excluded
                and (self.only is None or loaded.check.id in self.only)
            ]
        return self._checks[probe]

    def judged(
        self, row: Mapping[str, Any], result: Result, now: datetime
    ) -> Iterator[tuple[Loaded, Judged]]:
        """The verdicts of the checks in question over one observation."""
        checks = self._checks_of(row["probe"])
        if not checks:
            return
        asset = schema.plain(self.lookup.asset_facts(result.locator, row["subject"]))
        attempt = Done(row["facts"]) if isinstance(result.attempt, Done) else result.attempt
        needs = any(loaded.check.baseline for loaded in checks)
        baseline = self._baseline(row, now) if needs else None
        for loaded in checks:
            params = self.policy.profile.params_of(loaded)
            yield loaded, judge(loaded, attempt, asset, params, now, baseline)

    def _baseline(self, row: Mapping[str, Any], now: datetime) -> Mapping[str, Any] | None:
        """The approved facts of this place. The first ones taken become it silently."""
        own = row["locator_key"]
        place = row.get("baseline_key", own)  # a second look is held to the first's
        found = Baseline.objects.filter(probe=row["probe"], locator_key=place).first()
        if found is not None:
            return baselines.compared(found, row["facts"], self.noise, learning=place == own)
        if row["facts"] is not None and place == own:
            key = {"probe": row["probe"], "locator_key": row["locator_key"]}
            values = {"facts": row["facts"], "run_id": self.run.pk, "taken": now, "approved_by": ""}
            bulk.insert(Baseline, [key | values])
        return None

    def verdict_row(self, row: Mapping[str, Any], judged: Judged, waived: Waived) -> dict[str, Any]:
        profile = self.policy.profile
        return {
            "run_id": self.run.pk,
            "probe": row["probe"],
            "locator_key": row["locator_key"],
            "subject": row["subject"],
            "check_id": judged.check,
            "check_version": judged.version,
            "profile": f"{profile.id}@{profile.version}",
            "state": judged.state,
            "why": judged.why[:500],
            "clauses": [
                {
                    "id": c.id, "is": c.is_, "why": c.why, "message": c.message,
                    "message_en": c.message_en, "read": c.read, "violators": list(c.violators),
                }
                for c in judged.clauses
            ],
            "waived": waived.by if waived.all_of(judged) else "",
            "now": judged.now,
        }  # fmt: skip

    def raise_alert(
        self,
        loaded: Loaded,
        judged: Judged,
        waived: Waived,
        row: Mapping[str, Any],
        locator: Locator,
    ) -> bool:
        """Fire for the failing clauses that no exception names. True for a new alert, False for one again."""
        failing = [c for c in judged.clauses if c.is_ is False and c.id not in waived.clauses]
        firing = Firing(
            judged.check,
            row["subject"],
            locator,
            loaded.check.severity,
            "；".join(c.message for c in failing),
            "; ".join(c.message_en for c in failing),
            [c.id for c in failing],
        )
        return alerts.fire(
            firing, self.run.pk, judged.now, self.sla, self.recurrence_days,
            lambda f: columns(f, loaded, self.lookup, self.policy.catalog),
        )  # fmt: skip

    def _follow(self, finished: Finished, result: Result) -> list[JobSpec]:
        """An open port that nobody declared is asked what speaks there."""
        target = finished.job.target
        if finished.job.probe != "net.port" or not target.get("follow"):
            return []
        if not isinstance(result.attempt, Done):
            return []
        port = result.attempt.facts.port
        if port.state != "open" or port.number in target.get("declared", ()):
            return []
        return [
            spec(
                "net.service", target["vantage"], asset=target["asset"],
                address=target["address"], port=port.number,
            )
        ]  # fmt: skip
