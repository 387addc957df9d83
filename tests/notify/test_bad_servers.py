"""The other side may be slow, half-open, huge, lying or elsewhere: a channel says so, in time, and never raises."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from tests.notify import servers
from tests.notify.conftest import NOW
from tests.notify.robots import SECRET, TOKEN
from tlsec.notify import channels
from tlsec.notify.message import Message, Sent

KINDS = ("dingtalk", "wecom", "feishu", "webhook")
TO_SAY = Message("k", "标题", "正文", "urgent", ("13800138000",))
QUICK = {"connect_seconds": 0.2, "total_seconds": 0.25}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TLSEC_T", TOKEN)
    monkeypatch.setenv("TLSEC_S", SECRET)


def channel(configure, kind: str, url: str, **more: str):
    token = "" if kind == "webhook" else ", token: {env: TLSEC_T}"
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    text = f"channels:\n  - {{id: r, kind: {kind}, url: '{url}', cleartext: true{token}{extra}}}\n"
    return channels.build(configure(text, **QUICK), "r")


def asked(connection: socket.socket) -> None:
    """Read the request to its end, as far as it comes at once."""
    connection.settimeout(1)
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        if not part:
            return
        head += part


def silent(connection: socket.socket) -> None:
    asked(connection)
    connection.settimeout(1)
    while connection.recv(65536):
        pass


def dripping(connection: socket.socket) -> None:
    """A byte now and then: each in time, the whole never."""
    asked(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _n in range(8):
        time.sleep(0.05)
        connection.sendall(b" ")


def dripping_headers(connection: socket.socket) -> None:
    asked(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _n in range(8):
        time.sleep(0.05)
        connection.sendall(b"x")


def hung_up(connection: socket.socket) -> None:
    asked(connection)


def lying(connection: socket.socket) -> None:
    """Promises more than it sends."""
    asked(connection)
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"errcode":0,"code":0}')


def huge(connection: socket.socket) -> None:
    asked(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    for _n in range(1000):
        connection.sendall(chunk)


def bomb(connection: socket.socket) -> None:
    """A little that would unpack to much: it is not unpacked."""
    import gzip

    asked(connection)
    packed = gzip.compress(b" " * 20_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    connection.sendall(head.encode() + packed)


def not_http(connection: socket.socket) -> None:
    asked(connection)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def long_headers(connection: socket.socket) -> None:
    asked(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n")


@pytest.mark.parametrize("kind", ["dingtalk", "webhook"])
@pytest.mark.parametrize(
    "behave",
    [silent, dripping, dripping_headers, hung_up, lying, huge, bomb, not_http, long_headers],
    ids=lambda b: b.__name__,
)
def test_bad_behaviour_is_a_failed_try_in_good_time(
    configure, kind: str, behave: Callable[[socket.socket], None]
) -> None:
    if behave is bomb and kind == "webhook":
        pytest.skip("any body will do for a webhook")
    with servers.raw(behave) as port:
        started = time.monotonic()
        sent = channel(configure, kind, f"http://127.0.0.1:{port}/").send(TO_SAY, NOW)
        assert time.monotonic() - started < 2
    assert not sent.ok and sent.retry_after is not None and sent.detail
    assert sent.perhaps  # the request went out; nobody knows
    assert TOKEN not in sent.detail and str(port) not in sent.detail


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b'"ok"', b"{", b'{"errcode": null}', b'{"errcode": "0x0"}', b'{"code": true}',
        b'{"errcode": 0.0}', b'{"errmsg": "ok"}', b"\xff\xfe", b"[" * 50_000, b"<html>200 OK</html>",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["dingtalk", "wecom", "feishu"])
def test_a_200_without_a_clear_yes_is_no_acceptance(configure, kind: str, body: bytes) -> None:
    with servers.web(lambda _r: (200, body)) as web:
        sent = channel(configure, kind, web.url).send(TO_SAY, NOW)
    assert not sent.ok


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_http_are_tried_again_only_when_that_may_help(configure, kind: str) -> None:
    answers = iter([500, 502, 503, 429, 400, 401, 404, 410])
    with servers.web(lambda _r: (next(answers), b"{}")) as web:
        made = channel(configure, kind, web.url)
        again = [made.send(TO_SAY, NOW) for _n in range(8)]
    assert [s.retry_after is not None for s in again] == [True] * 4 + [False] * 4
    assert [s.throttled for s in again] == [False] * 3 + [True] + [False] * 4


@pytest.mark.parametrize("kind", KINDS)
def test_no_redirect_is_followed(configure, kind: str) -> None:
    with servers.web() as elsewhere:
        reply = (302, b"", {"Location": elsewhere.url})
        with servers.web(lambda _r: reply) as web:
            sent = channel(configure, kind, web.url).send(TO_SAY, NOW)
    assert not sent.ok and sent.retry_after is None and not elsewhere.got


def test_no_proxy_is_taken_from_the_environment(configure, monkeypatch: pytest.MonkeyPatch) -> None:
    with servers.web() as proxy, servers.web() as web:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert channel(configure, "webhook", web.url).send(TO_SAY, NOW).ok
    assert not proxy.got and len(web.got) == 1


def test_nobody_there(configure) -> None:
    with servers.raw(hung_up) as port:
        pass
    sent = channel(configure, "dingtalk", f"http://127.0.0.1:{port}/").send(TO_SAY, NOW)
    assert sent == Sent(False, "连接不上", 30.0)


def test_a_certificate_that_is_not_trusted_is_refused(configure, tls_files) -> None:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls_files.cert, tls_files.key)

    def secured(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as talk:
            asked(talk)
            talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with servers.raw(secured) as port:
        url = f"https://localhost:{port}/"
        sent = channel(configure, "webhook", url).send(TO_SAY, NOW)
        assert not sent.ok and sent.detail == "对方证书不可信"
        assert channel(configure, "webhook", url, ca=str(tls_files.ca)).send(TO_SAY, NOW).ok


def test_an_answer_that_repeats_the_secret_is_masked(configure) -> None:
    with servers.web(
        lambda r: (200, f'{{"errcode": 1, "errmsg": "bad {TOKEN} from 203.0.113.9"}}'.encode())
    ) as web:
        sent = channel(configure, "dingtalk", web.url).send(TO_SAY, NOW)
    assert sent.detail == "1（bad *** from 203.0.113.*）"
