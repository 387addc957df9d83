"""Alerts by fingerprint and episode, and the items they open. Machine side of the register."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tlsec.facts import Locator
from tlsec.register import items, memory, merging, raising
from tlsec.register.models import Alert
from tlsec.register.rules import below
from tlsec.register.sla import Sla
from tlsec.register.transitions import COMMANDS, FINAL, State

MACHINE = items.MACHINE
_AT_ONCE = 500  # values in one query


def fingerprint(check: str, subject: str, locator: Locator) -> str:
    """Identity of a trouble: check, asset and place; never severity, text, version or facts."""
    place = sorted((key, _normal(value)) for key, value in locator.items())
    text = json.dumps([check, _normal(subject), place], ensure_ascii=False, separators=(",", ":"))
    return "f1:" + hashlib.sha256(text.encode()).hexdigest()


def _normal(value: str | int) -> str | int:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Firing:
    """A failed verdict that no waiver covers."""

    check: str
    subject: str
    locator: Locator
    severity: str
    message: str
    message_en: str
    clauses: list[str]


def fire(
    firing: Firing,
    run: int,
    now: datetime,
    sla: Sla,
    recurrence_days: int,
    describe: Callable[[Firing], Mapping[str, Any]],
) -> bool:
    """Count the firing on the open head, or open an alert and its item. True when it is new.

    `describe` gives the item's columns from the inventory; it is asked only for new items.
    """
    key = fingerprint(firing.check, firing.subject, firing.locator)
    head = Alert.objects.filter(fingerprint=key, open=True).first()
    if head is not None:
        if head.run != run:  # a job delivered twice within a run counts once
            head.count += 1
            head.run = run
        head.last_seen = now
        head.condition = Alert.Condition.FIRING
        head.message, head.message_en = firing.message[:1000], firing.message_en[:1000]
        head.clauses = firing.clauses
        if below(head.severity, firing.severity):
            _worse(head, firing.severity, now)
        head.save()
        return False
    before = Alert.objects.filter(fingerprint=key).order_by("-episode").first()
    severity = raising.raised(firing.check, firing.subject, firing.severity, now)
    firing = replace(firing, severity=severity)
    alert = Alert.objects.create(
        fingerprint=key,
        episode=before.episode + 1 if before else 1,
        check_id=firing.check,
        subject=firing.subject,
        locator=dict(firing.locator),
        severity=firing.severity,
        condition=Alert.Condition.FIRING,
        message=firing.message[:1000],
        message_en=firing.message_en[:1000],
        clauses=firing.clauses,
        first_seen=now,
        last_seen=now,
        run=run,
    )
    item_for(alert, before, sla, now, recurrence_days, lambda: describe(firing))
    return True


def _worse(head: Alert, severity: str, now: datetime) -> None:
    """The machine now says worse: people are told again, and the item is raised with it."""
    head.severity, head.told_at, head.told_severity = severity, None, ""
    for item in head.items.all():
        if item.state in COMMANDS["raise"].source and below(item.severity, severity):
            params = {"severity": severity}
            items.command(item.no, "raise", MACHINE, now, head.message, machine=True, params=params)


def item_for(
    alert: Alert,
    before: Alert | None,
    sla: Sla,
    now: datetime,
    recurrence_days: int,
    values: Callable[[], Mapping[str, Any]],
) -> None:
    """The closed item again when it recurs soon, else a new one that names the old."""
    last = before.items.order_by("-id").first() if before else None
    last = merging.survivor(last) if last else None
    soon = timedelta(days=recurrence_days)
    # open still, or judged a false positive that is remembered: counted and shown, no new row
    if last and (last.state not in FINAL or memory.live([alert.fingerprint], now)):
        last.alerts.add(alert)
        return
    ended = last and last.state in (State.CLOSED, State.FALSE_POSITIVE, State.NOT_APPLICABLE)
    if last and ended and last.closed and now - last.closed <= soon:
        last.alerts.add(alert)
        items.command(last.no, "reopen", MACHINE, now, reason=alert.message, machine=True)
        return
    recurrence = {"recurrence_of": last.no} if last else {}
    items.open_item(alert, {**values(), **recurrence}, sla, now, MACHINE)


def seen(fingerprints: Sequence[str], condition: str) -> None:
    """A pass or an unknown at the places of alerts, open or not: noted, and nothing is closed by it."""
    for at in range(0, len(fingerprints), _AT_ONCE):
        heads = Alert.objects.filter(fingerprint__in=fingerprints[at : at + _AT_ONCE], open=True)
        heads.exclude(condition=condition).update(condition=condition)
