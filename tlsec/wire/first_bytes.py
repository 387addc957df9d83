"""Harmless first bytes for servers that wait to be spoken to: they ask who is there and change nothing."""

from __future__ import annotations

import struct

from tlsec.wire.hello import TLS12, client_hello
from tlsec.wire.reader import vector
from tlsec.wire.suites import offered

ORDER = ("tls", "http", "redis", "rdp", "mongodb", "postgres", "memcached", "ldap", "smb")

# which protocol a port number makes likely: only the order of asking depends on it
HINTS = {
    **dict.fromkeys((443, 465, 636, 853, 989, 990, 992, 993, 995, 4443, 6443, 8443, 9443), "tls"),
    **dict.fromkeys(
        (80, 81, 591, 3128, 5000, 7001, 8000, 8008, 8080, 8081, 8088, 8888, 9200), "http"
    ),
    **dict.fromkeys((6379, 6380, 16379, 26379), "redis"),
    **dict.fromkeys((27017, 27018, 27019), "mongodb"),
    **dict.fromkeys((5432, 5433), "postgres"),
    **dict.fromkeys((139, 445), "smb"),
    **dict.fromkeys((389, 3268), "ldap"),
    3389: "rdp",
    11211: "memcached",
}


def first_bytes(kind: str, host: str, random: bytes) -> bytes:
    """What to say to find out whether `kind` (one of ORDER) is there. `random`: 32 bytes, for TLS."""
    if kind == "tls":
        return client_hello(TLS12, offered(TLS12), random=random, server_name=host)
    if kind == "http":
        name = host.encode("ascii", "ignore").translate(None, b"\r\n ")
        return b"GET / HTTP/1.0\r\nHost: %b\r\nUser-Agent: tlsec\r\nAccept: */*\r\n\r\n" % name
    return _FIXED[kind]


def _mongodb_hello() -> bytes:
    """OP_MSG with {hello: 1, $db: "admin"}."""
    document = (
        b"\x10hello\0" + struct.pack("<i", 1) + b"\x02$db\0" + struct.pack("<i", 6) + b"admin\0"
    )
    bson = struct.pack("<i", len(document) + 5) + document + b"\0"
    body = struct.pack("<I", 0) + b"\0" + bson
    return struct.pack("<iiii", 16 + len(body), 1, 0, 2013) + body


def _ldap_root_search() -> bytes:
    """RFC 4511 §4.5.1: a search of the root entry (base object, all entries have an objectClass)."""
    attribute = b"\x04" + vector(b"objectClass", 1)
    operation = (
        b"\x04\x00"  # base: the root entry
        b"\x0a\x01\x00\x0a\x01\x00"  # base object only, never dereference
        b"\x02\x01\x01\x02\x01\x02\x01\x01\x00"  # one entry, two seconds, values too
        + (b"\x87" + vector(b"objectClass", 1))  # present
        + (b"\x30" + vector(attribute, 1))
    )
    return b"\x30" + vector(b"\x02\x01\x01\x63" + vector(operation, 1), 1)


def _smb_negotiate() -> bytes:
    """SMB 1 negotiation that also offers SMB 2 (MS-SMB2 §3.2.4.2.2.1)."""
    dialects = b"".join(
        b"\x02" + name + b"\0" for name in (b"NT LM 0.12", b"SMB 2.002", b"SMB 2.???")
    )
    header = (
        b"\xffSMB\x72" + bytes(4) + b"\x18\x53\xc8" + bytes(12) + b"\xff\xff\xff\xfe" + bytes(4)
    )
    body = header + b"\0" + struct.pack("<H", len(dialects)) + dialects
    return b"\0" + vector(body, 3)


_FIXED = {
    "redis": b"PING\r\n",
    "memcached": b"version\r\n",
    # SSLRequest, PostgreSQL protocol 3.0 "Message Formats"
    "postgres": struct.pack(">II", 8, 80877103),
    # X.224 connection request with RDP_NEG_REQ for TLS and CredSSP, MS-RDPBCGR §2.2.1.1
    "rdp": bytes.fromhex("030000130ee000000000000100080003000000"),
    "mongodb": _mongodb_hello(),
    "ldap": _ldap_root_search(),
    "smb": _smb_negotiate(),
}
