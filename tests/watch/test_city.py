"""The watch over the practice city: what is broken is found once it is confirmed, and nothing else is."""

from __future__ import annotations

import json
from itertools import pairwise

from tests.watch.conftest import Post

OPEN = """
  - {id: open, title: 能打开, every: 60, vantage: z6, second: internet, probes: [http.visit],
     checks: [web.reachable], systems: [S02, S18, S26], line: portal-city}
"""
PAGES = """
  - {id: pages, title: 网页, every: 60, vantage: z6, second: internet, confirm: 1, probes: [http.page],
     checks: [web.page-change, web.hidden-link, web.words], systems: [S01, S18, S26], learn: 0}
"""


def test_a_site_that_is_down_alarms_after_three_failures_and_a_second_vantage(post: Post) -> None:
    from tlsec.register.models import RiskItem
    from tlsec.watch.models import Spell

    post.monitors(OPEN)
    post.round()
    assert post.alerts() == []
    post.break_("site-down")
    post.round(2)
    assert post.alerts() == []
    standing = post.standing(state="fail")
    assert (standing.count, standing.subject, standing.confirmed_at) == (2, "A-S02", None)
    post.round()
    assert post.alerts() == [("web.reachable", "A-S02")]
    standing.refresh_from_db()
    assert (standing.second, standing.second_from) == ("failed", "internet")
    spell = Spell.objects.get()
    assert (spell.kind, spell.line, spell.since) == (
        "outage",
        "portal-city",
        standing.failing_since,
    )
    assert spell.last_success is not None and spell.last_success < spell.since < spell.confirmed
    post.round()  # still down: the same alert counts, no second one
    assert post.alerts("firing") == [("web.reachable", "A-S02")]
    post.mend("site-down")
    post.round()
    assert post.alerts("clear") == [("web.reachable", "A-S02")]
    spell.refresh_from_db()
    standing.refresh_from_db()
    assert spell.ended == standing.last_success
    assert RiskItem.objects.get().state == "new"  # a success ends no item


def test_one_success_ends_a_suspicion(post: Post) -> None:
    post.monitors(OPEN)
    post.break_("site-down")
    post.round(2)
    post.mend("site-down")
    post.round()
    post.break_("site-down")
    post.round(2)
    assert post.alerts() == []
    assert post.standing(state="fail").count == 2


def test_our_own_line_cut_is_one_alert_and_nothing_is_concluded(post: Post) -> None:
    from tlsec.watch.models import Standing, Tally, Uplink

    post.monitors(OPEN)
    post.round()
    post.break_("line-cut")
    post.round(4)
    assert post.alerts() == [("watch.uplink", "u:uplink")]
    assert not Uplink.objects.get(vantage="z6").up
    assert not Standing.objects.exclude(failing_since=None).exists()
    assert [(t.visits, t.failed, t.untold) for t in Tally.objects.all()] == [(1, 0, 4)] * 3
    post.mend("line-cut")
    post.round()
    assert post.alerts("clear") == [("watch.uplink", "u:uplink")]
    assert Uplink.objects.get(vantage="z6").up


def test_what_fires_is_unknown_while_the_line_is_cut(post: Post) -> None:
    from tlsec.watch.models import Spell

    post.monitors(OPEN)
    post.break_("site-down")
    post.round(3)
    post.break_("line-cut")
    post.round()
    assert post.alerts("unknown") == [("web.reachable", "A-S02")]
    assert Spell.objects.get().ended is None  # nothing proves that it is over
    post.mend("line-cut")
    post.round()
    assert post.alerts("firing") == [("web.reachable", "A-S02")]


def test_a_swapped_page_is_kept_and_may_be_accepted(post: Post) -> None:
    from datetime import UTC, datetime

    from tlsec.register import evidence
    from tlsec.register.models import RiskItem
    from tlsec.scan import baselines
    from tlsec.watch.models import PageCopy, Spell

    post.monitors(PAGES)
    post.round()
    post.break_("page-swapped")
    post.round()
    assert post.alerts() == [("web.page-change", "A-S18")]
    copy = PageCopy.objects.get()
    kept = evidence.store().path(copy.sha256).read_bytes()
    assert "本页已被改写" in kept.decode() and len(kept) == copy.size
    spell = Spell.objects.get()
    assert (spell.kind, spell.page, spell.line) == ("tamper", "home", "")
    no = RiskItem.objects.get().no
    policy = post.content().ground.policy
    assert baselines.accept(policy, no, "甲", datetime.now(UTC), "经批准") == 1
    post.round()
    assert post.alerts("clear") == [("web.page-change", "A-S18")]
    spell.refresh_from_db()
    assert spell.ended is not None


def test_a_script_of_its_own_and_words_are_seen(post: Post) -> None:
    from tlsec.scan.models import Verdict

    post.monitors(PAGES)
    post.round()
    post.break_("own-script")
    post.break_("bad-words")
    post.round()
    assert post.alerts() == [
        ("web.page-change", "A-S18"), ("web.page-change", "A-S26"), ("web.words", "A-S26"),
    ]  # fmt: skip
    clauses = Verdict.objects.filter(subject="A-S18", state="fail").first().clauses
    assert [c["id"] for c in clauses if c["is"] is False] == ["scripts"]


def test_a_change_window_silences_what_it_names_only(post: Post) -> None:
    """The sample's window covers text and structure of S01's page, no script and no other page."""
    from tlsec.watch.models import Standing

    post.mend("redesign")
    post.broken += ["own-script"]
    try:
        post.monitors(PAGES)
        post.round()
        post.break_("redesign")
        post.break_("page-swapped")
        post.round()
        assert post.alerts() == [("web.page-change", "A-S18")]
        covered = Standing.objects.filter(subject="A-S01", check_id="web.page-change", state="fail")
        assert covered.exists() and not covered.exclude(failing_since=None).exists()
    finally:
        from tlsec.range import control

        post.broken.remove("redesign")
        control.switch(post.city, "redesign", True)  # as the city starts


def test_names_screens_and_ports(post: Post) -> None:
    post.monitors("""
  - {id: names, title: 解析, every: 60, vantage: z6, confirm: 1, probes: [dns.records],
     checks: [dns.match], systems: [S29]}
  - {id: screens, title: 大屏, every: 60, vantage: z6, confirm: 1, probes: [led.status],
     checks: [led.heartbeat, led.content], systems: [S21, S22]}
  - {id: ports, title: 端口, every: 60, vantage: z6, confirm: 1, probes: [net.port],
     checks: [net.exposure], systems: [S16], ports: high-risk}
""")
    post.round()
    found = [("dns.match", "A-S29"), ("net.exposure", "A-S16")]
    assert post.alerts() == found
    post.break_("screen-stale")
    post.break_("screen-hijacked")
    post.round()
    assert post.alerts() == sorted([*found, ("led.heartbeat", "A-S22"), ("led.content", "A-S21")])


def test_nobody_is_watched_outside_a_scope(post: Post) -> None:
    from tlsec.inventory.models import Scope

    post.monitors(OPEN)
    Scope.objects.all().update(until="2026-01-01T00:00:00Z")
    post.round(4)
    assert post.alerts() == []


def test_a_locator_is_that_of_a_plan(post: Post) -> None:
    """The same trouble found by a plan and by a monitor is one alert."""
    post.monitors(PAGES)
    post.round(2)  # the first takes the baseline only
    key = post.standing(subject="A-S18", check_id="web.page-change").locator_key
    assert set(json.loads(key)) == {"address", "port", "scheme", "host", "path", "vantage"}


def test_a_key_period_looks_more_often_at_what_it_protects(post: Post) -> None:
    from datetime import UTC, datetime

    from tlsec.register.models_muting import Posture

    post.monitors(OPEN.replace("line: portal-city", "period: {every: 10, confirm: 2}"))
    now = datetime.now(UTC)
    Posture.objects.create(period="两会", profile="period", systems=["S02"], start=now)
    found = {spot.system: (spot.every, spot.confirm) for spot in post.content().spots}
    assert found == {"S02": (10, 2), "S18": (60, 3), "S26": (60, 3)}


def test_a_week_of_failed_visits_is_a_finding_and_too_few_visits_are_none(post: Post) -> None:
    from datetime import UTC, datetime, timedelta

    from tlsec.watch.counting import LOCAL
    from tlsec.watch.models import Tally

    post.monitors(OPEN)
    now = datetime.now(UTC)
    for subject, visits, failed in (("A-S02", 288, 15), ("A-S18", 288, 14), ("A-S26", 10, 9)):
        for day in range(1, 8):
            Tally.objects.create(
                monitor="open", subject=subject, locator_key=f'{{"host":"{subject}"}}',
                day=now.astimezone(LOCAL).date() - timedelta(days=day), visits=visits,
                failed=failed, first=now, last=now,
            )  # fmt: skip
    post.round()
    assert post.alerts() == [("watch.open-share", "A-S02")]


def test_pages_of_one_site_are_looked_at_apart(post: Post) -> None:
    """Spots that stand next to each other are at least a fifth of the cadence apart."""
    post.monitors(PAGES.replace("systems: [S01, S18, S26]", "zones: [Z1]"))
    phases = [spot.phase for spot in post.content().spots]
    assert all(0.2 < abs(b - a) < 0.8 for a, b in pairwise(phases))
    spread = sorted(phases)
    assert max(b - a for a, b in pairwise(spread)) < 3 / len(phases)
