"""What the register says of the sample city, asked as a scan asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.inventory.conftest import NOW
from tlsec.facts import AssetFacts, Flow, Locator, Vantage, ZoneRole

if TYPE_CHECKING:  # models load only once Django is up
    from tlsec.inventory.lookup import Lookup

pytestmark = pytest.mark.usefixtures("city")


@pytest.fixture
def lookup(city: Path) -> Lookup:
    from tlsec.inventory.lookup import Lookup

    return Lookup(NOW)


def test_facts_of_a_declared_page(lookup: Lookup) -> None:
    locator: Locator = {
        "address": "192.0.2.12",
        "port": 443,
        "path": "/admin/",
        "vantage": "internet",
    }
    assert lookup.asset_facts(locator, "A-S20") == AssetFacts(
        registered=True, allocated=True, declared_ports=[443], tls_declared=True, admin_port=False,
        zone="Z3", zone_role=ZoneRole.CLOUD_FRONT, flow=Flow.ALLOWED, exposure="internet",
        internal_page=True, has_owner=True, operator="运维商甲",
        last_visit=datetime(2026, 11, 22, 16, tzinfo=UTC), status="in_use", level=2, grade_s=2,
        grade_a=2, personal_data=False, display=False, addresses=["192.0.2.12"],
        own_domains=["lanze.test", "gov.test"],
    )  # fmt: skip
    for path, internal in {
        "/": False,
        "/admin": True,
        "/admin/x": True,
        "/administration": False,
    }.items():
        assert lookup.asset_facts({**locator, "path": path}, "A-S20").internal_page is internal


def test_facts_of_an_undeclared_port(lookup: Lookup) -> None:
    facts = lookup.asset_facts({"address": "192.0.2.11", "port": 27017}, "A-S16", "z6")
    assert facts.declared_ports == [8443]
    assert (facts.tls_declared, facts.admin_port, facts.exposure) == (None, None, None)
    assert facts.flow is Flow.ALLOWED


def test_facts_of_addresses_without_an_asset(lookup: Lookup) -> None:
    stray = lookup.asset_facts({"address": "198.51.100.33", "port": 3389}, "u:198.51.100.33", "z6")
    assert stray == AssetFacts(
        registered=False, allocated=False, declared_ports=[], zone="Z7", zone_role=ZoneRole.UNIT,
        flow=Flow.ALLOWED,
    )  # fmt: skip
    line = lookup.asset_facts({"address": "203.0.113.130", "port": 3128}, "u:203.0.113.130")
    assert (line.registered, line.allocated, line.zone, line.zone_role) == (
        False,
        True,
        None,
        ZoneRole.NONE,
    )


def test_facts_of_a_name(lookup: Lookup) -> None:
    facts = lookup.asset_facts({"name": "www.lanze.test"}, "A-S01")
    assert facts.addresses == ["2001:db8::10", "203.0.113.10"]
    assert (facts.registered, facts.declared_ports, facts.flow) == (True, None, None)
    assert lookup.asset_facts({"name": "www.lanze.test"}, "").addresses == facts.addresses
    assert lookup.asset_facts({"name": "other.test"}, "").registered is False


def test_the_forgotten_system(lookup: Lookup) -> None:
    facts = lookup.asset_facts({"address": "198.51.100.12", "port": 8080}, "A-X01")
    assert facts.has_owner is False
    assert (facts.operator, facts.level) == (None, None)
    assert facts.last_visit == datetime(2026, 1, 27, 16, tzinfo=UTC)
    assert facts.status == "in_use"
    who = lookup.describe("A-X01", "198.51.100.12")
    assert (who.system, who.unit, who.county, who.zone) == (
        "统计直报旧系统", "岚泽市政务数据服务中心", "岚泽市", "Z7",
    )  # fmt: skip


def test_who_answers(lookup: Lookup) -> None:
    who = lookup.describe("A-S27")
    assert (who.unit, who.county, who.system) == ("望川县人民政府办公室", "望川县", "望川县门户")
    assert (who.zone, who.grade_s, who.grade_a) == ("Z1", 2, 2)
    assert lookup.describe("u:203.0.113.130").unit == "青禾区数据局"
    assert lookup.describe("u:198.51.100.33").unit == ""


def test_scopes_are_live_and_leave_secret_systems_out(lookup: Lookup) -> None:
    from tlsec.inventory import models
    from tlsec.inventory.lookup import Lookup

    (scope,) = lookup.scopes()
    assert (scope.rate_per_second, scope.connections_per_host) == (3000, 2)
    assert ip_network("192.0.2.240/28") in scope.excluded
    for address in ("203.0.113.10", "203.0.113.130", "198.51.100.220", "192.0.2.200"):
        assert any(ip_address(address) in block for block in scope.blocks)
    assert Lookup(NOW - timedelta(days=8)).scopes() == []
    assert Lookup(NOW + timedelta(days=182)).scopes() == []
    models.Scope.objects.update(excluded=[], quiet_hours=["22:00-06:00"])
    (scope,) = Lookup(NOW).scopes()
    assert scope.excluded == (ip_network("192.0.2.240/28"),)
    assert scope.quiet_hours == ((time(22), time(6)),)


def test_waivers_end_by_themselves(lookup: Lookup) -> None:
    from tlsec.inventory.lookup import Lookup

    (waiver,) = lookup.waivers()
    assert (waiver.check, waiver.asset, waiver.clauses) == (
        "web.page-change", "A-S01", ["text", "structure"],
    )  # fmt: skip
    assert waiver.requested_by != waiver.approved_by
    last = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)  # 23:59 of its last day in the city
    assert Lookup(last).waivers() == [waiver]
    assert Lookup(last + timedelta(minutes=1)).waivers() == []
    assert Lookup(NOW - timedelta(days=2)).waivers() == []


def test_endpoints_by_zone_system_asset_and_address(lookup: Lookup) -> None:
    assert [row.port for row in lookup.endpoints(systems=["S24"])] == [22, 443]
    assert [row.asset for row in lookup.endpoints(zones=["Z5"])] == ["A-S06", "A-S07"]
    assert [row.port for row in lookup.endpoints(address="203.0.113.10")] == [80, 443]
    (row,) = lookup.endpoints(assets=["A-S20"])
    assert row.pages == (("/", False), ("/admin/", True))
    assert (row.host, row.unit, row.county) == ("yizhan.lanze.test", "市数据局", "岚泽市")
    everything = list(lookup.endpoints())
    assert len(everything) == 40
    order = [(int(ip_address(row.address)), row.port) for row in everything]
    assert order == sorted(order)


def test_what_is_reclaimed_is_left_alone(lookup: Lookup) -> None:
    from tlsec.inventory import models

    models.Asset.objects.filter(id="A-X01").update(status="reclaimed")
    models.System.objects.filter(id="S18").update(status="reclaimed")
    assert list(lookup.endpoints(assets=["A-X01", "A-S18"])) == []
    assert list(lookup.assets(assets=["A-X01", "A-S18"])) == []


def test_places(lookup: Lookup) -> None:
    assert lookup.vantage("z7") == Vantage("z7", "Z7", "198.51.100.50")
    assert next(iter(lookup.vantages)) == "z6"
    with pytest.raises(KeyError):
        lookup.vantage("z99")
    assert [row.address for row in lookup.resolvers()] == ["192.0.2.180", "192.0.2.181"]
    assert len(lookup.zones()) == 16
    assert lookup.zone_of("192.0.2.130") == "Z5"
    assert lookup.find_asset(address="192.0.2.180") == "R01"


def test_an_address_is_read_once(lookup: Lookup, django_queries: Callable[[], int]) -> None:
    locator: Locator = {"address": "203.0.113.13", "port": 443, "path": "/", "vantage": "z6"}
    lookup.asset_facts(locator, "A-S13")
    before = django_queries()
    for port in range(1, 200):
        lookup.asset_facts({**locator, "port": port}, "A-S13")
    assert django_queries() == before
