"""net.service: what speaks behind an open TCP port, from its greeting or its answer to a harmless first line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "http", "http_proxy", "tls", "ssh", "ftp", "telnet", "smtp", "pop3", "imap", "redis", "mysql",
    "postgres", "mongodb", "rdp", "vnc", "memcached", "ldap", "smb", "unknown",
]


@dataclass(frozen=True, slots=True)
class Service:
    kind: Kind
    product: str | None = None  # "" when the service names none
    version: str | None = None  # "" when the service names none
    banner: str | None = None  # first 200 printable characters
    auth_required: bool | None = None  # read for redis, memcached, mongodb, mysql only
    encrypted: bool | None = None  # the port speaks TLS from the first byte


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    service: Service
