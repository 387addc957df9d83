"""Every trouble changes what a client sees, and mending it shows the healthy city again."""

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.range.clients import Town
from tests.range.test_servers import days_left, resolve, values
from tlsec.range import control, receipts
from tlsec.range.state import NotUp, UnknownTrouble
from tlsec.range.troubles import all_troubles

See = Callable[[Town], object]


def page(address: str, number: int, host: str, path: str = "/") -> See:
    return lambda town: town.get(address, number, host, path).text


def answers(resolver: str, name: str) -> See:
    def see(town: Town) -> object:
        try:
            return values(resolve(town, resolver, name, "A", True))
        except OSError:
            return "no answer"

    return see


def yesterdays_report(town: Town) -> object:
    day = receipts.day(datetime.now(UTC)) - timedelta(days=1)
    return (town.data / "receipts" / f"S30-{day}.json").exists()


def opens(address: str, number: int, source: str = "192.0.2.170") -> See:
    return lambda town: asyncio.run(town.reach(source, address, number))


# trouble → what is looked at, a mark seen only while broken, a mark seen only while mended
TEXTS: dict[str, tuple[See, str, str]] = {
    "hidden-link": (
        page("203.0.113.21", 443, "wangchuan.lanze.test"),
        '<div hidden style="display:none"><a href="http://lucky888.icu.test/">',
        "",
    ),
    "default-backoffice": (
        page("192.0.2.12", 443, "yizhan.lanze.test", "/admin/"),
        'type="password"',
        "仅限内部人员",
    ),
    "screen-default-account": (
        lambda town: town.get("198.51.100.205", 8088).text,
        "默认账号 admin 仍在启用",
        "",
    ),
    "wrong-operator": (
        page("203.0.113.13", 443, "rs.lanze.test"),
        "技术支持：运维商丙",
        "技术支持：运维商甲",
    ),
    "redesign": (
        page("203.0.113.10", 443, "www.lanze.test"),
        "全新改版",
        "走进岚泽，一城山水半城湖",
    ),
    "page-swapped": (
        page("203.0.113.16", 443, "env.lanze.test"),
        "本页已被改写",
        "湖滨站",
    ),
    "directory-listing": (page("198.51.100.162", 443, "qinghe-zw.lanze.test"), "Index of /", ""),
    "error-page": (page("198.51.100.178", 443, "shidu-zw.lanze.test"), "SQLException", "服务事项"),
    "foreign-script": (
        page("203.0.113.20", 443, "lanxi.lanze.test"),
        'src="https://cdn.stat-count.test/s.js"',
        "",
    ),
    "screen-hijacked": (
        lambda town: town.get("198.51.100.200", 8088, path="/content").text,
        "借屏",
        "A018",
    ),
    "own-script": (
        page("203.0.113.16", 443, "env.lanze.test"),
        '<script src="/stat.js">',
        "",
    ),
    "bad-words": (page("203.0.113.20", 443, "lanxi.lanze.test"), "演练甲类违禁词样例", ""),
    "weak-cookie": (
        lambda town: (
            str(town.get("192.0.2.72", 8443, "zonghe.lanze.test").headers["Set-Cookie"]) + ";end"
        ),
        "Path=/;end",
        "Secure",
    ),
    "version-shown": (
        lambda town: str(town.get("198.51.100.146", 443, "wangchuan-zw.lanze.test").headers),
        "nginx/1.14.0",
        "lanze-web",
    ),
}


def heartbeat_is_old(town: Town) -> bool:
    said = json.loads(town.get("198.51.100.205", 8088, path="/api/status").text)
    return datetime.now(UTC) - datetime.fromisoformat(said["heartbeat"]) > timedelta(hours=1)


# trouble → what is looked at, what is seen while broken, while mended
VALUES: dict[str, tuple[See, object, object]] = {
    "zombie-stats": (opens("198.51.100.12", 8080), "open", "closed"),
    "stray-rdp": (opens("198.51.100.33", 3389), "open", "closed"),
    "second-exit": (opens("203.0.113.130", 3128, "198.51.100.172"), "open", "closed"),
    "open-exchange": (opens("192.0.2.131", 9443, "198.51.100.50"), "open", "silent"),
    "cert-ending": (lambda town: days_left(town, "203.0.113.14", 443), 9, 280),
    "dns-split": (answers("192.0.2.181", "shidu.lanze.test"), ["203.0.113.99"], ["203.0.113.23"]),
    "old-tls": (
        lambda town: "Referrer-Policy" in town.get("192.0.2.70", 8443, "dangan.lanze.test").headers,
        False,
        True,
    ),
    "new-mongo": (opens("192.0.2.11", 27017), "open", "closed"),
    "zero-report": (yesterdays_report, False, True),
    "screen-stale": (heartbeat_is_old, True, False),
    "line-cut": (opens("192.0.2.166", 443), "silent", "open"),
    "site-down": (opens("203.0.113.11", 443), "closed", "open"),
    "cert-expired": (lambda town: days_left(town, "203.0.113.15", 443), -4, 240),
    "open-redis": (opens("198.51.100.10", 6379), "open", "closed"),
    "open-memcached": (opens("192.0.2.10", 11211), "open", "closed"),
    "open-mysql": (opens("192.0.2.12", 3306), "open", "closed"),
    "telnet-admin": (opens("192.0.2.74", 23), "open", "closed"),
    "plain-http": (opens("198.51.100.130", 80), "open", "closed"),
    "resolver-down": (
        answers("192.0.2.181", "www.lanze.test"),
        "no answer",
        ["203.0.113.10"],
    ),
}
ELSEWHERE = {"slow-answers", "cert-name", "cert-self-signed"}


def test_no_trouble_is_forgotten() -> None:
    assert set(TEXTS) | set(VALUES) | ELSEWHERE == {each.name for each in all_troubles()}


@pytest.mark.parametrize("name", TEXTS)
def test_what_a_page_shows(town: Town, name: str) -> None:
    see, while_broken, while_mended = TEXTS[name]
    with town.switched(name, True):
        text = str(see(town))
        assert while_broken in text
        assert not while_mended or while_mended not in text
    with town.switched(name, False):
        text = str(see(town))
        assert while_broken not in text
        assert while_mended in text


@pytest.mark.parametrize("name", VALUES)
def test_what_a_client_gets(town: Town, name: str) -> None:
    see, while_broken, while_mended = VALUES[name]
    with town.switched(name, True):
        assert see(town) == while_broken
    with town.switched(name, False):
        assert see(town) == while_mended


def test_slow_answers_take_eight_seconds(town: Town) -> None:
    with town.switched("slow-answers", True):
        with (
            town.tls("192.0.2.10", 8443, "haochaping.lanze.test") as sock,
            pytest.raises(TimeoutError),
        ):
            sock.settimeout(0.7)
            sock.sendall(b"GET / HTTP/1.1\r\nHost: haochaping.lanze.test\r\n\r\n")
            sock.recv(1)
        begun = time.monotonic()
    assert time.monotonic() - begun < 3  # mending does not wait for the slow ones
    assert town.get("192.0.2.10", 8443, "haochaping.lanze.test").status == 200


def test_certificates_of_the_extras(town: Town) -> None:
    for name, where in {
        "cert-name": ("192.0.2.73", 8443, "yingji.lanze.test"),
        "cert-self-signed": ("203.0.113.22", 443, "qinghe.lanze.test"),
    }.items():
        assert town.get(*where).status == 200
        with town.switched(name, True), pytest.raises(ssl.SSLCertVerificationError):
            town.get(*where)
        assert town.get(*where).status == 200


def test_nobody_is_refused_while_a_page_changes(town: Town) -> None:
    failures: list[str] = []
    over = threading.Event()

    def visit() -> None:
        while not over.is_set():
            try:
                town.dial("203.0.113.10", 443).close()
            except OSError as error:
                failures.append(str(error))

    visitor = threading.Thread(target=visit)
    visitor.start()
    for broken in (False, True, False, True):
        town.switch("redesign", broken)
    over.set()
    visitor.join()
    assert failures == []


def test_all_at_once_and_back(town: Town) -> None:
    extras = [each.name for each in all_troubles() if not each.built_in]
    for name in extras:
        town.switch(name, True)
    state = control.status(town.data)
    assert state is not None
    assert all(state.troubles.values())
    for name in extras:
        town.switch(name, False)
    assert town.get("203.0.113.11", 443, "zwfw.lanze.test").status == 200


def test_switching_twice_changes_nothing(town: Town) -> None:
    town.switch("stray-rdp", True)
    town.switch("2", True)
    state = control.status(town.data)
    assert state is not None
    assert state.troubles["stray-rdp"]


def test_unknown_names_and_no_range(town: Town, tmp_path: Path) -> None:
    with pytest.raises(UnknownTrouble, match="nonsense"):
        control.switch(town.data, "nonsense", True)
    with pytest.raises(NotUp, match="tlsec range up"):
        control.switch(tmp_path, 1, True)


def test_zero_reports_are_whole(town: Town) -> None:
    folder = town.data / "receipts"
    today = receipts.day(datetime.now(UTC))
    days = [today - timedelta(days=back) for back in (1, 2, 3)]
    wanted = {f"S{n}-{day}.json" for n in range(26, 34) for day in days}
    assert {each.name for each in folder.iterdir()} == wanted - {f"S30-{days[0]}.json"}
    report = json.loads((folder / f"S30-{days[1]}.json").read_text())
    assert report["unit"] == "澜溪县数据局"
    assert report["event"] is False
    sent = datetime.fromisoformat(report["sent_at"])
    assert sent.utcoffset() == timedelta(0)
    assert receipts.day(sent) == days[1]
