"""Mail goes out encrypted to a server that is who it says, within bounds, and its refusals are understood."""

from __future__ import annotations

import socket
import ssl
import time

import pytest

from tests.notify import mailserver
from tests.notify.conftest import NOW
from tests.notify.mailserver import Mail
from tlsec.notify import channels
from tlsec.notify.message import Message

PASSWORD = "Mail-9c1f4e77"
TO_SAY = Message(
    "YJ-2026-00001", "证书将到期\r\nBcc: x@evil.test", "还有 9 天\n.\n请更换", "urgent",
    ("p105@lanze.test", "bad address@x", "a@b.test\r\nRCPT TO:<x@y>", "0990-5550105"), "", "tlsec-7",
)  # fmt: skip


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TLSEC_P", PASSWORD)


def channel(configure, port: int, security: str = "starttls", ca: object = "", auth: bool = True):
    login = ", user: u, password: {env: TLSEC_P}" if auth else ""
    text = (
        f"channels:\n  - {{id: m, kind: smtp, host: localhost, port: {port}, security: {security},"
        f" sender: tlsec@lanze.test, ca: '{ca}'{login}}}\n"
    )
    return channels.build(configure(text, connect_seconds=0.3, total_seconds=0.3), "m")


@pytest.fixture
def server_tls(tls_files) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls_files.cert, tls_files.key)
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_taken_over_tls(configure, tls_files, server_tls, security: str) -> None:
    mail = Mail(trust=server_tls, implicit=security == "tls", password=PASSWORD)
    with mailserver.running(mail) as port:
        sent = channel(configure, port, security, tls_files.ca).send(TO_SAY, NOW)
    assert sent.ok, sent
    ((to, got),) = mail.accepted
    assert to == ["p105@lanze.test"]
    assert got["Subject"] == "证书将到期 Bcc: x@evil.test" and got["Bcc"] is None
    assert got["Message-ID"] == "<tlsec-7@lanze.test>" and got["Importance"] == "high"
    assert got.get_content().split() == ["还有", "9", "天", ".", "请更换"]
    assert b"AUTH" not in b"".join(mail.clear) and PASSWORD.encode() not in b"".join(mail.clear)


def test_a_server_without_starttls_gets_no_password_and_no_mail(configure, tls_files) -> None:
    mail = Mail()
    with mailserver.running(mail) as port:
        sent = channel(configure, port, "starttls", tls_files.ca).send(TO_SAY, NOW)
    assert not sent.ok and sent.retry_after is None and not mail.accepted


def test_a_certificate_of_another_is_refused(configure, server_tls) -> None:
    mail = Mail(trust=server_tls, password=PASSWORD)
    with mailserver.running(mail) as port:
        sent = channel(configure, port).send(TO_SAY, NOW)
    assert not sent.ok and sent.detail == "对方证书不可信" and not mail.accepted


def test_a_wrong_password_is_told_without_it(configure, tls_files, server_tls) -> None:
    mail = Mail(trust=server_tls, password="another")
    with mailserver.running(mail) as port:
        sent = channel(configure, port, ca=tls_files.ca).send(TO_SAY, NOW)
    assert not sent.ok and sent.retry_after is None
    assert "535" in sent.detail and PASSWORD not in sent.detail


@pytest.mark.parametrize(
    ("verb", "reply", "again"),
    [
        ("connect", b"421 too busy", True),
        ("connect", b"554 no service", False),
        ("MAIL", b"451 later", True),
        ("RCPT", b"450 greylisted", True),
        ("RCPT", b"550 no such user", False),
        ("DATA", b"452 full", True),
        ("DATA", b"554 refused", False),
    ],
)
def test_refusals_for_now_and_for_ever(configure, verb: str, reply: bytes, again: bool) -> None:
    mail = Mail({verb: reply})
    with mailserver.running(mail) as port:
        sent = channel(configure, port, "none", auth=False).send(TO_SAY, NOW)
    assert not sent.ok and (sent.retry_after is not None) is again
    assert reply[:3].decode() in sent.detail


def silent(connection: socket.socket) -> None:
    while connection.recv(1000):
        pass


def dripping(connection: socket.socket) -> None:
    connection.sendall(b"220-")
    for _n in range(60):
        time.sleep(0.03)
        connection.sendall(b"x")


def endless(connection: socket.socket) -> None:
    for _n in range(100_000):
        connection.sendall(b"220-" + b"x" * 500 + b"\r\n")


def one_line(connection: socket.socket) -> None:
    for _n in range(2000):
        connection.sendall(b"2" * 65536)


def gone(connection: socket.socket) -> None:
    connection.sendall(b"220 mail\r\n")
    connection.recv(1000)


@pytest.mark.parametrize(
    "behave", [silent, dripping, endless, one_line, gone], ids=lambda b: b.__name__
)
def test_bad_behaviour_ends_in_good_time(configure, behave) -> None:
    with mailserver.running(behave) as port:
        started = time.monotonic()
        sent = channel(configure, port, "none", auth=False).send(TO_SAY, NOW)
        assert time.monotonic() - started < 2
    assert not sent.ok and sent.retry_after is not None


def test_silence_after_the_mail_was_given_may_mean_yes(configure) -> None:
    def behave(connection: socket.socket) -> None:
        connection.sendall(b"220 m\r\n")
        file = connection.makefile("rb")
        while line := file.readline():
            if line.upper().startswith(b"DATA"):
                connection.sendall(b"354 go\r\n")
                while file.readline() not in (b".\r\n", b""):
                    pass
                file.read(1)
            else:
                connection.sendall(b"250 ok\r\n")

    with mailserver.running(behave) as port:
        sent = channel(configure, port, "none", auth=False).send(TO_SAY, NOW)
    assert not sent.ok and sent.perhaps


def test_without_an_address_nothing_is_tried(configure) -> None:
    sent = channel(configure, 1, "none", auth=False).send(Message("k", "t", "x"), NOW)
    assert not sent.ok and sent.retry_after is None and "邮箱" in sent.detail
