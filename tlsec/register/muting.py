"""Told or not told: worked out from what is in force at a moment, never stored on the alert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tlsec.i18n import N_, _
from tlsec.register import inhibition, memory, silences
from tlsec.register.models import Alert
from tlsec.register.models_muting import Silence

By = Literal["silence", "inhibition", "verdict", "drill"]
NAMES = {
    "silence": N_("静默"),
    "inhibition": N_("由上级故障解释"),
    "verdict": N_("已判为误报或不适用"),
    "drill": N_("演练"),
}


@dataclass(frozen=True, slots=True)
class Mute:
    """One reason why nobody is told. `ref`: the silence, cause or item that it comes from."""

    by: By
    ref: str
    why: str
    until: datetime | None = None

    def __str__(self) -> str:
        name = _(NAMES[self.by])
        return _("{name}：{value}").format(name=name, value=self.why) if self.why else name


@dataclass(frozen=True, slots=True)
class Muting:
    """The mutes of alerts by their keys, and the silences that a new alert has ended by coming."""

    mutes: dict[int, list[Mute]]
    broken: list[Silence]


def of(alerts: Sequence[Alert], now: datetime) -> dict[int, list[Mute]]:
    """Every reason for each alert (by key) that has one. Prefetch `items` for many."""
    return look(alerts, now).mutes


def look(alerts: Sequence[Alert], now: datetime) -> Muting:
    """As `of`, with the silences that do not hold because an alert has come that they were not made for."""
    found: dict[int, list[Mute]] = {}
    remembered = memory.live({a.fingerprint for a in alerts}, now)
    causes = inhibition.causes(alerts)
    live, broken = silences.live(now), []
    about = {a.pk: silences.values(a) for a in alerts} if live else {}
    for row in live:
        matching = [a for a in alerts if silences.matches(row.match, about[a.pk])]
        if not row.covers_new and any(a.fingerprint not in row.members for a in matching):
            broken.append(row)
            continue
        for a in matching:
            mute = Mute("silence", f"S{row.pk}", row.reason, row.until)
            found.setdefault(a.pk, []).append(mute)
    for a in alerts:
        if (judged := remembered.get(a.fingerprint)) is not None:
            mute = Mute("verdict", judged.item, judged.reason, judged.until)
            found.setdefault(a.pk, []).append(mute)
        if (cause := causes.get(a.pk)) is not None:
            mute = Mute("inhibition", cause.fingerprint, cause.message)
            found.setdefault(a.pk, []).append(mute)
        if a.drill:
            found.setdefault(a.pk, []).append(Mute("drill", "", ""))
    return Muting(found, broken)
