"""net.service against real servers, the greetings of others, and servers that tell nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import (
    Authority,
    free_port,
    start_nginx,
    start_openssl,
    start_postgres,
    start_redis,
    start_sshd,
)
from tests.probe import hostile
from tests.probe.kit import facts, failure, gateway, target
from tlsec.facts import Reason
from tlsec.probe import net_service
from tlsec.probe.net_service import MAX_CONNECTIONS, NetService, Service
from tlsec.wire import first_bytes


async def service(port: int, address: str = "127.0.0.1") -> Service:
    through = gateway()
    found = await facts(NetService(), target(port, address), through)
    assert through.traffic()[0].connections <= MAX_CONNECTIONS
    assert isinstance(found.service, Service)
    return found.service


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A quarter of the usual patience, and a proof that ten seconds are enough in earnest."""
    for name in ("GREETING_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(net_service, name, getattr(net_service, name) / 4)
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 10


@pytest.mark.peer
async def test_openssh(tmp_path: Path) -> None:
    with start_sshd(tmp_path) as peer:
        found = await service(peer.port)
    assert (found.kind, found.product, found.encrypted) == ("ssh", "OpenSSH", False)
    assert found.version
    assert found.banner
    assert found.banner.startswith(f"SSH-2.0-OpenSSH_{found.version}")


@pytest.mark.peer
@pytest.mark.parametrize(("password", "required"), [("", False), ("s3cret", True)])
async def test_redis_with_and_without_a_password(
    tmp_path: Path, password: str, required: bool
) -> None:
    with start_redis(tmp_path, password) as peer:
        found = await service(peer.port)
    assert (found.kind, found.auth_required, found.encrypted) == ("redis", required, False)


@pytest.mark.peer
async def test_postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with start_postgres(tmp_path) as peer:
        unhinted = await service(peer.port)
        monkeypatch.setitem(first_bytes.HINTS, peer.port, "postgres")
        hinted = await service(peer.port)
    assert unhinted.kind == hinted.kind == "postgres"


@pytest.mark.peer
@pytest.mark.parametrize("hint", ["", "http", "tls"])
async def test_nginx_plain_and_tls_whatever_the_port_suggests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hint: str
) -> None:
    plain, secure = free_port(), free_port("127.0.0.2")
    cert = Authority(tmp_path).issue("www", ["www.lanze.test"])
    servers = f"""
        server {{ listen 127.0.0.1:{plain}; return 200 hi; }}
        server {{ listen 127.0.0.2:{secure} ssl; ssl_certificate {cert};
                  ssl_certificate_key {cert.with_suffix(".key")}; return 200 hi; }}"""
    if hint:
        monkeypatch.setitem(first_bytes.HINTS, plain, hint)
        monkeypatch.setitem(first_bytes.HINTS, secure, hint)
    with start_nginx(tmp_path, servers, plain):
        found = await service(plain)
        assert (found.kind, found.product, found.encrypted) == ("http", "nginx", False)
        assert found.version
        assert found.version.startswith("1.")
        found = await service(secure, "127.0.0.2")
        assert (found.kind, found.encrypted) == ("tls", True)


@pytest.mark.peer
async def test_tls13_only(tmp_path: Path) -> None:
    cert = Authority(tmp_path).issue("www", ["www.lanze.test"])
    with start_openssl(tmp_path, cert, "-tls1_3") as peer:
        assert (await service(peer.port)).kind == "tls"


@pytest.mark.parametrize(
    ("said", "kind", "product", "version"),
    [
        (b"220 (vsFTPd 3.0.5)\r\n", "ftp", "vsFTPd", "3.0.5"),
        (b"220 mail.lanze.test ESMTP Postfix (Debian/GNU)\r\n", "smtp", "Postfix", ""),
        (b"+OK Dovecot ready.\r\n", "pop3", "Dovecot", ""),
        (b"RFB 003.008\n", "vnc", None, None),
        (b"\xff\xfd\x18\xff\xfb\x01\r\nswitch login: ", "telnet", None, None),
        (b"LANZE-BACKUP-NODE 3 READY\r\n", "unknown", None, None),
    ],
)
async def test_servers_that_speak_first_are_asked_nothing(
    said: bytes, kind: str, product: str | None, version: str | None
) -> None:
    async with hostile.greeting(said) as server:
        found = await service(server.port)
        assert server.connections == 1
    assert (found.kind, found.product, found.version) == (kind, product, version)
    assert found.banner is not None
    assert all(character.isprintable() for character in found.banner)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nVia: 1.1 exit\r\n\r\n", "http_proxy"),
        (b"HTTP/1.1 400 Bad Request\r\nVia: 1.1 squid-host (squid/5.7)\r\n\r\n", "http_proxy"),
        (b"HTTP/1.1 200 OK\r\nVia: 1.1 cdn\r\nServer: x\r\n\r\n", "http"),
        (b"VERSION 1.6.18\r\n", "memcached"),
        (bytes.fromhex("030000130ed000001234000200080002000000"), "rdp"),
    ],
)
@pytest.mark.usefixtures("impatient")
async def test_answers(answer: bytes, kind: str) -> None:
    async with hostile.answer(answer) as server:
        assert (await service(server.port)).kind == kind


@pytest.mark.usefixtures("impatient")
class TestHostileServers:
    async def test_silent(self) -> None:
        async with hostile.silent() as server:
            found = await service(server.port)
        assert found == Service("unknown", banner="", encrypted=False)

    async def test_endless_garbage_is_read_no_further_than_a_banner(self) -> None:
        through = gateway()
        async with hostile.garbage() as server:
            found = (await facts(NetService(), target(server.port), through)).service
        assert found.kind == "unknown"
        assert len(found.banner) <= 200
        assert through.traffic()[0].bytes_read <= net_service.MAX_ANSWER

    async def test_drip(self) -> None:
        async with hostile.drip(b"SSH-2.0-slow\r\n", every=0.2) as server:
            found = await service(server.port)
        assert (found.kind, found.banner) == ("unknown", "SS")

    async def test_reset_and_close_are_named(self) -> None:
        for kind in (hostile.reset(1), hostile.reset(0), hostile.closing()):
            async with kind as server:
                found = await failure(NetService(), target(server.port))
            assert found.reason is Reason.PROTOCOL

    async def test_control_characters_never_reach_a_terminal(self) -> None:
        async with hostile.greeting(
            b"\x1b]0;pwned\x07\x1b[2J\x00hello\xff\xfe\r\nsecond"
        ) as server:
            found = await service(server.port)
        assert found.banner == "]0;pwned [2J hello second"


async def test_refused_and_out_of_scope() -> None:
    assert (await failure(NetService(), target(free_port()))).reason is Reason.REFUSED
    assert (await failure(NetService(), target(1, "192.0.2.1"))).reason is Reason.OUT_OF_SCOPE
