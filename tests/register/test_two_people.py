"""Requests and their approval, bulk commands, views, priority, what people enter by hand, imports."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import pytest

from tests.register.test_transitions import fire
from tests.register.working import DAY, HOUR, NOW, an_entry, an_item, breaks, give, taken_to
from tlsec.register.transitions import State


def call(name: str, actor: str = "甲", reason: str = "说明", **params: object):
    from tlsec.register.call import Call

    return Call(name, actor, NOW, reason, params=params)


def test_one_asks_and_another_approves(tables: Path) -> None:
    from tlsec.register import items, requests
    from tlsec.register.models_handling import ItemWaiver

    item = taken_to(State.CONFIRMED, an_item())
    for wrong in (call("confirm"), call("waive", reason=" ", until=NOW + DAY), call("waive")):
        with pytest.raises(items.Refused):
            requests.ask(item.no, wrong)
    row = requests.ask(item.no, call("waive", until=NOW + 20 * DAY))
    with pytest.raises(items.Refused, match="已提请"):
        requests.ask(item.no, call("waive", "丙", until=NOW + DAY))
    with pytest.raises(items.Refused, match="另一人"):
        requests.approve(row.pk, "甲", NOW)
    item.refresh_from_db()
    assert item.state == State.CONFIRMED and requests.waiting().count() == 1
    assert requests.approve(row.pk, "乙", NOW + HOUR).state == State.WAIVED
    waiver = ItemWaiver.objects.get()
    assert (waiver.asked_by, waiver.approved_by, waiver.until) == ("甲", "乙", NOW + 20 * DAY)
    with pytest.raises(items.Refused, match="没有等待批准"):
        requests.approve(row.pk, "丙", NOW + HOUR)
    assert breaks() == []


def test_a_request_is_for_the_item_as_it_was(tables: Path) -> None:
    from tlsec.register import items, requests

    item = taken_to(State.CONFIRMED, an_item())
    row = requests.ask(item.no, call("lower", severity="low"))
    give(item, "dispatch", actor="丙")
    with pytest.raises(items.Refused, match="丙"):
        requests.approve(row.pk, "乙", NOW)
    row.refresh_from_db()
    assert row.state == "stale"
    row = requests.ask(item.no, call("lower", severity="low"))
    with pytest.raises(items.Refused, match="--reason"):
        requests.refuse(row.pk, "乙", NOW, "")
    assert requests.refuse(row.pk, "乙", NOW, "先堵上").state == "refused"
    item.refresh_from_db()
    assert item.severity == "high" and breaks() == []


def test_a_bulk_command_is_a_record_an_item_and_one_batch(tables: Path) -> None:
    from tlsec.register import bulk
    from tlsec.register.models import Journal

    rows = [an_item(port=n) for n in range(1, 6)]
    give(rows[2], "confirm", actor="丁")
    done = bulk.apply([r.no for r in rows] + [rows[0].no, "YJ-2026-99999"], call("confirm"))
    assert [o.done for o in done.outcomes] == [True, True, False, True, True, False]
    assert "丁" in done.refused[0].why
    records = Journal.objects.filter(batch=done.id)
    assert sorted(records.values_list("object", flat=True)) == sorted(
        r.no for r in rows if r is not rows[2]
    )
    stale = bulk.apply([rows[0].no], call("dispatch"), {rows[0].no: 1})
    assert stale.refused and breaks() == []


def test_views_choose_and_order(tables: Path) -> None:
    from tlsec.register import views
    from tlsec.register.refused import Refused

    one = an_entry("low", unit="甲局", county="望川县", system_id="")
    two = an_entry("critical", unit="乙局", county="望川县")
    three = taken_to(State.FALSE_POSITIVE, an_item("high"))
    drill = an_entry("critical", drill=True)

    def found(sort: str = "", now=NOW, **filters: object) -> list[str]:
        return [i.no for i in views.ordered(views.find(filters, now), sort, now)]

    assert found() == [one.no, two.no]
    assert found(all=True) == [one.no, two.no, three.no]
    assert found("priority") == found("severity") == found("due") == [two.no, one.no]
    assert found(unit="甲局,丙局") == [one.no]
    assert found(state="false_positive") == [three.no]
    assert found(drill=True) == [drill.no]
    assert found(now=NOW + 3 * DAY, overdue=True) == [two.no]
    assert found(text="机房", county="望川县") == [one.no, two.no]
    for wrong in ({"colour": "red"}, {"state": "open"}, {"severity": "worst"}):
        with pytest.raises(Refused):
            views.find(wrong, NOW)
    with pytest.raises(Refused):
        found("luck")
    views.save("望川", {"county": "望川县", "unit": ""}, "priority", "甲", NOW)
    views.save("望川", {"county": "望川县", "severity": "low"}, "due", "甲", NOW)
    assert views.get("望川").filters == {"county": "望川县", "severity": "low"}
    with pytest.raises(Refused, match="望川"):
        views.get("清河")


def test_a_priority_shows_its_sum(tables: Path) -> None:
    from tlsec.register import posture, priority
    from tlsec.register.rules import in_force

    facts = priority.Facts("high", 3, "dmz", True, 1.2)
    said = priority.score(facts, in_force())
    assert said.number == sum(points for points, _what in said.parts)
    assert str(said).endswith(f"= {said.number}") and "等保3级" in str(said) and "120%" in str(said)
    less = [
        priority.Facts("medium", 3, "dmz", True, 1.2), priority.Facts("high", 2, "dmz", True, 1.2),
        priority.Facts("high", 3, "unit", True, 1.2), priority.Facts("high", 3, "dmz", False, 1.2),
        priority.Facts("high", 3, "dmz", True, 0.5), priority.Facts("high", 3, "dmz", True, None),
    ]  # fmt: skip
    assert all(priority.score(f, in_force()).number < said.number for f in less)
    item = an_item()
    before = priority.of([item], NOW + 36 * HOUR, in_force())[item.no]
    assert "50%" in str(before)
    posture.raise_(NOW + 36 * HOUR, "甲", "ZB", "normal")
    after = priority.of([item], NOW + 36 * HOUR, in_force())[item.no]
    assert after.number == before.number + in_force().weights.period


def test_an_import_that_lacks_a_finding_closes_nothing(tables: Path) -> None:
    """Absence is not a pass: only passes of a retest, or a person's proof, end an item (G8)."""
    from tlsec.register import alerts, clocks, telling
    from tlsec.register.models import Alert

    items_ = [an_item(port=n) for n in (1, 2)]
    for run in range(2, 8):  # six imports that have the first and lack the second
        fire(run=run, now=NOW + run * DAY, locator={"address": "203.0.113.14", "port": 1})
        telling.sweep(NOW + run * DAY)
        clocks.sweep(NOW + run * DAY)
    alerts.seen([a.fingerprint for a in Alert.objects.all()], "clear")
    alerts.seen([a.fingerprint for a in Alert.objects.all()], "unknown")
    for item in items_:
        item.refresh_from_db()
        assert item.state == State.NEW and item.alerts.get().open
    assert breaks() == []


def test_one_change_costs_the_same_among_many(tables: Path) -> None:
    """Moving one item among many thousands takes about as long as among a hundred."""
    from django.db import connection

    from tlsec.register.models import RiskItem

    rows = [an_item(port=n) for n in range(1, 31)]

    def cost(some: list[RiskItem]) -> float:
        took = []
        for row in some:
            for name in ("confirm", "dispatch", "sign"):
                begun = time.perf_counter()
                give(row, name)
                took.append(time.perf_counter() - begun)
        return median(took)

    few = cost(rows[:15])
    _multiply(100_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert RiskItem.objects.count() > 100_000
    assert cost(rows[15:]) < 3 * few
    begun = time.perf_counter()
    an_item(port=99)
    opened = time.perf_counter() - begun
    assert opened < 20 * few


def _multiply(n: int) -> None:
    """Rows beside the real ones, in bulk: items with their clocks, and journal records."""
    from django.db import connection

    from tlsec.register.models import Journal, RiskItem
    from tlsec.register.models_clocks import Clock

    copies = {
        RiskItem: {"no": "'X-' || k"},
        Clock: {"item_id": "1000000 + k"},
        Journal: {
            "seq": "1000000 + k", "object": "'X-' || k", "previous": "'p' || k", "hash": "'h' || k",
        },
    }  # fmt: skip
    with connection.cursor() as cursor:
        for model, changed in copies.items():
            key = model._meta.pk.column
            columns = [f.column for f in model._meta.local_concrete_fields]
            chosen = [changed.get(c, "1000000 + k" if c == key else f't."{c}"') for c in columns]
            names = ", ".join(f'"{c}"' for c in columns)
            cursor.execute(
                f"WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {n}) "
                f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(chosen)} "
                f"FROM n, (SELECT * FROM {model._meta.db_table} ORDER BY {key} LIMIT 1) t"
            )
