"""日报: the day's numbers and lists, frozen with a digest; a new edition is a row of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from tlsec.i18n import _
from tlsec.inventory.fields import LOCAL
from tlsec.period import counting, listing, numbers, periods
from tlsec.period.models import Period
from tlsec.period.models_daily import DailyReport
from tlsec.period.profile import Profile, clock
from tlsec.register import journal
from tlsec.register.refused import Refused

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a report counts: [start, until); `since`: from when cumulated numbers count."""

    start: datetime
    until: datetime
    since: datetime


def window(profile: Profile, day: date, now: datetime) -> tuple[datetime, datetime]:
    """From yesterday's report time to today's; until now where that has not come yet."""
    until = datetime.combine(day, clock(profile.daily.time), LOCAL)
    return until - _DAY, min(until, now)


def make(day: date, now: datetime, actor: str, focus: str = "", reason: str = "") -> DailyReport:
    """The day's report: the newest edition as it was frozen, or a first one; with a reason a new edition.

    Raises Refused for a day outside the period or one that has not begun.
    """
    with transaction.atomic():
        period = periods.found()
        profile = periods.profile_of(period)
        last = newest(period, day)
        if last is not None and not reason.strip():
            return last
        start, until = window(profile, day, now)
        first = period.opened.astimezone(LOCAL).date()
        if not first <= day or until <= start:
            raise Refused(_("{day} 不在重保期内，或还没有到").format(day=day))
        if period.closed is not None and start >= period.closed:
            raise Refused(_("{day} 时重保期已经关闭").format(day=day))
        stretch = Stretch(start, until, periods.begun(period))
        made, facts = drawn(period, profile, stretch, day, now, focus)
        row = DailyReport.objects.create(
            period=period, number=last.number if last else _next(period), day=day,
            edition=last.edition + 1 if last else 1, start=start, until=until,
            made=now, made_by=actor, reason=reason[:300], numbers=made, facts=facts,
            digest=numbers.digest(made, facts), head=journal.head(),
        )  # fmt: skip
        after = {
            "period": period.id, "number": row.number, "day": day, "edition": row.edition,
            "digest": row.digest, "values": {key: each["value"] for key, each in made.items()},
        }  # fmt: skip
        journal.append(now, actor, "daily.make", f"daily:{period.id}:{day}", after, reason)
    return row


def _next(period: Period) -> int:
    last = DailyReport.objects.filter(period=period).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def newest(period: Period, day: date) -> DailyReport | None:
    """The newest edition of a day."""
    rows = DailyReport.objects.filter(period=period, day=day)
    return rows.order_by("-edition").first()


def drawn(
    period: Period, profile: Profile, stretch: Stretch, day: date, now: datetime, focus: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Numbers and lists of a stretch of time, asked of the database now."""
    queries = counting.all_of(period, profile, stretch.start, stretch.until, stretch.since)
    made = {key: numbers.ask(asked).data() for key, asked in queries}
    facts = listing.facts(period, profile, stretch.start, stretch.until, day, now)
    facts["focus_said"] = focus[:1000]
    return made, facts


def changed(row: DailyReport) -> list[tuple[str, int, int]]:
    """Numbers that the database says otherwise now: key, as frozen, as asked again."""
    found = []
    for key, stored in row.numbers.items():
        value, same = numbers.again(stored)
        if not same or value != stored["value"]:
            found.append((key, stored["value"], value))
    return found


def intact(row: DailyReport) -> bool:
    """Whether the frozen numbers and lists are those that were made."""
    return numbers.digest(row.numbers, row.facts) == row.digest


def value(row: DailyReport, key: str) -> int:
    """One number of a report."""
    return int(row.numbers[key]["value"])


def calm_days(period: Period, day: date) -> int:
    """Days in a row up to this one on which nothing had happened, by the frozen reports."""
    n = 0
    reports = {row.day: row for row in DailyReport.objects.filter(period=period, day__lte=day)}
    while (row := reports.get(day)) is not None and not row.facts.get("cases"):
        n, day = n + 1, day - _DAY
    return n


def sentence(row: DailyReport) -> str:
    """The situation in one sentence: what is bad first, and what is not known said."""
    facts = row.facts
    zero = facts["zero"]
    bad = []
    if facts["cases"]:
        bad.append(_("发生事件 {n} 起").format(n=len(facts["cases"])))
    down = [each for each in facts["running"] if each["down_minutes"] > 0]
    if down:
        bad.append(_("{n} 个系统有过中断").format(n=len(down)))
    if n := value(row, "overdue"):
        bad.append(_("{n} 项整改逾期").format(n=n))
    if zero.get("missing"):
        bad.append(_("{n} 个单位零报告未报").format(n=zero["missing"]))
    untested = value(row, "places") - value(row, "tested")
    parts = [_("；").join(bad) if bad else _("总体平稳，未发生网络安全事件")]
    if untested > 0:
        parts.append(_("另有 {n} 个对象未测到，情况不明").format(n=untested))
    return _("；").join(parts) + _("。")


def severities(row: DailyReport, prefix: str) -> Counter[str]:
    """Counts by severity of the numbers under a prefix: found or open."""
    return Counter({s: value(row, f"{prefix}.{s}") for s in counting.SEVERITIES})


def titles() -> dict[str, str]:
    """The numbers that are shown, by key."""
    return {
        "systems": _("保障系统"),
        "places": _("应测对象"),
        "tested": _("测到的对象"),
        "found": _("新增隐患"),
        "closed": _("已整改销号"),
        "open": _("未结隐患"),
        "overdue": _("逾期未改"),
        "total.found": _("累计隐患"),
        "total.closed": _("累计销号"),
        "attacks": _("攻击告警"),
        "blocks.new": _("新增封禁"),
        "blocks": _("在封地址"),
        "drift": _("冻结期变化"),
        "exceptions": _("批准的变更"),
        "warnings": _("发布预警"),
        "receipts": _("应签收预警"),
        "receipts.signed": _("已签收预警"),
        "cases": _("安全事件"),
        "handovers": _("交接班"),
    }
