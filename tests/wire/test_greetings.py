"""Who speaks: real greetings and answers of each protocol, the look-alikes, and noise."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec.wire.first_bytes import HINTS, ORDER, first_bytes
from tlsec.wire.greetings import BANNER_LENGTH, identify, plain_http_to_tls, printable
from tlsec.wire.reader import Reader


def mysql(payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + b"\0" + payload


def mongo(document: bytes, opcode: int = 2013) -> bytes:
    body = bytes(5) + struct.pack("<i", len(document) + 5) + document + b"\0"
    return struct.pack("<iiii", 16 + len(body), 7, 1, opcode) + body


MARIADB = b"\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\0" + bytes(40)
NOT_ALLOWED = b"\xff\x6a\x04Host '10.0.0.1' is not allowed to connect to this MySQL server"
LDAP_ENTRY = (
    bytes.fromhex("302a020101642504003021301f040b6f626a656374436c6173733110040e")
    + (b"OpenLDAProotDSE"[:14])
)

KNOWN = [
    (b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "", 22, "ssh", "OpenSSH", "9.2p1"),
    (b"SSH-2.0-dropbear_2020.81\r\n", "", 22, "ssh", "dropbear", "2020.81"),
    (b"SSH-2.0-HUAWEI-1.5\r\n", "", 22, "ssh", "HUAWEI", "1.5"),
    (b"SSH-2.0--\r\n", "", 22, "ssh", "-", ""),
    (b"Welcome\r\nSSH-1.99-Cisco-1.25\n", "", 22, "ssh", "Cisco", "1.25"),
    (b"220 (vsFTPd 3.0.3)\r\n", "", 21, "ftp", "vsFTPd", "3.0.3"),
    (b"220 ProFTPD 1.3.8 Server (x) [::1]\r\n", "", 2121, "ftp", "ProFTPD", "1.3.8"),
    (b"220 ready\r\n", "", 21, "ftp", "", ""),
    (b"220 mx ESMTP Exim 4.96 Tue\r\n", "", 25, "smtp", "Exim", "4.96"),
    (b"220 mx ESMTP ready\r\n", "", 8025, "smtp", "", ""),
    (b"220 ready\r\n", "", 587, "smtp", "", ""),
    (b"+OK Dovecot (Debian) ready.\r\n", "", 110, "pop3", "Dovecot", ""),
    (b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", "", 143, "imap", "Dovecot", ""),
    (b"RFB 003.008\n", "", 5900, "vnc", None, None),
    (b"\xff\xfb\x01\xff\xfb\x03login: ", "", 23, "telnet", None, None),
    (b"\r\nUsername: ", "", 23, "telnet", None, None),
    (mysql(MARIADB), "", 3306, "mysql", "MariaDB", "10.11.6"),
    (mysql(b"\x0a8.0.36\0" + bytes(40)), "", 3306, "mysql", "MySQL", "8.0.36"),
    (mysql(NOT_ALLOWED), "", 3306, "mysql", "MySQL", ""),
    (b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n", "http", 80, "http", "nginx", "1.22.1"),
    (b"HTTP/1.0 404 x\r\nserver: Apache/2.4.57 (Debian)\r\n\r\n", "tls", 80, "http", "Apache", "2.4.57"),
    (b"HTTP/1.1 204 No Content\r\n\r\n", "http", 80, "http", "", ""),
    (b"HTTP/1.1 407 no\r\n\r\n", "http", 3128, "http_proxy", "", ""),
    (b"HTTP/1.1 400 x\r\nServer: squid/5.7\r\n\r\n", "http", 3128, "http_proxy", "squid", "5.7"),
    (b"HTTP/1.0 200 OK\r\n\r\nIt looks like you are trying to access MongoDB over HTTP on the"
     b" native driver port.\r\n", "http", 27017, "mongodb", "MongoDB", None),
    (b"VERSION 1.6.18\r\n", "memcached", 11211, "memcached", "Memcached", "1.6.18"),
    (b"ERROR\r\n", "http", 11211, "memcached", "Memcached", None),
    (b"N", "postgres", 5432, "postgres", "PostgreSQL", None),
    (b"E\0\0\0\x50SFATAL\0VFATAL\0", "tls", 5432, "postgres", "PostgreSQL", None),
    (mongo(b"\x10maxWireVersion\0" + bytes(4)), "mongodb", 27017, "mongodb", "MongoDB", None),
    (mongo(b"\x02errmsg\0" + bytes(9), 1), "mongodb", 27017, "mongodb", "MongoDB", None),
    (bytes.fromhex("0300000b06d00000123400"), "rdp", 3389, "rdp", None, None),
    (bytes.fromhex("030000130ed000001234000209080000000000"), "rdp", 3389, "rdp", None, None),
    (bytes.fromhex("300c02010165070a010004000400"), "ldap", 389, "ldap", "", ""),
    (b"\0\0\0\x44\xfeSMB" + bytes(64), "smb", 445, "smb", None, None),
    (b"\x15\x03\x01\x00\x02\x02\x46", "tls", 443, "tls", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("data", "sent", "port", "kind", "product", "version"), KNOWN)
def test_known(
    data: bytes, sent: str, port: int, kind: str, product: str | None, version: str | None
) -> None:
    found = identify(data, sent, port)
    assert found
    assert (found.kind, found.product, found.version) == (kind, product, version)


@pytest.mark.parametrize(
    ("data", "required"),
    [
        (b"+PONG\r\n", False),
        (b"-NOAUTH Authentication required.\r\n", True),
        (b"-DENIED Redis is running in protected mode", None),
        (b"-ERR unknown command 'GET'\r\n", None),
    ],
)
def test_redis_says_whether_it_wants_a_password(data: bytes, required: bool | None) -> None:
    found = identify(data, "redis")
    assert found
    assert (found.kind, found.auth_required) == ("redis", required)


@pytest.mark.parametrize(
    ("data", "sent", "port"),
    [
        (b"", "", 22),
        (b"LANZE-BACKUP-NODE 3 READY\r\n", "", 9102),
        (b"S", "http", 5432),
        (b"NOT", "postgres", 5432),
        (b"220 hello\r\n", "", 9999),
        (b"HTTP/9 hello", "http", 80),
        (b"\x16\x03\x03\x00\x05hello", "tls", 443),
        (b"\x0a8.0\0", "", 3306),
        (b"-ERRORS everywhere", "redis", 6379),
        (b"login: ", "", 9999),
    ],
)
def test_look_alikes_stay_unknown(data: bytes, sent: str, port: int) -> None:
    assert identify(data, sent, port) is None


@given(
    st.binary(max_size=200), st.sampled_from(["", *ORDER]), st.sampled_from([0, 21, 23, 25, *HINTS])
)
def test_noise_never_raises(data: bytes, sent: str, port: int) -> None:
    identify(data, sent, port)
    assert len(printable(data)) <= BANNER_LENGTH
    assert printable(data).isprintable()


@given(st.sampled_from(KNOWN), st.integers(0, 120), st.integers(0, 255))
def test_damage_never_raises(
    known: tuple[bytes, str, int, str, str | None, str | None], at: int, byte: int
) -> None:
    damaged = bytearray(known[0])
    damaged[at % len(damaged)] = byte
    identify(bytes(damaged), known[1], known[2])
    identify(bytes(damaged[:at]), known[1], known[2])


def test_a_tls_port_spoken_to_plainly() -> None:
    nginx = b"HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port"
    assert plain_http_to_tls(nginx)
    assert not plain_http_to_tls(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("kind", ORDER)
def test_first_bytes_are_short_and_whole(kind: str) -> None:
    said = first_bytes(kind, "www.lanze.test\r\nEvil: 1", bytes(32))
    assert 6 <= len(said) < 1400
    if kind == "http":
        assert said.count(b"\r\n") == 5, "no header can be smuggled in by a host name"
    if kind == "ldap":
        tag, message = Reader(said).tlv()
        assert (tag, len(message)) == (0x30, len(said) - 2)
    if kind == "mongodb":
        assert struct.unpack("<i", said[:4]) == (len(said),)
        assert struct.unpack("<i", said[21:25]) == (len(said) - 21,)
    if kind == "smb":
        assert int.from_bytes(said[1:4], "big") == len(said) - 4
