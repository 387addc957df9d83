"""分级保护: the proof looks only at what is on record, counts every source, and says no more than it saw."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk
from tlsec import content
from tlsec.policy import secret_dates

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
BLOCK = "192.0.2.240/28"


@pytest.fixture
def holder(tables: Path) -> None:
    from tlsec.inventory.models import SecretSystem, Unit

    Unit.objects.create(id="保密局", name="市保密局", kind="unit")
    SecretSystem.objects.create(
        id="M1", name="甲", holder_id="保密局", registered_on=NOW, blocks=[BLOCK], tier="jimi",
        checked_on=datetime(2024, 12, 1, tzinfo=UTC),
        qualified_until=datetime(2026, 12, 1, 16, tzinfo=UTC),
    )  # fmt: skip


def observe(probe: str, locator: dict[str, Any], facts: dict[str, Any] | None, **more: Any) -> None:
    from tlsec.scan.models import Observation, Run

    run = Run.objects.create(kind="plan", actor="t", started=NOW)
    at = more.pop("at", NOW - timedelta(days=1))
    Observation.objects.create(
        run=run, probe=probe, probe_version=1, subject="A", vantage=more.pop("vantage", "z6"),
        locator_key=json.dumps(locator), started=at, ended=at, facts=facts, **more,
    )  # fmt: skip


def hits() -> dict[str, tuple[int, int]]:
    from tlsec.assess import secrecy

    return {s.source: (s.looked, s.hits) for s in secrecy.proof(NOW, 30).sources}


def page(**facts: Any) -> dict[str, Any]:
    return {"page": {"links": [], "resources": [], "redirects": [], **facts}}


def test_nothing_seen_proves_nothing(holder: None) -> None:
    from tlsec.assess import secrecy

    found = secrecy.proof(NOW, 30)
    assert (found.seen, found.hits, found.blocks, found.systems) == (False, 0, 1, 1)


def test_every_source_is_counted(holder: None) -> None:
    from tlsec.assess import secrecy

    observe("net.port", {"address": "203.0.113.10"}, {"port": {}}, vantage="z1")
    observe("net.port", {"address": "192.0.2.250"}, None, reason="out_of_scope")
    observe("dns.records", {"name": "a.test"}, {"dns": {"addresses": ["203.0.113.10"]}})
    observe(
        "http.page",
        {"address": "203.0.113.10"},
        page(secrecy_mark=False, links=[{"host": "x.test"}]),
    )
    found = secrecy.proof(NOW, 30)
    assert hits() == {
        "answers": (1, 0), "names": (1, 0), "links": (1, 0), "records": (0, 0), "marks": (1, 0),
    }  # fmt: skip
    assert found.seen
    assert found.vantages == ("z1", "z6")


@pytest.mark.parametrize(
    ("source", "probe", "locator", "facts"),
    [
        ("answers", "net.port", {"address": "192.0.2.241"}, {"port": {}}),
        ("names", "dns.records", {"name": "a.test"}, {"dns": {"addresses": ["192.0.2.242"]}}),
        ("links", "http.page", {"address": "203.0.113.1"}, page(links=[{"host": "192.0.2.243"}])),
        ("links", "http.page", {"address": "203.0.113.1"}, page(resources=[{"host": "192.0.2.244"}])),
        (
            "links", "http.page", {"address": "203.0.113.1"},
            page(redirects=[{"url": "https://192.0.2.245:8443/x"}]),
        ),
        ("marks", "http.page", {"address": "203.0.113.1"}, page(secrecy_mark=True)),
    ],
)  # fmt: skip
def test_a_hit_in_any_source_is_found(
    holder: None, source: str, probe: str, locator: dict[str, Any], facts: dict[str, Any]
) -> None:
    observe(probe, locator, facts)
    assert hits()[source][1] == 1


def test_a_record_that_overlaps_is_found(holder: None) -> None:
    from tlsec.inventory.models import Allocation

    Allocation.objects.create(
        id="a", unit_id="保密局", county_id="保密局", user_class="A", blocks=["192.0.2.0/24"],
        exit="none", valid_from=NOW, status="in_use",
    )  # fmt: skip
    assert hits()["records"] == (1, 1)


def test_old_observations_do_not_count(holder: None) -> None:
    observe("net.port", {"address": "192.0.2.241"}, {"port": {}}, at=NOW - timedelta(days=31))
    assert hits()["answers"] == (0, 0)


def test_refused_probes_are_told(holder: None) -> None:
    from tlsec.assess import secrecy
    from tlsec.register import journal

    journal.append(NOW, "t", "probe.refused", "192.0.2.241", {}, "")
    journal.append(NOW, "t", "probe.refused", "198.51.100.1", {}, "")
    assert secrecy.proof(NOW, 30).refused == 1


def test_dates_come_from_the_register(holder: None) -> None:
    from tlsec.assess import secrecy

    intervals = secret_dates.load(content.policies())
    found = {d.kind: d for d in secrecy.all_dues(intervals, date(2026, 11, 24))}
    assert found["check"].on == date(2026, 12, 1)
    assert found["check"].reminder == 7
    assert found["qualification"].on == date(2026, 12, 1)  # Shanghai's day
    assert found["assess"].on is None


def test_the_command_sends_nothing_and_names_no_address(desk: Desk) -> None:
    done = desk.run("assess", "secret", "--proof")
    assert done.returncode == 0, done.stderr
    assert "没有任何观测，不能作出任何说明" in done.stdout
    assert "192.0.2.2" not in done.stdout
    data = desk.json("assess", "secret", "--proof")
    assert data["proof"]["clear"] is None
    assert {due["kind"] for due in data["dues"]} == {"check", "assess", "qualification"}
    assert desk.rows("SELECT COUNT(*) FROM scan_observation") == [(0,)]
