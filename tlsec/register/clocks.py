"""The four clocks of an item in the database: what each command does to them, and how they read.

The arithmetic is policy/clock.py. The sweep that warns and escalates is sweeping.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tlsec.i18n import N_, _
from tlsec.policy import clock as arithmetic
from tlsec.policy.clock import Line, Reading, Segment, Segments
from tlsec.register.models import RiskItem
from tlsec.register.models_clocks import Clock, ClockSegment
from tlsec.register.rules import Rules
from tlsec.register.sla import Kind, Sla
from tlsec.register.transitions import State

KINDS: tuple[Kind, ...] = ("judge", "sign", "fix", "retest")
KIND_NAMES = {
    "judge": N_("研判"),
    "sign": N_("签收"),
    "fix": N_("处置"),
    "retest": N_("复测"),
}


@dataclass
class Clocks:
    """The clocks of one item, loaded for one command; `save` writes what changed."""

    item: RiskItem
    rules: Rules
    limits: Sla
    now: datetime

    def __post_init__(self) -> None:
        rows = Clock.objects.filter(item=self.item).prefetch_related("segments")
        self.rows: dict[str, Clock] = {row.kind: row for row in rows}
        self.was: dict[str, Segments] = {k: segments(row) for k, row in self.rows.items()}
        self.segments: dict[str, Segments] = dict(self.was)

    @property
    def _calendars(self) -> arithmetic.Calendars:
        return self.rules.calendars

    def start(self, kind: Kind, reason: str) -> None:
        """Start, or start anew, with the limit that is in force."""
        limit = self.limits.limit(kind, self.item.severity)
        calendar = self.limits.calendar(kind, self.item.severity)
        old = self.segments.get(kind, ())
        self.segments[kind] = arithmetic.started(old, self.now, calendar, limit, reason)
        if kind in self.rows:
            self.rows[kind].told = 0

    def stop(self, *kinds: Kind) -> None:
        for kind in kinds or KINDS:
            if kind in self.segments:
                self.segments[kind] = arithmetic.stopped(self.segments[kind], self.now)

    def resume(self, kind: Kind, reason: str, gap_counts: bool = False) -> None:
        if kind not in self.segments:
            self.start(kind, reason)
            return
        self.segments[kind] = arithmetic.resumed(
            self.segments[kind], self._calendars, self.now, reason, gap_counts
        )

    def pause(self, reason: str, until: datetime) -> None:
        for kind in ("sign", "fix"):
            if kind in self.segments:
                self.segments[kind] = arithmetic.paused(
                    self.segments[kind], self._calendars, self.now, reason, until
                )

    def unpause(self, reason: str) -> None:
        """Go on; from the end that a pause had at most, however late anybody looks."""
        for kind, made in self.segments.items():
            if made[-1].calendar == arithmetic.PAUSED and made[-1].stop is None:
                at = min(self.now, made[-1].until or self.now)
                self.segments[kind] = arithmetic.resumed(made, self._calendars, at, reason)

    def extend(self, until: datetime, reason: str) -> None:
        if "fix" in self.segments:
            self.segments["fix"] = arithmetic.extended(
                self.segments["fix"], self._calendars, self.now, until, reason
            )
            if "fix" in self.rows:
                self.rows["fix"].told = 0

    def tighten(self, reason: str) -> None:
        """Limits that are shorter now: never later than before."""
        for kind, made in self.segments.items():
            limit = self.limits.limit(kind, self.item.severity)  # type: ignore[arg-type]  # a Kind
            if limit is not None:
                calendar = self.limits.calendar(kind, self.item.severity)  # type: ignore[arg-type]
                self.segments[kind] = arithmetic.tightened(
                    made, self._calendars, self.now, calendar, limit, reason
                )

    def relax(self, reason: str) -> None:
        for kind, made in self.segments.items():
            limit = self.limits.limit(kind, self.item.severity)  # type: ignore[arg-type]  # a Kind
            self.segments[kind] = arithmetic.relaxed(made, self._calendars, self.now, limit, reason)

    def save(self) -> None:
        """Write new and ended segments, the clocks' repeated columns, and the item's due date."""
        for kind, made in self.segments.items():
            was = self.was.get(kind, ())
            if made == was:
                continue
            row = self.rows.get(kind) or Clock(item=self.item, kind=kind)
            row.item_version = self.item.version
            row.due = arithmetic.due(made, self._calendars)
            row.next_at = next_look(made, row.told, self.rules)
            row.save()
            _write(row, was, made)
            self.rows[kind] = row
        self.was = dict(self.segments)

    def fix_due(self) -> datetime | None:
        """What the ledger shows as due: of the running fix clock, or as it stood when it stopped."""
        made = self.segments.get("fix", ())
        if not made:
            return self.item.due
        last = made[-1]
        if last.left is None or last.calendar == arithmetic.PAUSED:
            return None
        if self.item.state in _NOTHING_DUE:
            return None
        return self._calendars[last.calendar].shift(last.start, last.left)


_NOTHING_DUE = (State.WAIVED, State.MITIGATED, State.MERGED)


def segments(row: Clock) -> Segments:
    """The stretches of a clock in order."""
    return tuple(_segment(s) for s in sorted(row.segments.all(), key=lambda s: s.n))


def _segment(row: ClockSegment) -> Segment:
    return Segment(
        row.start, row.calendar, _span(row.limit), _span(row.left), row.reason, row.stop, row.until
    )


def _span(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(microseconds=seconds)


def _stored(span: timedelta | None) -> int | None:
    return None if span is None else span // timedelta(microseconds=1)


def _write(row: Clock, was: Segments, made: Segments) -> None:
    for n, segment in enumerate(made):
        if n < len(was):
            if was[n] != segment:
                ClockSegment.objects.filter(clock=row, n=n).update(stop=segment.stop)
            continue
        ClockSegment.objects.create(
            clock=row, n=n, start=segment.start, stop=segment.stop, calendar=segment.calendar,
            limit=_stored(segment.limit), left=_stored(segment.left), until=segment.until,
            reason=segment.reason[:200],
        )  # fmt: skip


def next_look(made: Segments, told: int, rules: Rules) -> datetime | None:
    """When the sweep has to look at a clock again: its next rung, or the end of its pause."""
    last = made[-1]
    if last.stop is not None:
        return None
    if last.calendar == arithmetic.PAUSED:
        return last.until
    if told >= len(rules.sla.rungs):
        return None
    return arithmetic.rung_at(made, rules.calendars, told + 1, rules.sla.warn_share)


def sweep(now: datetime) -> None:
    """What has come due since the last look: the hook of the serving process."""
    from tlsec.register import sweeping

    sweeping.sweep(now)


def readings(item: RiskItem, now: datetime, rules: Rules) -> dict[str, Reading]:
    """What each clock of an item says."""
    rows = {row.kind: row for row in item.clocks.prefetch_related("segments")}
    return {
        kind: arithmetic.read(segments(rows[kind]), rules.calendars, now, rules.sla.warn_share)
        for kind in KINDS
        if kind in rows
    }


def explained(item: RiskItem, now: datetime, rules: Rules) -> dict[str, list[Line]]:
    """How each clock came to say what it says."""
    rows = {row.kind: row for row in item.clocks.prefetch_related("segments")}
    return {
        kind: arithmetic.explain(segments(rows[kind]), rules.calendars, now)
        for kind in KINDS
        if kind in rows
    }


def digest(item: RiskItem) -> str:
    """A hash over all segments of an item's clocks, kept in its journal records."""
    rows = item.clocks.all() if hasattr(item, "_prefetched_objects_cache") else None
    found = rows if rows is not None else item.clocks.prefetch_related("segments")
    told = sorted(
        [
            row.kind,
            s.n,
            _utc(s.start),
            _utc(s.stop),
            s.calendar,
            s.limit,
            s.left,
            _utc(s.until),
            s.reason,
        ]
        for row in found
        for s in row.segments.all()
    )
    if not told:
        return ""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _utc(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if value else ""


def of_command(clocks: Clocks, name: str, before: str) -> None:
    """What a command does to the clocks. The item carries its new state and severity already."""
    change = _CHANGES.get(name)
    if change is not None:
        change(clocks, State(before))
    if name in ("revoke", "expire"):
        _released(clocks, State(before))


def opened(clocks: Clocks) -> None:
    """A new item: it has to be judged, and its fix counts from discovery until it is sent out."""
    clocks.start("judge", _("列入台账"))
    clocks.start("fix", _("自发现起"))


def _dispatch(clocks: Clocks, _before: State) -> None:
    clocks.start("sign", _("下发"))
    if clocks.item.dispatched == clocks.now and not _sent_before(clocks):
        clocks.start("fix", _("自首次下发起"))


def _sent_before(clocks: Clocks) -> bool:
    return "sign" in clocks.was


def _claimed(clocks: Clocks, before: State) -> None:
    if (
        before is State.MITIGATED
    ):  # the time under the control does not count, whatever the retest says
        clocks.resume("fix", _("缓释中整改"))
    clocks.stop("fix", "sign")
    clocks.start("retest", _("反馈已整改"))


def _failed(clocks: Clocks, _before: State) -> None:
    clocks.stop("retest")
    # a claim that proves false has gained no time
    clocks.resume("fix", _("复测未通过，反馈期间照计"), gap_counts=True)


def _reopened(clocks: Clocks, _before: State) -> None:
    clocks.start("judge", _("重开"))
    clocks.resume("fix", _("重开，已结期间不计"))


def _released(clocks: Clocks, before: State) -> None:
    if before is State.WAIVED:
        clocks.start("sign", _("接受已失效"))
        clocks.start("fix", _("接受已失效，重新起算"))
    elif before is State.MITIGATED:
        clocks.start("fix", _("缓释已失效，重新起算"))
    else:
        _reopened(clocks, before)


def _reviewed(clocks: Clocks, _before: State) -> None:
    clocks.start("judge", _("重保期重新审查"))
    clocks.start("fix", _("重保期重新审查"))


def _unmerged(clocks: Clocks, _before: State) -> None:
    running: Mapping[str, tuple[Kind, ...]] = {
        State.NEW: ("judge", "fix"),
        State.CONFIRMED: ("fix",),
        State.DISPATCHED: ("sign", "fix"),
        State.FIXING: ("fix",),
        State.FIX_CLAIMED: ("retest",),
    }
    for kind in running.get(clocks.item.state, ()):
        clocks.resume(kind, _("撤销并入，并入期间不计"))


def _all_stop(clocks: Clocks, _before: State) -> None:
    clocks.stop()


_CHANGES: Mapping[str, Callable[[Clocks, State], None]] = {
    "confirm": lambda clocks, before: clocks.stop("judge"),
    "dispatch": _dispatch,
    "return": lambda clocks, before: clocks.stop("sign"),
    "sign": lambda clocks, before: clocks.stop("sign"),
    "claim-fixed": _claimed,
    "retest-failed": _failed,
    "fail-by-hand": _failed,
    "retest-passed": _all_stop,
    "pass-by-hand": _all_stop,
    "false-positive": _all_stop,
    "not-applicable": _all_stop,
    "merge": _all_stop,
    "waive": _all_stop,
    "mitigate": _all_stop,
    "unmerge": _unmerged,
    "reopen": _reopened,
    "review": _reviewed,
    "resume": lambda clocks, before: clocks.unpause(_("恢复计时")),
    "raise": lambda clocks, before: clocks.tighten(_("调高等级")),
    "lower": lambda clocks, before: clocks.relax(_("调低等级")),
}
