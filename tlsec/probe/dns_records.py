"""dns.records: what each of several resolvers says of a name."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from tlsec.facts import Done, Failed, Reason, Target, Vantage
from tlsec.i18n import _, listed
from tlsec.probe.base import Result
from tlsec.probe.gateway import Gateway, GatewayError, Stopped

if TYPE_CHECKING:
    from tlsec.wire.dns import Kind, Reply

PORT = 53
# unreachable: no DNS service there, or no way to it; out_of_scope: not asked, no permission
Status: TypeAlias = Literal[
    "ok", "nxdomain", "servfail", "refused", "timeout", "malformed", "unreachable", "out_of_scope"
]
_STATUS: Mapping[Reason, Status] = MappingProxyType(
    {
        Reason.TIMEOUT: "timeout",
        Reason.PROTOCOL: "malformed",
        Reason.OUT_OF_SCOPE: "out_of_scope",
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one resolver says; its lists are complete only when `status` is ok or nxdomain."""

    resolver: str
    status: Status
    a: list[str]
    aaaa: list[str]
    cname: str  # where the chain of aliases ends, "" when the name is none
    ns: list[str] | None  # None when the resolver does not answer questions for name servers


@dataclass(frozen=True, slots=True)
class Dns:
    name: str
    answers: list[Answer]  # one a resolver asked, in order
    answered: int  # resolvers that gave status ok or nxdomain
    addresses: (
        list[str] | None
    )  # union of a and aaaa over the answers, sorted; None when none answered
    agreed: bool | None  # all that answered gave the same sets; None when fewer than two answered


@dataclass(frozen=True, slots=True)
class DnsFacts:
    dns: Dns


class DnsRecords:
    """Ask every resolver for A, AAAA and NS. `wait` is for one try of one question, in seconds."""

    id: ClassVar[str] = "dns.records"
    version: ClassVar[int] = 1
    facts: ClassVar[type[DnsFacts]] = DnsFacts
    locator: ClassVar[tuple[str, ...]] = ("name", "vantage")
    title: ClassVar[Mapping[str, str]] = MappingProxyType({"zh": "域名解析", "en": "DNS records"})

    def __init__(self, wait: float = 2.0, tries: int = 2) -> None:
        self._wait = wait
        self._tries = tries

    async def run(self, target: Target, gateway: Gateway) -> AsyncIterator[Result]:
        """One result. Fails only when no resolver said anything at all."""
        # dnspython takes a while to load; listing probes must not
        from tlsec.wire import dns

        name = target.host.rstrip(".").lower()
        locator: dict[str, str | int] = {"name": target.host, "vantage": target.vantage.id}
        if not dns.is_name(name) or _is_address(name):
            yield Result(locator, Failed(Reason.PROTOCOL, _("不是可以查询的域名")))
        elif not target.resolvers:
            yield Result(locator, Failed(Reason.UNREACHABLE, _("没有可询问的解析器")))
        else:
            asked = [self._ask(each, name, target.vantage, gateway) for each in target.resolvers]
            yield Result(locator, _attempt(name, await _all(asked)))

    async def _ask(
        self, resolver: str, name: str, vantage: Vantage, gateway: Gateway
    ) -> tuple[Answer, Failed | None]:
        """All questions to one resolver; the first failure ends it, but a name server question's."""
        client = _Client(resolver, vantage, gateway, self._wait, self._tries)
        found: dict[str, Reply] = {}
        try:
            addresses: tuple[Kind, ...] = ("A", "AAAA")
            for kind in addresses:
                reply = found[kind] = await client.ask(name, kind)
                if reply.status not in ("ok", "nxdomain"):
                    return _answer(resolver, reply.status, found), None
        except GatewayError as error:
            status = _STATUS.get(error.failed.reason, "unreachable")
            return _answer(resolver, status, found), error.failed
        # dnsmasq and its like deny a name (nxdomain) that has addresses of the other kind only
        if all(reply.status == "nxdomain" for reply in found.values()):
            return _answer(resolver, "nxdomain", found), None
        # many resolvers drop questions they do not serve; addresses are what counts
        with contextlib.suppress(GatewayError):
            found["NS"] = await client.ask(name, "NS", tries=1)
        return _answer(resolver, "ok", found), None


class _Client:
    """Questions to one resolver: UDP, again when nothing comes, TCP when the answer was cut."""

    def __init__(
        self, resolver: str, vantage: Vantage, gateway: Gateway, wait: float, tries: int
    ) -> None:
        self._address, self._port = split_resolver(resolver)
        self._vantage, self._gateway = vantage, gateway
        self._wait, self._tries = wait, tries

    async def ask(self, name: str, kind: Kind, tries: int | None = None) -> Reply:
        """GatewayError when nothing came back; "malformed" when nothing but nonsense did."""
        from tlsec.wire import dns

        left = tries or self._tries
        while True:
            left -= 1
            asked = dns.question(name, kind, secrets.randbits(16))
            try:
                wire = await self._gateway.datagram(
                    self._address, self._port, asked, self._vantage, self._wait
                )
            except GatewayError as error:
                if error.failed.reason is Reason.TIMEOUT and left > 0:
                    continue
                raise
            reply = dns.answer(asked, wire)
            if reply.truncated:
                return dns.answer(asked, await self._by_stream(asked))
            if reply.status != "malformed" or left <= 0:
                return reply

    async def _by_stream(self, asked: bytes) -> bytes:
        """One message over TCP, its length in two bytes before it (RFC 7766 §8)."""
        async with self._gateway.connect(
            self._address, self._port, self._vantage, self._wait,
            max_bytes=2**16 + 2, deadline=3 * self._wait,
        ) as stream:  # fmt: skip
            await stream.send(len(asked).to_bytes(2, "big") + asked, self._wait)
            data = b""
            while len(data) < 2 or len(data) < 2 + int.from_bytes(data[:2], "big"):
                more = await stream.receive(2**16, self._wait)
                if not more:
                    return b""
                data += more
            return data[2 : 2 + int.from_bytes(data[:2], "big")]


def split_resolver(text: str) -> tuple[str, int]:
    """Address and port of "192.0.2.1", "192.0.2.1:5353", "2001:db8::1" or "[2001:db8::1]:5353"."""
    if text.startswith("["):
        address, _mark, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        address, _mark, port = text.partition(":")
    else:
        address, port = text, ""
    return address, int(port) if port.isascii() and port.isdigit() else PORT if not port else 0


async def _all(
    asked: Sequence[Coroutine[None, None, tuple[Answer, Failed | None]]],
) -> list[tuple[Answer, Failed | None]]:
    """All at once. When the stop switch ends one, it ends all."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in asked]
    except* Stopped as stopped:
        raise Stopped from stopped
    return [task.result() for task in tasks]


def _answer(resolver: str, status: Status, found: Mapping[str, Reply]) -> Answer:
    good = {kind: reply for kind, reply in found.items() if reply.status in ("ok", "nxdomain")}
    values = {kind: list(reply.values) for kind, reply in good.items()}
    chain = next((reply.chain for reply in good.values() if reply.chain), ())
    absent: list[str] | None = [] if status == "nxdomain" else None
    return Answer(
        resolver=resolver,
        status=status,
        a=values.get("A", []),
        aaaa=values.get("AAAA", []),
        cname=chain[-1] if chain else "",
        ns=values.get("NS", absent),
    )


def _attempt(name: str, asked: Sequence[tuple[Answer, Failed | None]]) -> Done[DnsFacts] | Failed:
    silent = [failed for _answer, failed in asked if failed]
    if len(silent) == len(asked):
        first = next((f for f in silent if f.reason is not Reason.OUT_OF_SCOPE), silent[0])
        said = listed((f"{a.resolver} {f.detail or f.reason}" for a, f in asked if f), "；")
        return Failed(first.reason, said[:300])
    answers = [answer for answer, _failed in asked]
    answered = [each for each in answers if each.status in ("ok", "nxdomain")]
    sets = {(frozenset(each.a), frozenset(each.aaaa)) for each in answered}
    union = sorted({address for each in answered for address in (*each.a, *each.aaaa)})
    return Done(
        DnsFacts(
            Dns(
                name=name,
                answers=answers,
                answered=len(answered),
                addresses=union if answered else None,
                agreed=len(sets) == 1 if len(answered) > 1 else None,
            )
        )
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
