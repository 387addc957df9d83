"""How the watch stands, for people and for papers: standings, lines, clocks, punctuality."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Sum

from tlsec.i18n import _, language
from tlsec.policy.thresholds import Thresholds, upcoming
from tlsec.scan.describe import where
from tlsec.watch.clocks import line_of, marks_of
from tlsec.watch.models import Beat, Spell, Standing, Uplink

ORDER = ("confirmed", "suspect", "one-sided", "unknown", "ok")


@dataclass(frozen=True, slots=True)
class Row:
    """How one check stands at one place. `said`: the failure, and what the second look said."""

    state: str
    monitor: str
    check: str
    subject: str
    where: str
    count: int
    failing_since: datetime | None
    confirmed_at: datetime | None
    last_success: datetime | None
    said: str


@dataclass(frozen=True, slots=True)
class Punctuality:
    looks: int
    mean_ms: int
    worst_ms: int
    late: int
    skipped: int
    line_down: int


@dataclass(frozen=True, slots=True)
class Status:
    """Everything at once; `beats` None when nothing was looked at in the last hour."""

    lines: list[Uplink]
    beats: Punctuality | None
    counts: dict[str, int]
    rows: list[Row]

    def as_json(self) -> dict[str, Any]:
        return {
            "lines": [
                {"vantage": u.vantage, "up": u.up, "since": u.since, "detail": u.detail}
                for u in self.lines
            ],
            "beats": asdict(self.beats) if self.beats else None,
            "counts": self.counts,
            "standings": [asdict(row) for row in self.rows],
        }


def state_of(row: Standing) -> str:
    """One word for how a check stands."""
    if row.confirmed_at:
        return "confirmed"
    if row.failing_since:
        return "one-sided" if row.second == "passed" else "suspect"
    return "ok" if row.last_success and row.state == "pass" else "unknown"


def counts(monitors: Collection[str] | None = None) -> dict[str, int]:
    """Places and checks by state, the worst first."""
    rows = Standing.objects.all()
    if monitors is not None:
        rows = rows.filter(monitor__in=monitors)
    found = Counter(state_of(row) for row in rows.iterator(chunk_size=2000))
    return {state: found[state] for state in ORDER if found[state]}


def read(now: datetime, everything: bool = False) -> Status:
    """The status; `everything`: with the places where all is well."""
    rows = [_row(row) for row in Standing.objects.order_by("monitor", "check_id", "id")]
    found = Counter(row.state for row in rows)
    shown = [row for row in rows if everything or row.state not in ("ok",)]
    shown.sort(key=lambda row: ORDER.index(row.state))
    return Status(
        list(Uplink.objects.order_by("vantage")),
        punctuality(now),
        {state: found[state] for state in ORDER if found[state]},
        shown,
    )


def punctuality(now: datetime, stretch: timedelta = timedelta(hours=1)) -> Punctuality | None:
    """How late due looks were begun in the last stretch."""
    sums = Beat.objects.filter(minute__gt=now - stretch).aggregate(
        looks=Sum("looks"), total=Sum("drift_sum_ms"), worst=Max("drift_max_ms"),
        late=Sum("late"), skipped=Sum("skipped"), line_down=Sum("line_down"),
    )  # fmt: skip
    if not sums["looks"]:
        return None
    return Punctuality(
        sums["looks"], round(sums["total"] / sums["looks"]), sums["worst"], sums["late"],
        sums["skipped"], sums["line_down"],
    )  # fmt: skip


def _row(row: Standing) -> Row:
    return Row(
        state_of(row), row.monitor, row.check_id, row.subject, where(json.loads(row.locator_key)),
        row.count, row.failing_since, row.confirmed_at, row.last_success, _said(row),
    )  # fmt: skip


def _said(row: Standing) -> str:
    if not row.failing_since:
        return ""
    if not row.second:
        return row.why
    seen_from = row.second_from or _("再试")
    words = {"failed": _("也失败"), "passed": _("正常"), "unknown": _("未判明")}
    return _("{why}（核实：{place} {said}）").format(
        why=row.why, place=seen_from, said=words[row.second]
    )


@dataclass(frozen=True, slots=True)
class ClockRow:
    """A stretch of outage or tampering. `level` and `limit` (minutes): the next threshold; "" above the last."""

    kind: str
    monitor: str
    check: str
    subject: str
    system: str
    where: str
    page: str
    since: datetime
    confirmed: datetime
    ended: datetime | None
    last_success: datetime | None
    minutes: int
    line: str
    level: str
    limit: int
    used: int  # percent
    told: list[str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def clocks(thresholds: Thresholds, now: datetime, everything: bool = False) -> list[ClockRow]:
    """The clocks that run, longest first; `everything`: those that ended too."""
    rows = Spell.objects.order_by("since", "id")
    if not everything:
        rows = rows.filter(ended=None)
    return [_clock(thresholds, row, now) for row in rows]


def _clock(thresholds: Thresholds, row: Spell, now: datetime) -> ClockRow:
    end = row.ended or now
    line = line_of(thresholds, row)
    following = upcoming(marks_of(thresholds, row), row.since, end)
    level, limit, used = "", 0, 0
    if following is not None:
        named = thresholds.level(following.level)
        level = named.en if language() == "en" else named.zh
        limit = int(following.limit.total_seconds() // 60)
        used = int((end - row.since) / following.limit * 100)
    return ClockRow(
        row.kind, row.monitor, row.check_id, row.subject, row.system_id,
        where(json.loads(row.locator_key)), row.page, row.since, row.confirmed, row.ended,
        row.last_success, int((end - row.since).total_seconds() // 60),
        (line.en if language() == "en" else line.zh) if line else "", level, limit, used,
        list(row.marks),
    )  # fmt: skip
