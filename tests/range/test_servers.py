"""Each kind of server, asked by a real client."""

import _ssl
import json
import shutil
import socket
import ssl
import struct
import subprocess

import asyncssh
import dns.message
import dns.query
import dns.rcode
import pytest
from cryptography import x509

from tests.range.clients import Town
from tlsec.range.city import load
from tlsec.range.mongo import bson

# --- web


def test_plain_http_leads_to_https(town: Town) -> None:
    named = town.get("203.0.113.10", 80, headers={})
    assert named.status == 301
    with town.dial("203.0.113.10", 80) as sock:
        sock.sendall(b"GET /a?b=1 HTTP/1.1\r\nHost: www.lanze.test\r\n\r\n")
        assert b"Location: https://www.lanze.test/a?b=1\r\n" in sock.recv(4096)
    with town.dial("203.0.113.10", 80) as sock:  # a person's browser at this machine
        sock.sendall(b"GET / HTTP/1.1\r\nHost: 127.113.0.10:20080\r\n\r\n")
        port = 443 + town.state.port_shift
        assert f"Location: https://127.113.0.10:{port}/\r\n".encode() in sock.recv(4096)


def test_methods_and_nonsense(town: Town) -> None:
    where = ("203.0.113.11", 443, "zwfw.lanze.test")
    assert town.get(*where, method="DELETE").status == 405
    head = town.get(*where, method="HEAD")
    assert (head.status, head.text) == (200, "")
    assert town.get(*where, "/login", method="POST").status == 403
    answer = town.talk("203.0.113.10", 80, b"\x00\x01 nonsense\r\n\r\n")
    assert answer.startswith(b"HTTP/1.")
    assert b"aiohttp" not in answer
    assert b"Python" not in answer


def test_exchange_nodes_want_a_token(town: Town) -> None:
    where = ("192.0.2.131", 9443, "share.lanze.test")
    stranger = town.get(*where, "/api/catalogue")
    assert stranger.status == 401
    assert stranger.headers["WWW-Authenticate"].startswith("Bearer")
    assert json.loads(stranger.text)["error"] == "unauthorized"
    assert json.loads(town.get(*where, "/health").text) == {"status": "ok"}
    token = {"Authorization": "Bearer range-partner"}
    partner = town.get(*where, "/api/catalogue", headers=token)
    assert json.loads(partner.text)["resources"]
    assert town.get("192.0.2.130", 9443, "zhengzhao.lanze.test", headers=token).status == 401


def test_led_player_shows_its_status(town: Town) -> None:
    page = town.get("198.51.100.200", 8088)
    assert "政务服务大厅信息屏" in page.text
    assert "技术支持" not in page.text
    assert "Strict-Transport-Security" not in page.headers
    status = json.loads(town.get("198.51.100.200", 8088, path="/api/status").text)
    assert status["content"] in page.text
    assert status["default_account_active"] is False


# --- TLS

VERSIONS = [
    ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3,
]  # fmt: skip


def spoken(town: Town, address: str, port: int, host: str) -> list[str]:
    """The versions a server establishes, tried one by one."""
    found = []
    for version in VERSIONS:
        context = town.trust()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        try:
            with town.tls(address, port, host, context) as sock:
                found.append(str(sock.version()))
        except (ssl.SSLError, ConnectionError):
            continue
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_versions_of_tls(town: Town) -> None:
    good = ["TLSv1.2", "TLSv1.3"]
    assert spoken(town, "203.0.113.10", 443, "www.lanze.test") == good
    assert spoken(town, "192.0.2.131", 9443, "share.lanze.test") == good
    old = ("192.0.2.70", 8443, "dangan.lanze.test")
    assert spoken(town, *old) == ["TLSv1", "TLSv1.1", *good]
    with town.switched("old-tls", False):
        assert spoken(town, *old) == good


def certificate(town: Town, address: str, port: int) -> x509.Certificate:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with town.tls(address, port, "any.lanze.test", context) as sock:
        shown = sock.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown)


def days_left(town: Town, address: str, port: int) -> int:
    return (certificate(town, address, port).not_valid_after_utc - town.state.started).days


def test_certificates_have_names_dates_and_a_strict_chain(town: Town) -> None:
    from cryptography.x509.verification import PolicyBuilder, Store

    root = x509.load_pem_x509_certificate(town.state.ca.read_bytes())
    with town.tls("203.0.113.10", 443, "www.lanze.test") as sock:
        shown = sock._sslobj.get_unverified_chain()  # public from Python 3.13
        chain = [each.public_bytes(_ssl.ENCODING_DER) for each in shown]
    leaf, *rest = map(x509.load_der_x509_certificate, chain)
    verifier = (
        PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName("www.lanze.test"))
    )
    assert len(verifier.verify(leaf, rest)) == 3
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["www.lanze.test"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["203.0.113.10"]
    assert leaf.public_key().curve.name == "secp256r1"


def test_days_of_certificates(town: Town) -> None:
    assert days_left(town, "203.0.113.14", 443) == 9
    assert -430 < days_left(town, "198.51.100.12", 8080) <= -420
    with town.switched("cert-ending", False):
        assert days_left(town, "203.0.113.14", 443) == 280


# --- SSH


async def test_ssh_shakes_hands_and_lets_nobody_in(town: Town) -> None:
    host, port = town.state.translate("192.0.2.166", 22)
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(
            host,
            port,
            username="root",
            password="x",
            client_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            known_hosts=None,
            local_addr=("127.2.0.170", 0),
        )
    assert town.talk("192.0.2.166", 22).startswith(b"SSH-2.0-lanze-bastion\r\n")


@pytest.mark.skipif(shutil.which("ssh-keyscan") is None, reason="no OpenSSH client")
def test_ssh_shows_openssh_its_host_key(town: Town) -> None:
    host, port = town.state.translate("192.0.2.166", 22)
    scan = subprocess.run(
        ["ssh-keyscan", "-T", "3", "-t", "ed25519", "-p", str(port), host],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ssh-ed25519 AAAA" in scan.stdout


# --- DNS


def resolve(town: Town, resolver: str, name: str, kind: str, tcp: bool) -> dns.message.Message:
    host, port = town.state.translate(resolver, 53)
    ask = dns.query.tcp if tcp else dns.query.udp
    query = dns.message.make_query(name, kind)
    return ask(query, host, port=port, timeout=3, source="127.2.0.170")


def values(answer: dns.message.Message) -> list[str]:
    return sorted(str(each) for rrset in answer.answer for each in rrset)


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_resolvers_answer_for_the_city(town: Town, tcp: bool) -> None:
    def ask(resolver: str, name: str, kind: str = "A") -> dns.message.Message:
        return resolve(town, resolver, name, kind, tcp)

    for resolver in ("192.0.2.180", "192.0.2.181"):
        for host in load().hosts:
            if host.name and host.name != "shidu":
                assert values(ask(resolver, f"{host.name}.lanze.test")) == [host.address]
        assert values(ask(resolver, "www.lanze.test", "AAAA")) == ["2001:db8::10"]
        assert values(ask(resolver, "WWW.Lanze.TEST")) == ["203.0.113.10"]
        assert values(ask(resolver, "lanze.test", "NS")) == ["ns1.lanze.test.", "ns2.lanze.test."]
        assert ask(resolver, "nobody.lanze.test").rcode() == dns.rcode.NXDOMAIN
        nothing = ask(resolver, "zwfw.lanze.test", "AAAA")
        assert (nothing.rcode(), values(nothing)) == (dns.rcode.NOERROR, [])
        assert ask(resolver, "example.org").rcode() == dns.rcode.REFUSED


def test_trouble_nine_is_on_the_second_resolver_only(town: Town) -> None:
    def both() -> list[list[str]]:
        return [
            values(resolve(town, each, "shidu.lanze.test", "A", False))
            for each in ("192.0.2.180", "192.0.2.181")
        ]

    assert both() == [["203.0.113.23"], ["203.0.113.99"]]
    with town.switched("dns-split", False):
        assert both() == [["203.0.113.23"], ["203.0.113.23"]]


def test_a_broken_question_is_said_to_be_one(town: Town) -> None:
    host, port = town.state.translate("192.0.2.180", 53)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.sendto(b"ab", (host, port))
        sock.sendto(b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"\xff\xff", (host, port))
        answer = sock.recv(512)
    assert answer[:2] == b"\x12\x34"
    assert answer[3] & 0xF == dns.rcode.FORMERR


# --- greetings


def test_rdp_confirms_a_connection_request(town: Town) -> None:
    cookie = b"Cookie: mstshash=probe\r\n"
    negotiation = b"\x01\x00\x08\x00\x03\x00\x00\x00"
    body = b"\xe0\x00\x00\xab\xcd\x00" + cookie + negotiation
    packet = b"\x03\x00" + struct.pack(">H", len(body) + 5) + bytes([len(body)]) + body
    answer = town.talk("198.51.100.33", 3389, packet)
    assert answer[:2] == b"\x03\x00"
    assert struct.unpack(">H", answer[2:4])[0] == len(answer)
    assert answer[4] == len(answer) - 5
    assert answer[5] == 0xD0
    assert answer[11] == 2  # RDP_NEG_RSP
    plain = b"\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00"
    assert town.talk("198.51.100.33", 3389, plain) == (
        b"\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00"
    )
    assert town.talk("198.51.100.33", 3389, b"GET / HTTP/1.1\r\n\r\n") == b""


def test_mongodb_answers_both_dialects(town: Town) -> None:
    hello = bson({"hello": 1, "$db": "admin"})
    body = b"\0\0\0\0\0" + hello
    message = struct.pack("<iiii", 16 + len(body), 7, 0, 2013) + body
    answer = town.talk("192.0.2.11", 27017, message)
    size, _id, to, opcode = struct.unpack("<iiii", answer[:16])
    assert (size, to, opcode) == (len(answer), 7, 2013)
    assert b"maxWireVersion" in answer

    query = b"\0\0\0\0admin.$cmd\0" + struct.pack("<ii", 0, 1) + bson({"isMaster": 1})
    message = struct.pack("<iiii", 16 + len(query), 8, 0, 2004) + query
    answer = town.talk("192.0.2.11", 27017, message)
    assert struct.unpack("<iiii", answer[:16]) == (len(answer), 9, 8, 1)
    assert b"ismaster" in answer

    body = b"\0\0\0\0\0" + bson({"listDatabases": 1, "$db": "admin"})
    message = struct.pack("<iiii", 16 + len(body), 9, 0, 2013) + body
    assert b"health" in town.talk("192.0.2.11", 27017, message)


def test_bson_is_what_the_specification_says() -> None:
    # the examples of bsonspec.org
    assert bson({"hello": "world"}) == (b"\x16\0\0\0\x02hello\0\x06\0\0\0world\0\0")
    assert bson({"BSON": ["awesome", 5.05, 1986]}) == (
        b"1\0\0\0\x04BSON\0&\0\0\0\x020\0\x08\0\0\0awesome\0\x011\0"
        b"333333\x14@\x102\0\xc2\x07\0\0\0\0"
    )


def test_the_second_exit_is_a_proxy_that_asks_for_a_password(town: Town) -> None:
    for request in (
        b"GET http://www.lanze.test/ HTTP/1.1\r\nHost: www.lanze.test\r\n\r\n",
        b"CONNECT www.lanze.test:443 HTTP/1.1\r\nHost: www.lanze.test:443\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
    ):
        answer = town.talk("203.0.113.130", 3128, request)
        assert answer.startswith(b"HTTP/1.1 407 ")
        assert b"\r\nVia: 1.1 qinghe-exit\r\n" in answer
        assert b"\r\nProxy-Authenticate: " in answer


def test_the_backup_node_has_its_own_greeting(town: Town) -> None:
    assert town.talk("192.0.2.200", 9102) == b"LANZE-BACKUP-NODE 3 READY\r\n"


def test_redis(town: Town) -> None:
    with town.switched("open-redis", True):
        where = ("198.51.100.10", 6379)
        assert town.talk(*where, b"PING\r\n") == b"+PONG\r\n"
        assert town.talk(*where, b"*1\r\n$4\r\nPING\r\n") == b"+PONG\r\n"
        assert b"redis_version:" in town.talk(*where, b"*1\r\n$4\r\nINFO\r\n")
        assert town.talk(*where, b"GET / HTTP/1.1\r\n").startswith(b"-ERR")


def test_memcached(town: Town) -> None:
    with town.switched("open-memcached", True):
        assert town.talk("192.0.2.10", 11211, b"version\r\n").startswith(b"VERSION 1.6")


def test_mysql(town: Town) -> None:
    with town.switched("open-mysql", True), town.dial("192.0.2.12", 3306) as sock:
        greeting = sock.recv(4096)
        assert int.from_bytes(greeting[:3], "little") == len(greeting) - 4
        assert greeting[4] == 10
        assert greeting[5:].startswith(b"8.0.36\0")
        sock.sendall(b"\x05\0\0\x01hello")
        denied = sock.recv(4096)
        assert denied[4] == 0xFF
        assert int.from_bytes(denied[5:7], "little") == 1045


def test_telnet(town: Town) -> None:
    with town.switched("telnet-admin", True), town.dial("192.0.2.74", 23) as sock:
        greeting = sock.recv(4096)
        assert greeting.startswith(b"\xff\xfd")
        assert greeting.endswith(b"login: ")
        sock.sendall(b"admin\r\nadmin\r\n")
        said = b""
        while b"incorrect" not in said:
            part = sock.recv(4096)
            assert part
            said += part


def test_a_client_that_says_nothing_does_not_hold_the_others(town: Town) -> None:
    silent = [town.dial("192.0.2.11", 8443) for _ in range(20)]
    try:
        assert town.get("192.0.2.11", 8443, "health.lanze.test").status == 200
    finally:
        for sock in silent:
            sock.close()
