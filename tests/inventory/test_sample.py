"""The sample city is whole and says what the city is supposed to be."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from tests.inventory.conftest import NOW, TODAY
from tlsec.facts import Flow
from tlsec.inventory.checking import lint
from tlsec.inventory.columns import tables
from tlsec.inventory.sources import open_source, understand


def rows(folder: Path, name: str) -> list:  # type: ignore[type-arg]  # rows of one table or another
    return [understand(tables()[name], raw, []) for raw in open_source(folder).rows(name, [])]


def test_it_is_without_fault_and_complete(sample: Path) -> None:
    numbers, faults = lint(sample)
    assert faults == []
    assert numbers["systems"] == 33
    assert numbers["zones"] == 16  # fifteen and the Internet side
    assert set(numbers) == set(tables())
    assert [row.id for row in rows(sample, "systems")] == [f"S{i:02d}" for i in range(1, 34)]


def test_every_county_has_its_offices_and_stations(sample: Path) -> None:
    units = rows(sample, "units")
    assert [unit.id for unit in units if unit.kind == "county"] == [
        "澜溪县",
        "望川县",
        "青禾区",
        "石渡市",
    ]
    for county in ("澜溪县", "望川县", "青禾区", "石渡市"):
        own = [unit for unit in units if unit.county == county]
        assert {f"{county}{office}" for office in ("政府办", "数据局", "政务服务中心")} <= {
            u.id for u in own
        }
        assert 3 <= sum(unit.kind == "township" for unit in own) <= 5


def test_nothing_but_documentation_addresses(sample: Path) -> None:
    paper = [
        ip_network(block)
        for block in ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "2001:db8::/32")
    ]
    for asset in rows(sample, "assets"):
        for address in asset.addresses:
            assert any(ip_address(address) in block for block in paper)
        assert all(host.endswith(".lanze.test") for host in asset.hosts)
    assert all(person.phone.startswith("0990-5550") for person in rows(sample, "people"))


def test_every_address_in_use_is_allocated_but_the_stray_one(sample: Path) -> None:
    given = [ip_network(b) for row in rows(sample, "allocations") for b in row.blocks]
    used = [address for asset in rows(sample, "assets") for address in asset.addresses]
    used += [vantage.source for vantage in rows(sample, "vantages")] + ["203.0.113.130"]
    for address in used:
        assert any(ip_address(address) in block for block in given), address
    assert not any(ip_address("198.51.100.33") in block for block in given)
    (line,) = [row for row in rows(sample, "allocations") if row.blocks == ["203.0.113.130/32"]]
    assert (line.county, line.user_class, line.exit) == ("青禾区", "C", "own")


def test_who_stands_on_the_government_cloud(sample: Path) -> None:
    systems = {row.id: row for row in rows(sample, "systems")}
    for system in systems.values():
        on_cloud = system.zone in ("Z3", "Z4", "Z5") or system.id == "S02"
        assert (system.platform == "S23") is (system.cloud_role == "customer") is on_cloud
        assert system.business
    assert systems["S23"].cloud_role == "provider" and systems["S23"].extensions == ["cloud"]
    assert systems["S03"].extensions == ["mobile"]


def test_the_range_agrees(sample: Path) -> None:
    import yaml

    import tlsec.range

    hosts = yaml.safe_load((Path(tlsec.range.__file__).parent / "city.yaml").read_text())["hosts"]
    stands = {
        (host["address"], service["port"])
        for host in hosts
        if host["id"] not in ("X01", "X02", "X03")  # there only while a trouble is on
        for service in host.get("services", ())
    }
    declared = {
        (row.address, row.port) for row in rows(sample, "endpoints") if row.asset != "A-X01"
    }
    assert stands == declared


@pytest.mark.parametrize(
    ("vantage", "address", "port", "expected"),
    [
        ("z7", "192.0.2.131", 9443, Flow.FORBIDDEN),
        (("Z4", "192.0.2.71"), "192.0.2.131", 9443, Flow.ALLOWED),
        (("Z4", "192.0.2.71"), "192.0.2.131", 22, Flow.FORBIDDEN),
        ("internet", "203.0.113.10", 443, Flow.ALLOWED),
        ("internet", "203.0.113.10", 22, Flow.FORBIDDEN),
        ("internet", "192.0.2.12", 443, Flow.ALLOWED),
        ("internet", "192.0.2.11", 8443, Flow.FORBIDDEN),
        ("z1", "192.0.2.131", 9443, Flow.FORBIDDEN),
        ("z1", "192.0.2.200", 9102, Flow.FORBIDDEN),
        ("z1", "192.0.2.10", 443, Flow.ALLOWED),
        ("z10", "192.0.2.71", 443, Flow.ALLOWED),
        ("z14", "192.0.2.166", 22, Flow.FORBIDDEN),
        ("z14", "192.0.2.180", 53, Flow.ALLOWED),
        (("Z8", "198.51.100.66"), "192.0.2.131", 9443, Flow.ALLOWED),
        (("Z9", "198.51.100.98"), "192.0.2.73", 8443, Flow.ALLOWED),
        (("Z9", "198.51.100.99"), "192.0.2.73", 8443, Flow.FORBIDDEN),
        (("Z15", "192.0.2.200"), "192.0.2.70", 8443, Flow.ALLOWED),
        (("Z4", "192.0.2.70"), "192.0.2.200", 9102, Flow.FORBIDDEN),
        (("Z6", "192.0.2.166"), "203.0.113.10", 22, Flow.ALLOWED),
        (("Z2", "203.0.113.66"), "203.0.113.200", 443, Flow.ALLOWED),
        (("Z12", "198.51.100.162"), "203.0.113.200", 443, Flow.FORBIDDEN),
        ("z7", "198.51.100.10", 443, Flow.UNSPECIFIED),
        ("z6", "192.0.2.131", 9443, Flow.ALLOWED),
        ("z6", "192.0.2.200", 1, Flow.ALLOWED),
        ("z6", "203.0.113.200", 8080, Flow.ALLOWED),
    ],
)
@pytest.mark.usefixtures("city")
def test_the_flow_matrix(vantage: object, address: str, port: int, expected: Flow) -> None:
    from tlsec.facts import Vantage
    from tlsec.inventory.lookup import Lookup

    at = vantage if isinstance(vantage, str) else Vantage("x", *vantage)  # type: ignore[misc]  # zone, source
    assert Lookup(NOW).flow(at, address, port) is expected


def test_dates_are_set_when_written(sample: Path, tmp_path: Path) -> None:
    from tlsec.inventory.sample import dated

    for file in sample.parent.rglob("*.yaml"):
        text = file.read_text()
        assert "{today" not in text
        assert text.startswith("# ")
    assert dated('a: "{today-300d}", b: "{today}"', TODAY) == "a: 2026-01-28, b: 2026-11-24"
    assert (sample.parent / "plans.yaml").is_file()


def test_an_empty_workspace_explains_itself(tmp_path: Path) -> None:
    from tlsec.inventory.sample import write_empty

    write_empty(tmp_path, TODAY)
    numbers, faults = lint(tmp_path / "inventory")
    assert faults == [] and set(numbers.values()) == {0}
    assert "带 * 的列必填" in (tmp_path / "inventory" / "assets.yaml").read_text()
    assert (tmp_path / "plans.yaml").read_text().endswith("\nplans: []\n")
