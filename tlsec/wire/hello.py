"""ClientHello of SSLv3 to TLS 1.3 (RFC 6101, 2246, 4346, 5246, 8446), one version at a time.

Each hello offers exactly one protocol version, so that a ServerHello of that version means that the
server really establishes it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tlsec.wire.reader import WireError, vector
from tlsec.wire.suites import EMPTY_RENEGOTIATION_INFO_SCSV

SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
VERSION_NAMES = {
    SSL3: "SSLv3",
    TLS10: "TLSv1.0",
    TLS11: "TLSv1.1",
    TLS12: "TLSv1.2",
    TLS13: "TLSv1.3",
}

X25519, SECP256R1 = 29, 23
# x25519, secp256r1, secp384r1, secp521r1, x448, curveSM2 (RFC 8998), ffdhe2048-4096
_GROUPS = (X25519, SECP256R1, 24, 25, 30, 41, 256, 257, 258)
# ECDSA, RSA-PSS, PKCS #1, EdDSA, SM2 (0x0708); SHA-1 and DSA last, to see old servers as they are
_SIGNATURES = (
    *(
        0x0403,
        0x0503,
        0x0603,
        0x0804,
        0x0805,
        0x0806,
        0x0809,
        0x080A,
        0x080B,
        0x0401,
        0x0501,
        0x0601,
    ),
    *(0x0807, 0x0808, 0x0708, 0x0203, 0x0201, 0x0202, 0x0402, 0x0502, 0x0602),
)
_HANDSHAKE, _CLIENT_HELLO = 22, 1
_SERVER_NAME, _SUPPORTED_GROUPS, _POINT_FORMATS, _SIGNATURE_ALGORITHMS = 0, 10, 11, 13
_EXTENDED_MASTER_SECRET, _SUPPORTED_VERSIONS, _KEY_SHARE = 23, 43, 51


def fresh_shares() -> dict[int, bytes]:
    """Public keys of new X25519 and P-256 key pairs, by group; the private halves are forgotten."""
    curve25519 = x25519.X25519PrivateKey.generate().public_key().public_bytes_raw()
    p256 = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = p256.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {X25519: curve25519, SECP256R1: point}


def client_hello(
    version: int,
    suites: Sequence[int],
    *,
    random: bytes,
    server_name: str = "",
    shares: Mapping[int, bytes] | None = None,
) -> bytes:
    """One TLS record with a ClientHello that offers `version` only.

    `random` is 32 bytes for the hello and, for TLS 1.3, 32 more for the session id of middlebox
    compatibility (RFC 8446 D.4). `shares` are needed for TLS 1.3. WireError when a field does not fit.
    """
    if len(random) < (64 if version >= TLS13 else 32):
        raise WireError("too little randomness")
    codes = list(suites)
    if version < TLS13:
        codes.append(EMPTY_RENEGOTIATION_INFO_SCSV)
    session = random[32:64] if version >= TLS13 else b""
    body = (
        min(version, TLS12).to_bytes(2, "big")
        + random[:32]
        + vector(session, 1)
        + vector(_words(codes), 2)
        + b"\x01\x00"  # no compression
    )
    if version > SSL3:
        body += vector(_extensions(version, server_name, shares or {}), 2)
    message = bytes([_CLIENT_HELLO]) + vector(body, 3)
    record_version = min(version, TLS10)
    return bytes([_HANDSHAKE]) + record_version.to_bytes(2, "big") + vector(message, 2)


def sni(host: str) -> str:
    """The host as server_name carries it: ASCII, no final dot; "" for addresses and impossible names."""
    host = host.rstrip(".")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        try:
            return host.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return ""
    return ""


def _extensions(version: int, server_name: str, shares: Mapping[int, bytes]) -> bytes:
    parts = []
    if name := sni(server_name):
        entry = b"\x00" + vector(name.encode(), 2)
        parts.append((_SERVER_NAME, vector(entry, 2)))
    parts.append((_SUPPORTED_GROUPS, vector(_words(_GROUPS), 2)))
    parts.append((_POINT_FORMATS, b"\x01\x00"))
    if version >= TLS12:
        parts.append((_SIGNATURE_ALGORITHMS, vector(_words(_SIGNATURES), 2)))
    parts.append((_EXTENDED_MASTER_SECRET, b""))
    if version >= TLS13:
        parts.append((_SUPPORTED_VERSIONS, vector(_words([version]), 1)))
        keys = b"".join(group.to_bytes(2, "big") + vector(key, 2) for group, key in shares.items())
        parts.append((_KEY_SHARE, vector(keys, 2)))
    return b"".join(kind.to_bytes(2, "big") + vector(data, 2) for kind, data in parts)


def _words(values: Sequence[int]) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)
