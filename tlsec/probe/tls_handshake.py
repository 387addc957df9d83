"""tls.handshake: which TLS versions and suites a server really establishes, and its certificate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar, Literal

from cryptography import x509

from tlsec.facts import Done, Locator, Reason, Target
from tlsec.i18n import _
from tlsec.probe.base import Result
from tlsec.probe.gateway import Gateway, GatewayError
from tlsec.probe.tls_client import Handshake, Outcome, chain_over_tls13, handshake
from tlsec.wire import suites as wire_suites
from tlsec.wire import x509 as wire_x509
from tlsec.wire.chain import check_chain, self_signed
from tlsec.wire.hello import SSL3, TLS10, TLS11, TLS12, TLS13, VERSION_NAMES
from tlsec.wire.reader import WireError

MAX_HANDSHAKES = 20  # a target and run, the one for a TLS 1.3 certificate not counted
_MAX_SILENCES = 3  # unanswered hellos after which we stop insisting


@dataclass(frozen=True, slots=True)
class Suite:
    version: str  # SSLv3, TLSv1.0 … TLSv1.3
    name: str
    code: int
    forward_secrecy: bool
    weak: bool  # NULL, EXPORT, anonymous, RC2, RC4, DES, 3DES, IDEA, MD5


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
    name_ok: (
        bool | None
    )  # the host name (or address) is among the names; None when none was asked for
    chain_length: int | None  # certificates the server presented
    # linked to a trusted root at the time of the probe, whatever the certificate's own dates and names;
    # None when no roots are given or a signature cannot be computed here (SM2)
    chain_ok: bool | None
    chain_problem: str | None  # a word of tlsec.wire.chain.Problem, "" when there is none


@dataclass(frozen=True, slots=True)
class Tls:
    handshake: Literal["ok", "rejected"] | None = (
        None  # rejected: answered, but never with TLS we could establish
    )
    versions: list[str] | None = None  # established one by one; None when one could not be tried
    # accepted ones, per version; every accepted class (weak, without forward secrecy, other) is
    # represented, since the classes are asked for one by one, the weak first
    suites: list[Suite] | None = None
    cert: Certificate | None = None
    suites_complete: bool | None = (
        None  # nothing else is accepted; False: the limit of handshakes came first
    )


@dataclass(frozen=True, slots=True)
class TlsFacts:
    tls: Tls


class TlsHandshake:
    """Asks for one version after the other, then for suites, and reads the certificate.

    At most MAX_HANDSHAKES short connections. `roots` are the authorities `chain_ok` is judged by.
    """

    id: ClassVar[str] = "tls.handshake"
    version: ClassVar[int] = 1
    facts: ClassVar[type[TlsFacts]] = TlsFacts
    locator: ClassVar[tuple[str, ...]] = ("address", "port", "host", "vantage")
    title: ClassVar[Mapping[str, str]] = {"zh": "TLS 握手", "en": "TLS handshake"}

    def __init__(self, roots: Sequence[x509.Certificate] = ()) -> None:
        self._roots = tuple(roots)

    async def run(self, target: Target, gateway: Gateway) -> AsyncIterator[Result]:
        locator: Locator = {
            "address": target.address,
            "port": target.port,
            "host": target.host,
            "vantage": target.vantage.id,
        }
        try:
            tls = await _Survey(target, gateway, self._roots).tls()
        except GatewayError as error:
            yield Result(locator, error.failed)
        else:
            yield Result(locator, Done(TlsFacts(tls)))


class _Survey:
    """What one server does with a series of hellos."""

    def __init__(self, target: Target, gateway: Gateway, roots: Sequence[x509.Certificate]) -> None:
        self._target = target
        self._gateway = gateway
        self._roots = roots
        self._left = MAX_HANDSHAKES
        self._silences = 0
        self._chain: tuple[bytes, ...] | None = None
        self._answers: dict[int, Handshake | GatewayError] = {}

    async def tls(self) -> Tls:
        await self._ask_versions(TLS13, TLS12)
        self._give_up_if_mute()
        await self._ask_versions(TLS11, TLS10, SSL3)
        self._give_up_if_mute()
        found = {v: suite for v, a in sorted(self._answers.items()) if (suite := _chosen(a))}
        complete = not any(isinstance(answer, GatewayError) for answer in self._answers.values())
        versions = [VERSION_NAMES[version] for version in found] if complete else None
        if not found:
            return Tls("rejected", versions, []) if complete else Tls()
        suites, all_suites = await self._ask_suites({v: [suite] for v, suite in found.items()})
        if not self._chain and TLS13 in found:
            self._chain = await chain_over_tls13(self._gateway, self._target)
        return Tls("ok", versions, suites, self._certificate(), all_suites and complete)

    async def _ask_versions(self, *versions: int) -> None:
        answers = await asyncio.gather(*(self._ask_version(version) for version in versions))
        self._answers.update(zip(versions, answers, strict=True))

    async def _ask_version(self, version: int) -> Handshake | GatewayError:
        """The answer, asked twice where the first was none or an unexplained close."""
        answer = await self._ask(version, wire_suites.offered(version))
        unclear = isinstance(answer, GatewayError) or answer.outcome is Outcome.CLOSED
        if unclear and self._silences < _MAX_SILENCES and self._left > 0:
            answer = await self._ask(version, wire_suites.offered(version))
        return answer

    async def _ask(self, version: int, suites: Sequence[int]) -> Handshake | GatewayError:
        self._left -= 1
        try:
            answer = await handshake(
                self._gateway, self._target, version, suites, want_chain=self._chain is None
            )
        except GatewayError as error:
            if error.failed.reason is Reason.OUT_OF_SCOPE:
                raise
            self._silences += 1
            return error
        if answer.chain:
            self._chain = answer.chain
        return answer

    def _give_up_if_mute(self) -> None:
        """GatewayError unless the server said at least one byte to one of the hellos so far."""
        if any(
            not isinstance(answer, GatewayError) and answer.outcome is not Outcome.CLOSED
            for answer in self._answers.values()
        ):
            return
        for answer in self._answers.values():
            if isinstance(answer, GatewayError):
                raise answer
        if len(self._answers) == len(VERSION_NAMES):
            raise GatewayError(Reason.PROTOCOL, _("每次握手都被对方直接断开"))

    async def _ask_suites(self, chosen: dict[int, list[int]]) -> tuple[list[Suite], bool]:
        """Suites by elimination; True when the server accepts no others.

        Turn by turn over versions and classes, weak suites first: should the limit of handshakes come
        first, what is missing are further suites of a class that is represented already.
        """
        queue = [(rank, version) for rank in range(3) for version in sorted(chosen)]
        while queue and self._left > 0:
            rank, version = queue.pop(0)
            offer = [
                code
                for code in wire_suites.offered(version)
                if _rank(code) == rank and code not in chosen[version]
            ]
            if not offer:
                continue
            answer = await self._ask(version, offer)
            if isinstance(answer, GatewayError):
                queue.append((rank, version))
                break
            if suite := _chosen(answer):
                chosen[version].append(suite)
                queue.append((rank, version))
        return [_suite(v, code) for v in sorted(chosen) for code in chosen[v]], not queue

    def _certificate(self) -> Certificate | None:
        if not self._chain:
            return None
        try:
            leaf = wire_x509.load(self._chain[0])
            info = wire_x509.describe(leaf)
        except WireError:
            return None
        links = [leaf]
        for der in self._chain[1:]:
            try:
                links.append(wire_x509.load(der))
            except WireError:
                continue  # an unreadable link cannot help the chain
        result = check_chain(links, self._roots, self._gateway.now()) if self._roots else None
        host = self._target.host
        return Certificate(
            **asdict(info),
            self_signed=self_signed(leaf),
            name_ok=wire_x509.name_matches(info.names, host) if host else None,
            chain_length=len(self._chain),
            chain_ok=result.ok if result else None,
            chain_problem=result.problem if result else None,
        )


def _chosen(answer: Handshake | GatewayError) -> int | None:
    """The suite of an established handshake (none has the code 0: it is never offered)."""
    if isinstance(answer, Handshake) and answer.outcome is Outcome.ESTABLISHED:
        return answer.suite
    return None


def _rank(code: int) -> int:
    """Class of a suite, in the order of asking: weak, without forward secrecy, the others."""
    known = wire_suites.suite(code)
    return 0 if known.weak else 2 if known.forward_secrecy else 1


def _suite(version: int, code: int) -> Suite:
    known = wire_suites.suite(code)
    return Suite(VERSION_NAMES[version], known.name, code, known.forward_secrecy, known.weak)
