"""What a TLS server says in clear before encryption starts: ServerHello, Certificate, Alert.

`ServerFlight` is fed with bytes as they arrive and gives messages as they complete. It holds at most
one record and one handshake message; whatever breaks the protocol is a WireError.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from tlsec.wire.reader import Reader, WireError

MAX_RECORD = 2**14 + 2048  # RFC 5246 §6.2.3; also above what RFC 8446 §5.2 allows
MAX_MESSAGE = 2**17  # a certificate chain; common libraries stop at 100 kB
MAX_CERTIFICATES = 32

_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _APPLICATION_DATA = 20, 21, 22, 23
_SERVER_HELLO, _CERTIFICATE, _SERVER_HELLO_DONE = 2, 11, 14
_SUPPORTED_VERSIONS = 43
# SHA-256 of "HelloRetryRequest", RFC 8446 §4.1.3
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


@dataclass(frozen=True, slots=True)
class ServerHello:
    """`version` is the one negotiated (from supported_versions when present)."""

    version: int
    suite: int
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Certificates:
    """DER certificates, the server's own first; empty when it sent none."""

    chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class HelloDone:
    """The server's first flight is over (TLS 1.2 and older)."""


@dataclass(frozen=True, slots=True)
class Encrypted:
    """From here on nothing is in clear (TLS 1.3)."""


@dataclass(frozen=True, slots=True)
class Alert:
    fatal: bool
    code: int  # RFC 8446 §6


@dataclass(frozen=True, slots=True)
class OtherMessage:
    kind: int  # handshake message type


Message: TypeAlias = ServerHello | Certificates | HelloDone | Encrypted | Alert | OtherMessage


class ServerFlight:
    """Reassembles records and handshake messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._handshake = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Messages that `data` completed. WireError on anything that is not TLS."""
        self._bytes += data
        messages: list[Message] = []
        while (record := self._record()) is not None:
            messages += self._messages(*record)
        return messages

    def _record(self) -> tuple[int, bytes] | None:
        head = self._bytes[:5]
        # judged byte by byte, so that nonsense is seen even when it is short
        if head and not _CHANGE_CIPHER_SPEC <= head[0] <= _APPLICATION_DATA:
            raise WireError(f"record type {head[0]}")
        if len(head) > 1 and head[1] != 3:
            raise WireError(f"record version {head[1]}")
        if len(head) < 5:
            return None
        length = int.from_bytes(head[3:5], "big")
        if not 0 < length <= MAX_RECORD:
            raise WireError(f"record of {length} bytes")
        if len(self._bytes) < 5 + length:
            return None
        payload = bytes(self._bytes[5 : 5 + length])
        del self._bytes[: 5 + length]
        return head[0], payload

    def _messages(self, kind: int, payload: bytes) -> Iterator[Message]:
        if kind == _HANDSHAKE:
            self._handshake += payload
            yield from self._handshakes()
            return
        if self._handshake:
            raise WireError("a handshake message was interrupted")
        if kind == _ALERT:
            yield parse_alert(payload)
        elif kind == _APPLICATION_DATA:
            yield Encrypted()

    def _handshakes(self) -> Iterator[Message]:
        while len(self._handshake) >= 4:
            length = int.from_bytes(self._handshake[1:4], "big")
            if length > MAX_MESSAGE:
                raise WireError(f"handshake message of {length} bytes")
            if len(self._handshake) < 4 + length:
                return
            kind, body = self._handshake[0], bytes(self._handshake[4 : 4 + length])
            del self._handshake[: 4 + length]
            yield parse_handshake(kind, body)


def parse_handshake(kind: int, body: bytes) -> Message:
    """One handshake message without its header."""
    if kind == _SERVER_HELLO:
        return parse_server_hello(body)
    if kind == _CERTIFICATE:
        return parse_certificates(body)
    if kind == _SERVER_HELLO_DONE:
        Reader(body).end()
        return HelloDone()
    return OtherMessage(kind)


def parse_server_hello(body: bytes) -> ServerHello:
    """ServerHello or HelloRetryRequest, RFC 5246 §7.4.1.3 and RFC 8446 §4.1.3."""
    reader = Reader(body)
    version = reader.uint(2)
    random = reader.take(32)
    if len(reader.vector(1)) > 32:
        raise WireError("session id too long")
    suite = reader.uint(2)
    if reader.uint(1):
        raise WireError("compression was not offered")
    extensions = _extensions(reader) if len(reader) else {}
    reader.end()
    if (selected := extensions.get(_SUPPORTED_VERSIONS)) is not None:
        if version != 0x0303:
            raise WireError("legacy_version with supported_versions")
        field = Reader(selected)
        version = field.uint(2)
        field.end()
        if version < 0x0304:
            raise WireError("supported_versions selects an older version")
    elif version > 0x0303:
        raise WireError(f"version {version:#06x} without supported_versions")
    return ServerHello(version, suite, random == _RETRY)


def parse_certificates(body: bytes) -> Certificates:
    """Certificate of TLS 1.2 and older, RFC 5246 §7.4.2."""
    reader = Reader(body)
    entries = reader.vector(3)
    reader.end()
    chain: list[bytes] = []
    while len(entries):
        chain.append(entries.vector(3, least=1).rest())
        if len(chain) > MAX_CERTIFICATES:
            raise WireError("too many certificates")
    return Certificates(tuple(chain))


def parse_alert(payload: bytes) -> Alert:
    """An alert in clear, RFC 8446 §6."""
    reader = Reader(payload)
    level, code = reader.uint(1), reader.uint(1)
    reader.end()
    if level not in (1, 2):
        raise WireError(f"alert level {level}")
    return Alert(level == 2, code)


def _extensions(reader: Reader) -> dict[int, bytes]:
    block = reader.vector(2)
    found: dict[int, bytes] = {}
    while len(block):
        kind = block.uint(2)
        if kind in found:
            raise WireError(f"extension {kind} twice")
        found[kind] = block.vector(2).rest()
    return found
