"""Product + version + zone → affected assets with their owners and the reason of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.incident.conftest import NOW
from tlsec.register.refused import Refused


def seen(
    run: int, subject: str, address: str, port: int, facts: Any, probe: str = "net.service"
) -> None:
    from datetime import timedelta

    from tlsec.scan.models import Observation, Run

    when = NOW + timedelta(minutes=run)
    Run.objects.get_or_create(pk=run, kind="plan", title="x", actor="t", started=when)
    place = {"address": address, "port": port, "proto": "tcp", "vantage": "z6"}
    Observation.objects.create(
        run_id=run, probe=probe, probe_version=1, subject=subject, vantage="z6", started=when,
        ended=when, facts=facts, locator_key=json.dumps(place, sort_keys=True),
        reason="" if facts else "timeout",
    )  # fmt: skip


def service(product: str, version: str = "", kind: str = "ssh") -> dict[str, Any]:
    return {"service": {"kind": kind, "product": product, "version": version, "banner": ""}}


def found(*products: str, zones: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    from tlsec.incident import matching

    return [(m.asset, m.version, m.sure) for m in matching.find(products, zones, NOW)]


def test_versions_zones_and_owners(city: Path) -> None:
    from tlsec.incident import matching

    seen(1, "A-S24", "192.0.2.165", 22, service("OpenSSH", "8.9p1"))
    seen(1, "A-S25", "198.51.100.210", 22, service("OpenSSH", "9.9"))
    seen(1, "A-S05", "192.0.2.13", 22, service("OpenSSH", ""))
    assert found("OpenSSH >=8.5,<9.8") == [
        ("A-S24", "8.9p1", "version"),
        ("A-S05", "", "unversioned"),  # not known is not safe
    ]
    only = matching.find(["OpenSSH <9.8"], ["Z6"], NOW)
    assert [m.asset for m in only] == ["A-S24"]
    match = only[0]
    assert match.unit == "岚泽市政务数据服务中心"
    assert match.zone == "Z6" and match.owner and match.place == "192.0.2.165:22"
    assert "2026-11-24 12:01" in match.why and "net.service" in match.why


def test_the_newest_observation_counts(city: Path) -> None:
    seen(1, "A-S24", "192.0.2.165", 22, service("OpenSSH", "8.9"))
    seen(2, "A-S24", "192.0.2.165", 22, service("OpenSSH", "9.9"))
    assert found("OpenSSH <9.8") == []
    seen(3, "A-S24", "192.0.2.165", 22, None)  # a failed look says nothing either way
    assert found("OpenSSH <9.8") == []


def test_pages_say_their_server(city: Path) -> None:
    page = {"page": {"server_version": "nginx/1.18.0", "default_product": "Apache Tomcat",
                     "headers": {"server": "nginx/1.18.0", "powered_by": "PHP/7.4.3"}}}  # fmt: skip
    seen(1, "A-S01", "203.0.113.10", 443, page, "http.page")
    assert found("nginx <1.20.1") == [("A-S01", "1.18.0", "version")]
    assert found("PHP <8.0") == [("A-S01", "7.4.3", "version")]
    assert found("Tomcat <10") == [("A-S01", "", "unversioned")]
    assert found("Apache HTTP Server") == []


def test_the_register_s_own_words_are_a_hint(city: Path) -> None:
    from tlsec.incident import matching

    rows = matching.find(["大屏 <3.0"], [], NOW)
    assert [(m.asset, m.sure) for m in rows] == [("A-S22", "name")]
    assert "台账登记" in rows[0].why
    assert matching.by_unit([m.data() for m in rows]) == {"岚泽市人民政府办公室": 1}


def test_an_address_without_an_asset_is_listed_with_whoever_holds_it(city: Path) -> None:
    from tlsec.incident import matching

    seen(1, "u:198.51.100.33", "198.51.100.33", 3389, service("", kind="rdp"))
    (row,) = matching.find(["rdp"], [], NOW)
    assert (row.asset, row.name) == ("u:198.51.100.33", "198.51.100.33")
    assert row.sure == "unversioned"


def test_zones_alone_name_everything_in_them(city: Path) -> None:
    from tlsec.incident import matching

    rows = matching.find([], ["Z9"], NOW)
    assert rows and {m.zone for m in rows} == {"Z9"}
    assert matching.find([], [], NOW) == []
    with pytest.raises(Refused, match="没有区域"):
        matching.find(["nginx"], ["火星"], NOW)


@pytest.mark.parametrize(
    "facts",
    [
        {"service": {"product": 5, "version": None}},
        {"service": None},
        {"service": {"product": "=1+1\u202e\x00" * 300, "version": "<" * 5000}},
        {"unheard": 1},
        [],
    ],
)
def test_hostile_facts_end_nothing(city: Path, facts: Any) -> None:
    seen(1, "A-S24", "192.0.2.165", 22, facts)
    found("OpenSSH <9.8")
    found("5")
