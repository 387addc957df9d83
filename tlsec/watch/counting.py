"""Counts of the watch: visits a day, failed ones, how punctual the loop was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Min, Sum

from tlsec.facts import locator_key
from tlsec.i18n import listed
from tlsec.policy.watch_facts import Share, ShareFacts, UplinkFacts
from tlsec.register.inhibition import UPLINK
from tlsec.watch.clocks import Fire
from tlsec.watch.ladder import Ladder, OpenShare
from tlsec.watch.loop import Beats, Look
from tlsec.watch.models import Beat, Tally, Uplink
from tlsec.watch.uplink import Line

LOCAL = ZoneInfo("Asia/Shanghai")
_ASKED = timedelta(seconds=30)  # how stale the time of the last question may be in the table


def visit(look: Look, opened: bool | None, ladder: Ladder) -> None:
    """Count one visit of the day; `opened` None could not tell. Looks of other probes are not counted."""
    if look.spot.probe != "http.visit":
        return
    target = look.spot.target
    key = locator_key(
        {
            "address": target.address,
            "port": target.port,
            "scheme": "https" if target.tls else "http",
            "host": target.host,
            "path": target.path,
            "vantage": target.vantage.id,
        }
    )
    day = look.ended.astimezone(LOCAL).date()
    told = opened is not None
    row, made = Tally.objects.get_or_create(
        monitor=look.spot.monitor.id,
        locator_key=key,
        day=day,
        defaults={"subject": target.asset, "first": look.ended, "last": look.ended},
    )
    del made
    Tally.objects.filter(pk=row.pk).update(
        visits=F("visits") + told,
        failed=F("failed") + (opened is False),
        untold=F("untold") + (not told),
        last=look.ended,
    )


def lines(known: Mapping[str, Line], now: datetime, fire: Fire) -> None:
    """Write down how our own lines stand; one alert for each that goes down, cleared when it is back."""
    for vantage, line in known.items():
        facts = line.facts
        row = Uplink.objects.filter(vantage=vantage).first()
        if row is None or row.up != facts.alive:
            detail = listed(facts.silent)[:300]
            values = {"up": facts.alive, "since": now, "asked": now, "detail": detail}
            Uplink.objects.update_or_create(vantage=vantage, defaults=values)
            if row is not None or not facts.alive:
                fire("watch.uplink", UPLINK, {"vantage": vantage}, UplinkFacts(facts), now)
        elif now - row.asked > _ASKED:
            Uplink.objects.filter(vantage=vantage).update(asked=now)


def shares(measures: OpenShare, now: datetime, fire: Fire) -> None:
    """Judge the last whole days of every place visited: the share of visits that did not open.

    A day without enough visits tells nothing of the whole stretch (未测≠正常).
    """
    today = now.astimezone(LOCAL).date()
    first = today - timedelta(days=measures.days)
    rows = Tally.objects.filter(day__gte=first, day__lt=today)
    sums = rows.values("monitor", "subject", "locator_key").annotate(
        days=Count("id"), fewest=Min("visits"), visits_=Sum("visits"), failed_=Sum("failed")
    )
    for row in sums.order_by("locator_key", "monitor"):
        fewest = row["fewest"] if row["days"] == measures.days else 0
        enough = fewest >= measures.visits_a_day
        permille = round(row["failed_"] * 1000 / row["visits_"]) if enough else None
        share = Share(measures.days, fewest, row["visits_"], row["failed_"], permille)
        locator = json.loads(row["locator_key"]) | {"share": "week"}
        fire("watch.open-share", row["subject"], locator, ShareFacts(share), now)


def tidy(keep_days: int, now: datetime) -> None:
    """Drop counts older than they are kept."""
    before = now - timedelta(days=keep_days)
    Tally.objects.filter(day__lt=before.astimezone(LOCAL).date()).delete()
    Beat.objects.filter(minute__lt=before).delete()


def beat(beats: Beats, now: datetime) -> None:
    """Add to the minute's row."""
    if not (beats.looks or beats.skipped):
        return
    minute = now.replace(second=0, microsecond=0)
    row, _made = Beat.objects.get_or_create(minute=minute)
    row.looks += beats.looks
    row.skipped += beats.skipped
    row.late += beats.late
    row.drift_sum_ms += round(beats.drift_sum * 1000)
    row.drift_max_ms = max(row.drift_max_ms, round(beats.drift_max * 1000))
    row.line_down += beats.line_down
    row.save()
