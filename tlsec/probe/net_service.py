"""net.service: what speaks behind an open TCP port, from its greeting or its answer to a harmless first line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias, cast

from tlsec.facts import Done, Locator, Reason, Target
from tlsec.i18n import _
from tlsec.probe.base import Result
from tlsec.probe.gateway import Gateway, GatewayError, Stream
from tlsec.wire.first_bytes import HINTS, ORDER, first_bytes
from tlsec.wire.greetings import Identity, identify, plain_http_to_tls, printable

MAX_CONNECTIONS = 6
CONNECT_SECONDS = 2.0
GREETING_SECONDS = 1.2
HINTED_GREETING_SECONDS = 0.3  # where a port suggests who is there, and that one never speaks first
ANSWER_SECONDS = 1.2
MAX_ANSWER = 8192

Kind: TypeAlias = Literal[
    "http",
    "http_proxy",
    "tls",
    "ssh",
    "ftp",
    "telnet",
    "smtp",
    "pop3",
    "imap",
    "redis",
    "mysql",
    "postgres",
    "mongodb",
    "rdp",
    "vnc",
    "memcached",
    "ldap",
    "smb",
    "unknown",
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


class NetService:
    """Waits for a greeting, then says the first bytes of one protocol after the other.

    A port's usual protocol is tried first; a server that spoke first is asked nothing more.
    """

    id: ClassVar[str] = "net.service"
    version: ClassVar[int] = 1
    facts: ClassVar[type[ServiceFacts]] = ServiceFacts
    locator: ClassVar[tuple[str, ...]] = ("address", "port", "proto", "vantage")
    title: ClassVar[Mapping[str, str]] = {"zh": "端口服务", "en": "Service behind a port"}

    async def run(self, target: Target, gateway: Gateway) -> AsyncIterator[Result]:
        locator: Locator = {
            "address": target.address,
            "port": target.port,
            "proto": "tcp",
            "vantage": target.vantage.id,
        }
        try:
            service = await _Inquiry(target, gateway).service()
        except GatewayError as error:
            yield Result(locator, error.failed)
        else:
            yield Result(locator, Done(ServiceFacts(service)))


class _Inquiry:
    """The conversations held with one port."""

    def __init__(self, target: Target, gateway: Gateway) -> None:
        self._target = target
        self._gateway = gateway
        self._hint = HINTS.get(target.port, "")
        self._banner = b""
        self._cut = 0  # conversations the server ended without a byte
        self._asked: list[str] = []

    async def service(self) -> Service:
        """GatewayError when the first connection fails, or when every one is cut off unheard."""
        first, *others = sorted(ORDER, key=lambda kind: kind != self._hint)
        identity = await self._converse(first, greeting=True)
        for kind in others[: MAX_CONNECTIONS - 1]:
            if identity is not None:
                break
            try:
                identity = await self._converse(kind)
            except GatewayError:
                break  # it spoke, or at least listened, before: what is known stays known
        if identity is not None and identity.kind == "http" and self._asked[-1] == "tls":
            identity = await self._ask_http_properly() or identity
        if identity is None and not self._banner and self._cut == len(self._asked):
            raise GatewayError(Reason.PROTOCOL, _("每次连接都被对方直接断开"))
        return self._facts(identity)

    async def _ask_http_properly(self) -> Identity | None:
        """A web server that refused a ClientHello says more about itself to a real request."""
        try:
            return await self._converse("http")
        except GatewayError:
            return None

    async def _converse(self, kind: str, *, greeting: bool = False) -> Identity | None:
        """One connection: listen first if `greeting`, then say the first bytes of `kind`."""
        async with self._gateway.connect(
            self._target.address,
            self._target.port,
            self._target.vantage,
            CONNECT_SECONDS,
            max_bytes=4 * MAX_ANSWER,
            deadline=GREETING_SECONDS + ANSWER_SECONDS + 1.0,
        ) as stream:
            if greeting:
                seconds = HINTED_GREETING_SECONDS if self._hint else GREETING_SECONDS
                data, ended = await self._hear(stream, "", seconds)
                if data or ended:
                    self._asked.append("")
                    self._cut += not data
                    return identify(data, "", self._target.port) or (_UNKNOWN if data else None)
            self._asked.append(kind)
            try:
                host = self._target.host or self._target.address
                await stream.send(first_bytes(kind, host, os.urandom(32)))
            except GatewayError:
                self._cut += 1
                return None
            data, ended = await self._hear(stream, kind, ANSWER_SECONDS)
            self._cut += ended and not data
            if plain_http_to_tls(data):
                return None
            return identify(data, kind, self._target.port)

    async def _hear(self, stream: Stream, sent: str, seconds: float) -> tuple[bytes, bool]:
        """What the server says until it is recognised, ends, or time is up; and whether it ended."""
        data, ended = b"", False
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        while len(data) < MAX_ANSWER and not ended and (left := end - clock()) > 0:
            try:
                chunk = await stream.receive(MAX_ANSWER - len(data), left)
            except GatewayError as error:
                ended = error.failed.reason is not Reason.TIMEOUT
                break
            data += chunk
            ended = not chunk
            if self._known(data, sent):
                self._banner = data
                return data, False
        self._banner = self._banner or data
        return data, ended

    def _known(self, data: bytes, sent: str) -> bool:
        identity = identify(data, sent, self._target.port)
        return identity is not None and identity.complete

    def _facts(self, identity: Identity | None) -> Service:
        known = identity or _UNKNOWN
        tls_tried = (
            "tls" in self._asked or known.kind not in ("tls", "unknown") or "" in self._asked
        )
        return Service(
            kind=cast("Kind", known.kind),
            product=known.product,
            version=known.version,
            banner="" if known.kind == "tls" else printable(self._banner),
            auth_required=known.auth_required,
            encrypted=True if known.kind == "tls" else False if tls_tried else None,
        )


_UNKNOWN = Identity("unknown")
