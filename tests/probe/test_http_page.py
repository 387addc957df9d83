"""http.page against nginx and small sites whose truth is known, in pairs."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from tests.peers import Authority, free_port, start_nginx
from tests.probe import hostile
from tests.probe.kit import facts, failure, gateway, scope, target
from tests.probe.sites import answer, moved, page, page_of, serve
from tlsec import shipped
from tlsec.facts import Reason
from tlsec.probe.http_page import (
    Cookie,
    Headers,
    HttpPage,
    Limits,
    Link,
    Page,
    Redirect,
    Resource,
    load_signatures,
)

HOST = "www.lanze.test"
HTML = "<!doctype html><title>岚泽市人民政府</title><p>欢迎 <a href='/news'>要闻</a>"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """One nginx with a careful site, a careless one, and one that sends visitors to https."""
    folder = tmp_path_factory.mktemp("nginx")
    cert = Authority(folder).issue("www", [HOST])
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text(HTML, encoding="utf-8")
    (folder / "files").mkdir()
    (folder / "files" / "名单.xlsx").write_text("x")
    ports = {name: free_port() for name in ("good", "bad", "redirect", "packed")}
    tls = f"ssl_certificate {cert}; ssl_certificate_key {cert.with_suffix('.key')};"
    servers = f"""
    server {{ listen 127.0.0.1:{ports["good"]} ssl; {tls} root {folder}/site; server_tokens off; charset utf-8;
      add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
      add_header Content-Security-Policy "default-src 'self'; frame-ancestors 'self'" always;
      add_header X-Content-Type-Options nosniff always; add_header Referrer-Policy same-origin always;
      add_header Set-Cookie "sid=1; Path=/; Secure; HttpOnly; SameSite=Lax"; }}
    server {{ listen 127.0.0.1:{ports["bad"]}; root {folder}; charset utf-8; server_tokens on;
      add_header X-Powered-By PHP/5.4.16; add_header Set-Cookie "sid=1";
      location /files/ {{ autoindex on; }} location /site/ {{ }} }}
    server {{ listen 127.0.0.1:{ports["redirect"]};
      return 301 https://$host:{ports["good"]}$request_uri; }}
    server {{ listen 127.0.0.1:{ports["packed"]}; root {folder}/site; charset utf-8;
      gzip on; gzip_min_length 1; gzip_http_version 1.0; }}
    """
    http = "default_type text/html;"
    with start_nginx(folder, servers, ports["good"], http=http):
        yield ports


@pytest.mark.peer
async def test_nginx_with_all_security_headers(city: dict[str, int]) -> None:
    found = await page(city["good"], host=HOST, tls=True, own_domains=("lanze.test",))
    assert (found.status, found.scheme, found.https_only) == (200, "https", None)
    assert found.final_url == f"https://{HOST}:{city['good']}/"
    assert found.headers == Headers(
        hsts_seconds=31536000,
        csp="default-src 'self'; frame-ancestors 'self'",
        frame_options="csp",
        content_type_options="nosniff",
        referrer_policy="same-origin",
        server="nginx",
        powered_by="",
    )
    assert found.cookies == [Cookie("sid", True, True, "lax")]
    assert (found.server_version, found.title) == ("", "岚泽市人民政府")
    news = f"https://{HOST}:{city['good']}/news"
    assert found.links == [Link(news, HOST, "要闻", False, False)]


@pytest.mark.peer
async def test_nginx_without_any(city: dict[str, int]) -> None:
    found = await page(city["bad"], host=HOST, path="/site/")
    assert found.headers is not None
    assert found.headers.hsts_seconds == -1
    said = found.headers
    nothing = (said.csp, said.frame_options, said.content_type_options, said.referrer_policy)
    assert nothing == ("", "", "", "")
    assert found.cookies == [Cookie("sid", False, False, "")]
    assert found.server_version is not None
    assert found.server_version.startswith("nginx/1.")
    assert (said.powered_by, found.https_only, found.redirects) == ("PHP/5.4.16", False, [])


@pytest.mark.peer
async def test_nginx_lists_a_folder_or_does_not(city: dict[str, int]) -> None:
    assert (await page(city["bad"], path="/files/")).directory_listing is True
    assert (await page(city["bad"], path="/site/")).directory_listing is False


@pytest.mark.peer
async def test_nginx_sends_visitors_to_https(city: dict[str, int]) -> None:
    found = await page(city["redirect"], host=HOST, path="/news?x=1")
    there = f"https://{HOST}:{city['good']}/news?x=1"
    assert found.redirects == [Redirect(301, there, "followed")]
    assert (found.status, found.scheme, found.https_only) == (404, "https", True)
    assert found.final_url == there


@pytest.mark.peer
async def test_nginx_packed_is_the_same_page(city: dict[str, int]) -> None:
    packed, plain = await page(city["packed"]), await page(city["bad"], path="/site/")
    assert (packed.text_hash, packed.dom_hash) == (plain.text_hash, plain.dom_hash)
    assert (packed.title, packed.truncated) == ("岚泽市人民政府", False)


@pytest.mark.parametrize("status", ["401 No", "403 No", "404 No", "429 No", "500 No", "503 No"])
async def test_errors_are_facts(status: str) -> None:
    found = await page_of(answer("<h1>停</h1>", status))
    assert (found.status, found.login_form) == (int(status[:3]), False)


async def test_ipv6() -> None:
    async with serve(lambda path, head: answer(HTML + head.split("\r\n")[1]), "::1") as (_, port):
        found = await page(int(port), "::1")
    assert found.final_url == f"http://[::1]:{port}/"
    assert found.links is not None
    assert found.links[0].foreign is False


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=gb2312", ""])
async def test_gbk(kind: str) -> None:
    html = "<head><meta charset='gbk'><title>岚泽市数据局</title><p>技术支持：运维商甲 朱镕基"
    found = await page_of(answer(html.encode("gbk"), kind=kind))
    assert (found.title, found.support_unit) == ("岚泽市数据局", "运维商甲")


async def test_control_characters_are_taken_out() -> None:
    found = await page_of(
        answer("<title>岚\0泽\x1b[31m\u202e市</title>", more="Server: a\x1fb\x7f\r\n")
    )
    assert found.title == "岚泽[31m市"
    assert found.headers is not None
    assert found.headers.server == "ab"


@pytest.mark.parametrize("packed", [False, True])
async def test_a_body_over_the_cap_leaves_marks_unknown(packed: bool) -> None:
    body = ("<title>岚泽</title><input type=password>" + "<p>x" * 600).encode()
    coding = {"Content-Encoding": "gzip"} if packed else {}
    raw = answer(gzip.compress(body) if packed else body, headers=coding)
    async with serve(raw) as (_, port):
        cut = (await facts(HttpPage(limits=Limits(body=1000)), target(int(port)))).page
        whole = (await facts(HttpPage(limits=Limits(body=len(body))), target(int(port)))).page
    assert (cut.truncated, cut.title, cut.status) == (True, "岚泽", 200)
    for name in ("login_form", "default_product", "default_account_notice", "directory_listing",
                 "error_disclosure", "support_unit", "icp", "secrecy_mark", "text_hash", "dom_hash", "text_size",
                 "links", "resources"):  # fmt: skip
        assert getattr(cut, name) is None, name
        assert getattr(whole, name) is not None, name
    assert whole.truncated is False


async def test_a_coding_nobody_asked_for_is_not_read() -> None:
    found = await page_of(answer(b"\x0b\x02\x80", headers={"Content-Encoding": "br"}))
    assert (found.status, found.truncated, found.text_hash, found.links) == (200, False, None, None)


@pytest.mark.parametrize(
    ("url", "end", "https_only"),
    [
        ("https://sso.other.test/login", "other_host", True),
        ("http://sso.other.test/login", "other_host", False),
        ("//evil.test\\@www.lanze.test/", "other_host", False),
        ("http://www.lanze.test.evil.test/", "other_host", False),
        ("ftp://www.lanze.test/", "bad_location", False),
        ("http://[::1", "bad_location", False),
        ("", "bad_location", False),
    ],
)
async def test_other_hosts_are_recorded_and_not_visited(
    url: str, end: str, https_only: bool
) -> None:
    through = gateway()
    async with serve(moved(url)) as at:
        where = target(at.port, host=HOST)
        found = (await facts(HttpPage(), where, through)).page
        assert at.connections == 1
    assert (found.status, found.https_only) == (302, https_only)
    assert [each.reason for each in found.redirects] == [end]
    assert [each.address for each in through.traffic()] == ["127.0.0.1"]


async def test_a_redirect_out_of_scope_sends_nothing() -> None:
    narrow = gateway(scope("127.0.0.1/32"))
    async with (
        hostile.silent("127.0.0.9") as outside,
        serve(lambda path, head: moved(f"http://127.0.0.9:{outside.port}/")) as (_, port),
    ):
        found = (await facts(HttpPage(), target(int(port)), narrow)).page
        assert [each.reason for each in found.redirects] == ["other_host"]
        named = target(int(port), host="127.0.0.9")  # an address as the target's own name
        assert (await failure(HttpPage(), named, narrow)).reason is Reason.REFUSED
        outright = target(outside.port, "127.0.0.9")
        assert (await failure(HttpPage(), outright, narrow)).reason is Reason.OUT_OF_SCOPE
        assert outside.connections == 0


async def test_redirects_end() -> None:
    found = await page_of(lambda path, head: moved(f"{path}x"))
    assert [each.reason for each in found.redirects] == ["followed"] * 5 + ["too_many"]
    found = await page_of(lambda path, head: moved("/b" if path == "/a" else "/a"), path="/a")
    assert [each.reason for each in found.redirects] == ["followed", "loop"]


async def test_a_site_that_wants_its_cookie_back_gets_it() -> None:
    def site(path: str, head: str) -> bytes:
        if "Cookie: gate=7" in head:
            return answer("<title>内</title>")
        return answer("", "302 Found", {"Location": path, "Set-Cookie": "gate=7; HttpOnly"})

    found = await page_of(site)
    assert (found.title, found.cookies) == ("内", [Cookie("gate", False, True, "")])


async def test_a_closed_door_behind_a_redirect_is_named() -> None:
    closed = free_port()
    async with serve(moved(f"https://127.0.0.1:{closed}/")) as (_, port):
        found = await failure(HttpPage(), target(int(port)))
    assert found.reason is Reason.REFUSED
    assert str(closed) in found.detail


async def marks(html: str) -> Page:
    """The page with the shipped signatures."""
    signatures = load_signatures(shipped.path("policies") / "marks" / "default-pages.yaml")
    async with serve(answer(html)) as (_, port):
        found = (await facts(HttpPage(signatures), target(int(port)))).page
    assert isinstance(found, Page)
    return found


async def test_marks_of_a_page_that_bears_them() -> None:
    found = await marks(
        "<title>phpMyAdmin</title><p>默认账户仍在启用<form><input type='PASSWORD'></form>"
        "<p>技术支持：运维商丙　电话 123<p>岚ICP备2026000001号-1"
        "<pre>at com.a.B.run(B.java:7)</pre>"
        "<script src='//cdn.odd.test/a.js'></script>"
    )
    assert (found.login_form, found.default_product) == (True, "phpMyAdmin")
    assert (found.support_unit, found.icp) == ("运维商丙", "岚ICP备2026000001号-1")
    assert found.error_disclosure == "Java"
    assert found.resources == [
        Resource("http://cdn.odd.test/a.js", "script", "cdn.odd.test", True, False, False)
    ]


async def test_marks_of_a_page_that_bears_none() -> None:
    found = await marks("<title>办事大厅</title><p>我们不再使用 phpMyAdmin，默认账户均已停用")
    assert (found.login_form, found.default_product) == (False, "")
    assert found.default_account_notice is False
    assert (found.support_unit, found.icp, found.error_disclosure) == ("", "", "")
    assert (found.links, found.resources, found.cookies) == ([], [], [])


async def test_a_default_account_notice() -> None:
    assert (await marks("<p>警告：默认账户仍在启用")).default_account_notice is True


async def test_of_a_page_with_a_secrecy_mark_no_words_are_kept() -> None:
    found = await marks("<title>某计划</title><p>机密★10年<p><a href=/x>某工程</a>")
    assert found.secrecy_mark is True
    assert found.title == ""
    assert found.links is not None
    assert [link.text for link in found.links] == [""]
    assert "某" not in repr(found)
    assert (await marks("<title>保密宣传</title><p>国家秘密分为三级")).secrecy_mark is False


FORM = "<form action=/q><input type=hidden name=csrf_token value='{token}'></form>"
CHANGING = "<title>岚泽</title><div id=a>访问量：{visits} 今天是{day} {time}</div>" + FORM


async def test_hashes_stay_while_only_counters_clocks_and_tokens_change() -> None:
    first = CHANGING.format(visits=9, day="2026年1月2日 星期五", time="09:00:01", token="a1" * 16)
    later = CHANGING.format(
        visits="1,234", day="2026年12月31日 星期四", time="23:59", token="9f" * 16
    )
    pages = [await page_of(answer(html)) for html in (first, later)]
    assert pages[0].text_hash == pages[1].text_hash
    assert pages[0].dom_hash == pages[1].dom_hash
    worded = await page_of(answer(first.replace("今天是", "已被攻破")))
    assert (worded.text_hash == pages[0].text_hash, worded.dom_hash == pages[0].dom_hash) == (
        False,
        True,
    )
    built = await page_of(answer(first.replace("<div id=a>", "<div id=a><b></b>")))
    assert (built.text_hash == pages[0].text_hash, built.dom_hash == pages[0].dom_hash) == (
        True,
        False,
    )
