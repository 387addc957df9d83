"""What speaks, told from the bytes a server said: one function a protocol, and `identify` for all.

Each function takes what was received and answers None when it is not its protocol. None of them raises.
The first bytes that make shy servers speak are in `first_bytes`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from tlsec.wire.reader import Reader, WireError
from tlsec.wire.records import Alert, ServerFlight, ServerHello

BANNER_LENGTH = 200
_SOFTWARE = re.compile(r"([A-Za-z][\w.+ ]{0,60}?)[-_/ ]v?(\d[\w.+:~-]{0,40})")


@dataclass(frozen=True, slots=True)
class Identity:
    """`product`, `version`: "" when this protocol would name them and did not, None when it never does."""

    kind: str
    product: str | None = None
    version: str | None = None
    auth_required: bool | None = None
    complete: bool = True  # more bytes would not tell more


def ssh(data: bytes) -> Identity | None:
    """RFC 4253 §4.2: lines may come before the identification string."""
    found = re.search(rb"(?m)^SSH-(\d\.\d{1,3})-([^\r\n]{0,255})(\r?\n)?", data[:4096])
    if not found:
        return None
    software = found[2].decode("latin-1").split(" ")[0]
    product, version = _split_software(software)
    return Identity("ssh", product, version, complete=found[3] is not None)


def ftp(data: bytes, port: int = 0) -> Identity | None:
    """RFC 959 §5.4: 220 (or 120, 421), told from mail servers by its words or its port."""
    line = _reply_line(data, rb"(?:220|120|421|530)")
    if line is None or re.search(r"SMTP|mail", line, re.I):
        return None
    if port not in (20, 21, 990) and not re.search(r"ftp|FileZilla|Serv-U", line, re.I):
        return None
    product, version = _named(
        line,
        ("vsFTPd", "ProFTPD", "Pure-FTPd", "FileZilla Server", "Serv-U", "Microsoft FTP Service"),
    )
    return Identity("ftp", product, version, complete=b"\n" in data)


def smtp(data: bytes, port: int = 0) -> Identity | None:
    """RFC 5321 §4.3.1."""
    line = _reply_line(data, rb"(?:220|421|554)")
    if line is None:
        return None
    if port not in (25, 465, 587, 2525) and not re.search(r"E?SMTP", line):
        return None
    product, version = _named(
        line,
        ("Postfix", "Exim", "Sendmail", "Microsoft ESMTP MAIL Service", "Coremail", "OpenSMTPD"),
    )
    return Identity("smtp", product, version, complete=b"\n" in data)


def pop3(data: bytes) -> Identity | None:
    """RFC 1939 §3."""
    if not re.match(rb"\+OK[ \r\n]", data):
        return None
    product, version = _named(_text(data), ("Dovecot", "Cyrus POP3", "Courier", "Coremail"))
    return Identity("pop3", product, version, complete=b"\n" in data)


def imap(data: bytes) -> Identity | None:
    """RFC 9051 §7.1."""
    if not re.match(rb"\* (OK|PREAUTH|BYE)[ \[]", data):
        return None
    product, version = _named(_text(data), ("Dovecot", "Cyrus IMAP", "Courier-IMAP", "Coremail"))
    return Identity("imap", product, version, complete=b"\n" in data)


def vnc(data: bytes) -> Identity | None:
    """RFC 6143 §7.1.1. The number is the protocol's, not the product's."""
    return Identity("vnc") if re.match(rb"RFB \d{3}\.\d{3}\n", data) else None


def telnet(data: bytes, port: int = 0) -> Identity | None:
    """RFC 854: option negotiation, or a login prompt on the port of telnet."""
    if re.match(rb"\xff[\xfb-\xfe][\x00-\x31]", data):
        return Identity("telnet")
    if port in (23, 2323) and re.search(rb"(?i)(login|username|password): ?$", data):
        return Identity("telnet")
    return None


def mysql(data: bytes) -> Identity | None:
    """The initial packet: HandshakeV10, or an error such as 1130 "host is not allowed"."""
    if len(data) < 7 or data[3] != 0 or int.from_bytes(data[:3], "little") > 1024:
        return None
    payload = data[4 : 4 + int.from_bytes(data[:3], "little")]
    if payload[0:1] == b"\xff" and re.match(rb"(?s)..(#.{5})?[\x20-\x7e]{4}", payload[1:]):
        product = "MariaDB" if b"MariaDB" in payload else "MySQL" if b"MySQL" in payload else ""
        return Identity("mysql", product, "")
    found = re.match(rb"\x0a([\x20-\x7e]{1,80})\x00", payload)
    if not found:
        return None
    text = found[1].decode("ascii")
    if "MariaDB" in text:
        return Identity("mysql", "MariaDB", text.removeprefix("5.5.5-").split("-")[0])
    return Identity("mysql", "MySQL", text.split("-")[0])


def redis(data: bytes) -> Identity | None:
    """RESP: +PONG to anybody, -NOAUTH to strangers, or an error in its own words."""
    if data.startswith(b"+PONG\r\n"):
        return Identity("redis", "Redis", None, auth_required=False)
    if re.match(rb"-NOAUTH |-ERR operation not permitted", data):
        return Identity("redis", "Redis", None, auth_required=True)
    if re.match(rb"-DENIED Redis|-ERR (unknown command|wrong number of arg|Protocol error)", data):
        return Identity("redis", "Redis", None)
    return None


def memcached(data: bytes) -> Identity | None:
    """The text protocol; with SASL it refuses text altogether."""
    if found := re.match(rb"VERSION ([\x21-\x7e]{1,40})\r\n", data):
        return Identity("memcached", "Memcached", found[1].decode("ascii"), auth_required=False)
    if data.startswith(b"CLIENT_ERROR unauthenticated"):
        return Identity("memcached", "Memcached", None, auth_required=True)
    return Identity("memcached", "Memcached", None) if data == b"ERROR\r\n" else None


def http(data: bytes) -> Identity | None:
    """RFC 9112 §4. A forward proxy shows itself by 407, Proxy-Authenticate, or Via on a refusal."""
    found = re.match(rb"HTTP/\d\.\d (\d{3})[ \r\n]", data)
    if not found:
        return None
    head, end, _body = data.partition(b"\r\n\r\n")
    if b"access MongoDB over HTTP" in data:
        return Identity("mongodb", "MongoDB")
    status = int(found[1])
    server = _header(head, rb"Server")
    via, ask = _header(head, rb"Via"), _header(head, rb"Proxy-Authenticate")
    known = re.match(r"(?i)squid|tinyproxy|3proxy|privoxy", server)
    proxy = status == 407 or bool(ask) or (bool(via) and status >= 400) or bool(known)
    product, _slash, version = server.split(" ")[0].partition("/")
    return Identity("http_proxy" if proxy else "http", product, version, complete=bool(end))


def plain_http_to_tls(data: bytes) -> bool:
    """Whether a TLS port complains in plain HTTP that it was spoken to without TLS (nginx, Apache, Go)."""
    return data.startswith(b"HTTP/1.") and bool(
        re.search(
            rb"(?i)HTTP request was sent to HTTPS port|speaking plain HTTP to|"
            rb"HTTP request to an HTTPS server",
            data[:2048],
        )
    )


def tls(data: bytes) -> Identity | None:
    """A ServerHello or an alert."""
    flight = ServerFlight()
    try:
        messages = flight.feed(data)
    except WireError:
        return None
    if messages and isinstance(messages[0], ServerHello | Alert):
        return Identity("tls")
    return None


def rdp(data: bytes) -> Identity | None:
    """TPKT (RFC 1006 §6) with an X.224 connection confirm (ITU-T X.224 §13.4)."""
    if len(data) < 7 or data[:2] != b"\x03\x00" or data[5] & 0xF0 != 0xD0:
        return None
    length = int.from_bytes(data[2:4], "big")
    return Identity("rdp") if data[4] == length - 5 and length in (11, 19) else None


def postgres(data: bytes, sent: str = "") -> Identity | None:
    """One letter in answer to SSLRequest, or an ErrorResponse."""
    if sent == "postgres" and data in (b"S", b"N"):
        return Identity("postgres", "PostgreSQL", None)
    if re.match(rb"(?s)E\x00\x00..S(FATAL|ERROR|PANIC)\x00", data):
        return Identity("postgres", "PostgreSQL", None)
    return None


def mongodb(data: bytes) -> Identity | None:
    """OP_MSG (2013) or OP_REPLY (1) whose document speaks of wire versions or errors."""
    if len(data) < 26:
        return None
    length, _request, _to, opcode = struct.unpack("<iiii", data[:16])
    if opcode not in (1, 2013) or not 26 <= length <= 48_000_000:
        return None
    words = (b"maxWireVersion\0", b"errmsg\0", b"ismaster\0", b"isWritablePrimary\0")
    return Identity("mongodb", "MongoDB") if any(word in data for word in words) else None


def ldap(data: bytes) -> Identity | None:
    """RFC 4511: an LDAPMessage holding an answer to a search, or a notice of disconnection."""
    try:
        tag, message = Reader(data).tlv()
        if tag != 0x30:
            return None
        tag, number = message.tlv()
        if tag != 0x02 or len(number) > 4:
            return None
        tag, _operation = message.tlv()
    except WireError:
        return None
    if tag not in (0x61, 0x64, 0x65, 0x78):
        return None
    if b"OpenLDAProotDSE" in data:
        return Identity("ldap", "OpenLDAP", "")
    return Identity("ldap", "", "")


def smb(data: bytes) -> Identity | None:
    """NetBIOS session header (RFC 1002 §4.3) and an SMB 1 or 2 header."""
    return Identity("smb") if data[:1] == b"\0" and data[4:8] in (b"\xffSMB", b"\xfeSMB") else None


_ANSWERS: tuple[Callable[[bytes], Identity | None], ...] = (
    ssh, tls, http, redis, memcached, rdp, mongodb, smb, ldap, mysql, vnc, imap, pop3,
)  # fmt: skip


def identify(data: bytes, sent: str = "", port: int = 0) -> Identity | None:
    """Who said `data`, after we sent the first bytes named `sent` ("" for nothing)."""
    if not data:
        return None
    for protocol in _ANSWERS:
        if (identity := protocol(data)) is not None:
            return identity
    return postgres(data, sent) or smtp(data, port) or ftp(data, port) or telnet(data, port)


def printable(data: bytes) -> str:
    """The first printable characters, as a banner may be shown: no control or escape characters."""
    text = data[: 4 * BANNER_LENGTH].decode("utf-8", "replace")
    kept = "".join(c if c.isprintable() else " " for c in text.replace("�", ""))
    return " ".join(kept.split())[:BANNER_LENGTH]


def _reply_line(data: bytes, code: bytes) -> str | None:
    found = re.match(code + rb"[ -]([^\r\n]{0,500})", data)
    return found[1].decode("latin-1") if found else None


def _text(data: bytes) -> str:
    return data[:500].decode("latin-1").split("\r")[0]


def _named(line: str, products: tuple[str, ...]) -> tuple[str, str]:
    """The first of the products that the line names, with the version that follows it."""
    for product in products:
        found = re.search(re.escape(product) + r"\)?(?:[ /_-]+v?(\d[\w.+-]{0,30}))?", line, re.I)
        if found:
            return product, found[1] or ""
    return "", ""


def _split_software(software: str) -> tuple[str, str]:
    found = _SOFTWARE.fullmatch(software)
    return (found[1], found[2]) if found else (software[:60], "")


def _header(head: bytes, name: bytes) -> str:
    found = re.search(rb"(?im)^" + name + rb":[ \t]*([^\r\n]{0,200})", head)
    return found[1].decode("latin-1").strip() if found else ""
