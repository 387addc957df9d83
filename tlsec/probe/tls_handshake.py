"""tls.handshake: which TLS versions and suites a server really establishes, and its certificate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Suite:
    version: str  # SSLv3, TLSv1.0 … TLSv1.3
    name: str
    code: int
    forward_secrecy: bool
    weak: bool  # NULL, EXPORT, anonymous, RC4, DES, 3DES, MD5


@dataclass(frozen=True, slots=True)
class Certificate:
    subject: str
    issuer: str
    names: list[str]  # DNS and IP subject alternative names
    not_before: datetime
    not_after: datetime
    key_kind: str  # RSA, EC, SM2, Ed25519, other
    key_bits: int | None
    signature: str  # e.g. ecdsa-with-SHA256
    signature_weak: bool | None  # MD5 or SHA-1
    self_signed: bool | None
    sha256: str
    name_ok: bool | None  # the host name (or address) is among the names; None when none was asked for
    chain_length: int | None
    chain_ok: bool | None  # links to a trusted root at the time of the probe; None when no roots are given
    chain_problem: str | None


@dataclass(frozen=True, slots=True)
class Tls:
    handshake: Literal["ok", "rejected"] | None = None  # rejected: answered, but never with TLS we could establish
    versions: list[str] | None = None  # established one by one; None when one could not be tried
    suites: list[Suite] | None = None  # the suite the server chose, per version
    cert: Certificate | None = None


@dataclass(frozen=True, slots=True)
class TlsFacts:
    tls: Tls
