"""Retests by the serving process: every claimed fix is looked at again without anybody asking.

One look at a time. The wait between two passes is a row (models_retest.py), not a sleep: a process that is
killed loses no pass, and the next one goes on where it stood. What may not be touched now (quiet hours, no
live scope) or could not be tested keeps waiting, with the reason and the next time. `tlsec register close`
does the same at once, by hand; an item that it has taken is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from django.db import transaction
from django.db.models import QuerySet
from pydantic import Field

from tlsec import content, workspace
from tlsec.i18n import _
from tlsec.probe.gateway import Gateway, GatewayError
from tlsec.register import items, merging
from tlsec.register.models import Alert, Journal, RiskItem
from tlsec.register.refused import Refused
from tlsec.register.sla import Strict, ladder, parsed
from tlsec.register.transitions import State
from tlsec.scan import retest
from tlsec.scan.models_retest import Retest
from tlsec.scan.runs import Ground

Look: TypeAlias = Callable[[Ground, RiskItem, Sequence[Alert], str], tuple[str, str, int]]
Clock: TypeAlias = Callable[[], datetime]


class Limits(Strict):
    """policies/ladders/retest.yaml."""

    source: str
    date: str
    untested_wait_minutes: list[int] = Field(min_length=1)
    quiet_step_minutes: int = Field(ge=1)
    quiet_look_hours: int = Field(ge=1)
    look_minutes: int = Field(ge=1)
    at_once: int = Field(ge=1)
    abandoned_minutes: int = Field(ge=1)

    def wait(self, tries: int) -> timedelta:
        """How long after so many looks in a row that tested nothing."""
        steps = self.untested_wait_minutes
        return timedelta(minutes=steps[min(max(tries, 1), len(steps)) - 1])


def limits() -> Limits:
    """The limits of the workspace that is open. Raises Faulty with file:line."""
    return parsed(Limits, ladder(content.policies(workspace.find()), "retest"))


def work(now: datetime) -> None:
    """Take up new claims, look at what is due: the hook of the serving process."""
    bounds = limits()
    release(now, bounds)
    enqueue(now)
    if due(now).exists():
        ground = Ground.of(workspace.read(workspace.find()), now)
        Queue(ground, bounds, lambda: max(now, datetime.now(UTC))).work(now)


def due(now: datetime) -> QuerySet[Retest]:
    """What is to be looked at, the longest due first."""
    return Retest.objects.filter(next_at__lte=now).order_by("next_at", "pk")


def waiting() -> QuerySet[Retest]:
    """Everything in the queue, in the order of its turn."""
    return Retest.objects.filter(next_at__isnull=False).order_by("next_at", "pk")


def enqueue(now: datetime) -> int:
    """A row for every claimed fix that a check can retest and that has none; how many came in.

    What is only practised is not probed.
    """
    queued = Retest.objects.filter(next_at__isnull=False).values("item")
    claimed = RiskItem.objects.filter(state=State.FIX_CLAIMED, probed=True, drill=False)
    rows = [
        Retest(item=no, claimed=at, queued=now, next_at=now)
        for no, at in claimed.exclude(no__in=queued).values_list("no", "fix_claimed")
    ]
    Retest.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def release(now: datetime, bounds: Limits) -> int:
    """Items whose retest by hand was broken off long ago wait for a retest again; how many."""
    since = now - timedelta(minutes=bounds.abandoned_minutes)
    queued = Retest.objects.filter(next_at__isnull=False).values("item")
    stuck = RiskItem.objects.filter(state=State.VERIFYING).exclude(no__in=queued)
    count = 0
    for item in stuck:
        begun = Journal.objects.filter(object=item.no, command="item.retest").order_by("-seq")
        last = begun.first()
        if last is not None and last.at <= since:
            items.command(
                item.no, "retest-untested", items.MACHINE, now, _("复测中断"),
                version=item.version, machine=True,
            )  # fmt: skip
            count += 1
    return count


@dataclass
class Queue:
    """Works the queue. `clock`: the time after a look, which takes a while."""

    ground: Ground
    bounds: Limits
    clock: Clock
    look: Look = retest.once

    def work(self, now: datetime) -> int:
        """One look at each row that is due, at most `at_once` of them; how many."""
        count = 0
        for pk in list(due(now).values_list("pk", flat=True)[: self.bounds.at_once]):
            if row := self._take(pk, now):
                self._step(row)
                count += 1
        return count

    def _take(self, pk: int, now: datetime) -> Retest | None:
        """Move its next time ahead, so that nobody else looks and a killed look is done again."""
        until = self.clock() + timedelta(minutes=self.bounds.look_minutes)
        if not Retest.objects.filter(pk=pk, next_at__lte=now).update(next_at=until):
            return None
        return Retest.objects.get(pk=pk)

    def _step(self, row: Retest) -> None:
        item = RiskItem.objects.filter(no=row.item).first()
        if item is None or not self._ours(row, item):
            self._end(row, Retest.State.LEFT, _("事项已另行处理"))
            return
        heads = list(merging.heads(item))
        if not heads:
            self._later(row, _("没有可复测的告警"))
            return
        if held := self._held(heads, self.clock()):
            row.why, row.next_at = held
            row.save()
            return
        try:
            self._begin(row, item)
            state, why, run = self.look(self.ground, item, heads, items.MACHINE)
            with transaction.atomic():
                self._seen(row, item, heads, state, why, run)
        except Refused as error:  # somebody else's command came between
            row.refresh_from_db()
            self._end(row, Retest.State.LEFT, str(error))

    def _ours(self, row: Retest, item: RiskItem) -> bool:
        """The item waits for its retest, or is in the retest that this row began."""
        if item.state == State.VERIFYING:
            return row.version == item.version
        return item.state == State.FIX_CLAIMED

    def _begin(self, row: Retest, item: RiskItem) -> None:
        if item.state == State.VERIFYING:
            return
        with transaction.atomic():
            begun = items.command(
                item.no, "retest", items.MACHINE, self.clock(), version=item.version, machine=True
            )
            row.version, row.claimed, row.passes, row.rounds = (
                begun.version,
                item.fix_claimed,
                0,
                [],
            )
            row.save()

    def _seen(
        self, row: Retest, item: RiskItem, heads: Sequence[Alert], state: str, why: str, run: int
    ) -> None:
        """Put a look's outcome into the row and the item, both or neither."""
        now = self.clock()
        row.last_at = now
        needed = self.ground.sla.retest.passes
        if state != "pass":
            name = "retest-failed" if state == "fail" else "retest-untested"
            items.command(item.no, name, items.MACHINE, now, why, version=row.version, machine=True)
            if state == "fail":
                self._end(row, Retest.State.FAILED, why)
            else:
                row.version, row.passes, row.rounds = None, 0, []
                self._later(row, why)
            return
        row.passes, row.rounds, row.tries = row.passes + 1, [*row.rounds, run], 0
        if row.passes >= needed:
            done = retest.passed(item, heads, row.rounds, needed, now, row.version)
            self._end(row, Retest.State.PASSED, done)
            return
        self._current(item, row)
        spacing = timedelta(seconds=self.ground.sla.retest.spacing_seconds)
        row.state, row.next_at = Retest.State.BETWEEN, now + spacing
        row.why = _("已通过 {n} 次，共需 {all} 次").format(n=row.passes, all=needed)
        row.save()

    @staticmethod
    def _current(item: RiskItem, row: Retest) -> None:
        """Nobody's command came while we looked. Raises Refused."""
        now = RiskItem.objects.select_for_update().get(no=item.no)
        if now.version != row.version:
            raise Refused(_("事项已另行处理"))

    def _later(self, row: Retest, why: str) -> None:
        row.tries += 1
        row.state, row.why = Retest.State.WAITING, why[:300]
        row.next_at = self.clock() + self.bounds.wait(row.tries)
        row.save()

    @staticmethod
    def _end(row: Retest, state: Retest.State, why: str) -> None:
        row.state, row.why, row.next_at = state, why[:300], None
        row.save()

    def _held(self, heads: Sequence[Alert], now: datetime) -> tuple[str, datetime] | None:
        """Why nothing may be sent to the places of an item now, and when to ask again."""
        why = self._forbidden(heads, now)
        if not why:
            return None
        step = timedelta(minutes=self.bounds.quiet_step_minutes)
        for n in range(1, self.bounds.quiet_look_hours * 60 // self.bounds.quiet_step_minutes):
            if not self._forbidden(heads, now + n * step):
                return why[:300], now + n * step
        return why[:300], now + self.bounds.wait(len(self.bounds.untested_wait_minutes))

    def _forbidden(self, heads: Sequence[Alert], now: datetime) -> str:
        """What the scopes say against it at a time; "" for nothing."""
        asked = Gateway(
            scopes=self.ground.lookup.scopes(),
            now=lambda: now,
            translate=lambda address, port: (address, port),
        )
        for head in heads:
            if head.check_id not in self.ground.policy.checks:
                continue  # the look itself says so
            target = retest.job(self.ground, head).target
            if not target.get("address"):
                continue
            try:
                asked.permit(target["address"], target.get("port", 0))
            except GatewayError as error:
                place = str(target["address"])
                return _("{place}：{why}").format(place=place, why=error.failed.detail)
        return ""
