"""The city's pages, as a visitor and as the page probe read them."""

import re
from collections.abc import Iterator

import pytest

from tests.range.clients import Town
from tlsec.range.city import load
from tlsec.wire.page import read_page

OWN = ("lanze.test", "gov.test")
SECURITY = (
    "Strict-Transport-Security", "Content-Security-Policy", "X-Frame-Options",
    "X-Content-Type-Options", "Referrer-Policy",
)  # fmt: skip


def web_services() -> Iterator[tuple[str, str, int]]:
    for host in load().hosts:
        for service in host.services:
            if service.tls is not None:
                yield f"{host.name}.lanze.test", host.address, service.port


@pytest.mark.parametrize(("host", "address", "port"), list(web_services()))
def test_every_encrypted_site_is_well_kept(town: Town, host: str, address: str, port: int) -> None:
    seen = town.get(address, port, host)
    assert seen.status in (200, 401)
    if host == "dangan.lanze.test":  # trouble 10
        assert not any(name in seen.headers for name in SECURITY)
    else:
        assert all(seen.headers[name] for name in SECURITY)
        hsts = re.search(r"max-age=(\d+)", seen.headers["Strict-Transport-Security"])
        assert hsts is not None
        assert int(hsts[1]) >= 31536000
    assert not re.search(r"\d", seen.headers["Server"])
    for cookie in seen.headers.get_all("Set-Cookie", []):
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert not re.search(r"(?:src|href)=\"https?://(?!lucky888)", seen.text)


def test_pages_are_chinese_sites_with_links_that_work(town: Town) -> None:
    seen = town.get("203.0.113.20", 443, "lanxi.lanze.test")
    assert "<title>澜溪县人民政府</title>" in seen.text
    assert "技术支持：运维商丙" in seen.text
    assert "岚ICP备2026000020号-1" in seen.text
    for link in set(re.findall(r'(?:href|src)="(/[^"#]*)"', seen.text)):
        assert town.get("203.0.113.20", 443, "lanxi.lanze.test", link).status == 200, link
    assert town.get("203.0.113.20", 443, "lanxi.lanze.test", "/news/99.html").status == 404
    assert town.get("203.0.113.20", 443, "lanxi.lanze.test", "/../../etc/passwd").status == 404


def test_counter_and_token_differ_and_nothing_else_does(town: Town) -> None:
    one, other = (town.get("203.0.113.11", 443, "zwfw.lanze.test").text for _ in range(2))
    assert one != other
    noise = re.compile(r"第 \d+ 位|[0-9a-f]{32}")
    assert noise.sub("", one) == noise.sub("", other)


def test_footers_show_the_operator_where_agreed(town: Town) -> None:
    silent = {"cloud", "bastion", "api", "zhengzhao", "share", "yibao", "video"}
    third = {"www", "lanxi", "wangchuan", "qinghe", "shidu", "rs"}  # rs by trouble 11
    for host, address, port in web_services():
        name = host.partition(".")[0]
        shown = re.findall(r"技术支持：(\S+?)<", town.get(address, port, host).text)
        wanted = [] if name in silent else ["运维商丙" if name in third else "运维商甲"]
        assert shown == wanted, name


@pytest.mark.parametrize(("host", "address", "port"), list(web_services()))
def test_the_page_probe_sees_the_same_page_twice(
    town: Town, host: str, address: str, port: int
) -> None:
    one, other = (
        read_page(town.get(address, port, host).text, f"https://{host}/", OWN) for _ in range(2)
    )
    assert (one.text_hash, one.dom_hash) == (other.text_hash, other.dom_hash)
    strange = [link.url for link in one.links if link.hidden or link.foreign]
    assert strange == (["http://lucky888.icu.test/"] if host.startswith("wangchuan.") else [])


@pytest.mark.parametrize(
    ("name", "host", "address"),
    [
        ("redesign", "www.lanze.test", "203.0.113.10"),
        ("page-swapped", "env.lanze.test", "203.0.113.16"),
    ],
)
def test_another_page_reads_as_another(town: Town, name: str, host: str, address: str) -> None:
    readings = []
    for broken in (True, False):
        with town.switched(name, broken):
            readings.append(read_page(town.get(address, 443, host).text, f"https://{host}/", OWN))
    assert readings[0].text_hash != readings[1].text_hash
    assert readings[0].dom_hash != readings[1].dom_hash
