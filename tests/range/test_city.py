from itertools import combinations
from pathlib import Path

import pytest

from tlsec.marked_yaml import Faulty
from tlsec.range import city as content
from tlsec.range.city import City, load
from tlsec.range.keeper import PORT_SHIFTS
from tlsec.range.troubles import all_troubles, with_troubles

CHECKS = {
    1: ("zombie-stats", "life.zombie"),
    2: ("stray-rdp", "net.allocation"),
    3: ("second-exit", "boundary.exit"),
    4: ("open-exchange", "boundary.flow"),
    5: ("hidden-link", "web.hidden-link"),
    6: ("cert-ending", "tls.cert-days"),
    7: ("default-backoffice", "web.backoffice"),
    8: ("screen-default-account", "web.default-account"),
    9: ("dns-split", "dns.match"),
    10: ("old-tls", "tls.versions"),
    11: ("wrong-operator", "web.operator"),
    12: ("new-mongo", "net.exposure"),
    13: ("zero-report", "record.zero-report"),
    14: ("redesign", "web.page-change"),
}


def test_the_built_in_troubles_are_the_agreed_ones() -> None:
    built_in = [each for each in all_troubles() if each.built_in]
    assert {each.id: (each.name, each.check) for each in built_in} == CHECKS
    assert [each.name for each in built_in if each.expected == "silent"] == ["redesign"]


def test_every_trouble_changes_the_city_and_all_fit_together() -> None:
    for trouble in all_troubles():
        assert with_troubles(load(), [trouble]) != load(), trouble.name
    everything = with_troubles(load(), all_troubles())
    assert everything.host("X03").services


def test_every_system_stands_where_the_plan_says() -> None:
    hosts = {host.id: host for host in load().hosts}
    assert [each for each in hosts if each.startswith("S")].__len__() == 33
    assert hosts["S01"].address == "203.0.113.10"
    assert [each.port for each in hosts["S24"].services] == [22, 443]
    for host in hosts.values():
        if host.services:
            assert load().zone_of(host.address) is not None, host.id


def test_the_healthy_city_is_healthy() -> None:
    for host in load().hosts:
        for service in host.services:
            if service.kind in ("site", "exchange"):
                assert service.tls is not None, host.id
                assert service.tls.minimum == "TLSv1.2"
                assert service.tls.days >= 200
                assert service.page is not None
                assert service.page.headers
                assert service.page.cookie in ("strict", "none")


def test_two_ranges_never_want_the_same_port() -> None:
    everything = with_troubles(load(), all_troubles())
    for host in everything.hosts:
        for one, other in combinations([each.port for each in host.services], 2):
            assert (one - other) % PORT_SHIFTS.step, host.id
        for service in host.services:
            assert service.port + max(PORT_SHIFTS) < 65536


def faults_of(text: str, tmp_path: Path) -> str:
    path = tmp_path / "city.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Faulty) as caught:
        load(path)
    return str(caught.value)


GOOD = content.FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("address: 203.0.113.11\n", "address: 8.8.8.8\n", "不在靶场的文档地址段内"),
        ("address: 203.0.113.11\n", "address: 203.0.113.10\n", "主机地址 有重复"),
        ("kind: ssh", "kind: shh", "只能是"),
        ("intro: 一网通办", "introo: 一网通办", "没有这一项"),
        ("port: 22,", "port: 0,", "port"),
        ("target: Z1, ports", "target: Z99, ports", "Z99"),
    ],
)
def test_a_faulty_city_says_where(old: str, new: str, says: str, tmp_path: Path) -> None:
    assert old in GOOD
    message = faults_of(GOOD.replace(old, new, 1), tmp_path)
    assert says in message
    assert message.startswith("city.yaml:")


def trouble_faults(text: str, tmp_path: Path) -> str:
    path = tmp_path / "troubles.yaml"
    path.write_text(
        f"troubles:\n  - name: some-thing\n    title: {{zh: 甲}}\n    check: ''\n{text}"
    )
    with pytest.raises(Faulty) as caught:
        all_troubles(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("{host: S99, set: {name: x}}", "没有主机"),
        ("{host: S02, remove: [444]}", "没有端口"),
        ("{host: S02, port: 444, set: {delay: 1.0}}", "没有端口"),
        ("{host: S02, port: 443, set: {dellay: 1.0}}", "dellay"),
        ("{host: S02}", "须且只能有一项"),
        ("{set: {name: x}}", "须写明 host"),
        ("{withhold: S30, host: S30}", "须写明 host"),
    ],
)
def test_a_trouble_that_does_not_fit_is_refused(change: str, says: str, tmp_path: Path) -> None:
    message = trouble_faults(f"    changes: [{change}]\n", tmp_path)
    assert says in message
    assert message.startswith("troubles.yaml:")


def test_names_and_numbers_are_unique(tmp_path: Path) -> None:
    again = "  - name: some-thing\n    title: {zh: 乙}\n    check: ''\n"
    change = "    changes: [{withhold: S30}]\n"
    assert "重复" in trouble_faults(change + again + change, tmp_path)


def test_a_city_is_not_changed_by_its_troubles() -> None:
    before = load().model_dump_json()
    with_troubles(load(), all_troubles())
    assert City.model_validate(load()).model_dump_json() == before
