"""All or nothing; what is already there counts too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tlsec.marked_yaml import Faulty

pytestmark = pytest.mark.usefixtures("register")

UNITS = "- {id: 某市, name: 某市, kind: city}\n- {id: 局, name: 某局, kind: unit, county: 某市}\n"
PEOPLE = "- {id: 甲, name: 甲, unit: 局}\n- {id: 乙, name: 乙, unit: 局}\n"


def take(path: Path, prune: bool = False) -> dict[str, tuple[int, int, int, int]]:
    from tlsec.inventory.importer import import_register

    counts = import_register(path, prune)
    return {k: (n.created, n.changed, n.unchanged, n.removed) for k, n in counts.items()}


def keys(name: str) -> list[str]:
    from tlsec.inventory import store

    return [row.key for row in store.rows(name)]


def test_one_bad_row_and_nothing_is_imported(folder: Callable[..., Path]) -> None:
    many = UNITS + "".join(f"- {{id: U{i}, name: 单位{i}, kind: unit}}\n" for i in range(2500))
    path = folder(units=many, people=PEOPLE + "- {id: 丙, name: 丙, unit: 无此局}\n")
    with pytest.raises(Faulty) as caught:
        take(path)
    (fault,) = caught.value.faults
    assert fault.where == f"{path}/people.yaml:3:26"
    assert keys("units") == keys("people") == []


def test_counts_tell_new_from_changed_and_removed(folder: Callable[..., Path]) -> None:
    path = folder(units=UNITS, people=PEOPLE)
    assert take(path) == {"units": (2, 0, 0, 0), "people": (2, 0, 0, 0)}
    assert take(path) == {"units": (0, 0, 2, 0), "people": (0, 0, 2, 0)}
    path = folder(people="- {id: 乙, name: 乙乙, unit: 局}\n- {id: 丙, name: 丙, unit: 局}\n")
    assert take(path / "people.yaml") == {"people": (1, 1, 0, 0)}
    assert keys("people") == ["甲", "乙", "丙"]
    assert take(path / "people.yaml", prune=True) == {"people": (0, 0, 2, 1)}
    assert keys("people") == ["乙", "丙"]


def test_pruning_what_others_refer_to_is_refused(folder: Callable[..., Path]) -> None:
    take(folder(units=UNITS, people=PEOPLE))
    path = folder(units="- {id: 某市, name: 某市, kind: city}\n")
    with pytest.raises(Faulty) as caught:
        take(path / "units.yaml", prune=True)
    said = [str(fault) for fault in caught.value.faults]
    assert said == [f"台账中已有的「人员」{who}: “局”不在「单位」表中" for who in ("甲", "乙")]
    assert keys("units") == ["某市", "局"]


def test_what_the_register_holds_has_to_fit_the_new(folder: Callable[..., Path]) -> None:
    zone = "- {{id: Z1, name: 一区, role: dmz, blocks: [{block}]}}\n"
    asset = "- {id: A1, name: 甲, kind: host, county: 某市, zone: Z1, addresses: [10.0.0.1]}\n"
    take(folder(units=UNITS, zones=zone.format(block="10.0.0.0/24"), assets=asset))
    path = folder(zones=zone.format(block="10.0.1.0/24"))
    with pytest.raises(Faulty, match=r"台账中已有的「资产」A1: 10\.0\.0\.1 不在区域 Z1 的网段"):
        take(path / "zones.yaml")
    assert take(folder(zones=zone.format(block="10.0.0.0/16")) / "zones.yaml")["zones"][1] == 1


def test_lookups_follow_a_changed_asset(folder: Callable[..., Path]) -> None:
    from tests.inventory.conftest import NOW
    from tlsec.inventory.lookup import Lookup

    asset = "- {{id: A1, name: 甲, kind: host, county: 某市, addresses: [{ip}], hosts: [{host}]}}\n"
    take(folder(units=UNITS, assets=asset.format(ip="10.0.0.1", host="a.test")))
    assert Lookup(NOW).find_asset(address="10.0.0.1") == "A1"
    path = folder(assets=asset.format(ip="2001:db8::1", host="b.test"))
    take(path / "assets.yaml")
    register = Lookup(NOW)
    assert register.find_asset(address="10.0.0.1") is None
    assert register.find_asset(address="2001:DB8:0::1") == "A1"
    assert register.find_asset(host="a.test") is None
    assert register.find_asset(host="B.test.") == "A1"
    path.joinpath("assets.yaml").write_text("[]\n")
    assert take(path / "assets.yaml", prune=True)["assets"] == (0, 0, 0, 1)
    assert Lookup(NOW).find_asset(host="b.test") is None
