"""Told or not told: computed, never a state; when the last mute ends, what still fires is told once."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.register.test_transitions import fire
from tests.register.working import DAY, HOUR, NOW, an_item, breaks, give, taken_to
from tlsec.register.transitions import State

if TYPE_CHECKING:
    from tlsec.register.models import Alert, RiskItem
    from tlsec.register.models_muting import Silence


def tell(now: datetime) -> None:
    from tlsec.register import telling

    telling.sweep(now)


def told() -> list[str]:
    """Titles of the notices of new alerts."""
    from tlsec.register.models_outbox import Notice

    return list(
        Notice.objects.filter(audience="duty").order_by("pk").values_list("title", flat=True)
    )


def head(item: RiskItem) -> Alert:
    return item.alerts.get(open=True)


def silence(until: datetime = NOW + DAY, now: datetime = NOW, **more: Any) -> Silence:
    from tlsec.register import silences

    match = more.pop("match", {"check": "tls.*"})
    return silences.add(now, "值班员", match, until, "换证中", **more)


def mutes(item: RiskItem, now: datetime) -> list[str]:
    from tlsec.register import muting

    found = muting.of([head(item)], now)
    return [mute.by for mute in found.get(head(item).pk, [])]


def test_what_fires_is_told_once(tables: Path) -> None:
    an_item()
    for n in range(3):
        tell(NOW + n * HOUR)
    assert len(told()) == 1


def test_many_at_once_are_one_notice(tables: Path) -> None:
    from tlsec.register.models import Alert

    for port in range(1, 9):
        an_item(port=port)
    tell(NOW)
    assert len(told()) == 1 and "8 条" in told()[0]
    assert not Alert.objects.filter(told_at=None).exists()


def test_worse_is_told_again_and_raises_the_item(tables: Path) -> None:
    item = an_item("medium")
    tell(NOW)
    fire("critical", {"address": "203.0.113.14", "port": 443}, run=2, now=NOW + HOUR)
    tell(NOW + HOUR)
    item.refresh_from_db()
    assert (len(told()), item.severity, item.machine_severity) == (2, "critical", "medium")


def test_a_mute_ends_and_what_still_fires_is_told_exactly_once(tables: Path) -> None:
    told_before = an_item(port=1)
    tell(NOW)
    an_item(port=2)
    row = silence()
    for n in range(1, 24):
        tell(NOW + n * HOUR)
    assert len([title for title in told() if "静默" not in title]) == 1
    assert mutes(told_before, NOW + HOUR) == ["silence"]
    for n in range(24, 30):
        tell(NOW + n * HOUR)
    new = [title for title in told() if "静默" not in title]
    assert len(new) == 2  # the one born under it; the one told before has not changed
    row.refresh_from_db()
    assert row.ended_why == "expired"
    assert breaks() == []


def test_what_went_away_under_a_mute_is_not_told(tables: Path) -> None:
    from tlsec.register import alerts

    item = an_item()
    silence(NOW + HOUR)
    alerts.seen([head(item).fingerprint], "clear")
    tell(NOW + 2 * HOUR)
    assert told() == []


def test_a_new_member_ends_a_silence_unless_it_was_told_otherwise(tables: Path) -> None:
    an_item(port=1)
    narrow = silence(match={"check": "tls.*"})
    an_item(port=2)
    tell(NOW + HOUR)
    narrow.refresh_from_db()
    assert narrow.ended_why == "new-member"
    assert len(told()) == 2
    wide = silence(match={"check": "dns.*"}, covers_new=True)
    an_item(port=3, check="dns.match")
    tell(NOW + 2 * HOUR)
    wide.refresh_from_db()
    assert wide.ended is None and len(told()) == 2


def test_a_silence_has_an_object_an_end_and_a_reason(tables: Path) -> None:
    from tlsec.register import posture, silences
    from tlsec.register.refused import NeedsSecond, Refused

    an_item()
    day = NOW + DAY
    for match, until, reason in (
        ({}, day, "x"), ({"check": ""}, day, "x"), ({"colour": "red"}, day, "x"),
        ({"check": "tls.*"}, NOW, "x"), ({"check": "tls.*"}, NOW + 30 * DAY, "x"),
        ({"check": "tls.*"}, day, " "),
    ):  # fmt: skip
        with pytest.raises(Refused):
            silences.add(NOW, "值班员", match, until, reason)
    posture.raise_(NOW, "卫承泽", "ZB-1", "period", silence_hours=4)
    with pytest.raises(Refused, match="4 小时"):
        silence(NOW + 5 * HOUR)
    with pytest.raises(NeedsSecond):
        silence(NOW + 4 * HOUR)
    with pytest.raises(Refused, match="另一人"):
        silence(NOW + 4 * HOUR, approver="值班员")
    silence(NOW + 4 * HOUR, approver="带班领导")


def test_its_owner_is_warned_and_an_empty_silence_ends(tables: Path) -> None:
    item = an_item()
    row = silence(NOW + 10 * HOUR)
    for minutes in (0, 539, 540, 550, 599):
        tell(NOW + timedelta(minutes=minutes))
    assert len(told()) == 1 and f"S{row.pk}" in told()[0]
    other = silence(NOW + 20 * HOUR, now=NOW + 9 * HOUR)
    taken_to(State.CLOSED, item, NOW + 9 * HOUR)
    tell(NOW + 9 * HOUR + timedelta(minutes=59))
    other.refresh_from_db()
    assert other.ended_why == "nothing-left"


def test_what_is_not_known_matches_nothing() -> None:
    from tlsec.register.silences import matches

    assert not matches({"unit": "*"}, {"unit": ""})
    assert not matches({"unit": ""}, {"unit": ""})
    assert not matches({"unit": "市医保局"}, {})
    assert matches({"check": "tls.*", "unit": "甲"}, {"check": "tls.cert-days", "unit": "甲"})


def test_a_false_positive_is_counted_shown_and_told_when_its_memory_ends(tables: Path) -> None:
    from tlsec.register import clocks
    from tlsec.register.models import RiskItem

    item = an_item()
    tell(NOW)
    until = NOW + 20 * DAY
    give(item, "false-positive", NOW + HOUR, params={"until": until})
    place = {"address": "203.0.113.14", "port": 443}
    for run in range(2, 6):
        assert fire(run=run, now=NOW + run * DAY, locator=place) is False
    assert head(item).count == 5 and mutes(item, NOW + DAY) == ["verdict"]
    clocks.sweep(until - HOUR)
    tell(until - HOUR)
    assert len(told()) == 1
    for n in range(3):
        clocks.sweep(until + n * HOUR)
        tell(until + n * HOUR)
    item.refresh_from_db()
    assert (item.state, item.reopened) == (State.NEW, 1)
    assert len(told()) == 2 and RiskItem.objects.count() == 1
    assert breaks() == []


def test_a_memory_that_ends_long_after_opens_a_new_row_that_names_the_old(tables: Path) -> None:
    from tlsec.register import clocks
    from tlsec.register.models import RiskItem

    item = an_item()
    give(item, "false-positive", params={"until": NOW + 80 * DAY})
    clocks.sweep(NOW + 80 * DAY)
    tell(NOW + 80 * DAY)
    newest = RiskItem.objects.get(recurrence_of=item.no)
    assert (newest.state, newest.unit, head(newest)) == (State.NEW, item.unit, head(item))
    assert len(told()) == 1 and breaks() == []


def test_a_memory_that_ends_when_nothing_fires_leaves_the_next_failure_new(tables: Path) -> None:
    from tlsec.register import alerts, clocks

    item = an_item()
    give(item, "false-positive", params={"until": NOW + 5 * DAY})
    alerts.seen([head(item).fingerprint], "clear")
    clocks.sweep(NOW + 5 * DAY)
    item.refresh_from_db()
    assert item.state == State.FALSE_POSITIVE and not item.alerts.filter(open=True).exists()
    place = {"address": "203.0.113.14", "port": 443}
    assert fire(run=9, now=NOW + 6 * DAY, locator=place) is True
    item.refresh_from_db()
    assert (item.state, item.reopened) == (State.NEW, 1)


def test_a_judgement_taken_back_is_told_again(tables: Path) -> None:
    item = an_item()
    tell(NOW)
    give(item, "not-applicable")
    give(item, "revoke", NOW + DAY)
    tell(NOW + DAY)
    assert len(told()) == 2 and mutes(item, NOW + DAY) == []


def test_what_hangs_on_a_line_is_shown_under_it_and_told_when_only_it_is_left(tables: Path) -> None:
    from tlsec.register import alerts, inhibition, muting
    from tlsec.register.refused import Refused

    down = [an_item(port=n, check="avail.http", subject=f"A-{n}") for n in range(1, 5)]
    other = an_item(port=9, check="tls.cert-days", subject="A-1")
    gateway = an_item(port=10, check="avail.ping", subject="A-GW")
    line = an_item(port=11, check="uplink.down", subject=inhibition.UPLINK)
    inhibition.add(NOW, "甲", "asset", "A-1", "A-GW", ["avail."])
    inhibition.add(NOW, "甲", "all", "", inhibition.UPLINK, ["avail."], ["uplink."])
    with pytest.raises(Refused):
        inhibition.add(NOW, "甲", "asset", "A-1", "A-1", ["avail."])
    every = [head(i) for i in (*down, other, gateway, line)]
    roots = inhibition.causes(every)
    assert {roots[head(i).pk].pk for i in (*down, gateway)} == {head(line).pk}  # our own line first
    assert head(other).pk not in roots and head(line).pk not in roots
    tell(NOW)
    assert len(told()) == 2  # the line, and the certificate
    assert [str(m) for m in muting.of([head(down[0])], NOW)[head(down[0]).pk]] == [
        "由上级故障解释：九天后到期"
    ]
    alerts.seen([head(line).fingerprint], "clear")
    assert inhibition.causes(every)[head(down[0]).pk].subject == "A-GW"
    alerts.seen([head(gateway).fingerprint], "clear")
    tell(NOW + HOUR)
    tell(NOW + 2 * HOUR)
    assert len(told()) == 6  # the four that nothing explains any more
    assert breaks() == []


def test_two_that_depend_on_each_other_hide_nothing_for_ever(tables: Path) -> None:
    from tlsec.register import inhibition

    one, two = (
        an_item(port=1, check="avail.a", subject="A-1"),
        an_item(port=2, check="avail.a", subject="A-2"),
    )
    inhibition.add(NOW, "甲", "asset", "A-1", "A-2", ["avail."])
    inhibition.add(NOW, "甲", "asset", "A-2", "A-1", ["avail."])
    roots = inhibition.causes([head(one), head(two)])
    assert roots == {}


def test_what_is_practised_is_not_told_as_real(tables: Path) -> None:
    from tlsec.register.models import Alert

    an_item()
    Alert.objects.update(drill=True)
    tell(NOW)
    assert told() == []
