"""The zone matrix against an independent reading of it, by real connects from bound sources."""

import asyncio
from ipaddress import ip_address, ip_network

import pytest

from tests.range.clients import Town
from tlsec.range import firewall
from tlsec.range.city import load
from tlsec.range.firewall import rule_for

ZONES = {
    "Z1": "203.0.113.0/26", "Z3": "192.0.2.0/26", "Z4": "192.0.2.64/26", "Z5": "192.0.2.128/27",
    "Z6": "192.0.2.160/27", "Z7": "198.51.100.0/26", "Z8": "198.51.100.64/27",
    "Z9": "198.51.100.96/28", "Z10": "198.51.100.128/28", "Z11": "198.51.100.144/28",
    "Z12": "198.51.100.160/28", "Z13": "198.51.100.176/28", "Z14": "198.51.100.192/27",
    "Z15": "192.0.2.192/27",
}  # fmt: skip
SOURCES = {
    "Z1": "203.0.113.50", "Z3": "192.0.2.50", "Z4": "192.0.2.100", "Z5": "192.0.2.150",
    "Z6": "192.0.2.175", "Z7": "198.51.100.50", "Z8": "198.51.100.90", "Z9": "198.51.100.110",
    "Z10": "198.51.100.140", "Z11": "198.51.100.156", "Z12": "198.51.100.172",
    "Z13": "198.51.100.188", "Z14": "198.51.100.220", "Z15": "192.0.2.210",
    "INET": "203.0.113.200",
}  # fmt: skip
# zone of the source → zone of the target → ports (None: any)
FLOWS: dict[str, dict[str, set[int] | None]] = {
    "INET": {"Z1": {80, 443}},
    "Z1": {"Z3": {443}},
    "Z3": {"Z4": {8443}},
    "Z4": {"Z5": {9443}},
    "Z15": {"Z3": None, "Z4": None},
    "Z8": {"Z5": {9443}},
    **{zone: {"Z4": {443}} for zone in ("Z7", "Z10", "Z11", "Z12", "Z13", "Z14")},
}
# single endpoints: the published station map, and what troubles 3 and 4 open
SINGLE = {
    ("INET", "192.0.2.12", 443),
    ("Z7", "192.0.2.131", 9443),
    ("Z12", "203.0.113.130", 3128),
}


def zone_of(address: str) -> str:
    return next((z for z, b in ZONES.items() if ip_address(address) in ip_network(b)), "")


def expected(zone: str, address: str, port: int) -> bool:
    home = zone_of(address)
    if zone == home or port == 53 or (zone, address, port) in SINGLE:
        return True
    ports = FLOWS.get(zone, {}).get(home, set())
    return ports is None or port in ports


def endpoints() -> list[tuple[str, int]]:
    city = load()
    found = [(h.address, each.port) for h in city.hosts for each in h.services]
    return [
        *found, ("198.51.100.12", 8080), ("198.51.100.33", 3389),
        ("203.0.113.130", 3128), ("192.0.2.11", 27017),
    ]  # fmt: skip


async def test_the_whole_matrix(town: Town) -> None:
    async def one(zone: str, source: str, address: str, port: int) -> str:
        # 0.9 s: below the first retransmission of a SYN, above any hiccup of a busy machine
        seen = await town.reach(source, address, port, 0.9)
        wanted = "open" if expected(zone, address, port) else "silent"
        return "" if seen == wanted else f"{zone} → {address}:{port} {seen}, not {wanted}"

    checks = [one(z, s, *where) for z, s in SOURCES.items() for where in endpoints()]
    assert len(checks) > 500
    assert [each for each in await asyncio.gather(*checks) if each] == []


@pytest.mark.parametrize("source", ["192.0.2.170", "127.0.0.1", "127.0.0.99"])
async def test_the_scanner_and_the_person_here_reach_everything(town: Town, source: str) -> None:
    seen = await asyncio.gather(*(town.reach(source, *where, 2.0) for where in endpoints()))
    assert set(seen) == {"open"}


async def test_addresses_outside_every_zone_are_the_internet(town: Town) -> None:
    for source in ("127.50.0.1", "203.0.113.99"):
        assert await town.reach(source, "203.0.113.10", 443) == "open"
        assert await town.reach(source, "192.0.2.70", 8443) == "silent"


async def test_a_way_opens_and_closes_while_the_city_runs(town: Town) -> None:
    way = ("198.51.100.50", "192.0.2.131", 9443)
    assert await town.reach(*way) == "open"
    with town.switched("open-exchange", False):
        assert await town.reach(*way) == "silent"
        assert await town.reach("192.0.2.100", "192.0.2.131", 9443) == "open"
    assert await town.reach(*way) == "open"
    assert await town.reach("198.51.100.50", "192.0.2.200", 9102) == "silent"


async def test_where_nothing_listens_the_answer_is_no(town: Town) -> None:
    assert await town.reach("192.0.2.170", "203.0.113.10", 8443) == "closed"


def test_the_filter_is_short_enough_for_the_kernel() -> None:
    for address, port in endpoints():
        assert len(firewall.program(rule_for(load(), address, port))) // 8 < 4096


@pytest.mark.parametrize("zone", SOURCES)
def test_rules_say_what_the_filter_does(zone: str) -> None:
    from tlsec.range.mapping import translate
    from tlsec.range.troubles import all_troubles, built_in, with_troubles

    city = with_troubles(load(), [each for each in all_troubles() if each.name in built_in()])
    source, _port = translate(SOURCES[zone], 0)
    for address, port in endpoints():
        assert rule_for(city, address, port).allows(source) == expected(zone, address, port)
