"""Keep what looks brought: verdicts, how each check stands, alerts once confirmed, clocks, counts.

One transaction a batch, so that a killed process has lost nothing that it had said. Of the observations
only those are kept that tell something: a change of verdict, a confirmation, the first of an hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from tlsec.facts import Done, Locator
from tlsec.i18n import _
from tlsec.policy.thresholds import Thresholds
from tlsec.probe.base import Result
from tlsec.register import alerts
from tlsec.register.models import Alert
from tlsec.scan import bulk
from tlsec.scan.models import Observation, Run, Verdict
from tlsec.scan.runs import Ground
from tlsec.watch import confirming, counting, pages
from tlsec.watch.clocks import Clocks, Place
from tlsec.watch.confirming import Mood, Then
from tlsec.watch.judgements import Bench, Judgement, located
from tlsec.watch.ladder import Ladder
from tlsec.watch.loop import Beats, Look, Second
from tlsec.watch.models import Standing
from tlsec.watch.uplink import Line

_IDLE = timedelta(seconds=2)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_MOOD = ("count", "failing_since", "confirmed_at", "second", "second_at", "last_success")


@dataclass
class Keeper:
    """The database side of the watch; the one writer of its tables while it lives."""

    ground: Ground
    ladder: Ladder
    thresholds: Thresholds
    lines: Mapping[str, Line] = field(default_factory=dict)
    _standings: dict[tuple[str, str, str], Standing] = field(default_factory=dict)
    _bench: Bench = field(init=False)
    _clocks: Clocks = field(init=False)
    _pages: dict[tuple[str, str], str] = field(default_factory=dict)
    _day: date | None = None
    _told: datetime = _LONG_AGO
    _run: Run | None = None
    _stored: set[tuple[str, str]] = field(default_factory=set)
    _touched: dict[int, Standing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in Standing.objects.all().iterator(chunk_size=2000):
            self._standings[row.monitor, row.check_id, row.locator_key] = row
        self._clocks = Clocks(self.thresholds, self.ladder)
        self._bench = Bench(self.ground, self.ladder)

    def renew(self, ground: Ground, ladder: Ladder, thresholds: Thresholds) -> None:
        """Take newly read content and register."""
        self.ground, self.ladder, self.thresholds = ground, ladder, thresholds
        self._bench.renew(ground, ladder)
        self._clocks.renew(thresholds, ladder)

    def keep(self, looks: Sequence[Look], beats: Beats, now: datetime) -> list[Second]:
        """Store a batch; the second looks wanted. With nothing seen, clocks are looked at now and then."""
        if not (looks or beats.looks or beats.skipped) and now - self._told < _IDLE:
            return []
        wanted: list[Second] = []
        before = self._run, set(self._stored)
        try:
            with transaction.atomic():
                self._touched = {}
                self._keep(looks, wanted)
                self._clocks.tell(now, self._fire)
                counting.lines(self.lines, now, self._fire)
                counting.beat(beats, now)
                self._daily(now)
        except BaseException:
            self._run, self._stored = before
            self._forget()
            raise
        self._told = now
        return wanted

    def _daily(self, now: datetime) -> None:
        """Once a day of ours: the shares of the last days, and old counts away."""
        day = now.astimezone(counting.LOCAL).date()
        if day != self._day:
            self._day = day
            counting.shares(self.ladder.open_share, now, self._fire)
            counting.tidy(self.ladder.keep_days, now)

    def _forget(self) -> None:
        """A batch that was not stored leaves nothing behind: memory is read anew from the tables."""
        self._standings = {
            (row.monitor, row.check_id, row.locator_key): row for row in Standing.objects.all()
        }
        self._clocks = Clocks(self.thresholds, self.ladder)
        self._day = None

    # --- verdicts ---

    def _keep(self, looks: Sequence[Look], wanted: list[Second]) -> None:
        observations: dict[tuple[str, str], dict[str, Any]] = {}
        verdicts: list[dict[str, Any]] = []
        calm: list[str] = []
        unsure: list[str] = []
        again: list[Judgement] = []
        for look in looks:
            if not look.line:
                self._untold(look)
                continue
            for found in self._bench.judge(look, self._run_of_now()):
                then, worth = self._take(found)
                key = alerts.fingerprint(found.judged.check, found.row["subject"], found.locator)
                if then is Then.SECOND:
                    wanted.append(self._wanted(found))
                elif then is Then.ALARM:
                    self._alarm(found)
                elif then is Then.AGAIN:
                    again.append(found)
                elif then is Then.CALM:
                    calm.append(key)
                elif found.judged.state in ("unknown", "error"):
                    unsure.append(key)
                if worth:
                    place = found.row["probe"], found.row["locator_key"]
                    observations.setdefault(place, found.row)
                    verdicts.append(self._verdict(found))
            self._count(look)
        self._still(again)
        alerts.seen(calm, Alert.Condition.CLEAR)
        alerts.seen(unsure, Alert.Condition.UNKNOWN)
        if observations:
            self._store(observations, verdicts)
        self._write()

    # --- standings ---

    def _take(self, found: Judgement) -> tuple[Then, bool]:
        """What is to be done about a verdict, and whether it is worth keeping in full."""
        second = found.look.second
        key = second.locator_key if second else found.row["locator_key"]
        standing = self._standing(found, key)
        if standing is None:
            return Then.NOTHING, False
        mood = _mood(standing)
        if second:
            same = found.look.spot.second is None
            after, then = confirming.second(mood, found.outcome, found.at, second.since, same)
            standing.second_from = "" if same else found.row["vantage"]
            if then is Then.CALM:
                standing.state = found.judged.state
            worth = True
        else:
            after, then = confirming.look(mood, found.outcome, found.at, found.look.spot.confirm)
            worth = standing.state != found.judged.state or _hour(standing.last_seen) != _hour(
                found.at
            )
            worth = worth or (found.outcome == "fail" and self._other_page(found))
            standing.state = found.judged.state
        for name in _MOOD:
            setattr(standing, name, getattr(after, name))
        if found.outcome != "unknown":
            standing.last_seen = found.at
        if found.outcome == "fail":
            standing.why = "；".join(c.message for c in found.judged.clauses if c.message)[:500]
        if then is Then.ALARM or (then is Then.AGAIN and worth):
            pages.keep(
                found.body, standing.monitor, standing.subject, key, found.loaded, found.at,
                self.ladder.evidence,
            )  # fmt: skip
        self._touched[id(standing)] = standing
        self._clocks.follow(self._place(found, standing), mood, after, then)
        return then, worth

    def _other_page(self, found: Judgement) -> bool:
        """Whether a failing page has changed again: what a person may accept has to be on record."""
        page = (found.row["facts"] or {}).get("page")
        if page is None:
            return False
        place = found.row["probe"], found.row["locator_key"]
        digest = f"{page['text_hash']}{page['dom_hash']}"
        before, self._pages[place] = self._pages.get(place), digest
        return before != digest

    def _standing(self, found: Judgement, key: str) -> Standing | None:
        """The row of a check at a place. Ports that nobody declared get one only once they fail."""
        place = (found.look.spot.monitor.id, found.judged.check, key)
        standing = self._standings.get(place)
        if standing is None:
            port = found.locator.get("port")
            undeclared = found.row["probe"] == "net.port" and port not in found.look.spot.declared
            if found.look.second or (undeclared and found.outcome != "fail"):
                return None
            standing = self._standings[place] = Standing(
                monitor=place[0], check_id=place[1], locator_key=key, subject=found.row["subject"]
            )
        return standing

    def _place(self, found: Judgement, standing: Standing) -> Place:
        spot = found.look.spot
        return Place(
            spot.monitor, found.judged.check, standing.subject, spot.system,
            standing.locator_key, found.locator,
        )  # fmt: skip

    def _wanted(self, found: Judgement) -> Second:
        key = found.row["locator_key"]
        standing = self._standings[found.look.spot.monitor.id, found.judged.check, key]
        assert standing.failing_since is not None
        return Second(found.look.spot, found.judged.check, key, standing.failing_since)

    def _untold(self, look: Look) -> None:
        """Our own line was down: counted, and what fires at the spot is no longer known to."""
        counting.visit(look, None, self.ladder)
        keys = [
            alerts.fingerprint(row.check_id, row.subject, located(row.locator_key))
            for row in self._of_spot(look)
        ]
        alerts.seen(keys, Alert.Condition.UNKNOWN)

    def _of_spot(self, look: Look) -> list[Standing]:
        target = look.spot.target
        return [
            row
            for row in self._standings.values()
            if row.confirmed_at
            and row.monitor == look.spot.monitor.id
            and row.subject == target.asset
        ]

    def _count(self, look: Look) -> None:
        if not look.second:
            counting.visit(look, _opened(look.results), self.ladder)

    def _write(self) -> None:
        rows = list(self._touched.values())
        fresh = [row for row in rows if row.pk is None]
        Standing.objects.bulk_create(fresh)
        known = [row for row in rows if row.pk is not None and row not in fresh]
        names = ["state", *_MOOD, "second_from", "last_seen", "why"]
        Standing.objects.bulk_update(known, names, batch_size=200)

    # --- alerts ---

    def _alarm(self, found: Judgement) -> None:
        """A confirmed failure becomes an alert, at the place of the first look."""
        row, locator = found.row, found.locator
        if found.look.second:
            locator = located(found.look.second.locator_key)
            row = row | {"locator_key": found.look.second.locator_key}
        judging = self._bench.of(found.look.spot.monitor, self._run_of_now())
        fired = judging.raise_alert(found.loaded, found.judged, found.waived, row, locator)
        name = "new_alerts" if fired else "again_alerts"
        Run.objects.filter(pk=judging.run.pk).update(**{name: F(name) + 1})

    def _still(self, again: Sequence[Judgement]) -> None:
        """Counted on the open heads; where an item was closed meanwhile, a new episode begins."""
        for found in again:
            key = alerts.fingerprint(found.judged.check, found.row["subject"], found.locator)
            heads = Alert.objects.filter(fingerprint=key, open=True)
            values = {"last_seen": found.at, "condition": Alert.Condition.FIRING}
            if not heads.update(count=F("count") + 1, **values):
                self._alarm(found)

    def _fire(self, check: str, subject: str, locator: Locator, facts: Any, now: datetime) -> None:
        """Judge what the watch itself observed (a clock, the line, a share) like anything else."""
        loaded = self.ground.policy.checks[check]
        judging = self._bench.of_check(check, self._run_of_now())
        result = Result(locator, Done(facts))
        at = {"asset": subject, "vantage": str(locator.get("vantage", ""))}
        row = judging.observation(loaded.check.probe_id, 1, at, result, now, now)
        for each, judged in judging.judged(row, result, now):
            waived = judging.waivers.covering(judged, subject, locator)
            found = [(row["probe"], row["locator_key"])]
            if judged.state == "fail" and not waived.all_of(judged):
                judging.raise_alert(each, judged, waived, row, locator)
            elif judged.state == "pass":
                alerts.seen([alerts.fingerprint(check, subject, locator)], Alert.Condition.CLEAR)
            kept = judging.verdict_row(row, judged, waived)
            self._store(dict.fromkeys(found, row), [kept])

    # --- rows ---

    def _verdict(self, found: Judgement) -> dict[str, Any]:
        judging = self._bench.of(found.look.spot.monitor, self._run_of_now())
        return judging.verdict_row(found.row, found.judged, found.waived)

    def _store(
        self, observations: Mapping[tuple[str, str], dict[str, Any]], verdicts: list[dict[str, Any]]
    ) -> None:
        """Into the run of this hour; a place that it has already gets a run of its own."""
        if self._stored & observations.keys():
            self._run, self._stored = None, set()
        run = self._run_of_now()
        self._stored |= observations.keys()
        for row in (*observations.values(), *verdicts):
            row["run_id"] = run.pk
        bulk.insert(Observation, observations.values())
        bulk.insert(Verdict, verdicts)
        Run.objects.filter(pk=run.pk).update(ended=max(r["ended"] for r in observations.values()))

    def _run_of_now(self) -> Run:
        if self._run is None:
            profile, catalog = self.ground.policy.profile, self.ground.policy.catalog
            now = self.ground.lookup.now
            self._run = Run.objects.create(
                kind="watch", title=_("持续监测"), state=Run.State.DONE, actor=alerts.MACHINE,
                started=now, ended=now,
                versions={
                    "profile": f"{profile.id}@{profile.version}",
                    "catalog": f"{catalog.id}@{catalog.version}",
                },
            )  # fmt: skip
        return self._run


def _mood(row: Standing) -> Mood:
    return Mood(*(getattr(row, name) for name in _MOOD))


def _hour(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(minute=0, second=0, microsecond=0)


def _opened(results: Sequence[Result]) -> bool | None:
    """Whether a visit was served; None for looks that are no visits or could not tell."""
    for result in results:
        if isinstance(result.attempt, Done):
            visit = getattr(result.attempt.facts, "visit", None)
            if visit is not None:
                return bool(visit.opened and visit.status is not None and visit.status < 500)
    return None
