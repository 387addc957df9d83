"""The papers on capability and on the boundary of secret-graded systems, filled from their readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from tlsec.assess import capability, secrecy
from tlsec.i18n import N_, _, language
from tlsec.policy.capability import AbilityResult, Measured, Scheme
from tlsec.policy.secret_dates import Intervals
from tlsec.report.papers import capability as capability_paper
from tlsec.report.papers import secrecy as secrecy_paper
from tlsec.workspace import Workspace

_KINDS = {"city": N_("全市"), "county": N_("县区"), "unit": N_("单位")}


def capability_report(
    readings: Iterable[capability.Reading], scheme: Scheme, workspace: Workspace, now: datetime
) -> capability_paper.CapabilityReport:
    """Readings, kept or not, as a paper; each is compared with the one kept before."""
    used = f"{scheme.id}@{scheme.version}"
    return capability_paper.CapabilityReport(
        city=workspace.config.city, bureau=workspace.config.bureau, made=now,
        holders=tuple(_holder(each, scheme, used) for each in readings), scheme=used,
        source=scheme.source, window_days=scheme.window_days,
        example=workspace.config.practice_range,
    )  # fmt: skip


def _holder(reading: capability.Reading, scheme: Scheme, used: str) -> capability_paper.Holder:
    """Numbers as they are kept, so that this reading and the one before are cut alike."""
    now, before = capability.numbers_of(reading.capability), reading.before
    old: Mapping[str, Any] = before.numbers if before else {}
    known = old.get("abilities", {})
    return capability_paper.Holder(
        name=reading.holder.name, kind=_(_KINDS[reading.holder.level]), points=_points(now),
        measured=now["measured"],
        abilities=tuple(
            _ability(each, scheme, now["abilities"][each.ability.id], known.get(each.ability.id))
            for each in reading.capability.abilities
        ),
        before=_points(old) if before else None, before_at=before.at if before else None,
        comparable=old.get("scheme", used) == used,
    )  # fmt: skip


def _points(numbers: Mapping[str, Any]) -> capability_paper.Points:
    return capability_paper.Points(numbers["low"], numbers["high"])


def _ability(
    result: AbilityResult, scheme: Scheme, now: Mapping[str, Any], old: Mapping[str, Any] | None
) -> capability_paper.Ability:
    return capability_paper.Ability(
        title=str(getattr(result.ability, language())), weight=result.ability.weight,
        points=_points(now), measures=tuple(_measure(each, scheme) for each in result.measured),
        before=_points(old) if old else None,
    )  # fmt: skip


def _measure(measured: Measured, scheme: Scheme) -> capability_paper.Measure:
    low, high = measured.low, measured.high
    points = capability_paper.Points(
        None if low is None else 100 * low, None if high is None else 100 * high
    )
    count = measured.count
    return capability_paper.Measure(
        str(getattr(measured.measure, language())), points, count.done, count.open, count.total,
        scheme.formula(measured.measure, language()),
    )  # fmt: skip


def secrecy_record(
    intervals: Intervals, workspace: Workspace, now: datetime, days: int
) -> secrecy_paper.SecrecyRecord:
    """The proof of the last `days` with the dates due."""
    proof = secrecy.proof(now, days)
    today: date = now.astimezone(secrecy.LOCAL).date()
    return secrecy_paper.SecrecyRecord(
        bureau=workspace.config.bureau, made=now, days=days, systems=proof.systems,
        blocks=proof.blocks,
        looked=tuple(
            secrecy_paper.Looked(_(secrecy.SOURCES[each.source]), each.looked, each.hits)
            for each in proof.sources
        ),
        vantages=proof.vantages, first=proof.first, last=proof.last, refused=proof.refused,
        statement=secrecy.statement(proof, days),
        dues=tuple(
            secrecy_paper.DueDate(
                due.alias, _(secrecy.KINDS[due.kind]), due.last, due.on, secrecy.reminder_text(due)
            )
            for due in secrecy.all_dues(intervals, today)
        ),
        source=intervals.source, example=workspace.config.practice_range,
    )  # fmt: skip
