"""The queries behind the daily and the summary report, over a stretch of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tlsec.period.models import Period
from tlsec.period.numbers import Query, query
from tlsec.period.profile import Profile

SEVERITIES = ("critical", "high", "medium", "low")
ATTACKS = ("ids", "waf", "edr")  # kinds of identities that tell of attacks


def assets(period: Period) -> Query:
    """Assets of protected systems with a place that can be looked at: what has to be tested."""
    where = {
        "asset__system__in": period.systems,
        "asset__system__status__in": ["in_use", "changing"],
    }
    return query("inventory.Endpoint", where, of="asset_id")


def tested(period: Period, start: datetime, until: datetime) -> Query:
    """Those of them that a probe could look at in that time. 未测≠正常."""
    where = {
        "subject__in": assets(period), "reason": "", "ended__gte": start, "ended__lt": until,
    }  # fmt: skip
    return query("scan.Observation", where, of="subject")


def found(start: datetime, until: datetime, **more: object) -> Query:
    return query(
        "register.RiskItem",
        {"drill": False, "opened__gte": start, "opened__lt": until, **more},
        of="no",
    )


def closed(start: datetime, until: datetime, **more: object) -> Query:
    """Closed as mended; what was judged false or not applicable is no success."""
    where = {"drill": False, "closed__gte": start, "closed__lt": until, "closure_reason": "fixed"}
    return query("register.RiskItem", {**where, **more}, of="no")


def open_at(moment: datetime, **more: object) -> Query:
    """Not closed at a moment, whatever happened later."""
    base = {"drill": False, "opened__lt": moment, "merged_into": "", **more}
    return query(
        "register.RiskItem", {**base, "closed": None}, {**base, "closed__gte": moment}, of="no"
    )


def overdue_at(moment: datetime) -> Query:
    return open_at(moment, due__lt=moment)


def blocks_at(moment: datetime) -> Query:
    base = {"start__lte": moment}
    return query("period.Block", {**base, "lifted": None}, {**base, "lifted__gt": moment})


def attacks(start: datetime, until: datetime) -> Query:
    """Events of attack, by the true counts of whole hours."""
    identities = query("register.Identity", {"kind__in": list(ATTACKS)}, of="fingerprint")
    where = {"fingerprint__in": identities, "hour__gte": start, "hour__lt": until}
    return query("register.HourCount", where, of="id", sum_="count")


def drift(period: Period, profile: Profile, start: datetime, until: datetime) -> Query:
    """New alerts of changes on protected assets while a freeze was on."""
    where = {
        "drill": False, "first_seen__gte": start, "first_seen__lt": until,
        "check_id__in": profile.freeze.checks, "subject__in": assets(period),
    }  # fmt: skip
    return query("register.Alert", where)


def issued(start: datetime, until: datetime) -> Query:
    """Warnings that went out."""
    return query("incident.Warning", {"drill": False, "issued__gte": start, "issued__lt": until})


def cases(start: datetime, until: datetime) -> Query:
    """Incidents, but for those judged to be none."""
    states = ["judging", "handling", "handled", "closed"]
    where = {"drill": False, "opened__gte": start, "opened__lt": until, "state__in": states}
    return query("incident.Case", where)


def all_of(
    period: Period, profile: Profile, start: datetime, until: datetime, since: datetime
) -> Iterator[tuple[str, Query]]:
    """Every number of a report by its key; `since`: from when the cumulated ones count."""
    systems = {"id__in": period.systems}
    yield "systems", query("inventory.System", systems)
    yield "places", assets(period)
    yield "tested", tested(period, start, until)
    yield "found", found(start, until)
    for severity in SEVERITIES:
        yield f"found.{severity}", found(start, until, severity=severity)
    yield "closed", closed(start, until)
    yield "open", open_at(until)
    for severity in SEVERITIES:
        yield f"open.{severity}", open_at(until, severity=severity)
    yield "overdue", overdue_at(until)
    yield "total.found", found(since, until)
    yield "total.closed", closed(since, until, opened__gte=since)
    yield "attacks", attacks(start, until)
    yield "blocks.new", query("period.Block", {"start__gte": start, "start__lt": until})
    yield "blocks.lifted", query("period.Block", {"lifted__gte": start, "lifted__lt": until})
    yield "blocks", blocks_at(until)
    yield "drift", drift(period, profile, start, until)
    yield (
        "exceptions",
        query(
            "period.FreezeException",
            {
                "freeze__period": period.id,
                "state": "approved",
                "start__lt": until,
                "until__gt": start,
            },
        ),
    )
    yield "warnings", issued(start, until)
    yield "receipts", query("incident.WarningReceipt", {"warning__in": issued(since, until)})
    yield (
        "receipts.signed",
        query(
            "incident.WarningReceipt", {"warning__in": issued(since, until), "signed__lt": until}
        ),
    )
    yield "cases", cases(start, until)
    yield "total.cases", cases(since, until)
    yield "handovers", query("period.Handover", {"taken__gte": start, "taken__lt": until})
    yield "shifts", query("period.Shift", {"start__lt": until, "until__gt": start})
