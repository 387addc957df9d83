"""One TLS handshake over the gateway, as far as the server's first flight. Used by probes only."""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from tlsec.facts import Reason, Target
from tlsec.i18n import _
from tlsec.probe.gateway import Gateway, GatewayError, Stream
from tlsec.wire.hello import TLS13, client_hello, fresh_shares, sni
from tlsec.wire.reader import WireError
from tlsec.wire.records import Alert, Certificates, Encrypted, HelloDone, ServerFlight, ServerHello

CONNECT_SECONDS = 2.0
EXCHANGE_SECONDS = 2.5
MAX_FLIGHT = 2**18  # bytes read of one server's first flight


class Outcome(Enum):
    """What became of one ClientHello."""

    ESTABLISHED = auto()  # a ServerHello of exactly that version, with an offered suite
    REFUSED = auto()  # TLS, but an alert or another version
    NOT_TLS = auto()  # bytes that are not TLS
    CLOSED = auto()  # ended or reset without a byte


@dataclass(frozen=True, slots=True)
class Handshake:
    """`chain` is None when no complete Certificate message was read."""

    outcome: Outcome
    suite: int | None = None
    chain: tuple[bytes, ...] | None = None


async def handshake(
    gateway: Gateway, target: Target, version: int, suites: Sequence[int], *, want_chain: bool
) -> Handshake:
    """Offer one version and some suites. GatewayError when the server could not be asked.

    With `want_chain` it reads on to the Certificate message, which only TLS 1.2 and older send in clear.
    """
    hello = client_hello(
        version,
        suites,
        random=os.urandom(64),
        server_name=target.host,
        shares=fresh_shares() if version >= TLS13 else None,
    )
    async with gateway.connect(
        target.address,
        target.port,
        target.vantage,
        CONNECT_SECONDS,
        max_bytes=MAX_FLIGHT,
        deadline=EXCHANGE_SECONDS,
    ) as stream:
        conversation = _Conversation(version, suites, want_chain and version < TLS13)
        return await conversation.hold(stream, hello)


class _Conversation:
    """Feeds a server's answer to the parser until it is decided."""

    def __init__(self, version: int, suites: Sequence[int], want_chain: bool) -> None:
        self._version = version
        self._suites = suites
        self._want_chain = want_chain
        self._suite: int | None = None
        self._chain: tuple[bytes, ...] | None = None

    async def hold(self, stream: Stream, hello: bytes) -> Handshake:
        flight, heard = ServerFlight(), False
        try:
            await stream.send(hello)
            while True:
                data = await stream.receive(16384)
                if not data:
                    return self._ended(heard)
                heard = True
                for message in flight.feed(data):
                    if (done := self._take(message)) is not None:
                        return done
        except WireError:
            return self._established() if self._suite else Handshake(Outcome.NOT_TLS)
        except GatewayError as error:
            if error.failed.reason is Reason.PROTOCOL:  # reset, or more than the cap
                return self._ended(heard)
            if (
                self._suite is not None
            ):  # timed out after the ServerHello, while reading certificates
                return self._established()
            raise

    def _take(self, message: object) -> Handshake | None:
        match message:
            case ServerHello(version=version, suite=suite):
                if version != self._version or suite not in self._suites:
                    return Handshake(Outcome.REFUSED)
                self._suite = suite
                return None if self._want_chain else self._established()
            case Alert(fatal=fatal, code=code):
                if fatal or code == 0:
                    return self._ended(True)
                return None
            case Certificates(chain=chain) if self._suite is not None:
                self._chain = chain
                return self._established()
            case HelloDone() | Encrypted():
                return self._ended(True)
        return None if self._suite is not None else Handshake(Outcome.NOT_TLS)

    def _ended(self, heard: bool) -> Handshake:
        if self._suite is not None:
            return self._established()
        return Handshake(Outcome.REFUSED if heard else Outcome.CLOSED)

    def _established(self) -> Handshake:
        return Handshake(Outcome.ESTABLISHED, self._suite, self._chain)


async def chain_over_tls13(gateway: Gateway, target: Target) -> tuple[bytes, ...] | None:
    """The chain of a server that speaks TLS 1.3 only, where certificates are encrypted.

    A whole handshake by the ssl module, verifying nothing. None when it does not succeed.
    """
    try:
        async with gateway.connect(
            target.address,
            target.port,
            target.vantage,
            CONNECT_SECONDS,
            max_bytes=MAX_FLIGHT,
            deadline=EXCHANGE_SECONDS,
        ) as stream:
            return await _whole_handshake(stream, sni(target.host))
    except (GatewayError, ssl.SSLError):
        return None


async def _whole_handshake(stream: Stream, server_name: str) -> tuple[bytes, ...] | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # what is wrong with the certificate is what we came to see
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_ciphers("ALL:@SECLEVEL=0")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname=server_name or None)
    while True:
        try:
            session.do_handshake()
        except ssl.SSLWantReadError:
            if outgoing.pending:
                await stream.send(outgoing.read())
            data = await stream.receive(16384)
            if not data:
                raise GatewayError(Reason.PROTOCOL, _("握手中断")) from None
            incoming.write(data)
        else:
            return _peer_chain(session)


def _peer_chain(session: ssl.SSLObject) -> tuple[bytes, ...] | None:
    """The whole chain where this Python can tell it (public since 3.13, inside since 3.10)."""
    inner = getattr(session, "_sslobj", session)
    if hasattr(inner, "get_unverified_chain"):
        der = 2  # _ssl.ENCODING_DER
        return tuple(cert.public_bytes(der) for cert in inner.get_unverified_chain() or ())
    leaf = session.getpeercert(binary_form=True)
    return (leaf,) if leaf else None
